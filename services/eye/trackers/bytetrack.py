"""A tracker in ByteTrack's manner for cameras that are looked at once or a few times a second.

From ByteTrack it takes the order of work: confident detections first, against every track; then the weak
ones, only for tracks that found none, since a weak detection may be a known object half hidden but is
not to be trusted as a new one. Instead of overlap from frame to frame, which is gone between two frames
of a walker at 2 fps, a pair is judged by the likelihood of the move in the time that really passed
(`services.eye.motion`), of the change of size, and of the colours (`services.eye.association`).

Source: Zhang et al., "ByteTrack: Multi-Object Tracking by Associating Every Detection Box" (2022).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from services.eye.appearance import SIZE, blend, describe
from services.eye.association import Evidence, assign, costs
from services.eye.border import leaving, touches
from services.eye.known import Known, kind_of, packed, unpacked
from services.eye.motion import Motion, MotionModel, begin, correct, predict, rescaled
from shared.domain.detection import Detection, Track
from shared.settings.section import Section
from shared.vision.suppression import covered, suppress

_VERSION = 1
_MODEL = MotionModel()
_EVIDENCE = Evidence()
# A person's colours change with the light they walk through, in seconds rather than in frames.
_COLOUR_MEMORY_S = 3.0
# A weak detection is looser about where the object is.
_WEAK_DOUBT = 2.0
# Two boxes of one kind that overlap this much are one vehicle under two labels.
_DOUBLE_IOU = 0.6
# A newcomer that shares this much with a known object is a second box around it until they part.
_SHADOW = 0.75
# Frames further apart than this tell nothing of who is still there.
_LONGEST_WAIT_S = 20.0


class ByteTrackSettings(Section):
    """Confidences 0..1, times in seconds.

    A detection of `found_from` may begin a track, one of `kept_from` only carry on one that was seen in the
    last `recent_s`. A track is confirmed by `min_hits` detections. It is forgotten `lost_s` after its last
    one, `leave_s` after when it was walking out of the picture, `tentative_s` after while unconfirmed; but
    not before one frame was looked at in vain, however far apart frames are (a quiet camera sends few).
    """

    found_from: float = Field(default=0.45, gt=0, le=1)
    kept_from: float = Field(default=0.1, gt=0, le=1)
    recent_s: float = Field(default=1.0, ge=0)
    min_hits: int = Field(default=2, ge=1, le=20)
    tentative_s: float = Field(default=0.5, gt=0)
    leave_s: float = Field(default=1.0, gt=0, le=60)
    lost_s: float = Field(default=4.0, gt=0, le=60)


@dataclass(frozen=True, slots=True)
class _Scene:
    """One frame as the tracker looks at it. `most` is the cost up to which each detection is no newcomer."""

    ts: float
    detections: list[Detection]
    colours: NDArray[np.float32]
    most: NDArray[np.float64]


class ByteTracker:
    """The tracker of one camera."""

    settings_type = ByteTrackSettings

    def __init__(self, *, settings: ByteTrackSettings) -> None:
        self._settings = settings
        self._known: list[Known] = []
        self._next_id = 1
        self._last_ts: float | None = None
        self._frame_size: tuple[int, int] | None = None

    def update(
        self,
        detections: Sequence[Detection],
        *,
        ts: float,
        image: NDArray[np.uint8] | None = None,
        frame_size: tuple[int, int] | None = None,
    ) -> list[Track]:
        if frame_size is None and image is not None:
            frame_size = (image.shape[1], image.shape[0])
        self._follow_resolution(frame_size)
        self._forget(ts)
        scene = self._scene(detections, ts, image)
        for i in self._carry_on(scene):
            self._begin(scene, i)
        self._last_ts = ts
        return [_track(known, ts) for known in self._known]

    def reset(self) -> None:
        self._known.clear()
        self._last_ts = None

    def snapshot(self) -> dict[str, Any]:
        return {
            "version": _VERSION,
            "next_id": self._next_id,
            "last_ts": self._last_ts,
            "frame_size": list(self._frame_size) if self._frame_size else None,
            "tracks": [packed(known) for known in self._known],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        if state.get("version") != _VERSION:
            raise ValueError(f"a tracker state of version {state.get('version')!r} cannot be read")
        try:
            known = [unpacked(track, colours=SIZE) for track in state["tracks"]]
            next_id, last_ts, size = int(state["next_id"]), state["last_ts"], state["frame_size"]
            frame_size = (int(size[0]), int(size[1])) if size else None
        except (KeyError, TypeError, IndexError) as error:
            raise ValueError(f"a damaged tracker state: {error!r}") from error
        self._known, self._next_id, self._last_ts, self._frame_size = known, next_id, last_ts, frame_size

    def _follow_resolution(self, frame_size: tuple[int, int] | None) -> None:
        """A camera that switches its resolution goes on showing the same things elsewhere in pixels."""
        if frame_size and self._frame_size and frame_size != self._frame_size:
            sx, sy = frame_size[0] / self._frame_size[0], frame_size[1] / self._frame_size[1]
            for known in self._known:
                known.motion = rescaled(known.motion, sx, sy)
        self._frame_size = frame_size or self._frame_size

    def _forget(self, ts: float) -> None:
        interval_s = ts - self._last_ts if self._last_ts is not None else 0.0
        if interval_s < -self._settings.lost_s:
            self._known.clear()  # a clip that starts over: what came later is no clue to what comes now
        self._known = [k for k in self._known if ts - k.motion.at <= self._patience_s(k, interval_s)]
        for known in self._known:
            known.detection = None

    def _patience_s(self, known: Known, interval_s: float) -> float:
        settings, one_frame = self._settings, min(1.5 * interval_s, _LONGEST_WAIT_S)
        if not known.confirmed:
            return max(settings.tentative_s, one_frame)
        if self._frame_size and leaving(known.motion, self._frame_size):
            return max(settings.leave_s, one_frame)
        return max(settings.lost_s, one_frame)

    def _scene(self, detections: Sequence[Detection], ts: float, image: NDArray[np.uint8] | None) -> _Scene:
        usable = [d for d in detections if d.confidence >= self._settings.kept_from and d.box.area > 0]
        usable = _without_doubles(usable)
        at_edge = [self._frame_size is not None and touches(d.box, self._frame_size) for d in usable]
        weak = [d.confidence < self._settings.found_from for d in usable]
        most = np.where(at_edge, _EVIDENCE.most_at_edge, _EVIDENCE.most)
        most = np.where(weak, _EVIDENCE.most_when_weak, most)
        return _Scene(ts, usable, self._colours(usable, image), most)

    def _colours(self, detections: list[Detection], image: NDArray[np.uint8] | None) -> NDArray[np.float32]:
        if image is None or self._frame_size is None:
            return np.zeros((len(detections), SIZE), dtype=np.float32)
        sx, sy = image.shape[1] / self._frame_size[0], image.shape[0] / self._frame_size[1]
        return describe(image, [detection.box.scaled(sx, sy) for detection in detections])

    def _carry_on(self, scene: _Scene) -> list[int]:
        """Match detections to known objects, strong ones first; → the strong ones that nobody claims."""
        strong = [i for i, d in enumerate(scene.detections) if d.confidence >= self._settings.found_from]
        weak = [i for i, d in enumerate(scene.detections) if d.confidence < self._settings.found_from]
        unclaimed = self._match(self._known, scene, strong)
        unseen = [k for k in self._known if k.detection is None and self._recent(k, scene.ts)]
        self._match(unseen, scene, weak)
        return unclaimed

    def _recent(self, known: Known, ts: float) -> bool:
        return ts - known.motion.at <= self._settings.recent_s

    def _match(self, known: list[Known], scene: _Scene, chosen: list[int]) -> list[int]:
        if not known or not chosen:
            return chosen
        expected = [predict(k.motion, scene.ts, model=_MODEL) for k in known]
        cost = costs(
            expected,
            np.array([max(0.0, scene.ts - k.motion.at) for k in known]),
            [scene.detections[i].box for i in chosen],
            colours=(np.stack([k.colours for k in known]), scene.colours[chosen]),
            model=_MODEL,
            evidence=_EVIDENCE,
        )
        kinds = np.array([kind_of(scene.detections[i].label) for i in chosen])
        cost[np.array([k.kind for k in known])[:, None] != kinds[None, :]] = np.inf
        pairs = assign(cost, most=scene.most[chosen])
        for row, column in pairs:
            self._see(known[row], expected[row], scene, chosen[column])
        claimed = {column for _, column in pairs}
        return [i for column, i in enumerate(chosen) if column not in claimed]

    def _see(self, known: Known, expected: Motion, scene: _Scene, i: int) -> None:
        detection = scene.detections[i]
        weak = detection.confidence < self._settings.found_from
        if not weak:
            passed_s = max(0.0, expected.at - known.motion.at)
            share = 1 - math.exp(-passed_s / _COLOUR_MEMORY_S)
            known.colours = blend(known.colours, scene.colours[i], share=share)
        known.motion = correct(expected, detection.box, model=_MODEL, doubt=_WEAK_DOUBT if weak else 1.0)
        known.detection = detection
        known.hits += 1
        known.confirmed = known.confirmed or known.hits >= self._settings.min_hits
        known.votes[detection.label] = known.votes.get(detection.label, 0.0) + detection.confidence

    def _begin(self, scene: _Scene, i: int) -> None:
        detection = scene.detections[i]
        if self._shadows(detection, scene.ts):
            return
        self._known.append(
            Known(
                track_id=self._next_id,
                kind=kind_of(detection.label),
                motion=begin(detection.box, scene.ts, model=_MODEL),
                colours=scene.colours[i],
                votes={detection.label: detection.confidence},
                confirmed=self._settings.min_hits <= 1,
                detection=detection,
            )
        )
        self._next_id += 1

    def _shadows(self, detection: Detection, ts: float) -> bool:
        kind = kind_of(detection.label)
        return any(
            covered(detection.box, predict(known.motion, ts, model=_MODEL).box) > _SHADOW
            for known in self._known
            if known.confirmed and known.kind == kind and self._recent(known, ts)
        )


def _without_doubles(detections: list[Detection]) -> list[Detection]:
    kinds = {label: kind_of(label) for label in {detection.label for detection in detections}}
    numbers = {kind: number for number, kind in enumerate(sorted(set(kinds.values())))}
    if len(numbers) == len(kinds):
        return detections
    kept = suppress(
        np.array([detection.box.as_xyxy() for detection in detections]),
        np.array([detection.confidence for detection in detections]),
        classes=np.array([numbers[kinds[detection.label]] for detection in detections]),
        iou=_DOUBLE_IOU,
    )
    return [detections[i] for i in kept]


def _track(known: Known, ts: float) -> Track:
    motion = known.motion if known.detection else predict(known.motion, ts, model=_MODEL)
    return Track(known.track_id, known.label, motion.box, known.detection, known.confirmed)
