"""Rows about specialists: milliseconds per crop, and how much of that is not the models themselves.

Another specialist joins by one entry of `CROPS`: its name and the pictures it is shown.
"""

from __future__ import annotations

import contextlib
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from bench.detector import bench_settings
from bench.row import Row
from services.modules.specialist import Case, Picture, Scope, Tools, open_specialist
from shared.db.engine import connect, sessions
from shared.domain.errors import UserError
from shared.vision import tflite
from shared.weights.pull import PullLimits
from shared.weights.store import open_store

_ASSETS = Path(__file__).parents[2] / "shared" / "assets"
_ROUNDS = 5
_GOAL = 1.3
_AT = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Crops:
    """What a specialist is shown: `pictures` loads them (none: the row is not measured), each a case of its own.

    `most_ms` is what one may take on a free core, None where nothing was promised. `label` is what the pictures are
    known to show, `weights` are those to pull first where they can be had within seconds.
    """

    pictures: Callable[[], list[NDArray[np.uint8]]]
    scope: Scope = "object"
    settings: Mapping[str, Any] = field(default_factory=dict)
    most_ms: float | None = None
    label: str | None = None
    weights: tuple[str, ...] = ()


def _vehicles() -> list[NDArray[np.uint8]]:
    """Crops as wide as a car, around plates of photos."""
    found = []
    for note in sorted((_ASSETS / "plates" / "openalpr_endtoend").glob("[eb][ur]/*.txt"))[::8]:
        name, x, y, width, height = note.read_text(encoding="utf-8").split("\t")[:5]
        picture = np.asarray(cv2.imread(str(note.parent / name)), np.uint8)
        cx, cy, car = int(x) + int(width) / 2, int(y) + int(height) / 2, 3.5 * int(width)
        top, left = max(0, int(cy - 0.6 * car)), max(0, int(cx - car / 2))
        found.append(np.ascontiguousarray(picture[top : int(cy + 0.35 * car), left : int(cx + car / 2)]))
    return found


def _persons() -> list[NDArray[np.uint8]]:
    """Crops of people in a street."""
    picture = cv2.imread(str(_ASSETS / "images" / "bus.jpg"))
    if picture is None:
        return []
    boxes = ((50, 400, 245, 905), (225, 405, 345, 860), (668, 390, 810, 880))
    return [np.ascontiguousarray(picture[top:bottom, left:right], np.uint8) for left, top, right, bottom in boxes]


_HANDS = ("palm_lite", "hand_landmark_lite", "yolox_nano")

CROPS: dict[str, Crops] = {
    "lpr": Crops(_vehicles, most_ms=150.0),
    "reid": Crops(_persons, label="person", settings={"model": "osnet_x0_25"}, weights=("osnet_x0_25",)),
    "vehicle": Crops(_vehicles, weights=("yolox_nano",)),
    "ppe": Crops(_persons, label="person", weights=("yolox_nano",)),
    "pose": Crops(_persons, label="person", weights=("movenet_lightning", "yolox_nano")),
    "hand": Crops(_persons, label="person", weights=_HANDS),
    "gesture": Crops(_persons, label="person", weights=_HANDS),
}


def module_rows() -> list[Row]:
    """One row a specialist, in the order of `CROPS`."""
    return [_row(name, crops) for name, crops in CROPS.items()]


def _row(name: str, crops: Crops) -> Row:
    promise = f", ≤ {crops.most_ms:g} ms" if crops.most_ms else ""
    row = Row(id=f"M {name}", what=f"{name}: one crop, against its models alone", goal=f"ratio ≤ {_GOAL}{promise}")
    pictures = crops.pictures()
    if not pictures:
        return _with(row, note="the pictures are not here")
    try:
        whole_ms, model_ms = _measured(name, crops, pictures)
    except UserError as error:
        return _with(row, note=str(error))
    ratio, ours = sum(whole_ms) / max(sum(model_ms), 1e-9), statistics.median(whole_ms)
    return _with(
        row,
        ours=f"{ours:.0f} ms",
        reference=f"{statistics.median(model_ms):.0f} ms",
        ratio=f"{ratio:.2f}",
        met=ratio <= _GOAL and (crops.most_ms is None or ours <= crops.most_ms),
        figures={"crop_ms": ours, "models_ms": statistics.median(model_ms), "ratio": ratio},
    )


def _with(row: Row, **changes: Any) -> Row:
    return Row(**({name: getattr(row, name) for name in ("id", "what", "goal")} | changes))


def _measured(name: str, crops: Crops, pictures: list[NDArray[np.uint8]]) -> tuple[list[float], list[float]]:
    """Milliseconds of this process per crop: all in all, and those within ONNX Runtime and LiteRT."""
    with tempfile.TemporaryDirectory() as folder, _models_timed() as spent:
        store = open_store(bench_settings())
        for weights in crops.weights:
            with contextlib.suppress(UserError):  # opening says what is missing
                store.pull(weights, limits=PullLimits(total_s=10.0))
        tools = Tools(store, sessions(connect(f"sqlite:///{folder}/empty.db")), lambda _: None)
        specialist = open_specialist(name, tools, settings=crops.settings)
        whole_ms, model_ms = [], []
        for number in range((_ROUNDS + 1) * len(pictures)):
            case = Case((Picture(pictures[number % len(pictures)]),), crops.scope, _AT, label=crops.label)
            spent.clear()
            before = time.process_time()
            specialist.examine(case)
            if number >= len(pictures):  # the first round warms up
                whole_ms.append((time.process_time() - before) * 1e3)
                model_ms.append(sum(spent) * 1e3)
        specialist.close()
    return whole_ms, model_ms


@contextmanager
def _models_timed() -> Iterator[list[float]]:
    """While this lasts, sessions and interpreters that are opened note the seconds each of their runs takes."""
    spent: list[float] = []
    original, interpreter = ort.InferenceSession, tflite.Interpreter

    class Timed(original):  # type: ignore[misc, valid-type]
        def run(self, *arguments: Any, **named: Any) -> Any:
            before = time.process_time()
            try:
                return super().run(*arguments, **named)
            finally:
                spent.append(time.process_time() - before)

    class TimedInterpreter(interpreter):  # type: ignore[misc, valid-type]
        def invoke(self) -> None:
            before = time.process_time()
            super().invoke()
            spent.append(time.process_time() - before)

    ort.InferenceSession, tflite.Interpreter = Timed, TimedInterpreter
    try:
        yield spent
    finally:
        ort.InferenceSession, tflite.Interpreter = original, interpreter
