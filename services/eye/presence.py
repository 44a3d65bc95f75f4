"""From tracks to presences: when a stay begins, what of it is worth telling, and when it is over."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.eye.zones import advance, inside, left_all, zones_holding
from shared.domain.box import Box
from shared.domain.detection import Detection, Track
from shared.domain.ids import presence_id
from shared.domain.presence import Presence, PresencePhase, ZoneStay
from shared.domain.zone import Zone

_VERSION = 1


@dataclass(frozen=True, slots=True)
class PresenceRules:
    """When a track becomes a presence and what is told of it.

    It begins once a confirmed track was detected on `min_frames` frames over at least `min_s` seconds with
    a mean confidence of `sure`, or of `fair` if it has moved by `moved` body lengths since it was first seen: what a
    detector only half believes in and what never moves is furniture. It ends `lost_timeout_s` after the last detection. `changed` is
    told every `heartbeat_s` seconds at least, and when a shot is `better_shot` times as good as the best.
    """

    min_frames: int = 2
    min_s: float = 0.3
    sure: float = 0.6
    fair: float = 0.4
    moved: float = 0.5
    lost_timeout_s: float = 4.0
    heartbeat_s: float = 1.0
    better_shot: float = 1.3


@dataclass(frozen=True, slots=True)
class PresenceUpdate:
    """One thing to tell. `best_shot`: this very frame is the best picture of it so far, so keep its crop."""

    phase: PresencePhase
    presence: Presence
    best_shot: bool = False


@dataclass(slots=True)
class _Stay:
    """What is known of one track since it was first detected."""

    track_id: int
    label: str
    started_at: datetime
    last_seen_at: datetime
    frame_size: tuple[int, int]
    frames: int = 0
    confidence_sum: float = 0.0
    quality: float = 0.0
    best_confidence: float = 0.0
    best_box: Box = field(default=Box(0, 0, 0, 0))
    first_box: Box = field(default=Box(0, 0, 0, 0))
    zones: tuple[ZoneStay, ...] = ()
    told_at: datetime | None = None
    snapshot: str | None = None
    crop: str | None = None

    @property
    def open(self) -> bool:
        return self.told_at is not None

    @property
    def mean_confidence(self) -> float:
        return self.confidence_sum / max(1, self.frames)


class PresenceBook:
    """The presences of one camera. Pure: time and sharpness are handed in, nothing is stored."""

    def __init__(self, camera: str, rules: PresenceRules | None = None) -> None:
        self._camera = camera
        self._rules = rules or PresenceRules()
        self._stays: dict[int, _Stay] = {}

    def update(
        self,
        tracks: Sequence[Track],
        *,
        at: datetime,
        frame_size: tuple[int, int],
        zones: Sequence[Zone] = (),
        sharpness: Mapping[int, float] | None = None,
    ) -> list[PresenceUpdate]:
        """One frame's tracks → what is to be told, endings first.

        `at` is the frame's capture time and `frame_size` the (width, height) the boxes are in.
        `sharpness` is a track's share of its best possible sharpness, 0..1, by track id (1 when not given).
        """
        alive = {track.track_id for track in tracks}
        updates = self._end_lost(alive, at)
        for track in tracks:
            if track.detection is not None:
                quality = _quality(track.detection, frame_size, (sharpness or {}).get(track.track_id, 1.0))
                stay = self._stays.get(track.track_id) or self._first_sight(track, at, frame_size)
                update = self._see(stay, track, at=at, zones=zones, quality=quality, frame_size=frame_size)
                updates += [update] if update else []
        return updates

    def reset(self) -> list[PresenceUpdate]:
        """The camera was away: every open presence ends with what was last seen of it."""
        ended = [self._ended(stay) for stay in self._stays.values() if stay.open]
        self._stays.clear()
        return ended

    def open_presences(self) -> list[Presence]:
        """The presences that have started and not ended."""
        return [self._presence(stay) for stay in self._stays.values() if stay.open]

    def keep_pictures(self, presence: str, *, snapshot: str | None, crop: str | None) -> None:
        """Note where the best shot's pictures were stored; later updates carry them. Unknown ids are ignored."""
        for stay in self._stays.values():
            if stay.open and self._id(stay) == presence:
                stay.snapshot, stay.crop = snapshot or stay.snapshot, crop or stay.crop

    def snapshot(self) -> dict[str, Any]:
        """Its state as JSON values."""
        return {"version": _VERSION, "stays": [_packed(stay) for stay in self._stays.values()]}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Carry on from a `snapshot`. Raises `ValueError` on one it cannot read."""
        if state.get("version") != _VERSION:
            raise ValueError(f"a presence state of version {state.get('version')!r} cannot be read")
        try:
            stays = [_unpacked(stay) for stay in state["stays"]]
        except (KeyError, TypeError, IndexError) as error:
            raise ValueError(f"a damaged presence state: {error!r}") from error
        self._stays = {stay.track_id: stay for stay in stays}

    def _first_sight(self, track: Track, at: datetime, frame_size: tuple[int, int]) -> _Stay:
        stay = _Stay(track.track_id, track.label, at, at, frame_size, first_box=track.box)
        self._stays[track.track_id] = stay
        return stay

    def _see(
        self,
        stay: _Stay,
        track: Track,
        *,
        at: datetime,
        zones: Sequence[Zone],
        quality: float,
        frame_size: tuple[int, int],
    ) -> PresenceUpdate | None:
        detection = track.detection
        assert detection is not None  # noqa: S101
        stay.frames += 1
        stay.confidence_sum += detection.confidence
        before = inside(stay.zones)
        holding = zones_holding(
            zones, detection.box, frame_size=frame_size, label=stay.label, confidence=stay.mean_confidence
        )
        stay.zones = advance(stay.zones, holding, at=at, since=stay.last_seen_at)
        stay.last_seen_at, stay.frame_size = max(at, stay.last_seen_at), frame_size
        if not stay.open:
            return self._maybe_start(stay, track, detection, quality)
        best = quality >= stay.quality * self._rules.better_shot
        if best:
            _take_shot(stay, detection, quality)
        due = (at - (stay.told_at or at)).total_seconds() >= self._rules.heartbeat_s
        if not (best or due or holding != before):
            return None
        stay.told_at = at
        return PresenceUpdate(PresencePhase.CHANGED, self._presence(stay), best_shot=best)

    def _maybe_start(self, stay: _Stay, track: Track, detection: Detection, quality: float) -> PresenceUpdate | None:
        rules = self._rules
        stay.label = track.label
        lasted_s = (stay.last_seen_at - stay.started_at).total_seconds()
        if not track.confirmed or stay.frames < rules.min_frames or lasted_s < rules.min_s:
            return None
        if not self._credible(stay, track):
            return None
        _take_shot(stay, detection, quality)  # earlier frames are gone: this is the first that can be kept
        stay.told_at = stay.last_seen_at
        return PresenceUpdate(PresencePhase.STARTED, self._presence(stay), best_shot=True)

    def _credible(self, stay: _Stay, track: Track) -> bool:
        if stay.mean_confidence >= self._rules.sure:
            return True
        moved = _distance(stay.first_box, track.box) / max(track.box.width, track.box.height, 1.0)
        return stay.mean_confidence >= self._rules.fair and moved >= self._rules.moved

    def _end_lost(self, alive: set[int], at: datetime) -> list[PresenceUpdate]:
        timeout_s = self._rules.lost_timeout_s
        gone = [
            stay
            for stay in self._stays.values()
            if stay.track_id not in alive or (at - stay.last_seen_at).total_seconds() > timeout_s
        ]
        for stay in gone:
            del self._stays[stay.track_id]
        return [self._ended(stay) for stay in gone if stay.open]

    def _ended(self, stay: _Stay) -> PresenceUpdate:
        stay.zones = left_all(stay.zones)
        return PresenceUpdate(PresencePhase.ENDED, self._presence(stay))

    def _id(self, stay: _Stay) -> str:
        return presence_id(self._camera, stay.track_id, round(stay.started_at.timestamp() * 1000))

    def _presence(self, stay: _Stay) -> Presence:
        return Presence(
            id=self._id(stay),
            camera=self._camera,
            track_id=stay.track_id,
            label=stay.label,
            confidence=stay.best_confidence,
            box=stay.best_box,
            started_at=stay.started_at,
            last_seen_at=stay.last_seen_at,
            frames=stay.frames,
            frame_width=stay.frame_size[0],
            frame_height=stay.frame_size[1],
            zones=stay.zones,
            snapshot=stay.snapshot,
            crop=stay.crop,
        )


def _quality(detection: Detection, frame_size: tuple[int, int], sharpness: float) -> float:
    """Size × confidence × sharpness; size is the side of a square of the same area, as a share of the picture."""
    visible = detection.box.clipped(*frame_size)
    return float((visible.area / (frame_size[0] * frame_size[1])) ** 0.5 * detection.confidence * sharpness)


def _distance(a: Box, b: Box) -> float:
    """Between the centres, in pixels."""
    return math.hypot((a.x1 + a.x2 - b.x1 - b.x2) / 2, (a.y1 + a.y2 - b.y1 - b.y2) / 2)


def _take_shot(stay: _Stay, detection: Detection, quality: float) -> None:
    stay.quality, stay.best_confidence, stay.best_box = quality, detection.confidence, detection.box


def _packed(stay: _Stay) -> dict[str, Any]:
    return {
        "track_id": stay.track_id,
        "label": stay.label,
        "started_at": stay.started_at.isoformat(),
        "last_seen_at": stay.last_seen_at.isoformat(),
        "frame_size": list(stay.frame_size),
        "frames": stay.frames,
        "confidence_sum": stay.confidence_sum,
        "quality": stay.quality,
        "best_confidence": stay.best_confidence,
        "best_box": list(stay.best_box.as_xyxy()),
        "first_box": list(stay.first_box.as_xyxy()),
        "zones": [[z.zone, z.entered_at.isoformat(), z.dwell_s, z.inside] for z in stay.zones],
        "told_at": stay.told_at.isoformat() if stay.told_at else None,
        "snapshot": stay.snapshot,
        "crop": stay.crop,
    }


def _unpacked(state: Mapping[str, Any]) -> _Stay:
    return _Stay(
        track_id=int(state["track_id"]),
        label=str(state["label"]),
        started_at=datetime.fromisoformat(state["started_at"]),
        last_seen_at=datetime.fromisoformat(state["last_seen_at"]),
        frame_size=(int(state["frame_size"][0]), int(state["frame_size"][1])),
        frames=int(state["frames"]),
        confidence_sum=float(state["confidence_sum"]),
        quality=float(state["quality"]),
        best_confidence=float(state["best_confidence"]),
        best_box=Box(*(float(value) for value in state["best_box"])),
        first_box=Box(*(float(value) for value in state["first_box"])),
        zones=tuple(
            ZoneStay(str(zone), datetime.fromisoformat(entered), float(dwell_s), bool(is_in))
            for zone, entered, dwell_s, is_in in state["zones"]
        ),
        told_at=datetime.fromisoformat(state["told_at"]) if state["told_at"] else None,
        snapshot=state["snapshot"],
        crop=state["crop"],
    )
