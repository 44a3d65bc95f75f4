"""Pictures in, plates out, with the models that come along."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from services.modules.specialist import Case, Picture, Tools, open_specialist
from shared.accounts.users import add_account
from shared.db.engine import connect, sessions
from shared.db.migrate import upgrade
from shared.domain.box import Box
from shared.domain.errors import UserError
from shared.plates.registry import PlateChange, add_plate
from shared.weights.registry import load_registry
from shared.weights.store import WeightsStore
from tests.unit.modules.lpr.drawn import car

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def tools(tmp_path_factory) -> Iterator[Tools]:
    folder = tmp_path_factory.mktemp("lpr")
    engine = connect(f"sqlite:///{folder}/argus.db")
    upgrade(engine)
    factory = sessions(engine)
    with factory.begin() as session:
        account = add_account(session, username="ada", password="correct horse battery", role="operator", now=NOW).id
        add_plate(session, PlateChange(plate="ab 123 cd", listing="deny"), account_id=account, now=NOW)
        add_plate(
            session,
            PlateChange(plate="EF-456-GH", listing="allow", expires_at=NOW + timedelta(hours=1)),
            account_id=account,
            now=NOW,
        )
    yield Tools(WeightsStore(folder / "none", load_registry()), factory, lambda _slug: None)
    engine.dispose()


@pytest.fixture(scope="module")
def lpr(tools):
    specialist = open_specialist("lpr", tools, settings={"countries": ["FR"]})
    yield specialist
    specialist.close()


def look(lpr, *pictures, scope="object", account_id=1, at=NOW, subject=None):
    shown = tuple(Picture(picture, subject=subject) for picture in pictures)
    return lpr.examine(Case(shown, scope, at, account_id=account_id))


def test_a_plate_is_read_and_told_once(lpr):
    finding = look(lpr, car("AB-123-CD"))
    [plate] = finding.results["plates"]
    assert plate["plate"] == "AB-123-CD"
    assert plate["region"] == "EU-FR"
    assert plate["confidence"] > 0.75
    [recognised] = finding.recognised
    assert recognised.kind == "plate_read"
    assert recognised.data == {
        name: plate[name] for name in ("plate_text", "confidence", "region", "list_match", "bbox")
    }
    assert recognised.data["plate_text"] == "AB123CD"


def test_the_box_is_where_the_plate_is_in_the_picture_given(lpr):
    large = np.full((600, 900, 3), 90, np.uint8)
    large[200:520, 300:780] = car("AB-123-CD")
    [plate] = look(lpr, large, subject=Box(300, 200, 780, 520)).results["plates"]
    x1, y1, x2, y2 = plate["bbox"]
    assert all(isinstance(value, int) for value in plate["bbox"])
    assert 440 < x1 < 490
    assert 600 < x2 < 640
    assert 380 < y1 < y2 < 460


@pytest.mark.parametrize(
    ("plate", "account_id", "at", "match"),
    [
        ("AB-123-CD", 1, NOW, "deny"),
        ("EF-456-GH", 1, NOW, "allow"),
        ("EF-456-GH", 1, NOW + timedelta(hours=2), None),
        ("AB-123-CD", 2, NOW, None),
        ("AB-123-CD", None, NOW, None),
    ],
)
def test_a_plate_is_looked_up_in_the_lists_of_its_account(lpr, plate, account_id, at, match):
    [found] = look(lpr, car(plate), account_id=account_id, at=at).results["plates"]
    assert found["list_match"] == match


def test_many_pictures_of_one_car_are_one_read(lpr):
    finding = look(lpr, car("AB-123-CD"), car(""), car("AB-123-CD", width=400))
    assert [plate["plate"] for plate in finding.results["plates"]] == ["AB-123-CD"]


@pytest.mark.parametrize("badge", ["TOYOTA", "POLICE", "0800 123 456", "www.auto.fr", "E320CDI"])
def test_other_writing_on_a_car_is_no_plate(lpr, badge):
    assert [plate["plate"] for plate in look(lpr, car("AB-123-CD", badge=badge)).results["plates"]] == ["AB-123-CD"]


@pytest.mark.parametrize("shape", [(1, 1, 3), (5, 900, 3), (240, 320, 3), (12, 12, 3)])
def test_a_picture_without_a_plate_has_none(lpr, shape):
    assert look(lpr, np.full(shape, 127, np.uint8)).results == {"plates": []}


def test_a_subject_outside_the_picture_has_no_plate(lpr):
    assert look(lpr, car("AB-123-CD"), subject=Box(900, 900, 950, 950)).results == {"plates": []}


def test_looking_again_gives_the_same(lpr):
    pictures = [car("AB-123-CD"), car("AB-123-CD", width=360)]
    assert look(lpr, *pictures) == look(lpr, *pictures)


def test_a_whole_scene_is_looked_at_too(lpr):
    scene = np.full((720, 1280, 3), 90, np.uint8)
    scene[80:400, 60:540] = car("AB-123-CD")
    scene[380:700, 700:1180] = car("EF-456-GH")
    found = look(lpr, scene, scope="scene").results["plates"]
    assert {plate["plate"] for plate in found} == {"AB-123-CD", "EF-456-GH"}


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"countries": ["france"]}, "countries"),
        ({"min_confidence": 2}, "min_confidence"),
        ({"detector": "nothing_of_the_kind"}, "nothing_of_the_kind"),
        ({"detector": "lpd_yunet"}, "lpd_yunet"),
        ({"detector": "yunet"}, "yunet"),
    ],
)
def test_wrong_settings_are_refused_by_name(tools, settings, field):
    with pytest.raises(UserError) as refused:
        open_specialist("lpr", tools, settings=settings)
    assert field in str(refused.value)


def test_it_is_said_when_no_text_models_are_there(tmp_path: Path):
    from services.modules.specialists.lpr.text_models import text_model

    with pytest.raises(UserError, match="install rapidocr again"):
        text_model("nothing")
