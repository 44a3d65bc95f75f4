"""Who is told only when nobody has seen to an alert."""

from __future__ import annotations

from datetime import timedelta

from shared.alerts.acknowledge import acknowledge
from shared.domain import ids
from shared.domain.errors import Transient
from tests.integration.alerts.house import NIGHT, NOON, House, raised

ALERT = ids.alert_id("event-1")


def acknowledged(house: House, *, by: str = "anna", alert: str = ALERT) -> bool:
    with house.sessions.begin() as session:
        return acknowledge(session, alert, by=by, now=house.clock)


def test_the_next_one_is_told_when_nobody_acknowledges_in_time(house: House) -> None:
    house.recipient(channel="mqtt")
    house.recipient(after_s=300)
    house.tell(raised(1))
    assert len(house.enqueued) == 1
    house.deliver()
    house.forward(seconds=299)
    assert (house.mqtt.texts, house.line.texts) == (["person 1"], [])
    house.forward(seconds=1)
    assert house.line.texts == ["person 1"]
    assert house.states("escalation") == ["sent"]


def test_the_sweeper_finds_an_escalation_the_moment_it_is_due(house: House) -> None:
    house.recipient(after_s=300)
    house.tell(raised(1))
    house.clock += timedelta(seconds=299)
    assert house.sweeper.sweep() == 0
    house.clock += timedelta(seconds=1)
    assert (house.sweeper.sweep(), house.line.texts) == (1, ["person 1"])


def test_an_acknowledged_alert_goes_no_further(house: House) -> None:
    house.recipient(channel="mqtt")
    house.recipient(after_s=300)
    house.tell(raised(1), raised(2))
    assert acknowledged(house)
    (cancelled,) = house.deliveries(state="cancelled")
    assert (cancelled.reason, cancelled.settled_at) == ("acknowledged by anna", NOON)
    house.forward(seconds=300)
    assert house.line.texts == ["person 2"], "the other alert is nobody's yet"
    assert house.mqtt.texts == ["person 1", "person 2"], "what was no escalation is told all the same"


def test_the_first_who_acknowledges_is_the_one_who_did(house: House) -> None:
    house.recipient()
    house.tell(raised(1))
    assert [acknowledged(house, by=name) for name in ("anna", "bert")] == [True, False]
    assert house.alert().acknowledged_by == "anna"
    assert not acknowledged(house, alert="no-such-alert")


def test_an_escalation_that_was_stored_after_the_acknowledgement_is_not_made(house: House) -> None:
    house.recipient(channel="mqtt")
    house.recipient(after_s=300)
    house.tell(raised(1, channels=("mqtt",)))
    acknowledged(house)
    house.tell(raised(1))  # told again, with more channels
    house.forward(seconds=300)
    assert (house.line.sent, house.states("escalation")) == ([], ["cancelled"])


def test_an_escalation_that_failed_ends_with_the_acknowledgement(house: House) -> None:
    def fail(_: object) -> None:
        raise Transient("no answer")

    house.line.fails = fail
    house.recipient(after_s=300)
    house.tell(raised(1))
    house.forward(seconds=300)
    assert house.states("escalation") == ["retrying"]
    acknowledged(house)
    assert house.states("escalation") == ["cancelled"]


def test_an_escalation_into_the_night_waits_for_the_morning_unless_somebody_acknowledges(house: House) -> None:
    house.recipient(after_s=300, quiet=NIGHT)
    house.clock = NOON + timedelta(hours=11)
    house.tell(raised(1), raised(2))
    assert house.states("escalation") == ["held", "held"]
    acknowledged(house)
    house.forward(hours=7)
    assert house.line.texts == ["1 event was held back: 1 × person 2"]


def test_a_mute_that_came_meanwhile_holds_an_escalation_back(house: House) -> None:
    number = house.recipient(after_s=300)
    house.tell(raised(1))
    house.change(number, muted_until=NOON + timedelta(minutes=10))
    house.forward(seconds=300)
    assert (house.line.sent, house.states("escalation")) == ([], ["held"])
    house.forward(seconds=300)
    assert house.line.texts == ["1 event was held back: 1 × person 1"]


def test_escalations_begin_cooldowns_and_keep_them(house: House) -> None:
    number = house.recipient(after_s=300, cooldown_s=60)
    house.tell(raised(1), raised(2))
    house.forward(seconds=300)
    assert house.line.texts in (["person 1"], ["person 2"])
    assert house.states("escalation") == ["held", "sent"]
    assert house.row(number).cooling_until == NOON + timedelta(seconds=360)
    house.forward(seconds=60)
    assert [parcel.notice.kind for parcel in house.line.sent] == ["detection", "digest"]
