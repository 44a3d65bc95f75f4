"""What the judge says after people were told."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from shared.db.tables import Judgement
from shared.domain.errors import Permanent, Transient
from tests.integration.alerts.house import NIGHT, NOON, House, at_once, judged, raised


def kept(house: House) -> list[str]:
    with house.sessions() as session:
        return list(session.scalars(select(Judgement.event_uuid)))


@pytest.mark.parametrize("verdict", ["confirmed", "rejected", "unverified"])
def test_who_was_told_is_told_what_changed_with_the_receipt_of_what_to_change(house: House, verdict: str) -> None:
    house.recipient()
    house.recipient(channel="mqtt")
    house.tell(raised(1))
    house.deliver()
    house.enqueued.clear()
    house.tell(judged(1, verdict))
    (amendment,) = house.deliveries(purpose="amendment")
    assert (amendment.revision, amendment.channel, house.enqueued) == (1, "line", [amendment.id])
    house.deliver()
    original, amended = house.line.sent
    assert (original.amends, original.notice.verdict) == (None, None)
    assert amended.amends == {"message_id": 1}
    assert (amended.notice.verdict, amended.notice.threat_level) == (verdict, 2)
    assert amended.notice.ai_response == f"The judge says: {verdict}."
    assert len(house.mqtt.sent) == 1, "the channel cannot change what it sent"
    assert (house.alert().revision, kept(house)) == (1, [])


def test_who_is_not_told_yet_is_told_all_at_once(house: House) -> None:
    house.recipient(after_s=300)
    house.recipient(channel="mqtt")
    house.tell(raised(1))
    house.tell(judged(1))
    house.forward(seconds=300)
    assert [parcel.notice.verdict for parcel in (*house.line.sent, *house.mqtt.sent)] == ["confirmed"] * 2
    assert house.deliveries(purpose="amendment") == []


@pytest.mark.parametrize("together", [True, False])
def test_a_verdict_that_comes_before_its_event_is_not_lost(house: House, *, together: bool) -> None:
    house.recipient()
    if together:
        house.tell(judged(1), raised(1))
    else:
        house.tell(judged(1))
        assert kept(house) == ["event-1"]
        house.tell(raised(1))
    house.deliver()
    assert [parcel.notice.verdict for parcel in house.line.sent] == ["confirmed"]
    assert kept(house) == []


def test_an_event_and_its_verdict_that_two_replicas_handle_at_once_meet(house: House) -> None:
    house.recipient()
    one, two = house.another_fanout(), house.another_fanout()
    numbers = range(20)
    at_once(
        lambda: [house.tell(raised(n), by=one) for n in numbers],
        lambda: [house.tell(judged(n), by=two) for n in numbers],
    )
    house.deliver()
    assert [house.alert(number).notice["verdict"] for number in numbers] == ["confirmed"] * 20
    assert kept(house) == []


def test_a_verdict_on_an_event_that_nobody_was_told_of_goes_after_a_day(house: House) -> None:
    house.tell(judged(1))
    house.clock += timedelta(hours=25)
    house.tell(judged(2))
    assert kept(house) == ["event-2"]


def test_verdicts_that_come_again_or_out_of_order_change_nothing(house: House) -> None:
    house.recipient()
    house.tell(raised(1))
    house.deliver()
    for event in (judged(1, at_s=9), judged(1, at_s=9), judged(1, "rejected", at_s=5), judged(1, at_s=12)):
        house.tell(event)
        house.deliver()
    assert [parcel.notice.verdict for parcel in house.line.sent] == [None, "confirmed"]
    assert house.alert().revision == 1


def test_an_amendment_goes_out_after_what_it_amends(house: House) -> None:
    def fail(_: object) -> None:
        raise Transient("slow down", retry_after_s=30)

    house.recipient()
    house.tell(raised(1))
    (original,) = house.deliveries()
    with house.sessions.begin() as session:  # a worker is sending it at this moment
        row = session.merge(original)
        row.state, row.attempts, row.lease_until = "sending", 1, NOON + timedelta(seconds=10)
    house.tell(judged(1))
    house.deliver()
    assert house.states("amendment") == ["queued"]
    house.line.fails = fail
    house.forward(seconds=11)  # it died, and the next try is told to wait
    assert house.states() == ["retrying"]
    house.line.fails = lambda _: None
    house.forward(seconds=29)
    assert house.line.sent == []
    house.forward(seconds=1)
    house.forward(seconds=1)
    assert [parcel.amends for parcel in house.line.sent] == [None, {"message_id": 1}]


def test_a_newer_amendment_takes_the_place_of_one_that_waits_and_amends_the_newest_message(house: House) -> None:
    house.recipient()
    house.tell(raised(1))
    house.deliver()
    house.tell(judged(1, "unverified"))
    house.tell(judged(1, "confirmed", at_s=6))
    house.deliver()
    house.tell(judged(1, "rejected", at_s=7))
    house.deliver()
    assert [parcel.notice.verdict for parcel in house.line.sent] == [None, "confirmed", "rejected"]
    assert [parcel.amends for parcel in house.line.sent] == [None, {"message_id": 1}, {"message_id": 2}]
    assert house.states("amendment") == ["sent", "sent"]


def test_what_never_arrived_is_not_amended(house: House) -> None:
    def fail(_: object) -> None:
        raise Permanent("the chat is gone")

    house.recipient()
    house.tell(raised(1), raised(2))
    house.line.fails = fail
    house.deliver()
    house.tell(judged(1), judged(2))
    assert house.deliveries(purpose="amendment") == []


def test_an_amendment_dies_with_what_it_was_to_amend(house: House) -> None:
    def fail(_: object) -> None:
        raise Permanent("the chat is gone")

    house.recipient()
    house.tell(raised(1))
    (original,) = house.deliveries()
    with house.sessions.begin() as session:
        row = session.merge(original)
        row.state, row.attempts, row.lease_until = "sending", 1, NOON + timedelta(seconds=10)
    house.tell(judged(1))
    house.line.fails = fail
    house.forward(seconds=11)
    house.forward(seconds=2)
    (amendment,) = house.deliveries(purpose="amendment")
    assert (amendment.state, amendment.reason) == ("dead", "what it amends did not arrive")


def test_what_a_digest_told_is_not_amended_and_one_that_waits_is_left_alone(house: House) -> None:
    house.recipient(quiet=NIGHT)
    house.clock = NOON + timedelta(hours=11)
    house.tell(raised(1), raised(2))
    house.tell(judged(1))
    house.forward(hours=7)
    house.tell(judged(2))
    house.deliver()
    assert [parcel.notice.count for parcel in house.line.sent] == [2]


def test_a_notice_that_was_read_before_the_verdict_came_is_not_sent_as_it_was(house: House) -> None:
    """A worker reads what waits for a recipient ahead: what has changed by its turn is read anew."""
    house.recipient()
    house.tell(raised(1), raised(2))
    first, second = (house.deliveries()[at] for at in (0, 1))
    numbers = {row.id: int(row.event_uuid[-1]) for row in (first, second)}
    house.line.fails = lambda parcel: house.tell(judged(numbers[second.id])) if not house.line.sent else None
    house.courier.deliver(first.id)
    house.deliver()
    assert [parcel.notice.verdict for parcel in house.line.sent] == [None, "confirmed"]


def test_a_notice_that_lies_in_the_list_of_what_waits_is_read_anew_after_a_verdict(house: House) -> None:
    house.recipient()
    house.tell(raised(1), raised(2), raised(3))
    rows = house.deliveries()
    last = int(rows[2].event_uuid[-1])
    # With the second send the list has been read, and the third one lies in it.
    house.line.fails = lambda parcel: house.tell(judged(last)) if len(house.line.sent) == 1 else None
    house.courier.deliver(rows[0].id)
    house.deliver()
    assert [parcel.notice.verdict for parcel in house.line.sent] == [None, None, "confirmed"]
