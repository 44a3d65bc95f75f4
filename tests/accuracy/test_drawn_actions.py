"""What figures do, seen by several cameras: what is told, and above all what is not."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import cycle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.modules.specialists.pose.looking import Look
from services.modules.specialists.pose.skeleton import Skeleton, flipped
from shared.domain.box import Box
from tests.accuracy.figure import (
    BODIES,
    CAMERAS,
    Body,
    Movement,
    Pose,
    Scene,
    lying,
    run,
    seated,
    squatting,
    standing,
    through,
    told,
    walk,
)

cameras = pytest.mark.parametrize("camera", sorted(CAMERAS))
bodies = pytest.mark.parametrize("body", sorted(BODIES))

ALL_WAYS = range(0, 360, 45)
ACROSS = (0, 180)


def towards(faces: float, metres: float) -> tuple[float, float]:
    """So far behind the middle that who goes that way comes through it."""
    return (-metres * math.cos(math.radians(faces)), -metres * math.sin(math.radians(faces)))


def actions(make: object, *, camera: str, body: str, lasts: float, ways: object = ALL_WAYS) -> set[str]:
    """What is told of a movement in these directions, at 4 and 10 pictures a second in turn."""
    found = set()
    for faces, fps in zip(ways, cycle((4, 10)), strict=False):  # type: ignore[call-overload]
        movement = make(BODIES[body], float(faces))  # type: ignore[operator]
        scene = Scene(movement, lasts, fps=fps, body=BODIES[body], camera=CAMERAS[camera], seed=int(faces) + fps)
        found.add(scene.action().name)
    return found


@cameras
@bodies
def test_who_stands_is_standing(camera: str, body: str) -> None:
    assert actions(lambda b, f: lambda _t: standing(b, faces=f), camera=camera, body=body, lasts=3) == {"standing"}


@cameras
@bodies
def test_who_walks_is_walking(camera: str, body: str) -> None:
    assert actions(lambda b, f: walk(b, faces=f, start=towards(f, 1.5)), camera=camera, body=body, lasts=2.5) == {
        "walking"
    }


@cameras
@bodies
def test_who_walks_fast_does_not_run(camera: str, body: str) -> None:
    speed = 2.0 if body != "child" else 1.2
    assert "running" not in actions(
        lambda b, f: walk(b, speed=speed, faces=f, start=towards(f, 1.5)), camera=camera, body=body, lasts=2
    )


@cameras
@pytest.mark.parametrize("body", ["adult", "tall"])
def test_who_runs_across_the_view_is_running(camera: str, body: str) -> None:
    found = actions(lambda b, f: run(b, faces=f, start=towards(f, 2)), camera=camera, body=body, lasts=1.2, ways=ACROSS)
    assert found == {"running"}


@cameras
@bodies
def test_hands_over_the_head_are_up(camera: str, body: str) -> None:
    make = lambda b, f: lambda _t: standing(b, faces=f, arms=(170, 170))  # noqa: E731
    assert actions(make, camera=camera, body=body, lasts=2) == {"hands_up"}


@cameras
@bodies
def test_who_lies_across_the_view_is_lying_and_has_not_fallen(camera: str, body: str) -> None:
    """Somebody who comes into view lying."""
    make = lambda b, f: lambda _t: lying(b, faces=f)  # noqa: E731
    assert actions(make, camera=camera, body=body, lasts=4, ways=ACROSS) == {"lying"}
    assert "fall" not in actions(make, camera=camera, body=body, lasts=4)


def collapse(end: Pose, upright: Pose, *, takes: float = 0.9) -> Movement:
    return through((0, upright), (1.5, upright), (1.5 + takes, end), (5, end))


@cameras
@bodies
@pytest.mark.parametrize("way", [-87, 87])
def test_who_falls_across_the_view_has_fallen(camera: str, body: str, way: float) -> None:
    make = lambda b, f: collapse(lying(b, faces=f, pitch=way), standing(b, faces=f))  # noqa: E731
    found = actions(make, camera=camera, body=body, lasts=5, ways=ACROSS)
    assert "fall" in found
    if body != "child":
        assert found == {"fall"}


FLOOR = Pose(trunk=-10, thighs=(90, 90), knees=(5, 5), hips_m=0.12)
FLAT = Pose(trunk=-88, thighs=(90, 90), knees=(0, 0), hips_m=0.12)


def bent(body: Body, faces: float) -> Pose:
    return Pose(trunk=110, thighs=(5, 5), knees=(15, 15), arms=(60, 60), hips_m=body.leg * 0.97, faces=faces)


def kneeling(body: Body, faces: float) -> Pose:
    return Pose(trunk=75, thighs=(95, 0), knees=(95, 90), arms=(70, 70), hips_m=body.leg * 0.5, faces=faces)


def crawling(body: Body, faces: float) -> Pose:
    return Pose(trunk=85, thighs=(0, 0), knees=(90, 90), arms=(85, 85), hips_m=body.leg * 0.5, faces=faces)


def push_up(body: Body, faces: float) -> Movement:
    up, low, flat = standing(body, faces=faces), squatting(body, faces=faces), lying(body, faces=faces, pitch=75)
    return through((0, up), (1, up), (1.4, low), (1.9, flat), (2.6, flat), (3.1, low), (3.6, up), (5, up))


def jump(body: Body, faces: float) -> Movement:
    up = standing(body, faces=faces)
    low = replace(up, hips_m=body.leg * 0.75, thighs=(45.0, 45.0), knees=(80.0, 80.0))
    return through((0, up), (0.8, up), (1.1, low), (1.3, replace(up, hips_m=body.leg + 0.4)), (1.6, up), (4, up))


def goes_to(end: object, *, takes: float) -> object:
    def make(body: Body, faces: float) -> Movement:
        last = replace(end(body, faces), faces=faces)  # type: ignore[operator]
        up = standing(body, faces=faces)
        return through((0, up), (1, up), (1 + takes, last), (5, last))

    return make


def lies_down(body: Body, faces: float) -> Movement:
    up, sits, flat = standing(body, faces=faces), replace(FLOOR, faces=faces), replace(FLAT, faces=faces)
    return through((0, up), (1, up), (2.2, sits), (3.5, flat), (6, flat))


def tips_slowly(body: Body, faces: float) -> Movement:
    """As somebody who is helped to the ground."""
    return collapse(lying(body, faces=faces), standing(body, faces=faces), takes=3.5)


def stumbles(body: Body, faces: float) -> Movement:
    up = standing(body, faces=faces)
    return through((0, up), (1, up), (1.5, replace(up, pitch=50.0)), (2.0, up), (4, up))


NEAR_MISSES = {
    "sits down on a chair": goes_to(lambda b, _f: seated(b), takes=0.8),
    "drops onto the floor": goes_to(lambda _b, _f: FLOOR, takes=0.6),
    "ties a shoe": goes_to(bent, takes=0.7),
    "kneels to tie a shoe": goes_to(kneeling, takes=0.7),
    "gets on all fours": goes_to(crawling, takes=0.8),
    "squats fast": goes_to(lambda b, _f: squatting(b), takes=0.5),
    "does a push-up": push_up,
    "jumps": jump,
    "lies down": lies_down,
    "is laid down": tips_slowly,
    "stumbles": stumbles,
    "enters lying": lambda b, f: lambda _t: lying(b, faces=f),
}


@bodies
@cameras
@pytest.mark.parametrize("name", sorted(NEAR_MISSES))
def test_what_resembles_a_fall_is_none(name: str, camera: str, body: str) -> None:
    assert "fall" not in actions(NEAR_MISSES[name], camera=camera, body=body, lasts=6)


FALL = collapse(lying(), standing())


def test_a_fall_whose_legs_are_not_seen_is_not_told() -> None:
    assert Scene(FALL, 5, hidden=("knee", "ankle")).action().name == "unknown"


def test_nothing_is_told_of_a_person_hardly_seen() -> None:
    assert Scene(FALL, 5, hidden=("hip", "shoulder")).action().name == "unknown"


def test_a_fall_needs_looks_before_and_after() -> None:
    looks = Scene(FALL, 5).looks()
    assert told(looks).name == "fall"
    assert told([look for look in looks if look[0] > 1.6]).name == "lying"
    assert told([look for look in looks if look[0] < 2.7]).name != "fall"
    assert told([look for look in looks if look[0] < 0.1 or look[0] > 2.2]).name == "lying"


def test_crops_tell_neither_walking_nor_falls() -> None:
    assert Scene(FALL, 5).action(same_view=False).name != "fall"
    assert Scene(walk(), 2.5).action(same_view=False).name == "standing"


@pytest.mark.parametrize(
    ("pose", "name"),
    [
        (standing(), "standing"),
        (standing(arms=(170.0, 170.0)), "hands_up"),
        (lying(), "lying"),
        (squatting(), "crouching"),
        (seated(), "sitting"),
    ],
)
def test_one_picture_tells_the_posture(pose: Pose, name: str) -> None:
    assert told(Scene(lambda _t: pose, 0).looks()).name == name


def test_one_picture_of_somebody_who_walks_or_falls_tells_neither() -> None:
    for movement in (walk(), FALL):
        for look in Scene(movement, 5).looks():
            assert told([look]).name not in ("walking", "running", "fall")


def test_nobody_does_nothing() -> None:
    assert told([]).name == "unknown"


movements = st.sampled_from([FALL, walk(), run(), through((0, standing()), (3, seated())), lies_down(Body(), 30.0)])


def changed(looks: list[tuple[float, Look]], *, scale: float, dx: float, dy: float) -> list[tuple[float, Look]]:
    moved = []
    for at_s, look in looks:
        box = Box(*(side * scale + by for side, by in zip(look.box.as_xyxy(), (dx, dy, dx, dy), strict=True)))
        skeleton = Skeleton(look.skeleton.points * scale + (dx, dy), look.skeleton.scores)
        moved.append((at_s, replace(look, box=box, skeleton=skeleton)))
    return moved


@settings(max_examples=40)
@given(
    movement=movements,
    scale=st.floats(0.5, 4),
    dx=st.floats(-500, 500),
    dy=st.floats(-500, 500),
    seed=st.integers(0, 99),
)
def test_neither_size_nor_place_matters(movement: Movement, scale: float, dx: float, dy: float, seed: int) -> None:
    looks = Scene(movement, 4, seed=seed).looks()
    assert told(changed(looks, scale=scale, dx=dx, dy=dy)).name == told(looks).name


@settings(max_examples=40)
@given(movement=movements, seed=st.integers(0, 99))
def test_the_mirror_shows_the_same_action(movement: Movement, seed: int) -> None:
    looks = Scene(movement, 4, seed=seed).looks()
    mirrored = [
        (
            at_s,
            replace(
                look,
                skeleton=flipped(look.skeleton, 1280),
                box=Box(1280 - look.box.x2, look.box.y1, 1280 - look.box.x1, look.box.y2),
            ),
        )
        for at_s, look in looks
    ]
    assert told(mirrored).name == told(looks).name
