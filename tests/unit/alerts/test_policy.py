"""Who is told of an event, and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.alerts.policy import Decision, Hold, Manners, Recipient, Tell, decide, free_from, recipients_of
from shared.messages.events import EventRaised
from shared.rules.schedule import Schedule


@pytest.mark.parametrize(
    ("recipient", "event", "told"),
    [
        ({}, {}, True),
        ({"events": {"alert"}}, {}, True),
        ({"events": {"detection", "alert"}}, {}, True),
        ({"events": {"camera_down"}}, {}, False),
        ({"events": {"camera_down"}}, {"kind": "camera_down"}, True),
        ({"events": {"camera_up"}}, {"kind": "camera_down"}, False),
        ({"events": {"camera_up"}}, {"kind": "camera_up"}, True),
        ({"events": {"detection", "alert"}}, {"kind": "camera_up"}, False),
        ({"events": set()}, {}, False),
        ({"account_id": None}, {}, True),
        ({"account_id": 2}, {}, False),
        ({"account_id": 2}, {"account_id": None}, False),
        ({"account_id": None}, {"account_id": None}, True),
        ({}, {"channels": ("email",)}, False),
        ({}, {"channels": ("email", "webhook")}, True),
        ({"manners": Manners(cameras=frozenset({"cam_001", "cam_002"}))}, {}, True),
        ({"manners": Manners(cameras=frozenset({"cam_002"}))}, {}, False),
        ({"manners": Manners(rules=frozenset({"rule_001"}))}, {"rules": ("rule_001", "rule_002")}, True),
        ({"manners": Manners(rules=frozenset({"rule_003"}))}, {"rules": ("rule_001", "rule_002")}, False),
        ({"manners": Manners(min_severity=2)}, {"severity": 2}, True),
        ({"manners": Manners(min_severity=2)}, {"severity": 1}, False),
        # No rule raises a camera's fault, and none gives it a severity; its camera counts all the same.
        (
            {"events": {"camera_down"}, "manners": Manners(rules=frozenset({"rule_003"}), min_severity=3)},
            {"kind": "camera_down", "rules": ()},
            True,
        ),
        (
            {"events": {"camera_down"}, "manners": Manners(cameras=frozenset({"cam_002"}))},
            {"kind": "camera_down"},
            False,
        ),
    ],
)
def test_recipients_get_what_they_asked_for(
    recipient: dict[str, object], event: dict[str, object], *, told: bool
) -> None:
    values = {"channel": "webhook", "id": "1", "account_id": 1, "events": {"detection"}, **recipient}
    person = Recipient(**{**values, "events": frozenset(values["events"])})  # type: ignore[arg-type]
    raised = EventRaised.example().model_copy(update={"channels": (), **event})
    assert recipients_of(raised, [person]) == ((person,) if told else ())


@pytest.mark.parametrize(
    ("channels", "recipients", "told"),
    [
        ((), (), ["email/7", "email/8", "line/9", "webhook/7"]),
        ((), (7,), ["email/7"]),
        (("webhook",), (), ["webhook/7"]),
        (("webhook",), (9,), ["line/9", "webhook/7"]),
        (("email",), (7,), ["email/7", "email/8"]),
        ((), (404, 8), ["email/8"]),
        # All who are named are gone: rather too many are told than nobody.
        ((), (404,), ["email/7", "email/8", "line/9", "webhook/7"]),
        (("siren",), (404,), ["email/7", "email/8", "line/9", "webhook/7"]),
        # Somebody who is named and does not want to hear of it is there all the same.
        ((), (10,), []),
        # Another account's.
        ((), (11,), ["email/7", "email/8", "line/9", "webhook/7"]),
    ],
)
def test_rules_name_channels_and_people(
    channels: tuple[str, ...], recipients: tuple[int, ...], told: list[str]
) -> None:
    def person(channel: str, number: int, account: int = 1, **manners: Any) -> Recipient:
        return Recipient(channel, str(number), account, frozenset({"detection"}), Manners(**manners))

    everybody = [
        person("email", 7),
        person("email", 8),
        person("line", 9),
        person("line", 10, min_severity=5),
        person("line", 11, account=2),
        person("webhook", 7),
    ]
    raised = EventRaised.example().model_copy(update={"channels": channels, "recipients": recipients})
    assert [f"{each.channel}/{each.id}" for each in recipients_of(raised, everybody)] == told


NOW = datetime(2026, 1, 15, 23, 0, tzinfo=UTC)
NIGHT = Schedule.model_validate({"timezone": "UTC", "windows": [{"from": "22:00", "to": "06:00"}]})
ALWAYS = Schedule.model_validate({"timezone": "UTC", "windows": [{"from": "00:00", "to": "24:00"}]})
MORNING = NOW.replace(day=16, hour=6)


def after(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("manners", "severity", "decision"),
    [
        ({}, 1, Tell(NOW)),
        ({"quiet": NIGHT}, 1, Hold(MORNING)),
        ({"quiet": NIGHT, "urgent_severity": 3}, 2, Hold(MORNING)),
        ({"quiet": NIGHT, "urgent_severity": 3}, 3, Tell(NOW)),
        ({"quiet": ALWAYS}, 1, None),
        ({"quiet": ALWAYS, "urgent_severity": 3}, 3, Tell(NOW)),
        ({"cooldown_s": 600, "cooling_until": after(5)}, 1, Hold(after(5))),
        ({"cooldown_s": 600, "cooling_until": after(-5)}, 1, Tell(NOW)),
        ({"cooldown_s": 600, "cooling_until": after(5), "urgent_severity": 1}, 1, Tell(NOW)),
        ({"muted_until": after(20)}, 1, Hold(after(20))),
        ({"muted_until": after(-20)}, 1, Tell(NOW)),
        ({"muted_until": after(20), "urgent_severity": 1}, 3, Hold(after(20))),  # a mute is a mute
        ({"muted_until": after(20), "quiet": NIGHT}, 1, Hold(MORNING)),  # ends within the night
        ({"muted_until": after(20), "quiet": NIGHT, "urgent_severity": 3}, 3, Hold(after(20))),
        ({"muted_until": after(600), "quiet": NIGHT}, 1, Hold(after(600))),  # ends after it
        ({"muted_until": after(24 * 60), "quiet": NIGHT}, 1, Hold(MORNING + timedelta(days=1))),  # in the next one
        ({"cooling_until": after(6 * 60), "muted_until": after(20)}, 1, Hold(after(6 * 60))),
        ({"after_s": 300}, 1, Tell(after(5), escalates=True)),
        ({"after_s": 300, "quiet": NIGHT}, 1, Hold(MORNING, escalates=True)),
        ({"after_s": 300, "quiet": NIGHT, "urgent_severity": 3}, 3, Tell(after(5), escalates=True)),
        ({"after_s": 7 * 3600, "quiet": NIGHT}, 1, Tell(MORNING, escalates=True)),  # the night is over by then
        ({"after_s": 300, "muted_until": after(3)}, 1, Tell(after(5), escalates=True)),
    ],
)
def test_an_event_is_told_at_once_or_when_the_recipient_is_free(
    manners: dict[str, Any], severity: int, decision: Decision | None
) -> None:
    assert decide(severity, Manners(**manners), now=NOW) == decision


minutes = st.none() | st.integers(-120, 3000).map(after)


@given(
    minutes,
    minutes,
    st.none() | st.just(NIGHT),
    st.none() | st.integers(0, 3),
    st.integers(0, 3),
    st.integers(0, 2000).map(after),
)
def test_whoever_is_free_stays_so_until_something_new_comes(
    muted: datetime | None,
    cooling: datetime | None,
    quiet: Schedule | None,
    urgent: int | None,
    severity: int,
    at: datetime,
) -> None:
    manners = Manners(muted_until=muted, cooling_until=cooling, quiet=quiet, urgent_severity=urgent)
    free_at = free_from(manners, at, severity=severity)
    assert free_at is not None
    assert free_at >= at
    assert free_from(manners, free_at, severity=severity) == free_at
    assert muted is None or free_at >= muted
    if not manners.is_urgent(severity):
        assert cooling is None or free_at >= cooling
        assert quiet is None or not quiet.awake(free_at)
