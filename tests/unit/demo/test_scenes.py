"""Scenes: what moves where, and what the truth says of it."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from services.cli.demo.scene import GroundTruthBox, Path, Scene, View, Waypoint
from services.cli.demo.scenes import CATALOGUE, scene
from services.cli.demo.stage import frames, truth_at
from shared.domain.errors import UserError

SMALL = (320, 180)


def truths(drawn: Scene, *, step_s: float = 0.5) -> list[tuple[GroundTruthBox, ...]]:
    """What is in view over time, drawn small."""
    return [truth_at(drawn, t) for t in np.arange(0, drawn.seconds + 1e-6, step_s)]


def persons(boxes: tuple[GroundTruthBox, ...]) -> list[GroundTruthBox]:
    return [box for box in boxes if box.label == "person"]


@pytest.mark.parametrize("seconds", [6.0, 14.0, 20.0, 60.0])
@pytest.mark.parametrize("name", CATALOGUE)
def test_nobody_is_in_view_at_start_and_end(name: str, seconds: float) -> None:
    drawn = scene(name, seconds=seconds, size=SMALL)
    assert truth_at(drawn, 0.0) == ()
    assert truth_at(drawn, (drawn.frame_count - 1) / drawn.fps) == ()


@pytest.mark.parametrize(("name", "track_id"), [("entrance", 1), ("yard", 1), ("yard", 2), ("shop", 1), ("parking", 1)])
def test_actors_come_and_go_beyond_the_sides_of_the_picture(name: str, track_id: int) -> None:
    drawn = scene(name, size=SMALL)
    actor = next(actor for actor in drawn.actors if actor.track_id == track_id)
    for end in (actor.path.points[0], actor.path.points[-1]):
        assert actor.path.pose(end.t_s) is not None
        assert track_id not in {box.track_id for box in truth_at(drawn, end.t_s)}


def test_a_person_walks_through_the_entrance_and_stops() -> None:
    boxes = [seen[0].box for seen in map(persons, truths(scene("entrance", size=SMALL))) if seen]
    middles = [box.bottom_centre[0] for box in boxes]
    assert middles[0] < SMALL[0] * 0.2
    assert middles[-1] > SMALL[0] * 0.8
    assert sum(abs(b - a) < 1.0 for a, b in pairwise(middles)) >= 4


def test_two_people_cross_the_yard() -> None:
    seen = truths(scene("yard", size=SMALL))
    both = [{box.track_id: box.box.bottom_centre[0] for box in boxes} for boxes in seen if len(boxes) == 2]
    assert both[0][1] < both[0][2]
    assert both[-1][1] > both[-1][2]


def test_the_one_behind_is_less_visible_while_they_cross() -> None:
    drawn = scene("yard", size=SMALL)
    seen = [truth_at(drawn, t) for t in np.arange(4.5, 8, 0.15)]
    assert min(box.visible for boxes in seen for box in boxes if box.track_id == 2 and len(boxes) == 2) < 0.7


def test_a_car_arrives_and_somebody_gets_out() -> None:
    drawn = scene("parking", size=SMALL)
    seen = truths(drawn)
    labels = [sorted(box.label for box in boxes) for boxes in seen]
    assert ["car"] in labels
    assert labels.index(["car", "person", "plate"]) > labels.index(["car"])
    plates = {box.text for boxes in seen for box in boxes if box.label == "plate"}
    assert plates == {"B MX 4712"}


def test_the_plate_lies_inside_the_car() -> None:
    for boxes in truths(scene("parking"), step_s=1.5):
        named = {box.label: box.box for box in boxes}
        if "plate" in named:
            plate, car = named["plate"], named["car"]
            assert car.x1 <= plate.x1 < plate.x2 <= car.x2
            assert car.y1 <= plate.y1 < plate.y2 <= car.y2


def test_the_fire_flickers() -> None:
    heights = [boxes[0].box.height for boxes in truths(scene("fire", size=SMALL), step_s=0.7)[7:-7]]
    assert len(set(heights)) >= 4
    assert all(height > 10 for height in heights)


def test_the_shop_is_empty_for_most_of_the_time() -> None:
    seen = truths(scene("shop", seconds=120, size=SMALL), step_s=1)
    busy = [boxes for boxes in seen if boxes]
    assert 0.1 < len(busy) / len(seen) < 0.5
    assert len({box.track_id for boxes in busy for box in boxes}) == 4


def test_the_empty_scene_has_noise_and_nothing_else() -> None:
    first, second = (frame.image.astype(int) for frame in frames(scene("empty", seconds=0.2, fps=10, size=SMALL)))
    difference = np.abs(first - second)
    assert difference.any()
    assert difference.mean() < 3


def test_the_truth_is_where_the_picture_changes() -> None:
    drawn = scene("entrance", seconds=12, fps=1, size=(640, 360), noise=0)
    background = next(frames(drawn)).image.astype(int)
    frame = [frame for frame in frames(drawn) if frame.truth][3]
    changed = np.abs(frame.image - background).max(axis=2) > 40
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    box = frame.truth[0].box
    found = (columns[0], rows[0], columns[-1] + 1)
    assert np.allclose(found, box.as_xyxy()[:3], atol=3)
    shadow_px = 0.08 * box.height
    assert box.y2 - 3 <= rows[-1] + 1 <= box.y2 + shadow_px


def test_the_same_scene_is_the_same_pixels() -> None:
    pictures = [
        np.stack([frame.image for frame in frames(scene("yard", seconds=3, fps=2, size=SMALL))]) for _ in range(2)
    ]
    assert np.array_equal(*pictures)


def test_another_seed_is_another_picture() -> None:
    one, other = (next(frames(scene("yard", size=SMALL, seed=seed, noise=0))).image for seed in (1, 2))
    assert not np.array_equal(one, other)


def test_a_person_is_as_large_as_the_camera_makes_it() -> None:
    view = View(1280, 720)
    drawn = scene("entrance")
    (person,) = persons(truth_at(drawn, 7.0))
    pose = drawn.actors[0].path.pose(7.0)
    assert pose is not None
    assert person.box.height == pytest.approx(1.76 * view.scale(pose.z_m), rel=0.06)
    assert person.box.y2 == pytest.approx(view.project(0, 0, pose.z_m)[1], abs=12)


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda: scene("ballroom"), "scene"),
        (lambda: next(frames(replace(scene("yard", size=SMALL), background="ballroom"))), "background"),
    ],
)
def test_an_unknown_name_is_explained(call: object, field: str) -> None:
    with pytest.raises(UserError, match=f"{field}: no such"):
        call()  # type: ignore[operator]


PATH = Path((Waypoint(1, 0, 10), Waypoint(3, 4, 10), Waypoint(5, 4, 10), Waypoint(6, 4, 8)))


@pytest.mark.parametrize(
    ("t_s", "x_m", "z_m", "heading", "speed", "walked"),
    [
        (2, 2, 10, 0, 2, 2),
        (4, 4, 10, 0, 0, 4),
        (5.5, 4, 9, math.pi / 2, 2, 5),
    ],
)
def test_a_path_tells_where_one_is_and_goes(
    t_s: float, x_m: float, z_m: float, heading: float, speed: float, walked: float
) -> None:
    pose = PATH.pose(t_s)
    assert pose is not None
    assert (pose.x_m, pose.z_m, pose.heading, pose.speed_m_s, pose.walked_m) == pytest.approx(
        (x_m, z_m, heading, speed, walked)
    )


@pytest.mark.parametrize("t_s", [0.9, 6.1])
def test_nobody_is_there_before_and_after_the_path(t_s: float) -> None:
    assert PATH.pose(t_s) is None


def test_a_path_runs_forward_in_time() -> None:
    with pytest.raises(ValueError, match="order of time"):
        Path((Waypoint(2, 0, 5), Waypoint(1, 1, 5)))
