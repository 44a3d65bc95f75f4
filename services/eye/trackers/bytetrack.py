"""A tracker in ByteTrack's manner for cameras that are looked at once or a few times a second.

From ByteTrack it takes the order of work: confident detections first, against every track; then the weak
ones, only for tracks that found none, since a weak detection may be a known object half hidden but is
not to be trusted as a new one. Instead of overlap from frame to frame, which is gone between two frames
of a walker at 2 fps, a pair is judged by the likelihood of the move in the time that really passed
(`services.eye.motion`), of the change of size, and of the colours (`services.eye.association`).

Source: Zhang et al., "ByteTrack: Multi-Object Tracking by Associating Every Detection Box" (2022).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from services.eye.appearance import SIZE, blend, describe
from services.eye.association import Evidence, assign, costs
from services.eye.motion import Motion, MotionModel, begin, correct, predict
from shared.domain.box import Box
from shared.domain.detection import Detection, Track

_VERSION = 1
# Detectors waver between these on one and the same thing.
_VEHICLES = frozenset({"car", "truck", "bus", "van", "train"})


class ByteTrackSettings(BaseModel):
    """Confidences 0..1, times in seconds.

    A detection of `found_from` may begin a track, one of `kept_from` only carry on one that was seen in
    the last `weak_within_s`. A track is confirmed by `min_hits` detections and forgotten `lost_s` after
    its last one; before it is confirmed, after `tentative_s` (or the first frame without it, when frames
    are further apart).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    found_from: float = Field(default=0.4, gt=0, le=1)
    kept_from: float = Field(default=0.1, gt=0, le=1)
    weak_within_s: float = Field(default=1.0, ge=0)
    min_hits: int = Field(default=2, ge=1, le=20)
    tentative_s: float = Field(default=0.5, gt=0)
    lost_s: float = Field(default=4.0, gt=0, le=60)
    leave_s: float = Field(default=1.0, gt=0, le=60)


@dataclass(slots=True)
class _Known:
    """One object the tracker follows."""

    track_id: int
    kind: str
    motion: Motion
    colours: NDArray[np.float32]
    votes: dict[str, float]
    hits: int = 1
    confirmed: bool = False
    detection: Detection | None = field(default=None)

    @property
    def label(self) -> str:
        return max(self.votes, key=lambda label: self.votes[label])


