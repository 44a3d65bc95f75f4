"""Photos and crops of plates with their truth, and what `lpr` makes of them."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from services.modules.specialist import Case, Picture, Specialist, Tools, open_specialist
from shared.db.engine import connect, sessions
from shared.weights.registry import load_registry
from shared.weights.store import WeightsStore

ASSETS = Path(__file__).resolve().parents[3] / "shared" / "assets"
PHOTOS = ASSETS / "plates" / "openalpr_endtoend"
CHINESE = ASSETS / "plates" / "lprnet_chinese_test"
MODELS = ASSETS / "models"
# People, faces, fire, signs and pages; the series named shows a car whose plate can be read.
_OTHERS = ("faces", "fire", "images", "ocr", "pose", "ppe")
_SHOWS_A_PLATE = "Tan0"
_EVERY = 3
_PICTURES = frozenset({".bmp", ".jpg", ".png"})
_AT = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Sample:
    """A picture file and the one plate on it; `box` is where it is (x1, y1, x2, y2), None: everywhere."""

    file: Path
    plate: str
    box: tuple[int, int, int, int] | None = None


@dataclass(slots=True)
class Tally:
    """`found`: pictures whose plate is among the reads. `wrong`: reads on the plate's place that are not it."""

    pictures: int = 0
    found: int = 0
    reads: int = 0
    wrong: int = 0
    elsewhere: int = 0
    cpu_ms: list[float] = field(default_factory=list)
    missed: list[tuple[str, str, list[str]]] = field(default_factory=list)

    @property
    def recall(self) -> float:
        return self.found / self.pictures

    @property
    def wrong_share(self) -> float:
        return self.wrong / max(1, self.reads)


def photos(part: str) -> list[Sample]:
    """The photos of "eu", "us" or "br"."""
    found = []
    for note in sorted((PHOTOS / part).glob("*.txt")):
        name, x, y, width, height, plate = note.read_text(encoding="utf-8").split("\t")[:6]
        left, top = int(x), int(y)
        box = (left, top, left + int(width), top + int(height))
        found.append(Sample(note.parent / name, plate.strip(), box))
    return found


def chinese() -> list[Sample]:
    """Crops of Chinese plates; the name of the file says what stands on it."""
    return [Sample(file, file.stem) for file in sorted(CHINESE.glob("*.jpg"))]


def plateless() -> list[Path]:
    """Every third of the photos of other things."""
    files = sorted(file for folder in _OTHERS for file in (ASSETS / folder).rglob("*") if file.suffix in _PICTURES)
    return [file for file in files if not file.name.startswith(_SHOWS_A_PLATE)][::_EVERY]


def plates_on(lpr: Specialist, file: Path) -> list[str]:
    """What is told to stand on the plates of a photo."""
    finding = lpr.examine(Case((Picture(_picture(file)),), "scene", _AT))
    return [plate["plate"] for plate in finding.results["plates"]]


def open_lpr(folder: Path, *, weights: Path | None = None, own: Path | None = None, **settings: Any) -> Specialist:
    """The specialist with the weights of a folder (None: those that come along), and an `own` registry."""
    registry = load_registry(own) if own else load_registry()
    engine = connect(f"sqlite:///{folder}/empty.db")
    store = WeightsStore(weights or folder / "none", registry)
    return open_specialist("lpr", Tools(store, sessions(engine), lambda _slug: None), settings=settings)


def left_aside(sample: Sample) -> bool:
    """Whether a photo is of the half that nothing was tuned on."""
    return hashlib.md5(sample.file.name.encode(), usedforsecurity=False).digest()[0] % 2 == 1


def tally(lpr: Specialist, samples: list[Sample], *, scope: Any = "scene") -> Tally:
    """Look at every sample once."""
    result = Tally()
    for sample in samples:
        picture = _picture(sample.file)
        before = time.process_time()
        plates = lpr.examine(Case((Picture(picture),), scope, _AT)).results["plates"]
        result.cpu_ms.append((time.process_time() - before) * 1e3)
        _count(result, sample, plates)
    return result


def _count(result: Tally, sample: Sample, plates: list[Mapping[str, Any]]) -> None:
    right = [plate for plate in plates if same(plate["plate_text"], sample.plate)]
    other = [plate for plate in plates if plate not in right]
    there = [plate for plate in other if sample.box is None or _touches(plate["bbox"], sample.box)]
    result.pictures += 1
    result.found += bool(right)
    result.reads += len(plates)
    result.wrong += len(there)
    result.elsewhere += len(other) - len(there)
    if not right:
        result.missed.append((sample.file.name, sample.plate, [plate["plate"] for plate in plates]))


def same(read: str, truth: str) -> bool:
    """Equal, with O and 0 taken as one: the truth of these photos does not tell them apart."""
    return read.replace("O", "0") == truth.replace("O", "0")


def _touches(a: list[int], b: tuple[int, int, int, int]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _picture(file: Path) -> NDArray[np.uint8]:
    # Not imread: it takes no Chinese names on every system.
    return np.asarray(cv2.imdecode(np.frombuffer(file.read_bytes(), np.uint8), cv2.IMREAD_COLOR), np.uint8)
