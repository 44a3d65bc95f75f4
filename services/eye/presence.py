"""From tracks to presences: when a stay begins, what of it is worth telling, and when it is over."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from services.eye.crops import place_for, with_crop
from services.eye.stay import Shot, Stay, packed, unpacked
from services.eye.zones import advance, foot, inside, left_all, zones_holding
from shared.domain.box import Box
from shared.domain.detection import Detection, Track
from shared.domain.ids import presence_id
from shared.domain.pace import Stride, pace, strode_on
from shared.domain.path import gone_on
from shared.domain.presence import Crop, Presence, PresencePhase
from shared.domain.zone import Zone

_VERSION = 1
_ONE_MISS = 1.5


_Share = Annotated[float, Field(ge=0, le=1)]
_Seconds = Annotated[float, Field(ge=0, le=3600)]


@dataclass(frozen=True, slots=True)
class PresenceRules:
    """When a track becomes a presence and what is told of it.

    It begins once a confirmed track was detected on `min_frames` frames over at least `min_s` seconds, with
    a mean confidence of `sure`; or of `fair`, if it has moved by `moved` body lengths (longer sides of its
    box) since it was first seen: what a detector only half believes in and what never moves is furniture.
    It ends `lost_timeout_s` after its last detection, though not before one frame was looked at in vain, or
    when the tracker gives it up before.

    `changed` is told when it enters or leaves a zone, when a shot is `better_shot` times as good as the
    best so far, and every `heartbeat_s` seconds at least.
    """

    min_frames: Annotated[int, Field(ge=1)] = 2
    min_s: _Seconds = 0.3
    sure: _Share = 0.6
    fair: _Share = 0.4
    moved: Annotated[float, Field(ge=0)] = 0.5
    lost_timeout_s: _Seconds = 4.0
    heartbeat_s: _Seconds = 1.0
    better_shot: Annotated[float, Field(ge=1)] = 1.3


@dataclass(frozen=True, slots=True)
class PresenceUpdate:
    """One thing to tell. `best_shot`: this very frame is the best picture of it so far, so keep its crop.

    `kept`: what lies in `kept_box` on this very frame is to be stored as this one of the presence's crops.
    """

    phase: PresencePhase
    presence: Presence
    best_shot: bool = False
    kept: Crop | None = None
    kept_box: Box | None = None


@dataclass(frozen=True, slots=True)
class _Look:
    """One frame as the book looks at it."""

    at: datetime
    frame_size: tuple[int, int]
    zones: Sequence[Zone]
    sharpness: Mapping[int, float]
    keep_crops: bool


class PresenceBook:
    """The presences of one camera. Pure: time and sharpness are handed in, nothing is stored."""

    def __init__(self, camera: str, rules: PresenceRules | None = None) -> None:
        self._camera = camera
        self._rules = rules or PresenceRules()
        self._stays: dict[int, Stay] = {}
        self._last_at: datetime | None = None

    def update(
        self,
        tracks: Sequence[Track],
        *,
        at: datetime,
        frame_size: tuple[int, int],
        zones: Sequence[Zone] = (),
        sharpness: Mapping[int, float] | None = None,
        keep_crops: bool = False,
    ) -> list[PresenceUpdate]:
        """One frame's tracks → what is to be told, endings first.

        `at` is the frame's capture time and `frame_size` the (width, height) the boxes are in.
        `sharpness` ranks this frame's crops against others of the same camera, by track id; where there is
        none it is 1. `keep_crops`: somebody looks closer at this camera, so a few good pictures over time are kept.
        """
        look = _Look(at, frame_size, zones, sharpness or {}, keep_crops)
        updates = self._end_lost(tracks, at)
        self._last_at = at
        for track in tracks:
            if track.detection is not None:
                update = self._see(track, track.detection, look)
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
        return {"version": _VERSION, "stays": [packed(stay) for stay in self._stays.values()]}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Carry on from a `snapshot`. Raises `ValueError` on one it cannot read."""
        if state.get("version") != _VERSION:
            raise ValueError(f"a presence state of version {state.get('version')!r} cannot be read")
        try:
            stays = [unpacked(stay) for stay in state["stays"]]
        except (KeyError, TypeError, IndexError) as error:
            raise ValueError(f"a damaged presence state: {error!r}") from error
        self._stays = {stay.track_id: stay for stay in stays}

    def _see(self, track: Track, detection: Detection, look: _Look) -> PresenceUpdate | None:
        sharpness = look.sharpness.get(track.track_id, 1.0)
        shot = Shot.of(detection, look.frame_size, sharpness=sharpness)
        stay = self._stays.get(track.track_id)
        if stay is None:
            origin = _centre(track.box, look.frame_size)
            stay = Stay(track.track_id, track.label, look.at, look.at, origin, shot)
            self._stays[track.track_id] = stay
        stay.frames += 1
        stay.confidence_sum += detection.confidence
        before = inside(stay.zones)
        self._stand(stay, detection, look)
        stay.last_seen_at = max(look.at, stay.last_seen_at)
        if not stay.open:
            return self._maybe_start(stay, track, shot, look)
        return self._maybe_tell(stay, shot, look, moved=inside(stay.zones) != before)

    def _stand(self, stay: Stay, detection: Detection, look: _Look) -> None:
        holding = zones_holding(
            look.zones,
            detection.box,
            frame_size=look.frame_size,
            label=stay.label,
            confidence=stay.mean_confidence,
        )
        stay.zones = advance(stay.zones, holding, at=look.at, since=stay.last_seen_at)
        stay.path = gone_on(stay.path, foot(detection.box, look.frame_size))
        stay.strides = strode_on(stay.strides, Stride(look.at.timestamp(), detection.box))
        stay.speed = max(stay.speed, round(pace(stay.strides), 2))

    def _maybe_start(self, stay: Stay, track: Track, shot: Shot, look: _Look) -> PresenceUpdate | None:
        stay.label = track.label
        long_enough = stay.frames >= self._rules.min_frames and stay.lasted_s >= self._rules.min_s
        if not (track.confirmed and long_enough and self._credible(stay, track, look.frame_size)):
            return None
        stay.shot = shot  # earlier frames are gone: this is the first whose picture can be kept
        stay.told_at = stay.last_seen_at
        return self._told(PresencePhase.STARTED, stay, shot, look, best_shot=True)

    def _credible(self, stay: Stay, track: Track, frame_size: tuple[int, int]) -> bool:
        if stay.mean_confidence >= self._rules.sure:
            return True
        x, y = _centre(track.box, frame_size)
        way = math.hypot((x - stay.origin[0]) * frame_size[0], (y - stay.origin[1]) * frame_size[1])
        moved = way / max(track.box.width, track.box.height, 1.0)
        return stay.mean_confidence >= self._rules.fair and moved >= self._rules.moved

    def _told(self, phase: PresencePhase, stay: Stay, shot: Shot, look: _Look, *, best_shot: bool) -> PresenceUpdate:
        kept = self._keep_crop(stay, shot, look.at) if look.keep_crops else None
        box = shot.box if kept else None
        return PresenceUpdate(phase, self._presence(stay), best_shot=best_shot, kept=kept, kept_box=box)

    def _keep_crop(self, stay: Stay, shot: Shot, at: datetime) -> Crop | None:
        place = place_for(stay.crops, quality=shot.quality, at=at)
        if place is None:
            return None
        day = stay.started_at.strftime("%Y/%m/%d")
        crop = Crop(f"crops/{self._camera}/{day}/{self._id(stay)}-{place}.jpg", at, shot.quality)
        stay.crops = with_crop(stay.crops, crop, place=place)
        return crop

    def _maybe_tell(self, stay: Stay, shot: Shot, look: _Look, *, moved: bool) -> PresenceUpdate | None:
        best = shot.quality >= stay.shot.quality * self._rules.better_shot
        if best:
            stay.shot = shot
        due = (look.at - (stay.told_at or look.at)).total_seconds() >= self._rules.heartbeat_s
        if not (best or due or moved):
            return None
        stay.told_at = look.at
        return self._told(PresencePhase.CHANGED, stay, shot, look, best_shot=best)

    def _end_lost(self, tracks: Sequence[Track], at: datetime) -> list[PresenceUpdate]:
        alive = {track.track_id for track in tracks}
        seen = {track.track_id for track in tracks if track.seen}
        # A quiet camera sends a frame every few seconds: who was there on the last one gets another look.
        interval_s = (at - self._last_at).total_seconds() if self._last_at else 0.0
        patience_s = max(self._rules.lost_timeout_s, _ONE_MISS * interval_s)
        gone = [
            stay
            for stay in self._stays.values()
            if stay.track_id not in alive
            or (stay.track_id not in seen and (at - stay.last_seen_at).total_seconds() > patience_s)
        ]
        for stay in gone:
            del self._stays[stay.track_id]
        return [self._ended(stay) for stay in gone if stay.open]

    def _ended(self, stay: Stay) -> PresenceUpdate:
        stay.zones = left_all(stay.zones)
        return PresenceUpdate(PresencePhase.ENDED, self._presence(stay))

    def _id(self, stay: Stay) -> str:
        return presence_id(self._camera, stay.track_id, round(stay.started_at.timestamp() * 1000))

    def _presence(self, stay: Stay) -> Presence:
        return Presence(
            id=self._id(stay),
            camera=self._camera,
            track_id=stay.track_id,
            label=stay.label,
            confidence=stay.shot.confidence,
            box=stay.shot.box,
            started_at=stay.started_at,
            last_seen_at=stay.last_seen_at,
            frames=stay.frames,
            frame_width=stay.shot.frame_size[0],
            frame_height=stay.shot.frame_size[1],
            zones=stay.zones,
            snapshot=stay.snapshot,
            crop=stay.crop,
            crops=stay.crops,
            path=stay.path,
            speed=stay.speed,
        )


def _centre(box: Box, frame_size: tuple[int, int]) -> tuple[float, float]:
    """The box's centre as shares of the picture's width and height."""
    return ((box.x1 + box.x2) / 2 / frame_size[0], (box.y1 + box.y2) / 2 / frame_size[1])
