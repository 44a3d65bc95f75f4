"""Fields that clients of several dialects write alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from shared.cameras.zones import MAX_POINTS
from shared.domain.camera_url import MAX_LENGTH, CameraUrl, is_masked
from shared.domain.errors import UserError
from shared.domain.polygon import Polygon

_FARTHEST = 100_000.0
_URL_EXAMPLE = "rtsp://user:pass@192.168.1.101:554/Streaming/Channels/101"


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    return text


def _address(text: str, info: ValidationInfo) -> str:
    roots = info.context["gateway"].settings.file_roots if info.context else ()
    try:
        CameraUrl.parse(text, file_roots=roots)
    except UserError as error:
        raise ValueError(f"{error.reason} – {error.remedy}" if error.remedy else error.reason) from None
    return text


def _address_or_kept(text: str, info: ValidationInfo) -> str:
    return text if is_masked(text) else _address(text, info)


def _pairs(value: object) -> object:
    """`{x, y}` as `[x, y]`, and lists as the tuples that strict validation wants."""
    if not isinstance(value, list):
        return value
    return [_pair(each) for each in value]


def _pair(value: object) -> object:
    if isinstance(value, Mapping) and set(value) >= {"x", "y"}:
        return (value["x"], value["y"])
    return tuple(value) if isinstance(value, list) else value


def _a_polygon(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    Polygon.of(points)
    return points


Name = Annotated[
    str, Field(min_length=1, max_length=128, json_schema_extra={"pattern": "\\S"}), AfterValidator(_not_blank)
]
_URL = Field(max_length=MAX_LENGTH, examples=[_URL_EXAMPLE], json_schema_extra={"format": "camera-url"})
Url = Annotated[str, _URL, AfterValidator(_address)]
"""A camera's address."""
UrlOrKept = Annotated[str, _URL, AfterValidator(_address_or_kept)]
"""A camera's address; blank or masked: the stored one."""
Number = Annotated[float, Field(ge=0, le=_FARTHEST, allow_inf_nan=False)]
Points = Annotated[
    list[tuple[Number, Number]],
    Field(min_length=3, max_length=MAX_POINTS),
    BeforeValidator(_pairs),
    AfterValidator(_a_polygon),
]
"""A polygon that does not cross itself; a point may be written `[x, y]` or `{"x": x, "y": y}`."""
