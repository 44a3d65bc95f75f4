"""Events of one incident are one alert that is amended; whatever is more than that is told anew."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from shared.db.tables import Alert, Event
from shared.domain.errors import Permanent
from shared.messages.events import EventRaised
from tests.integration.alerts.house import NOON, House, at_once, judged, raised


def of_incident(number: int, **fields: Any) -> EventRaised:
    at = NOON + timedelta(seconds=number)
    return raised(number, incident_id="incident-1", **{"captured_at": at, **fields})


def alerts(house: House) -> int:
    with house.sessions() as session:
        return session.scalar(select(func.count()).select_from(Alert)) or 0


def test_thirty_events_are_one_message_that_is_amended_now_and_then_and_ends_with_all_of_them(house: House) -> None:
    house.recipient()
    house.recipient(channel="mqtt")
    for number in range(1, 31):
        house.tell(of_incident(number, camera_name=f"Camera {number}"))
        house.forward(seconds=1)
    house.forward(seconds=15)
    assert alerts(house) == 1
    told = house.line.sent
    assert [parcel.amends is None for parcel in told] == [True, *[False] * (len(told) - 1)]
    assert 3 <= len(told) <= 5, "one at most every ten seconds"
    last = told[-1].notice
    assert last.latest is not None
    assert (last.count, last.latest.at, last.latest.camera_name) == (30, NOON + timedelta(seconds=30), "Camera 30")
    assert (last.event_id, last.captured_at) == ("event-1", NOON + timedelta(seconds=1))
    assert len(house.mqtt.sent) == 1, "the channel cannot change what it sent"


def test_all_at_once_are_one_message_with_all_of_them(house: House) -> None:
    house.recipient()
    house.tell(*(of_incident(number) for number in range(1, 31)))
    house.deliver()
    assert [parcel.notice.count for parcel in house.line.sent] == [30]


def test_a_more_severe_event_is_told_anew_and_the_next_amend_that(house: House) -> None:
    house.recipient()
    house.tell(of_incident(1))
    house.deliver()
    house.tell(of_incident(2, severity=4))
    house.deliver()
    house.tell(of_incident(3, severity=4), of_incident(4, severity=2))
    house.deliver()
    assert [parcel.amends is None for parcel in house.line.sent] == [True, True, False]
    assert [parcel.notice.event_id for parcel in house.line.sent] == ["event-1", "event-2", "event-2"]
    assert (house.line.sent[-1].notice.count, house.line.sent[-1].notice.severity) == (3, 4)


def test_an_event_for_somebody_who_was_not_told_is_told_anew(house: House) -> None:
    house.recipient()
    house.recipient(channel="mqtt")
    house.tell(of_incident(1, channels=("line",)))
    house.deliver()
    house.tell(of_incident(2))
    house.deliver()
    assert [parcel.notice.event_id for parcel in house.mqtt.sent] == ["event-2"]


def test_who_could_not_be_reached_is_tried_with_the_next(house: House) -> None:
    def refuse(_: object) -> None:
        raise Permanent("gone")

    house.recipient()
    house.line.fails = refuse
    house.tell(of_incident(1))
    house.deliver()
    house.line.fails = lambda _: None
    house.tell(of_incident(2))
    house.deliver()
    assert [parcel.notice.event_id for parcel in house.line.sent] == ["event-2"]


@pytest.mark.parametrize("by", ["the judge", "somebody"])
def test_after_a_false_alarm_the_next_event_is_told_anew(house: House, by: str) -> None:
    house.recipient()
    house.store_event(1)
    house.tell(of_incident(1))
    house.deliver()
    if by == "the judge":
        house.tell(judged(1, "rejected"))
        house.deliver()
    else:
        with house.sessions.begin() as session:
            session.execute(update(Event).values(user_feedback="false_positive"))
    house.tell(of_incident(2))
    house.deliver()
    assert house.line.sent[-1].notice.event_id == "event-2"
    assert house.line.sent[-1].amends is None


def test_events_that_come_again_count_once(house: House) -> None:
    house.recipient()
    events = [of_incident(1), of_incident(2), of_incident(3, severity=3), of_incident(4)]
    for _ in range(3):
        house.tell(*events)
        house.deliver()
    assert alerts(house) == 2
    assert [(parcel.notice.event_id, parcel.notice.count) for parcel in house.line.sent if not parcel.amends] == [
        ("event-1", 2),
        ("event-3", 2),
    ]
    assert house.alert(1).notice["count"] == 2


def test_who_is_muted_or_asleep_is_told_one_thing_later_and_anew_after_that(house: House) -> None:
    house.recipient(muted_until=NOON + timedelta(hours=1))
    house.tell(of_incident(1), of_incident(2), of_incident(3))
    house.forward(minutes=30)
    assert house.line.sent == []
    house.forward(minutes=31)
    assert [parcel.notice.kind for parcel in house.line.sent] == ["digest"]
    house.tell(of_incident(4))
    house.deliver()
    assert [parcel.notice.event_id for parcel in house.line.sent[1:]] == ["event-4"]


def test_two_replicas_that_hear_of_an_incident_at_once_make_one_alert(house: House) -> None:
    house.recipient()
    one, two = house.another_fanout(), house.another_fanout()
    at_once(
        lambda: [house.tell(of_incident(number), by=one) for number in range(1, 20, 2)],
        lambda: [house.tell(of_incident(number), by=two) for number in range(2, 21, 2)],
    )
    house.forward(seconds=20)
    assert alerts(house) == 1
    assert house.line.sent[-1].notice.count == 20


def test_events_without_an_incident_are_an_alert_each(house: House) -> None:
    house.recipient()
    house.tell(raised(1), of_incident(2), raised(3))
    house.deliver()
    assert alerts(house) == 3


def last_said(house: House) -> tuple[str | None, str | None, int]:
    notice = house.line.sent[-1].notice
    return notice.verdict, notice.ai_response, notice.count


def told_of(house: House, *verdicts: str | None) -> None:
    """An incident of events that were told with these verdicts."""
    house.recipient()
    house.recipient(channel="mqtt")
    for number, verdict in enumerate(verdicts, start=1):
        house.tell(of_incident(number, verdict=verdict))
    house.forward(seconds=20)


def test_what_the_judge_confirms_of_a_later_event_is_told_to_who_heard_that_it_was_not_verified(house: House) -> None:
    told_of(house, "unverified", "unverified", "unverified")
    assert last_said(house) == ("unverified", None, 3)
    house.tell(judged(3, "confirmed"))
    house.forward(seconds=20)
    assert last_said(house) == ("confirmed", "The judge says: confirmed.", 3)
    assert house.line.sent[-1].amends is not None
    assert (alerts(house), len(house.mqtt.sent)) == (1, 1)


def test_what_is_confirmed_in_time_of_a_later_event_is_in_the_alert(house: House) -> None:
    told_of(house, "unverified")
    house.tell(of_incident(2, verdict="confirmed", ai_response="He has a crowbar.", threat_level=3))
    house.forward(seconds=20)
    assert last_said(house) == ("confirmed", "He has a crowbar.", 2)
    assert house.line.sent[-1].notice.threat_level == 3


@pytest.mark.parametrize("first", ["unverified", "confirmed", None])
def test_what_the_judge_rejects_of_a_later_event_does_not_reject_the_incident(house: House, first: str | None) -> None:
    told_of(house, first, "unverified")
    before = len(house.line.sent)
    house.tell(judged(2, "rejected"))
    house.forward(seconds=20)
    assert house.alert(1).notice["verdict"] == first
    house.tell(of_incident(3, verdict=None))
    house.forward(seconds=20)
    assert alerts(house) == 1
    assert all(parcel.notice.verdict != "rejected" for parcel in house.line.sent[before:])


def test_an_incident_is_rejected_once_all_of_it_is_and_what_follows_is_told_anew(house: House) -> None:
    told_of(house, "unverified", "unverified")
    house.tell(judged(1, "rejected"))
    house.forward(seconds=20)
    assert last_said(house)[0] == "unverified"
    house.tell(judged(2, "rejected", at_s=7))
    house.forward(seconds=20)
    assert last_said(house) == ("rejected", "The judge says: rejected.", 2)
    house.tell(of_incident(3))
    house.forward(seconds=20)
    assert (house.line.sent[-1].notice.event_id, house.line.sent[-1].amends) == ("event-3", None)


def test_a_rejection_takes_back_no_confirmation(house: House) -> None:
    told_of(house, "unverified", "unverified")
    house.tell(judged(2, "confirmed"))
    house.tell(judged(1, "rejected", at_s=8))
    house.forward(seconds=20)
    assert last_said(house)[0] == "confirmed"


def test_a_verdict_that_comes_before_its_event_or_again_changes_the_alert_once(house: House) -> None:
    house.recipient()
    house.tell(judged(2, "confirmed"))
    house.tell(of_incident(1, verdict="unverified"))
    house.deliver()
    house.tell(of_incident(2, verdict="unverified"))
    house.forward(seconds=20)
    assert last_said(house) == ("confirmed", "The judge says: confirmed.", 2)
    revision = house.alert(1).revision
    house.tell(judged(2, "confirmed"), of_incident(2, verdict="unverified"))
    house.tell(judged(2, "rejected", at_s=1))
    assert (house.alert(1).revision, house.alert(1).notice["verdict"]) == (revision, "confirmed")


def test_a_further_rule_on_the_same_event_is_in_its_alert(house: House) -> None:
    house.recipient()
    house.tell(raised(1, rules=("walk",)))
    house.deliver()
    for _ in range(2):
        house.tell(of_incident(1, rules=("stays",), severity=4))
        house.forward(seconds=20)
    first, second = house.line.sent
    assert (first.notice.rules, first.notice.severity) == (("walk",), 1)
    assert (second.notice.rules, second.notice.severity, second.notice.count) == (("walk", "stays"), 4, 1)
    assert second.amends is not None


def test_a_further_rule_on_a_later_event_is_in_the_incidents_alert(house: House) -> None:
    house.recipient()
    house.tell(of_incident(1, rules=("walk",)), of_incident(2, rules=("walk",)))
    house.tell(of_incident(2, rules=("stays",)))
    house.forward(seconds=20)
    assert alerts(house) == 1
    assert (house.line.sent[-1].notice.rules, house.line.sent[-1].notice.count) == (("walk", "stays"), 2)


def test_whom_a_further_rule_brings_hears_of_all_rules(house: House) -> None:
    house.recipient()
    house.recipient(channel="mqtt")
    house.tell(of_incident(1, rules=("walk",), channels=("line",)))
    house.deliver()
    house.tell(of_incident(1, rules=("stays",), channels=("mqtt",)))
    house.forward(seconds=20)
    assert [parcel.notice.rules for parcel in house.mqtt.sent] == [("walk", "stays")]
    assert [parcel.notice.rules for parcel in house.line.sent] == [("walk",), ("walk", "stays")]


def test_verdicts_and_events_of_an_incident_that_come_on_two_replicas_at_once_are_all_told(house: House) -> None:
    house.recipient()
    one, two = house.another_fanout(), house.another_fanout()
    house.tell(*(of_incident(number, verdict="unverified") for number in range(1, 11)))
    at_once(
        lambda: [house.tell(judged(number, "rejected"), by=one) for number in range(1, 11)],
        lambda: [
            house.tell(of_incident(number, verdict="unverified", severity=1 + number // 15), by=two)
            for number in range(11, 21)
        ],
    )
    at_once(
        lambda: [house.tell(judged(number, "confirmed"), by=one) for number in range(20, 15, -1)],
        lambda: [house.tell(judged(number, "rejected"), by=two) for number in range(11, 16)],
    )
    house.forward(seconds=20)
    assert last_said(house)[0] == "confirmed"
