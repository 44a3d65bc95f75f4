"""What every specialist keeps to, whatever it looks for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from services.cli.demo.scenes import scene
from services.cli.demo.stage import frames
from services.modules.specialist import Tools, open_specialist, specialist_class
from services.modules.specialists import CATALOGUE
from shared.domain.errors import ArgusError, Permanent, UserError
from shared.domain.module import MODULES
from shared.weights.registry import load_registry
from tests.contract.specialists.conftest import Opened
from tests.unit.vision.hostile import ODD, READABLE, REFUSED

names = pytest.mark.parametrize("name", sorted(CATALOGUE))


@pytest.fixture(scope="module")
def street() -> bytes:
    """A drawn picture with people in it, as JPEG."""
    best = max(frames(scene("entrance", seconds=20, fps=0.5)), key=lambda frame: len(frame.truth)).image
    done, content = cv2.imencode(".jpg", best)
    assert done
    return content.tobytes()


def boxes(value: Any) -> Iterator[list[float]]:
    """Everything called `bbox`, however deep."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "bbox" and item is not None:
                yield item
            else:
                yield from boxes(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from boxes(item)


@names
def test_the_manifest_is_sound_and_known_without_opening(name: str) -> None:
    manifest = specialist_class(name).manifest
    assert manifest.name == name
    assert name in MODULES
    assert manifest.version
    assert 10 <= len(manifest.summary) <= 200
    assert manifest.scopes
    assert manifest.max_pictures >= 1
    assert manifest.cost_ms >= 1
    registry = load_registry()
    for weights in manifest.weights:
        assert registry[weights].commercial_ok


@names
def test_an_unknown_setting_is_refused(name: str, tools: Tools) -> None:
    with pytest.raises(UserError, match=f"modules.specialists.{name}.nonsense"):
        open_specialist(name, tools, settings={"nonsense": 1})


@names
def test_its_page_says_what_it_can_do_and_how_well(name: str) -> None:
    module = import_module(CATALOGUE[name].partition(":")[0])
    page = Path(str(module.__file__)).with_name("README.md").read_text()
    assert f"`{name}`" in page
    assert "measured" in page.lower()


def test_an_unknown_name_is_refused_with_the_nearest(tools: Tools) -> None:
    with pytest.raises(UserError, match="did you mean 'ocr'"):
        open_specialist("ocrr", tools)


@pytest.mark.parametrize("kind", sorted({**READABLE, **ODD}))
def test_every_kind_of_picture_is_looked_at_or_refused_with_a_reason(opened: Opened, kind: str) -> None:
    photo = {**READABLE, **ODD}[kind]()
    try:
        found = opened.look(photo)
    except Permanent as refusal:
        found = {"refusal": str(refusal)}
    assert len(json.dumps(found, allow_nan=False)) > 0
    assert found.get("refusal") != ""


@pytest.mark.parametrize("kind", sorted(REFUSED))
def test_what_is_no_picture_is_refused_with_a_reason(opened: Opened, kind: str) -> None:
    with pytest.raises(ArgusError) as refusal:
        opened.look(REFUSED[kind]())
    assert 0 < len(str(refusal.value)) < 300


def test_the_same_case_gives_the_same_finding(opened: Opened, street: bytes) -> None:
    assert opened.look(street) == opened.look(street)


def test_boxes_lie_in_the_picture(opened: Opened, street: bytes) -> None:
    picture = cv2.imdecode(np.frombuffer(street, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    height, width = picture.shape[:2]
    for x1, y1, x2, y2 in boxes(opened.look(street)["results"]):
        assert 0 <= x1 <= x2 <= width
        assert 0 <= y1 <= y2 <= height


def test_more_pictures_than_it_can_use_are_no_matter(opened: Opened, street: bytes) -> None:
    assert "results" in opened.look(*[street] * (opened.specialist.manifest.max_pictures + 1))


def test_every_scope_of_its_manifest_is_looked_at(opened: Opened, street: bytes) -> None:
    for scope in opened.specialist.manifest.scopes:
        assert "results" in opened.look(street, scope=scope, label="person", track_id=7, presence_id="p-1")


def test_progress_goes_up(opened: Opened, street: bytes) -> None:
    opened.shares.clear()
    opened.look(street)
    assert opened.shares == sorted(opened.shares)
    assert 0 <= opened.shares[0] <= opened.shares[-1] <= 1


def test_the_picture_is_left_as_it_was(opened: Opened, street: bytes) -> None:
    before = opened.look(street)
    opened.look(*(READABLE[kind]() for kind in ("jpeg", "png")))
    assert opened.look(street) == before


@names
def test_closing_twice_does_nothing(name: str, tools: Tools) -> None:
    try:
        specialist = open_specialist(name, tools)
    except UserError as error:
        pytest.skip(f"{name} cannot run here: {error}")
    specialist.close()
    specialist.close()
