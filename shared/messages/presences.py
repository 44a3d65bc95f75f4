"""Eye → brain: one continuous stay of one track, from its start to its end."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field

from shared.domain.box import Box
from shared.domain.presence import Crop, Presence, PresencePhase, ZoneStay
from shared.messages.message import Message, UtcTime


class ZoneStayBody(BaseModel):
    """A zone and how long the object has been in it."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    zone: str
    entered_at: UtcTime
    dwell_s: float = Field(ge=0)
    inside: bool
    left_at: UtcTime | None = None

    @classmethod
    def example(cls) -> Self:
        return cls(zone="Door", entered_at=datetime(2026, 1, 15, 10, 30, 46, tzinfo=UTC), dwell_s=3.5, inside=True)


class CropBody(BaseModel):
    """A picture of the object alone, relative to the media store."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    path: str
    at: UtcTime
    quality: float

    @classmethod
    def example(cls) -> Self:
        path, at = "crops/cam_001/2026/01/15/7d3c-0.jpg", datetime(2026, 1, 15, 10, 30, 46, tzinfo=UTC)
        return cls(path=path, at=at, quality=0.21)


class PresenceBody(Message):
    """What is known of the presence at `captured_at`, the capture time of the deciding frame.

    Several messages about one presence carry the same `presence_id`; `box` is in pixels of a picture of
    `frame_width` × `frame_height`; `snapshot` and `crop` are relative to the media store. `crops` are a few
    good ones over time, kept only where a rule has specialists look closer; a picture may be written a moment after
    it is told of. `path` is where its foot has been, as shares of the picture, at most 64 points;
    `speed` the fastest it has been so far, in its own heights per second.
    """

    ABSTRACT: ClassVar[bool] = True

    presence_id: str
    camera: str
    track_id: int
    label: str
    confidence: float = Field(ge=0, le=1)
    box: tuple[float, float, float, float]
    frame_width: int = Field(gt=0)
    frame_height: int = Field(gt=0)
    started_at: UtcTime
    last_seen_at: UtcTime
    captured_at: UtcTime
    frames: int = Field(ge=0)
    zones: tuple[ZoneStayBody, ...] = ()
    snapshot: str | None = None
    crop: str | None = None
    crops: tuple[CropBody, ...] = ()
    path: tuple[tuple[float, float], ...] = ()
    speed: float = Field(default=0.0, ge=0)

    def presence(self) -> Presence:
        return Presence(
            id=self.presence_id,
            camera=self.camera,
            track_id=self.track_id,
            label=self.label,
            confidence=self.confidence,
            box=Box(*self.box),
            started_at=self.started_at,
            last_seen_at=self.last_seen_at,
            frames=self.frames,
            frame_width=self.frame_width,
            frame_height=self.frame_height,
            zones=tuple(ZoneStay(z.zone, z.entered_at, z.dwell_s, z.inside, z.left_at) for z in self.zones),
            snapshot=self.snapshot,
            crop=self.crop,
            crops=tuple(Crop(crop.path, crop.at, crop.quality) for crop in self.crops),
            path=self.path,
            speed=self.speed,
        )

    @classmethod
    def of(cls, presence: Presence, *, captured_at: datetime, trace_id: str = "") -> Self:
        return cls(
            trace_id=trace_id,
            presence_id=presence.id,
            camera=presence.camera,
            track_id=presence.track_id,
            label=presence.label,
            confidence=presence.confidence,
            box=presence.box.as_xyxy(),
            frame_width=presence.frame_width,
            frame_height=presence.frame_height,
            started_at=presence.started_at,
            last_seen_at=presence.last_seen_at,
            captured_at=captured_at,
            frames=presence.frames,
            zones=tuple(
                ZoneStayBody(
                    zone=z.zone, entered_at=z.entered_at, dwell_s=z.dwell_s, inside=z.inside, left_at=z.left_at
                )
                for z in presence.zones
            ),
            snapshot=presence.snapshot,
            crop=presence.crop,
            crops=tuple(CropBody(path=crop.path, at=crop.at, quality=crop.quality) for crop in presence.crops),
            path=presence.path,
            speed=presence.speed,
        )

    @classmethod
    def example(cls) -> Self:
        return cls(
            trace_id="5f1c",
            presence_id="7d3c1c1e-4a0e-5d0e-9d5e-1f7d7b1f0a11",
            camera="cam_001",
            track_id=7,
            label="person",
            confidence=0.94,
            box=(100.0, 150.0, 200.0, 400.0),
            frame_width=1920,
            frame_height=1080,
            started_at=datetime(2026, 1, 15, 10, 30, 45, tzinfo=UTC),
            last_seen_at=datetime(2026, 1, 15, 10, 30, 49, 500000, tzinfo=UTC),
            captured_at=datetime(2026, 1, 15, 10, 30, 49, 500000, tzinfo=UTC),
            frames=9,
            zones=(ZoneStayBody.example(),),
            snapshot="snapshots/cam_001/2026/01/15/7d3c.jpg",
            crop="crops/cam_001/2026/01/15/7d3c.jpg",
            crops=(CropBody.example(),),
            path=((0.0521, 0.3704), (0.0781, 0.3704)),
            speed=0.84,
        )


class PresenceStarted(PresenceBody):
    """A new object has been seen often enough to be believed."""


class PresenceChanged(PresenceBody):
    """Something worth a rule's look: a zone entered or left, a better picture, or time passed."""


class PresenceEnded(PresenceBody):
    """The object has not been seen for the lost timeout, or the source broke off."""


MESSAGE_OF_PHASE: dict[PresencePhase, type[PresenceBody]] = {
    PresencePhase.STARTED: PresenceStarted,
    PresencePhase.CHANGED: PresenceChanged,
    PresencePhase.ENDED: PresenceEnded,
}
