"""Replicas, workers, verdicts and answers, all at the same moment: each event reaches each recipient once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy.exc import OperationalError

from services.alerts.answers import Answer
from shared.domain.errors import Transient
from tests.integration.alerts.house import House, at_once, judged, raised

EVENTS = 40
RECIPIENTS = 3


def until_it_works(call: Callable[[], object]) -> None:
    """As consumers and the sweeper do: a lost race for a lock is tried again."""
    for _ in range(50):
        try:
            call()
        except (OperationalError, Transient):
            continue
        return
    pytest.fail("a lock was never given")


class Crowd:
    """Everybody who does something to alerts, each in a loop of its own until the events are told."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._over = threading.Event()

    def tell_and_judge(self) -> None:
        """Two replicas get the same events, a third one what the judge says of them."""
        at_once(self._tell, self._tell, self._judge)
        self._over.set()

    def mute(self, recipient: int) -> None:
        while not self._over.is_set():
            for row in self._house.deliveries(recipient=str(recipient), state="sent")[:3]:
                until_it_works(partial(self._house.answers.take, Answer("line", row.id, "mute", "Anna")))
            self._over.wait(0.01)

    def work(self) -> None:
        while not self._over.is_set():
            for row in self._house.deliveries():
                until_it_works(partial(self._house.courier.deliver, row.id))
            self._house.clock += timedelta(milliseconds=100)

    def _tell(self) -> None:
        replica = self._house.another_fanout()
        for number in range(0, EVENTS, 4):
            events = [raised(number + place) for place in range(4)]
            until_it_works(partial(self._house.tell, *events, by=replica))

    def _judge(self) -> None:
        replica = self._house.another_fanout()
        for number in range(EVENTS):
            until_it_works(partial(self._house.tell, judged(number), by=replica))


@pytest.mark.timeout(120)
def test_no_event_is_lost_or_told_twice(house: House) -> None:
    people = [house.recipient(cooldown_s=5), house.recipient(), house.recipient(after_s=2, cooldown_s=3)]
    crowd = Crowd(house)
    at_once(crowd.tell_and_judge, partial(crowd.mute, people[1]), crowd.work, crowd.work)
    for _ in range(6):
        house.forward(hours=1)
    ended = house.deliveries()
    assert {row.state for row in ended} <= {"sent", "cancelled"}
    told = [row for row in ended if row.purpose in ("notice", "escalation")]
    assert len(told) == EVENTS * RECIPIENTS
    assert {row.state for row in told} == {"sent"}
    in_digests = sum(parcel.notice.count for parcel in house.line.sent if parcel.notice.kind == "digest")
    alone = [row for row in told if "digest" not in row.receipt]
    originals = [parcel for parcel in house.line.sent if parcel.notice.kind == "detection" and parcel.amends is None]
    assert in_digests + len(alone) == EVENTS * RECIPIENTS
    assert len(originals) == len(alone)
    assert all(house.alert(number).notice["verdict"] == "confirmed" for number in range(EVENTS))
