"""Presences against ground truth: what was found, how often it was split, what was made up.

A presence matches the true track whose box it overlaps (IoU ≥ .4) on at least half of the frames on
which the presence was seen; of several such tracks the one it overlaps most often. A presence that
matches none is false. `purity` guards against a tracker that scores well by gluing people together.
"""

from __future__ import annotations

import csv
import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shared.domain.box import Box, iou

TruthTracks = Mapping[int, Mapping[int, Box]]
"""True track id → frame index from 0 → box in pixels."""

MIN_IOU = 0.4
LONG_ENOUGH_S = 2.0


@dataclass(frozen=True, slots=True)
class Score:
    """`found`: share of true tracks longer than 2 s with a presence; `per_track`: presences per true track
    found; `false_per_track`: false presences over true tracks; `purity`: share of the matched presences'
    frames that lie on the track they match."""

    tracks: int
    presences: int
    found: float
    per_track: float
    false_per_track: float
    purity: float

    def __str__(self) -> str:
        return (
            f"found {self.found:.2f}  per track {self.per_track:.2f}  false {self.false_per_track:.2f}  "
            f"purity {self.purity:.2f}  ({self.presences} presences, {self.tracks} tracks)"
        )


def read_mot(path: Path) -> dict[int, dict[int, Box]]:
    """MOT Challenge text: frame (from 1), id, left, top, width, height, …"""
    tracks: dict[int, dict[int, Box]] = defaultdict(dict)
    with path.open(newline="") as lines:
        for row in csv.reader(lines):
            left, top, width, height = (float(value) for value in row[2:6])
            tracks[int(row[1])][int(row[0]) - 1] = Box(left, top, left + width, top + height)
    return dict(tracks)


def read_scenescape(path: Path, *, category: str = "person") -> dict[int, dict[int, Box]]:
    """One JSON object a line: `frame`, and `objects` by category with `id` and `bounding_box_px`."""
    tracks: dict[int, dict[int, Box]] = defaultdict(dict)
    with path.open() as lines:
        for line in lines:
            frame = json.loads(line)
            for thing in frame["objects"].get(category, []):
                box = thing["bounding_box_px"]
                tracks[thing["id"]][frame["frame"]] = Box(
                    box["x"], box["y"], box["x"] + box["width"], box["y"] + box["height"]
                )
    return dict(tracks)


def score(truth: TruthTracks, presences: Mapping[str, Mapping[int, Box]], *, fps: float, frames: int) -> Score:
    """Compare presences (id → frame index → box as detected) with the truth of a clip's first `frames`."""
    tracks = {
        track: boxes
        for track, boxes in (
            (track, {frame: box for frame, box in boxes.items() if frame < frames}) for track, boxes in truth.items()
        )
        if boxes
    }
    long_tracks = {t for t, boxes in tracks.items() if (max(boxes) - min(boxes) + 1) / fps > LONG_ENOUGH_S}
    matches = {presence: match(seen, tracks) for presence, seen in presences.items()}
    matched = [(track, share) for track, share in matches.values() if track is not None]
    on_long = [track for track, _ in matched if track in long_tracks]
    found = set(on_long)
    return Score(
        tracks=len(long_tracks),
        presences=len(presences),
        found=len(found) / max(1, len(long_tracks)),
        per_track=len(on_long) / max(1, len(found)),
        false_per_track=(len(presences) - len(matched)) / max(1, len(tracks)),
        purity=sum(share for _, share in matched) / max(1, len(matched)),
    )


def match(seen: Mapping[int, Box], truth: TruthTracks) -> tuple[int | None, float]:
    """The true track a presence lies on, or None, and the share of its frames that lie there."""
    votes: Counter[int] = Counter()
    for frame, box in seen.items():
        overlaps = {t: iou(box, boxes[frame]) for t, boxes in truth.items() if frame in boxes}
        votes.update(track for track, overlap in overlaps.items() if overlap >= MIN_IOU)
    if not votes:
        return None, 0.0
    track, count = votes.most_common(1)[0]
    share = count / len(seen)
    return (track, share) if share >= 0.5 else (None, share)
