"""Ground truth as JSON, beside a clip."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.cli.demo.scene import GroundTruthBox
from shared.domain.box import Box


@dataclass(frozen=True, slots=True)
class TruthFrame:
    """What is on one frame of a clip."""

    index: int
    t_s: float
    boxes: tuple[GroundTruthBox, ...]


@dataclass(frozen=True, slots=True)
class Truth:
    """What is on every frame of a clip: `size` is (width, height) in pixels."""

    scene: str
    size: tuple[int, int]
    fps: float
    frames: tuple[TruthFrame, ...]

    def tracks(self, label: str) -> set[int]:
        """The ids of everything with a label that is ever in the picture."""
        return {box.track_id for frame in self.frames for box in frame.boxes if box.label == label}


def truth_path(clip: Path) -> Path:
    """Where a clip's truth lies: `yard.mp4` → `yard.truth.json`."""
    return clip.with_suffix(".truth.json")


def write_truth(path: Path, truth: Truth) -> None:
    document = {
        "scene": truth.scene,
        "size": list(truth.size),
        "fps": truth.fps,
        "frames": [
            {"index": frame.index, "t_s": round(frame.t_s, 4), "objects": list(_objects(frame.boxes))}
            for frame in truth.frames
        ],
    }
    path.write_text(json.dumps(document, separators=(",", ":")) + "\n", encoding="utf-8")


def read_truth(path: Path) -> Truth:
    document = json.loads(path.read_text(encoding="utf-8"))
    width, height = document["size"]
    frames = tuple(
        TruthFrame(frame["index"], frame["t_s"], tuple(_box(item) for item in frame["objects"]))
        for frame in document["frames"]
    )
    return Truth(document["scene"], (width, height), document["fps"], frames)


def _objects(boxes: Iterable[GroundTruthBox]) -> Iterable[dict[str, Any]]:
    for box in boxes:
        yield {
            "label": box.label,
            "track_id": box.track_id,
            "box": [round(side, 1) for side in box.box.as_xyxy()],
            "visible": box.visible,
            "text": box.text,
        }


def _box(item: dict[str, Any]) -> GroundTruthBox:
    return GroundTruthBox(item["label"], item["track_id"], Box(*item["box"]), item["visible"], item["text"])
