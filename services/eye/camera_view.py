"""What the eye remembers of one camera: its tracker, its presences and how far it has come."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from services.eye.pictures import Image, sharpness
from services.eye.presence import PresenceBook, PresenceUpdate
from services.eye.tracker import Tracker
from shared.domain.detection import Detection, Track
from shared.domain.zone import Zone
from shared.messages.frames import FrameCaptured

_VERSION = 1


class CameraView:
    """One camera's state between frames. Pure but for the tracker and book it holds; nothing is stored here.

    A new session within `carry_over_s` of the last frame (a service that was restarted, a short loss of the
    network) carries on; after a longer gap, or when the picture's size changed, every object is new.
    """

    def __init__(self, slug: str, *, tracker: Tracker, book: PresenceBook, carry_over_s: float) -> None:
        self.slug = slug
        self._tracker = tracker
        self._book = book
        self._carry_over_s = carry_over_s
        self._session = ""
        self._seq = -1
        self._size: tuple[int, int] | None = None
        self._last_at: datetime | None = None
        self._tracks: Sequence[Track] = ()

    @property
    def last_at(self) -> datetime | None:
        """Capture time of the newest frame."""
        return self._last_at

    @property
    def occupied(self) -> bool:
        """Whether somebody is there as far as the eye knows."""
        return bool(self._book.open_presences())

    def is_new(self, frame: FrameCaptured) -> bool:
        """Whether the frame is still to be looked at: a redelivered or late one is not."""
        if frame.session == self._session and frame.seq <= self._seq:
            return False
        return self._last_at is None or frame.captured_at > self._last_at

    def begin(self, frame: FrameCaptured) -> list[PresenceUpdate]:
        """Take note of a frame about to be looked at; the presences that a gap before it has ended."""
        size = (frame.width, frame.height)
        gap_s = (frame.captured_at - self._last_at).total_seconds() if self._last_at else 0.0
        broken = frame.session != self._session and gap_s > self._carry_over_s
        resized = self._size is not None and size != self._size
        self._session, self._seq, self._size, self._last_at = frame.session, frame.seq, size, frame.captured_at
        return self.end() if broken or resized else []

    def see(
        self,
        detections: Sequence[Detection],
        *,
        image: Image,
        frame: FrameCaptured,
        zones: Sequence[Zone],
        keep_crops: bool = False,
    ) -> list[PresenceUpdate]:
        """One frame's detections (boxes in the frame's pixels; `image` may be smaller) → what is to be told."""
        size = (frame.width, frame.height)
        tracks = self._tracker.update(detections, ts=frame.captured_at.timestamp(), image=image, frame_size=size)
        self._tracks = tracks
        scale = image.shape[1] / frame.width
        return self._book.update(
            tracks,
            at=frame.captured_at,
            frame_size=size,
            zones=zones,
            sharpness=_sharpness(tracks, image, scale),
            keep_crops=keep_crops,
        )

    def keep_pictures(self, presence: str, *, snapshot: str, crop: str) -> None:
        self._book.keep_pictures(presence, snapshot=snapshot, crop=crop)

    def end(self) -> list[PresenceUpdate]:
        """The camera was away: forget its objects; the presences this ends."""
        self._tracker.reset()
        self._tracks = ()
        return self._book.reset()

    def snapshot(self) -> bytes:
        """Everything above as JSON, to be restored by whoever looks at the camera next.

        `tracks` tells others who is there on the last frame: `{id, label, box, score}`, boxes in pixels of `size`;
        `presences` the ids of those that have not ended.
        """
        state = {
            "version": _VERSION,
            "session": self._session,
            "seq": self._seq,
            "size": self._size,
            "last_at": self._last_at.isoformat() if self._last_at else None,
            "tracker": self._tracker.snapshot(),
            "book": self._book.snapshot(),
            "tracks": [_told(track) for track in self._tracks if track.confirmed],
            "presences": [presence.id for presence in self._book.open_presences()],
        }
        return json.dumps(state, separators=(",", ":")).encode()

    def restore(self, state: bytes) -> None:
        """Carry on from a `snapshot`. Raises `ValueError` on one it cannot read, and is then as new."""
        try:
            self._restore(json.loads(state))
        except (KeyError, TypeError) as error:
            self.end()
            raise ValueError(f"a damaged camera state: {error!r}") from error

    def _restore(self, state: Mapping[str, Any]) -> None:
        if state.get("version") != _VERSION:
            raise ValueError(f"a camera state of version {state.get('version')!r} cannot be read")
        self._tracker.restore(state["tracker"])
        self._book.restore(state["book"])
        self._session, self._seq = str(state["session"]), int(state["seq"])
        self._size = (int(state["size"][0]), int(state["size"][1])) if state["size"] else None
        self._last_at = datetime.fromisoformat(state["last_at"]) if state["last_at"] else None


def _told(track: Track) -> dict[str, Any]:
    score = round(track.detection.confidence, 3) if track.detection is not None else None
    box = [round(side, 1) for side in track.box.as_xyxy()]
    return {"id": track.track_id, "label": track.label, "box": box, "score": score}


def _sharpness(tracks: Sequence[Track], image: Image, scale: float) -> dict[int, float]:
    return {
        track.track_id: sharpness(image, track.detection.box.scaled(scale, scale))
        for track in tracks
        if track.detection is not None
    }
