"""What a camera says of the specialists, and what follows from it."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.camera_modules import Cadence, cadence, every_s, module_enabled, own_options


@pytest.mark.parametrize(
    ("options", "enabled"),
    [
        (None, True),
        ({}, True),
        ({"modules": None}, True),
        ({"modules": {"lpr": True}}, True),
        ({"modules": {"lpr": {}}}, True),
        ({"modules": {"lpr": {"enabled": True}}}, True),
        ({"modules": {"lpr": {"enabled": False}}}, False),
        ({"modules": {"ocr": {"enabled": False}}}, True),
    ],
)
def test_a_specialist_may_look_unless_the_camera_says_no(options: Any, *, enabled: bool) -> None:
    assert module_enabled(options, "lpr") is enabled


def test_a_specialist_reads_what_is_its_own() -> None:
    said = {"enabled": True, "every_s": 5, "burst": 4, "burst_fps": 2, "required": ["helmet"]}
    assert own_options({"modules": {"ppe": said}}, "ppe") == {"required": ["helmet"]}
    assert own_options({}, "ppe") == {}


@pytest.mark.parametrize(
    ("said", "usual", "expected"),
    [
        ({}, False, None),
        ({"every_s": 5}, False, None),
        ({"enabled": True}, False, Cadence()),
        ({"enabled": True, "every_s": 5, "burst": 4, "burst_fps": 2}, False, Cadence(5, 4, 2)),
        ({}, True, Cadence()),
        ({"enabled": False}, True, None),
        ({"enabled": True, "every_s": 0, "burst": 99, "burst_fps": "fast"}, False, Cadence()),
        ({"enabled": True, "every_s": True, "burst": None}, False, Cadence()),
    ],
)
def test_scenes_are_looked_at_where_the_camera_or_the_installation_says_so(
    said: dict[str, Any], *, usual: bool, expected: Cadence | None
) -> None:
    assert cadence({"modules": {"fire_smoke": said}}, "fire_smoke", usual=usual) == expected


def test_a_specialist_for_presences_looks_at_no_scene_because_it_is_enabled() -> None:
    assert cadence({"modules": {"lpr": {"enabled": True}}}, "lpr") is None
    assert cadence({}, "lpr", usual=True) == Cadence()


def test_the_health_of_a_camera_is_looked_at_without_haste() -> None:
    assert cadence({"modules": {"camera_health": {"enabled": True}}}, "camera_health") == Cadence(60, 4)
    assert cadence({"modules": {"camera_health": {"enabled": True, "every_s": 5}}}, "camera_health") == Cadence(5, 4)
    assert cadence({}, "camera_health") is None


def test_no_specialist_looks_at_a_camera_that_is_only_recorded() -> None:
    said = {"modules": {"fire_smoke": {"enabled": True}}}
    assert cadence({**said, "recognition": True}, "fire_smoke") == Cadence()
    assert cadence({**said, "recognition": False}, "fire_smoke", usual=True) is None


def test_the_usual_interval_is_taken_for_nonsense() -> None:
    assert every_s({"modules": {"fire_smoke": {"every_s": 1}}}, "fire_smoke") == 20
    assert every_s({"modules": {"fire_smoke": {"every_s": 300}}}, "fire_smoke") == 300
