"""What is noted of presences for the rules that miss somebody."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from services.brain.last_seen import LastSeen
from services.brain.site import SiteView
from services.brain.timeline import CameraFacts
from shared.messages.presences import PresenceChanged
from shared.rules.about_camera import AboutCamera
from shared.rules.condition import parse_condition
from shared.rules.rule import Rule
from tests.unit.rules.test_rule import AT, presence


def nobody(**said: Any) -> AboutCamera:
    condition = parse_condition({"kind": "absence", "for_s": 60, **said})
    assert isinstance(condition, AboutCamera)
    return condition


def view_of(*conditions: AboutCamera) -> SiteView:
    rules = tuple(Rule(slug=f"r{number}", name="r", condition=each) for number, each in enumerate(conditions))
    return SiteView(cameras={"door": CameraFacts("door", "Door", 1)}, rules_of={"door": rules})


def told(seconds: float, **fields: object) -> PresenceChanged:
    at = AT + timedelta(seconds=seconds)
    return PresenceChanged.of(presence(last_seen_at=at, **fields), captured_at=at)


def test_the_last_time_counts_in_whatever_order_it_is_told() -> None:
    seen, condition = LastSeen(), nobody()
    for seconds in (5, 9, 7):
        seen.note(told(seconds), view_of(condition))
    assert seen.at(("door", condition)) == AT + timedelta(seconds=9)


def test_a_clock_that_is_set_back_hides_nobody() -> None:
    seen, condition = LastSeen(), nobody()
    for seconds in (5, -3600):
        seen.note(told(seconds), view_of(condition))
    assert seen.at(("door", condition)) == AT - timedelta(seconds=3600)


def test_each_condition_has_its_own_time_and_each_camera() -> None:
    seen, persons, cars = LastSeen(), nobody(labels=["person"]), nobody(labels=["car"])
    seen.note(told(5, label="car"), view_of(persons, cars))
    assert seen.at(("door", cars)) == AT + timedelta(seconds=5)
    assert seen.at(("door", persons)) is None
    assert seen.at(("gate", cars)) is None


def test_nothing_is_noted_where_nobody_is_missed_and_nothing_is_kept_that_nobody_asks_for() -> None:
    seen, condition = LastSeen(), nobody()
    seen.note(told(5), SiteView())
    assert seen.at(("door", condition)) is None
    seen.note(told(5), view_of(condition))
    seen.keep([("door", condition)])
    assert seen.at(("door", condition)) is not None
    seen.keep([])
    assert seen.at(("door", condition)) is None


def test_the_same_condition_read_again_is_the_same() -> None:
    seen = LastSeen()
    said = {"zone": None, "schedule": {"windows": [{"days": ["thu"], "from": "00:00", "to": "24:00"}]}}
    seen.note(told(5), view_of(nobody(**said)))
    assert seen.at(("door", nobody(**said))) == AT + timedelta(seconds=5)
