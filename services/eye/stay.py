"""What is known of one track since it was first detected, and how that is saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.domain.box import Box
from shared.domain.detection import Detection
from shared.domain.pace import Strides
from shared.domain.path import Path
from shared.domain.presence import Crop, ZoneStay


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture of the object: `quality` ranks them; `box` is in pixels of `frame_size` (width, height)."""

    quality: float
    confidence: float
    box: Box
    frame_size: tuple[int, int]

    @classmethod
    def of(cls, detection: Detection, frame_size: tuple[int, int], *, sharpness: float) -> Shot:
        """Quality is size × confidence × sharpness.

        Size is the side of a square of the visible area, as a share of the picture's.
        """
        visible = detection.box.clipped(*frame_size)
        size = float((visible.area / (frame_size[0] * frame_size[1])) ** 0.5)
        return cls(size * detection.confidence * sharpness, detection.confidence, detection.box, frame_size)


@dataclass(slots=True)
class Stay:
    """One track's stay so far; `told_at` is when something was last told of it, None before it started.

    `origin` is where its centre was at first, as shares of the picture's width and height. The `strides` of the last
    seconds are not saved: whoever carries on measures anew.
    """

    track_id: int
    label: str
    started_at: datetime
    last_seen_at: datetime
    origin: tuple[float, float]
    shot: Shot
    frames: int = 0
    confidence_sum: float = 0.0
    zones: tuple[ZoneStay, ...] = ()
    told_at: datetime | None = None
    snapshot: str | None = None
    crop: str | None = None
    crops: tuple[Crop, ...] = ()
    path: Path = ()
    strides: Strides = ()
    speed: float = 0.0

    @property
    def open(self) -> bool:
        return self.told_at is not None

    @property
    def mean_confidence(self) -> float:
        return self.confidence_sum / max(1, self.frames)

    @property
    def lasted_s(self) -> float:
        return (self.last_seen_at - self.started_at).total_seconds()


def packed(stay: Stay) -> dict[str, Any]:
    """As JSON values."""
    return {
        "track_id": stay.track_id,
        "label": stay.label,
        "started_at": stay.started_at.isoformat(),
        "last_seen_at": stay.last_seen_at.isoformat(),
        "origin": list(stay.origin),
        "shot": [
            stay.shot.quality,
            stay.shot.confidence,
            list(stay.shot.box.as_xyxy()),
            list(stay.shot.frame_size),
        ],
        "frames": stay.frames,
        "confidence_sum": stay.confidence_sum,
        "zones": [_packed_zone(zone) for zone in stay.zones],
        "told_at": stay.told_at.isoformat() if stay.told_at else None,
        "snapshot": stay.snapshot,
        "crop": stay.crop,
        "crops": [[crop.path, crop.at.isoformat(), crop.quality] for crop in stay.crops],
        "path": [list(point) for point in stay.path],
        "speed": stay.speed,
    }


def unpacked(state: Mapping[str, Any]) -> Stay:
    """The reverse. Raises `KeyError`, `TypeError` or `ValueError` on anything else."""
    quality, confidence, box, size = state["shot"]
    return Stay(
        track_id=int(state["track_id"]),
        label=str(state["label"]),
        started_at=datetime.fromisoformat(state["started_at"]),
        last_seen_at=datetime.fromisoformat(state["last_seen_at"]),
        origin=(float(state["origin"][0]), float(state["origin"][1])),
        shot=Shot(float(quality), float(confidence), Box(*(float(v) for v in box)), (int(size[0]), int(size[1]))),
        frames=int(state["frames"]),
        confidence_sum=float(state["confidence_sum"]),
        zones=tuple(_unpacked_zone(zone) for zone in state["zones"]),
        told_at=datetime.fromisoformat(state["told_at"]) if state["told_at"] else None,
        snapshot=state["snapshot"],
        crop=state["crop"],
        crops=tuple(
            # A state written before there were any has none.
            Crop(str(path), datetime.fromisoformat(at), float(quality))
            for path, at, quality in state.get("crops", ())
        ),
        path=tuple((float(x), float(y)) for x, y in state.get("path", ())),
        speed=float(state.get("speed", 0.0)),
    )


def _packed_zone(zone: ZoneStay) -> list[Any]:
    left_at = zone.left_at.isoformat() if zone.left_at else None
    return [zone.zone, zone.entered_at.isoformat(), zone.dwell_s, zone.inside, left_at]


def _unpacked_zone(state: Sequence[Any]) -> ZoneStay:
    zone, entered_at, dwell_s, inside, *more = state  # a state written by an older eye says nothing of leaving
    left_at = datetime.fromisoformat(more[0]) if more and more[0] else None
    return ZoneStay(str(zone), datetime.fromisoformat(entered_at), float(dwell_s), bool(inside), left_at)
