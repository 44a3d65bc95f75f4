from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from shared.accounts.users import add_account
from shared.cameras.registry import (
    CameraChange,
    CameraRules,
    NewCamera,
    add_camera,
    camera_named,
    change_camera,
    list_cameras,
    remove_camera,
    settle_zones,
)
from shared.cameras.zones import PictureSize, ZoneSpec, in_pixels
from shared.db.camera_configs import enabled_cameras
from shared.db.cameras import Camera, ZoneRow
from shared.db.events import Event
from shared.db.secrets import SecretBox
from shared.domain.errors import Conflict, InvalidInput, NotFound

NOW = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)
URL = "rtsp://user:secret@192.0.2.1:554/main"
BOX = SecretBox(Fernet.generate_key().decode())
RULES = CameraRules(file_roots=(Path("/srv/clips"),), box=BOX)
DOOR = ZoneSpec(name="Door", points=((0, 0), (100, 0), (100, 100), (0, 100)), sensitivity=0.8)


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with Session(engine, expire_on_commit=False) as opened:
        add_account(opened, username="alice", password="correct horse", role="operator", now=NOW)
        yield opened


def _add(session: Session, new: NewCamera | None = None, *, picture: PictureSize | None = None) -> Camera:
    return add_camera(
        session, new or NewCamera(name="Front", url=URL), account_id=1, rules=RULES, now=NOW, picture=picture
    )


def test_a_camera_is_stored_with_its_url_sealed_and_masked(session: Session) -> None:
    camera = _add(session)
    assert camera.slug == "cam_001"
    assert "secret" not in camera.url_encrypted + camera.url_masked
    assert camera.url_masked == "rtsp://***@192.0.2.1:554/main"
    assert enabled_cameras(session, BOX)["cam_001"].url == URL


def test_ids_are_generated_in_turn_and_never_for_a_camera_that_left_events(session: Session) -> None:
    _add(session, NewCamera(name="a", url=URL, slug="cam_007"))
    assert _add(session).slug == "cam_008"
    session.add(
        Event(
            uuid="u",
            camera_slug="cam_009",
            label="person",
            confidence=1,
            started_at=NOW,
            occurred_at=NOW,
            stored_at=NOW,
        )
    )
    session.flush()
    assert _add(session).slug == "cam_010"


def test_a_taken_id_is_a_conflict(session: Session) -> None:
    _add(session, NewCamera(name="a", url=URL, slug="gate"))
    with pytest.raises(Conflict, match="gate exists already"):
        _add(session, NewCamera(name="b", url=URL, slug="gate"))


def test_everything_wrong_is_named_at_once_and_nothing_is_stored(session: Session) -> None:
    bad = NewCamera(
        name=" ",
        url="gopher://user:secret@x/",
        slug="../etc",
        zones=(
            ZoneSpec(name="a", points=((0, 0), (10, 0)), sensitivity=3),
            ZoneSpec(name="a", points=((0, 0), (10, 10), (10, 0), (0, 10))),
            ZoneSpec(name="c", points=((0, 0), (float("nan"), 10), (10, 0))),
        ),
    )
    with pytest.raises(InvalidInput) as caught:
        _add(session, bad)
    assert [problem.field for problem in caught.value.problems] == [
        "id",
        "name",
        "url",
        "zones.0.sensitivity",
        "zones.0.points",
        "zones.1.name",
        "zones.1.points",
        "zones.2.points",
    ]
    assert "secret" not in str(caught.value)
    assert session.scalar(select(func.count()).select_from(Camera)) == 0


def test_zones_are_stored_as_fractions_of_the_picture_they_were_drawn_on(session: Session) -> None:
    camera = _add(session, NewCamera(name="a", url=URL, zones=(DOOR,)), picture=PictureSize(200, 400))
    assert camera.zones[0].points == [[0, 0], [0.5, 0], [0.5, 0.25], [0, 0.25]]
    assert in_pixels(camera.zones[0].points, PictureSize(200, 400)) == [[0, 0], [100, 0], [100, 100], [0, 100]]
    assert enabled_cameras(session, BOX)["cam_001"].zones[0].sensitivity == 0.8


