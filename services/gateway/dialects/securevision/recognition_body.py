"""Recognitions as SecureVision's clients read them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from pydantic import BaseModel, Field

from services.gateway.http.timestamps import whole_seconds
from services.gateway.queries.recognitions import RecognitionRow

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LISTS = {"allow": "whitelist", "deny": "blacklist"}


class FaceMatchPayload(BaseModel):
    """`similarity` is 0..1, the more the likelier; `bbox` is [x1, y1, x2, y2] in pixels of the picture looked at."""

    person_name: str = Field(examples=["John Doe"])
    similarity: float = Field(ge=0, le=1, examples=[0.92])
    bbox: list[int] = Field(min_length=4, max_length=4, examples=[[100, 150, 250, 300]])
    embedding_distance: float = Field(examples=[0.35], description="0..2, the less the likelier")


class PlateReadPayload(BaseModel):
    """`region` is empty where the plate does not tell; `list_match` is null where it is on none of one's lists."""

    plate_text: str = Field(examples=["ABC1234"])
    confidence: float = Field(ge=0, le=1, examples=[0.88])
    region: str = Field(examples=["US-CA"])
    list_match: Literal["whitelist", "blacklist"] | None
    bbox: list[int] = Field(min_length=4, max_length=4, examples=[[300, 400, 450, 480]])


class _Shown(BaseModel):
    id: int = Field(examples=[123])
    ts_ms: int = Field(examples=[1704067200000], description="when it was seen, milliseconds since 1970")
    frame_source_id: str = Field(examples=["camera_front_door"], description="the camera")
    created_at: str = Field(examples=["2024-01-01T00:00:00Z"], description="when it was stored")


class FaceMatch(_Shown):
    """A face, and the person it is of."""

    type: Literal["face_match"]
    payload: FaceMatchPayload


class PlateRead(_Shown):
    """A number plate that was read."""

    type: Literal["plate_read"]
    payload: PlateReadPayload


def recognition_document(row: RecognitionRow) -> dict[str, Any]:
    """One recognition, with everything that is known of it."""
    return {
        "id": row.id,
        "type": row.kind,
        "ts_ms": milliseconds(row.at),
        "frame_source_id": row.camera,
        "created_at": whole_seconds(row.stored_at),
        "payload": _face(row.data) if row.kind == "face_match" else _plate(row.data),
    }


def milliseconds(at: datetime) -> int:
    return (at - EPOCH) // timedelta(milliseconds=1)


def _face(data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "person_name": str(data.get("person_name") or ""),
        "similarity": _share(data.get("similarity")),
        "bbox": _box(data.get("bbox")),
        "embedding_distance": _number(data.get("embedding_distance")),
    }


def _plate(data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "plate_text": str(data.get("plate_text") or ""),
        "confidence": _share(data.get("confidence")),
        "region": str(data.get("region") or ""),
        "list_match": _LISTS.get(str(data.get("list_match"))),
        "bbox": _box(data.get("bbox")),
    }


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else 0.0


def _share(value: Any) -> float:
    return min(1.0, max(0.0, _number(value)))


def _box(value: Any) -> list[int]:
    sides = value if isinstance(value, list) and len(value) == 4 else [0, 0, 0, 0]
    return [round(_number(side)) for side in sides]
