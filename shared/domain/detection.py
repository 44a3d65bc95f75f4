"""What the eye sees on one frame, and the same object over frames."""

from __future__ import annotations

from dataclasses import dataclass

from shared.domain.box import Box


@dataclass(frozen=True, slots=True)
class Detection:
    """One object on one frame: box in pixels of that frame, confidence 0..1."""

    label: str
    confidence: float
    box: Box


@dataclass(frozen=True, slots=True)
class Track:
    """One object as the tracker knows it after a frame.

    `track_id` is unique per camera; `detection` is what was matched on this frame, or None while
    the object is only predicted; `box` is the filtered position in pixels. A track that is not
    `confirmed` yet may be a flicker: nothing should be told of it, but it counts from its first frame.
    """

    track_id: int
    label: str
    box: Box
    detection: Detection | None = None
    confirmed: bool = True

    @property
    def seen(self) -> bool:
        return self.detection is not None
