"""What befalls a camera is told, once it lasts; what happens before it every day is not."""

from __future__ import annotations

import numpy as np
import pytest

from services.modules.specialist import Case, Picture
from services.modules.specialists.camera_health.memory import MOST_VIEWS, unpacked
from services.modules.specialists.camera_health.settings import CameraHealthSettings
from services.modules.specialists.camera_health.specialist import CameraHealth
from tests.unit.modules.camera_health import drawn
from tests.unit.modules.camera_health.drawn import AT, Change, Watched, yard

FAULTS: dict[str, tuple[str, Change]] = {
    "black": ("black", drawn.black),
    "a hand before the lens": ("covered", drawn.hand),
    "a card before most of it": ("covered", drawn.card),
    "out of focus": ("out_of_focus", drawn.blurred),
    "glare": ("bright", drawn.glaring),
    "shifted a little": ("moved", drawn.shifted(0.06)),
    "shifted far": ("moved", drawn.shifted(0.2, 0.15)),
    "tilted": ("moved", drawn.shifted(0, turn=6)),
    "zoomed": ("moved", drawn.shifted(0, zoom=1.25)),
    "another view": ("moved", lambda _: yard(seed=99)),
}
HARMLESS: dict[str, Change] = {
    "nothing": lambda image: image,
    "dusk": drawn.dimmed(0.4),
    "night": drawn.infrared,
    "a lamp": drawn.lamp,
    "a tremble": drawn.shifted(0.004),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_suspected_at_first_and_told_when_it_lasts(name: str) -> None:
    label, change = FAULTS[name]
    camera = Watched()
    image = camera.usual()
    first, second, third = (camera.look(image, change) for _ in range(3))
    assert ([one["label"] for one in first["suspected"]], first["detections"]) == ([label], [])
    assert camera.labels(second, third) == [[label], [label]]
    assert (second["status"], second["suspected"]) == (label, [])
    told = second["detections"][0]
    assert told["frame"] == 3
    assert 0.5 <= told["confidence"] <= 1
    assert told["evidence"]
    after = [camera.look(image) for _ in range(2)]
    assert [look["status"] for look in after] == ["ok", "ok"]


@pytest.mark.parametrize("name", HARMLESS)
def test_light_people_and_trembling_are_no_fault(name: str) -> None:
    camera = Watched()
    image = camera.usual()
    looks = [camera.look(image, HARMLESS[name]) for _ in range(4)] + [camera.look(image) for _ in range(2)]
    assert [(look["detections"], look["suspected"]) for look in looks] == [([], [])] * 6


def test_a_box_tells_what_is_covered() -> None:
    camera = Watched()
    image = camera.usual()
    camera.look(image, drawn.card, walk=False)
    x1, y1, x2, y2 = camera.look(image, drawn.card, walk=False)["detections"][0]["bbox"]
    assert (x1, y1, y2) == (0, 0, drawn.HEIGHT)
    assert x2 == pytest.approx(drawn.WIDTH * 2 / 3, abs=60)


def test_what_is_over_at_the_next_look_is_never_told() -> None:
    camera = Watched()
    image = camera.usual()
    looks = []
    for _, change in FAULTS.values():
        looks += [camera.look(image, change), camera.look(image)]
    assert camera.labels(*looks) == [[]] * len(looks)


def test_the_night_that_falls_is_not_black_but_a_lens_that_is_covered_is() -> None:
    camera = Watched(noise=1)
    image = camera.usual()
    falling = [camera.look(image, drawn.dimmed(share)) for share in (0.6, 0.4, 0.3, 0.2, 0.15, 0.1, 0.07, 0.05)]
    night = [camera.look(image, drawn.dimmed(0.01)) for _ in range(3)]
    assert camera.labels(*falling, *night) == [[]] * 11
    assert night[-1]["status"] == "dark"
    assert camera.look(image)["status"] == "ok"


def test_a_moved_camera_gets_used_to_its_new_view() -> None:
    camera = Watched({"view_after_s": 600})
    image = camera.usual()
    looks = [camera.look(image, drawn.shifted(0.2)) for _ in range(14)]
    told = [label == ["moved"] for label in camera.labels(*looks)]
    assert told == [False, *[True] * 10, False, False, False]
    assert looks[-1]["status"] == "ok"
    again = [camera.look(image, drawn.shifted(-0.2)) for _ in range(2)]
    assert camera.labels(*again) == [[], ["moved"]]


def test_what_is_out_of_focus_for_a_day_is_usual_then() -> None:
    camera = Watched({"accept_after_s": 600})
    image = camera.usual()
    looks = [camera.look(image, drawn.blurred) for _ in range(14)]
    assert camera.labels(*looks)[1:11] == [["out_of_focus"]] * 10
    assert camera.labels(*looks)[-2:] == [[], []]


def test_a_picture_that_never_changes_is_frozen_but_a_quiet_scene_is_not() -> None:
    camera = Watched()
    image = camera.usual()
    quiet = [camera.look(image, walk=False) for _ in range(5)]
    assert camera.labels(*quiet) == [[]] * 5
    camera.noise = 0
    frozen = [camera.look(image, walk=False) for _ in range(4)]
    assert camera.labels(*frozen) == [[], [], ["frozen"], ["frozen"]]
    assert frozen[-1]["detections"][0]["evidence"]["seconds"] == 180
    camera.noise = 2
    assert camera.labels(camera.look(image)) == [[]]


def test_a_picture_that_is_the_same_for_a_moment_is_not_frozen() -> None:
    camera = Watched(noise=0, every_s=5)
    looks = [camera.look(yard(), walk=False) for _ in range(12)]
    assert camera.labels(*looks) == [[]] * 12


def test_the_same_look_once_more_says_the_same_and_counts_once() -> None:
    camera = Watched()
    image = camera.usual()
    first = camera.look(image, drawn.blurred)
    pictures = camera._burst(image, drawn.blurred, walk=True)
    assert camera.look_again(pictures) == first
    assert camera.look(image, drawn.blurred)["status"] == "out_of_focus"


def test_an_older_look_changes_nothing_of_what_is_known() -> None:
    camera = Watched()
    image = camera.usual()
    before, now = camera.remembered, camera.at
    camera.at = AT
    assert camera.look_again(camera._burst(image, drawn.blurred, walk=True))["detections"] == []
    assert (camera.remembered, camera.at) == (before, AT)
    assert now > AT


def test_what_is_remembered_stays_small_whatever_the_camera_shows() -> None:
    camera = Watched({"view_after_s": 60})
    for seed in range(8):
        for _ in range(5):
            camera.look(yard(seed))
    assert camera.remembered is not None
    assert len(camera.remembered) < 60_000
    assert len(unpacked(camera.remembered).views) == MOST_VIEWS


def test_without_a_camera_only_suspicions_are_told() -> None:
    dark = Picture(np.full((240, 320, 3), 3, np.uint8))
    found = CameraHealth(CameraHealthSettings()).examine(Case((dark,), "scene", AT))
    assert found.remember is None
    assert (found.results["detections"], found.results["status"]) == ([], "uncertain")
    assert [one["label"] for one in found.results["suspected"]] == ["black"]


def test_another_size_of_picture_is_learnt_anew() -> None:
    camera = Watched()
    image = camera.usual()
    tall = np.ascontiguousarray(image[:, :400])
    camera.at = camera.at.replace(hour=20)
    looks = []
    for _ in range(3):
        camera.at = camera.at.replace(minute=camera.at.minute + 1)
        looks.append(camera.look_again((Picture(tall), Picture(tall))))
    assert [look["status"] for look in looks][:2] == ["learning", "ok"]
