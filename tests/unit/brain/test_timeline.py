"""What events say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.brain import timeline
from services.brain.audience import Audience, audience_of
from services.brain.timeline import CameraFacts
from shared.domain import ids
from tests.unit.rules.test_rule import AT, presence, rule, stay

DOOR = CameraFacts("door", "Front door", 1)


def test_a_detection_says_who_where_and_why() -> None:
    seen = presence(zones=(stay("Door", 3), stay("Gate", 1, inside=False)), snapshot="a.jpg")
    rules = [rule("a", severity=2, channels=("webhook",)), rule("b", severity=3, channels=("email", "webhook"))]
    draft = timeline.detection(seen, DOOR, rules, at=AT, trace_id="t")
    told = draft.raised(AT + timedelta(seconds=1))
    assert told.event_id == ids.event_id(seen.id)
    assert (told.rules, told.channels, told.severity) == (("a", "b"), ("webhook", "email"), 3)
    assert (told.zones, told.text, told.snapshot) == (("Door", "Gate"), "person in Door, Gate", "a.jpg")
    assert (told.captured_at, told.stored_at, told.trace_id) == (AT, AT + timedelta(seconds=1), "t")


def test_one_rule_for_every_channel_makes_it_every_channel() -> None:
    assert audience_of([rule("a", channels=("email",)), rule("b")]).is_everybody
    assert audience_of([rule("a", recipients=(7,)), rule("b", channels=("siren",))]) == Audience(("siren",), (7,))


@pytest.mark.parametrize(
    ("known", "channels", "widens"),
    [
        ((), (), False),
        ((), ("email",), False),
        (("email",), (), True),
        (("email",), ("email",), False),
        (("email",), ("email", "siren"), True),
        (("email", "siren"), ("siren",), False),
    ],
)
def test_channels_widen_when_somebody_new_is_reached(
    known: tuple[str, ...], channels: tuple[str, ...], *, widens: bool
) -> None:
    assert Audience(channels).widens(Audience(known)) is widens


some_channels = st.lists(st.sampled_from(["email", "siren"]), unique=True)
some_people = st.lists(st.integers(1, 3), unique=True)


@given(some_channels, some_people, some_channels, some_people)
def test_telling_two_audiences_together_reaches_both(a: list[str], b: list[int], c: list[str], d: list[int]) -> None:
    first, second = rule("a", channels=tuple(a), recipients=tuple(b)), rule("b", channels=tuple(c), recipients=tuple(d))
    both = audience_of([first, second])
    for alone in (audience_of([first]), audience_of([second])):
        assert not alone.widens(both)


def test_a_fault_has_one_event_however_often_it_is_reported() -> None:
    since = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)
    first, again = (timeline.camera_down(DOOR, since=since, detail="timeout") for _ in range(2))
    later = timeline.camera_down(DOOR, since=since + timedelta(seconds=1), detail="timeout")
    assert first.uuid == again.uuid == timeline.camera_down_id("door", since) != later.uuid
    up = timeline.camera_up(DOOR, since=since, at=since + timedelta(minutes=5))
    assert up.uuid not in (first.uuid, later.uuid)
    assert "Front door" in first.text
    assert "timeout" in first.text
