"""The share of words that `ocr` reads exactly on photographs of printed text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

import cv2
import numpy as np
import pytest

from services.modules.specialist import Case, Picture, Specialist, Tools, open_specialist
from shared.vision.pictures import open_picture
from shared.weights.registry import load_registry
from shared.weights.store import WeightsStore
from tests.conftest import SHARED

SAMPLES = SHARED / "assets" / "ocr"
FLOOR = 0.96
TEXTS = {
    "skimage_page.png": (
        "Region-based segmentation Let us first determine markers of the coins and the background. These markers are "
        "pixels that we can label unambiguously as either object or background. Here, the markers are found at the "
        "two extreme parts of the histogram of grey values: markers = np.zeros_like(coins)"
    ),
    "opencv_scenetext01.jpg": "NOTICE DOUBLE PARKING PROHIBITED AT ALL TIMES",
    "oz_mask.jpg": "请佩戴口罩 谢谢配合！",
}

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"the samples are not here: {SAMPLES}")


@pytest.fixture(scope="module")
def ocr() -> Iterator[Specialist]:
    cv2.setNumThreads(1)
    store = WeightsStore(SHARED / "assets" / "models", load_registry())
    specialist = open_specialist("ocr", Tools(store, None, state=lambda _slug: None))  # type: ignore[arg-type]
    yield specialist
    specialist.close()


def words_read(ocr: Specialist, name: str) -> Counter[str]:
    picture = Picture(open_picture((SAMPLES / name).read_bytes()))
    found = ocr.examine(Case((picture,), "scene", datetime(2026, 1, 15, tzinfo=UTC)))
    return Counter(str(found.results["text"]).split())


def test_printed_words_are_read_exactly(ocr: Specialist) -> None:
    wanted = {name: Counter(text.split()) for name, text in TEXTS.items()}
    read = sum((wanted[name] & words_read(ocr, name)).total() for name in TEXTS)
    assert read / sum(words.total() for words in wanted.values()) >= FLOOR


def test_no_words_are_made_up_of_a_bare_wall(ocr: Specialist) -> None:
    grain = np.random.default_rng(1).normal(128, 12, (480, 640, 3)).clip(0, 255).astype(np.uint8)
    found = ocr.examine(Case((Picture(grain),), "scene", datetime(2026, 1, 15, tzinfo=UTC)))
    assert found.results == {"lines": [], "text": ""}
