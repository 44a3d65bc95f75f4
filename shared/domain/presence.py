"""One continuous stay of one track in view."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from shared.domain.box import Box
from shared.domain.path import Extent, Path, extent_of


class PresencePhase(StrEnum):
    STARTED = "started"
    CHANGED = "changed"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class ZoneStay:
    """When the object entered a zone, how long it has been inside in all, and whether it is inside now.

    `left_at` is when it was first seen outside again; None while it is inside, and when it was last seen there.
    """

    zone: str
    entered_at: datetime
    dwell_s: float
    inside: bool
    left_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Crop:
    """A picture of the object alone, relative to the media store. `quality` ranks those of one camera."""

    path: str
    at: datetime
    quality: float


@dataclass(frozen=True, slots=True)
class Presence:
    """What is known of a stay at one moment.

    `confidence` and `box` belong to the best shot so far; `snapshot` and `crop` are its pictures,
    relative to the media store. `crops` are a few more, kept where somebody looks closer, in no order. `frames`
    counts the frames on which the object was detected. `path` is where its foot (the middle of the box's lower edge)
    has been. `speed` is the fastest that it has been so far, in its own heights per second (`shared.domain.pace`).
    """

    id: str
    camera: str
    track_id: int
    label: str
    confidence: float
    box: Box
    started_at: datetime
    last_seen_at: datetime
    frames: int
    frame_width: int
    frame_height: int
    zones: tuple[ZoneStay, ...] = field(default=())
    snapshot: str | None = None
    crop: str | None = None
    crops: tuple[Crop, ...] = ()
    path: Path = ()
    speed: float = 0.0
    # Asked by every rule about a line, and the same for all: filled by the first of them.
    _extents: list[Extent | None] = field(default_factory=list, init=False, repr=False, compare=False)

    @property
    def extent(self) -> Extent | None:
        """The rectangle that the path fills; None where there is no path."""
        if not self._extents:
            self._extents.append(extent_of(self.path))
        return self._extents[0]

    @property
    def duration_s(self) -> float:
        return (self.last_seen_at - self.started_at).total_seconds()
