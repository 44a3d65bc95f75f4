"""Modules → brain: what specialists concluded where Argus had them look."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from shared.messages.message import Message, UtcTime
from shared.messages.presences import PresenceChanged


class SeenPicture(BaseModel):
    """A picture that was looked at, relative to the media store."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    path: str
    at: UtcTime | None = None


class FindingMade(Message):
    """A look of Argus' own is done. About a presence (`presence`: as it was known when the look was ordered), or,
    without one, about a camera's scene.

    `results` are the module's, cut down to a bounded size; `pictures` those that were given, oldest first. `at` is the
    capture time that the look was ordered for. What somebody asked for by hand is not told.
    """

    job_id: str
    module: str
    camera: str
    account_id: int | None
    scope: Literal["object", "scene"]
    look: int = Field(ge=1)
    at: UtcTime
    presence: PresenceChanged | None = None
    results: dict[str, Any]
    pictures: tuple[SeenPicture, ...] = ()

    @classmethod
    def example(cls) -> Self:
        at = datetime(2026, 1, 15, 10, 30, 49, 500000, tzinfo=UTC)
        plate = {"plate_text": "AB123CD", "confidence": 0.93, "list_match": "deny", "bbox": [12, 80, 96, 104]}
        return cls(
            trace_id="5f1c",
            job_id="job-5f1c0197a3b2",
            module="lpr",
            camera="cam_001",
            account_id=1,
            scope="object",
            look=1,
            at=at,
            presence=PresenceChanged.example(),
            results={"plates": [plate]},
            pictures=(SeenPicture(path="crops/cam_001/2026/01/15/7d3c-0.jpg", at=at),),
        )