class ByteTracker:
    """The tracker of one camera."""

    settings_type = ByteTrackSettings

    def __init__(self, *, settings: ByteTrackSettings) -> None:
        self._settings = settings
        self._model = MotionModel()
        self._evidence = Evidence()
        self._known: list[_Known] = []
        self._next_id = 1
        self._last_ts: float | None = None

    def update(
        self,
        detections: Sequence[Detection],
        *,
        ts: float,
        image: NDArray[np.uint8] | None = None,
        frame_size: tuple[int, int] | None = None,
    ) -> list[Track]:
        if self._last_ts is not None and ts < self._last_ts:
            self._known.clear()  # a clip that starts over: what was seen later is no clue to what comes
        interval = ts - self._last_ts if self._last_ts is not None else 0.0
        self._last_ts = ts
        usable = [d for d in detections if d.confidence >= self._settings.kept_from and d.box.area > 0]
        usable = _without_doubles(usable)
        colours = _colours(usable, image, frame_size)
        if frame_size is None and image is not None:
            frame_size = (image.shape[1], image.shape[0])
        self._known = [k for k in self._known if not self._forgotten(k, ts, interval, frame_size)]
        for known in self._known:
            known.detection = None
        at_edge = np.array([_touches(d.box, frame_size) for d in usable], dtype=bool)
        free = self._carry_on(usable, colours, at_edge, ts)
        for i in free:
            if usable[i].confidence >= self._settings.found_from:
                self._begin(usable[i], colours[i], ts)
        return [self._track(known, ts) for known in self._known]

    def reset(self) -> None:
        self._known.clear()
        self._last_ts = None

    def snapshot(self) -> dict[str, Any]:
        return {
            "version": _VERSION,
            "next_id": self._next_id,
            "last_ts": self._last_ts,
            "tracks": [_packed(known) for known in self._known],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        if state.get("version") != _VERSION:
            raise ValueError(f"a tracker state of version {state.get('version')!r} cannot be read")
        try:
            known = [_unpacked(track) for track in state["tracks"]]
            next_id, last_ts = int(state["next_id"]), state["last_ts"]
        except (KeyError, TypeError, IndexError) as error:
            raise ValueError(f"a damaged tracker state: {error!r}") from error
        self._known, self._next_id, self._last_ts = known, next_id, last_ts

    def _carry_on(
        self, detections: list[Detection], colours: NDArray[np.float32], at_edge: NDArray[np.bool_], ts: float
    ) -> list[int]:
        """Match detections to known objects, strong ones first; → the indices of the unmatched."""
        settings = self._settings
        strong = [i for i, d in enumerate(detections) if d.confidence >= settings.found_from]
        weak = [i for i, d in enumerate(detections) if d.confidence < settings.found_from]
        free = self._match(
            self._known,
            detections,
            strong,
            most=self._evidence.most - self._evidence.edge * at_edge,
            colours=colours,
            ts=ts,
        )
        recent = [
            known for known in self._known if known.detection is None and ts - known.motion.at <= settings.weak_within_s
        ]
        return free + self._match(
            recent, detections, weak, most=np.full(len(detections), self._evidence.weak), colours=colours, ts=ts
        )

    def _match(
        self,
        known: list[_Known],
        detections: list[Detection],
        chosen: list[int],
        *,
        most: NDArray[np.float64],
        colours: NDArray[np.float32],
        ts: float,
    ) -> list[int]:
        if not known or not chosen:
            return chosen
        expected = [predict(k.motion, ts, model=self._model) for k in known]
        cost = costs(
            expected,
            np.array([ts - k.motion.at for k in known]),
            [detections[i].box for i in chosen],
            colours=(np.stack([k.colours for k in known]), colours[chosen]),
            model=self._model,
            evidence=self._evidence,
        )
        kinds = np.array([_kind(detections[i].label) for i in chosen])
        cost[np.array([k.kind for k in known])[:, None] != kinds[None, :]] = np.inf
        pairs = assign(cost, most=most[chosen])
        for row, column in pairs:
            self._see(known[row], expected[row], detections[chosen[column]], colours[chosen[column]])
        taken = {column for _, column in pairs}
        return [i for column, i in enumerate(chosen) if column not in taken]

    def _see(self, known: _Known, expected: Motion, detection: Detection, colours: NDArray[np.float32]) -> None:
        weak = detection.confidence < self._settings.found_from
        known.motion = correct(expected, detection.box, model=self._model, doubt=2.0 if weak else 1.0)
        known.detection = detection
        known.hits += 1
        known.confirmed = known.confirmed or known.hits >= self._settings.min_hits
        known.votes[detection.label] = known.votes.get(detection.label, 0.0) + detection.confidence
        if not weak:
            known.colours = blend(known.colours, colours, share=0.25)

    def _begin(self, detection: Detection, colours: NDArray[np.float32], ts: float) -> None:
        self._known.append(
            _Known(
                track_id=self._next_id,
                kind=_kind(detection.label),
                motion=begin(detection.box, ts, model=self._model),
                colours=colours,
                votes={detection.label: detection.confidence},
                confirmed=self._settings.min_hits <= 1,
                detection=detection,
            )
        )
        self._next_id += 1

    def _forgotten(self, known: _Known, ts: float, interval: float, frame_size: tuple[int, int] | None) -> bool:
        unseen_s = ts - known.motion.at
        if known.confirmed:
            if _leaving(known.motion, frame_size):
                return unseen_s > max(self._settings.leave_s, 1.5 * interval)
            return unseen_s > self._settings.lost_s
        return unseen_s > max(self._settings.tentative_s, 1.5 * interval)

    def _track(self, known: _Known, ts: float) -> Track:
        motion = known.motion if known.detection else predict(known.motion, ts, model=self._model)
        return Track(known.track_id, known.label, motion.box, known.detection, known.confirmed)


def _kind(label: str) -> str:
    return "vehicle" if label in _VEHICLES else label


def _touches(box: Box, frame_size: tuple[int, int] | None) -> bool:
    if frame_size is None:
        return False
    width, height = frame_size
    mx, my = 0.01 * width, 0.01 * height
    return box.x1 <= mx or box.x2 >= width - mx or box.y2 >= height - my or box.y1 <= my


def _leaving(motion: Motion, frame_size: tuple[int, int] | None) -> bool:
    if frame_size is None:
        return False
    width, height = frame_size
    mx, my, slow = 0.01 * width, 0.01 * height, 0.1 * motion.body
    box = motion.box
    return (
        (box.x1 <= mx and motion.vx < -slow)
        or (box.x2 >= width - mx and motion.vx > slow)
        or (box.y1 <= my and motion.vy < -slow)
        or (box.y2 >= height - my and motion.vy > slow)
    )


def _without_doubles(detections: list[Detection]) -> list[Detection]:
    return detections


def _colours(
    detections: list[Detection], image: NDArray[np.uint8] | None, frame_size: tuple[int, int] | None
) -> NDArray[np.float32]:
    if image is None or not detections:
        return np.zeros((len(detections), SIZE), dtype=np.float32)
    sx = sy = 1.0
    if frame_size is not None:
        sx, sy = image.shape[1] / frame_size[0], image.shape[0] / frame_size[1]
    return describe(image, [detection.box.scaled(sx, sy) for detection in detections])


def _packed(known: _Known) -> dict[str, Any]:
    colours = np.round(known.colours * 255).astype(np.uint8)
    return {
        "id": known.track_id,
        "kind": known.kind,
        "motion": [float(f"{value:.9g}") for value in astuple(known.motion)[1:]],
        "at": known.motion.at,
        "colours": base64.b64encode(colours.tobytes()).decode(),
        "votes": {label: round(vote, 3) for label, vote in known.votes.items()},
        "hits": known.hits,
        "confirmed": known.confirmed,
    }


def _unpacked(state: Mapping[str, Any]) -> _Known:
    colours = np.frombuffer(base64.b64decode(state["colours"]), dtype=np.uint8)
    return _Known(
        track_id=int(state["id"]),
        kind=str(state["kind"]),
        motion=Motion(float(state["at"]), *(float(value) for value in state["motion"])),
        colours=(colours / 255).astype(np.float32),
        votes={str(label): float(vote) for label, vote in state["votes"].items()},
        hits=int(state["hits"]),
        confirmed=bool(state["confirmed"]),
    )


__all__ = ["Box", "ByteTrackSettings", "ByteTracker"]