def test_points_outside_a_known_picture_are_refused(session: Session) -> None:
    with pytest.raises(InvalidInput, match=r"zones\.0\.points\.1: lies outside the picture of 64x64"):
        _add(session, NewCamera(name="a", url=URL, zones=(DOOR,)), picture=PictureSize(64, 64))


def test_zones_drawn_before_the_resolution_was_known_keep_their_pixels_once_it_is(session: Session) -> None:
    camera = _add(session, NewCamera(name="a", url=URL, zones=(DOOR,)))
    real = PictureSize(400, 200)
    assert settle_zones(session, camera, real)
    assert in_pixels(camera.zones[0].points, real) == [[0, 0], [100, 0], [100, 100], [0, 100]]
    assert not settle_zones(session, camera, PictureSize(800, 800))


def test_zones_given_as_fractions_need_no_settling(session: Session) -> None:
    half = ZoneSpec(name="Half", points=((0, 0), (0.5, 0), (0.5, 1), (0, 1)))
    camera = _add(session, NewCamera(name="a", url=URL, zones=(half,)))
    assert not settle_zones(session, camera, PictureSize(400, 200))
    assert camera.zones[0].points == [[0, 0], [0.5, 0], [0.5, 1], [0, 1]]
    with pytest.raises(InvalidInput, match="mixes pixels and fractions"):
        _add(session, NewCamera(name="b", url=URL, zones=(half, DOOR)))


def test_a_change_touches_only_what_it_names(session: Session) -> None:
    camera = _add(session, NewCamera(name="a", url=URL, zones=(DOOR,)))
    change_camera(session, camera, CameraChange(name="b"), rules=RULES, now=NOW)
    assert (camera.name, camera.enabled, len(camera.zones)) == ("b", True, 1)
    assert BOX.open(camera.url_encrypted) == URL
    change_camera(session, camera, CameraChange(enabled=False, zones=()), rules=RULES, now=NOW)
    assert (camera.enabled, camera.zones) == (False, [])
    assert session.scalar(select(func.count()).select_from(ZoneRow)) == 0


@pytest.mark.parametrize("shown", ["", "  ", "rtsp://***@192.0.2.1:554/main", "rtsp://***@elsewhere/"])
def test_a_blank_or_masked_url_keeps_the_stored_one(session: Session, shown: str) -> None:
    camera = _add(session)
    change_camera(session, camera, CameraChange(url=shown), rules=RULES, now=NOW)
    assert BOX.open(camera.url_encrypted) == URL


def test_zones_may_be_written_again_under_the_same_names(session: Session) -> None:
    camera = _add(session, NewCamera(name="a", url=URL, zones=(DOOR,)))
    change_camera(session, camera, CameraChange(zones=(DOOR,)), rules=RULES, now=NOW)
    session.commit()
    assert [zone.name for zone in camera.zones] == ["Door"]


def test_somebody_elses_camera_does_not_exist(session: Session) -> None:
    _add(session)
    assert camera_named(session, "cam_001", account_id=1).slug == "cam_001"
    with pytest.raises(NotFound):
        camera_named(session, "cam_001", account_id=2)
    assert list_cameras(session, account_id=2) == []
    assert [camera.slug for camera in list_cameras(session, enabled=True)] == ["cam_001"]


def test_a_removed_camera_takes_its_zones_with_it(session: Session) -> None:
    remove_camera(session, _add(session, NewCamera(name="a", url=URL, zones=(DOOR,))))
    assert list_cameras(session) == []
    assert session.scalar(select(func.count()).select_from(ZoneRow)) == 0


def test_a_file_outside_the_permitted_folders_is_refused(session: Session) -> None:
    with pytest.raises(InvalidInput, match="outside the permitted folders"):
        _add(session, NewCamera(name="a", url="file:///etc/passwd"))
