"""What a worker does with one delivery, against a real server that behaves well or badly."""

from __future__ import annotations

import sqlite3
import threading
from datetime import timedelta

import pytest

from services.alerts.sweeper import Sweeper
from shared.db.engine import read_sessions
from shared.db.tables import Alert, Webhook
from tests.conftest import wait_until
from tests.integration.alerts.conftest import AT, Desk, event
from tests.integration.alerts.house import House, raised
from tests.integration.alerts.receiver import Answer, Receiver, Request


def deliver(desk: Desk) -> None:
    desk.courier.deliver(desk.delivery().id)


def prepared(desk: Desk, receiver: Receiver, answer: Answer | None = None, **webhook: object) -> None:
    """A delivery to the receiver that is due."""
    if answer is not None:
        receiver.answers["/hook"] = answer
    desk.webhook(receiver.url("/hook"), **webhook)
    desk.tell(event())


def test_a_delivery_is_posted_once_and_has_its_receipt(desk: Desk, receiver: Receiver) -> None:
    prepared(desk, receiver)
    deliver(desk)
    deliver(desk)
    made = desk.delivery()
    assert (made.state, made.attempts, made.receipt["status"], made.lease_until) == ("sent", 1, 200, None)
    assert made.settled_at is not None
    (request,) = receiver.requests
    assert request.headers["user-agent"].startswith("Argus/")
    assert request.headers["webhook-id"] == made.id
    assert "webhook-signature" not in request.headers
    assert [(attempt.number, attempt.outcome) for attempt in desk.attempts()] == [(1, "sent")]


@pytest.mark.parametrize(
    ("answer", "state", "reason"),
    [
        (Answer(status=500, body=b"database on fire"), "retrying", "HTTP 500: database on fire"),
        (Answer(status=404), "dead", "HTTP 404: ok"),
    ],
)
def test_what_the_receiver_says_decides_what_becomes_of_a_delivery(
    desk: Desk, receiver: Receiver, answer: Answer, state: str, reason: str
) -> None:
    prepared(desk, receiver, answer)
    deliver(desk)
    made = desk.delivery()
    assert (made.state, made.reason, made.lease_until, made.settled_at is None) == (
        state,
        reason,
        None,
        state != "dead",
    )
    assert [attempt.reason for attempt in desk.attempts()] == [reason]


def test_nobody_listening_leads_to_another_try(desk: Desk, receiver: Receiver) -> None:
    receiver.close()
    prepared(desk, receiver)
    deliver(desk)
    assert (desk.delivery().state, "Connect" in desk.delivery().reason) == ("retrying", True)


def test_a_delivery_keeps_its_id_over_its_tries(desk: Desk, receiver: Receiver) -> None:
    prepared(desk, receiver, Answer(status=500))
    for _ in range(3):
        deliver(desk)
        desk.clock[0] += timedelta(seconds=1)
    receiver.answers["/hook"] = Answer()
    deliver(desk)
    assert {request.delivery for request in receiver.requests} == {desk.delivery().id}
    assert [request.body["attempt"] for request in receiver.requests] == [1, 2, 3, 4]
    assert [attempt.outcome for attempt in desk.attempts()] == ["retrying"] * 3 + ["sent"]


def test_retry_after_is_kept_to_the_second_and_holds_the_recipients_other_deliveries_too(
    desk: Desk, receiver: Receiver
) -> None:
    receiver.answers["/hook"] = Answer(status=429, headers={"retry-after": "7"})
    desk.webhook(receiver.url("/hook"))
    desk.tell(event(1), event(2))
    desk.courier.deliver(desk.deliveries()[0].id)
    pause = desk.clock[0] + timedelta(seconds=7)
    assert [delivery.due_at for delivery in desk.deliveries()] == [pause, pause]
    desk.clock[0] = pause - timedelta(milliseconds=1)
    for delivery in desk.deliveries():
        desk.courier.deliver(delivery.id)
    assert len(receiver.requests) == 1
    receiver.answers["/hook"] = Answer()
    desk.clock[0] = pause
    desk.courier.deliver(desk.deliveries()[0].id)
    assert [delivery.state for delivery in desk.deliveries()] == ["sent", "sent"]


def test_a_delivery_that_failed_for_too_long_is_given_up_with_the_last_reason(desk: Desk, receiver: Receiver) -> None:
    prepared(desk, receiver, Answer(status=500))
    deliver(desk)
    desk.clock[0] += timedelta(seconds=desk.settings.alerts.give_up_after_s)
    deliver(desk)
    assert desk.delivery().state == "dead"
    assert desk.delivery().reason == "given up after 2 attempts: HTTP 500: ok"


@pytest.mark.parametrize("change", ["deleted", "disabled", "replaced"])
def test_a_webhook_that_is_gone_gets_nothing_more(desk: Desk, receiver: Receiver, change: str) -> None:
    prepared(desk, receiver)
    number = int(desk.delivery().recipient)
    with desk.sessions.begin() as session:
        row = session.get_one(Webhook, number)
        if change == "deleted":
            session.delete(row)
        elif change == "disabled":
            row.enabled = False
        else:  # deleted, and its number given to another
            row.created_at = desk.clock[0] + timedelta(seconds=1)
    deliver(desk)
    assert (desk.delivery().state, receiver.requests) == ("dead", [])
    assert desk.delivery().reason


def test_a_delivery_held_by_another_worker_is_left_to_it_until_its_lease_runs_out(
    desk: Desk, receiver: Receiver
) -> None:
    prepared(desk, receiver, Answer(delay_s=15))
    other = threading.Thread(target=deliver, args=(desk,))
    other.start()
    wait_until(lambda: receiver.requests, what="the other's request")
    deliver(desk)
    assert desk.delivery().state == "sending"
    receiver.released.set()
    other.join()
    assert (desk.delivery().state, len(receiver.requests)) == ("sent", 1)


def test_a_worker_whose_lease_ran_out_cannot_overwrite_what_its_successor_did(desk: Desk, receiver: Receiver) -> None:
    slow = threading.Event()

    def answer(request: Request) -> Answer:
        if request is receiver.requests[0]:
            slow.wait(15)
            return Answer(status=400)
        return Answer()

    receiver.answers["/hook"] = answer
    prepared(desk, receiver)
    first = threading.Thread(target=deliver, args=(desk,))
    first.start()
    wait_until(lambda: receiver.requests, what="the first request")
    desk.clock[0] += timedelta(seconds=60)
    deliver(desk)
    slow.set()
    first.join()
    made = desk.delivery()
    assert (made.state, made.attempts, made.doubtful) == ("sent", 2, 1)


def test_a_worker_whose_lease_ran_out_cannot_settle_what_its_successor_is_still_sending(
    desk: Desk, receiver: Receiver
) -> None:
    holds = [threading.Event(), threading.Event()]

    def answer(request: Request) -> Answer:
        is_first = request is receiver.requests[0]
        holds[0 if is_first else 1].wait(15)
        return Answer(status=400 if is_first else 200)

    receiver.answers["/hook"] = answer
    prepared(desk, receiver)
    first, second = (threading.Thread(target=deliver, args=(desk,)) for _ in range(2))
    first.start()
    wait_until(lambda: receiver.requests, what="the first request")
    desk.clock[0] += timedelta(seconds=60)
    second.start()
    wait_until(lambda: len(receiver.requests) == 2, what="the second request")
    holds[0].set()
    first.join()
    assert desk.delivery().state == "sending"
    holds[1].set()
    second.join()
    assert (desk.delivery().state, [attempt.number for attempt in desk.attempts()]) == ("sent", [1, 2])


def test_a_recipient_has_only_so_many_deliveries_in_flight(desk: Desk, receiver: Receiver) -> None:
    receiver.answers["/hook"] = Answer(delay_s=0.05)
    desk.webhook(receiver.url("/hook"))
    desk.tell(*(event(number) for number in range(30)))
    threads = [threading.Thread(target=desk.courier.deliver, args=(d.id,)) for d in desk.deliveries()[:12]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {delivery.state for delivery in desk.deliveries()} == {"sent"}
    assert len(receiver.requests) == 30
    assert receiver.most_at_once["/hook"] <= desk.settings.alerts.per_recipient


def test_the_outcome_is_written_down_although_the_database_was_locked(
    desk: Desk, receiver: Receiver, database_url: str
) -> None:
    if not database_url.startswith("sqlite"):
        pytest.skip("PostgreSQL locks rows, not databases")
    blocker = sqlite3.connect(database_url.removeprefix("sqlite:///"), isolation_level=None, check_same_thread=False)

    def lock(_: Request) -> Answer:
        blocker.execute("BEGIN IMMEDIATE")
        threading.Timer(0.5, blocker.execute, args=("COMMIT",)).start()
        return Answer()

    receiver.answers["/hook"] = lock
    prepared(desk, receiver)
    deliver(desk)
    assert (desk.delivery().state, len(receiver.requests)) == ("sent", 1)
    blocker.close()


def test_the_sweeper_finds_what_is_due_and_what_a_dead_worker_held_and_nothing_else(
    desk: Desk, receiver: Receiver
) -> None:
    receiver.answers["/hook"] = Answer(status=500)
    found: list[str] = []

    def passed_s() -> float:
        return (desk.clock[0] - AT).total_seconds()

    sweeper = Sweeper(
        read_sessions(desk.alerts.engine),
        enqueue=lambda hint: found.append(hint.id),
        queued=lambda _: 0,
        per_recipient=4,
        interval_s=1,
        now=lambda: desk.clock[0],
        monotonic=passed_s,
    )
    prepared(desk, receiver)
    assert sweeper.sweep() == 0  # it was handed to a worker just now
    desk.clock[0] += timedelta(seconds=4)
    assert sweeper.sweep() == 1
    assert sweeper.sweep() == 0  # not twice in a row
    deliver(desk)
    desk.clock[0] += timedelta(seconds=10)
    assert sweeper.sweep() == 1  # the retry
    assert set(found) == {desk.delivery().id}


def test_the_sweeper_hands_out_a_few_per_recipient(desk: Desk, receiver: Receiver) -> None:
    desk.webhook(receiver.url("/a"))
    desk.webhook(receiver.url("/b"))
    desk.tell(*(event(number) for number in range(20)))
    desk.clock[0] += timedelta(seconds=10)
    assert desk.alerts.sweeper.sweep() == 2 * desk.settings.alerts.per_recipient


def test_a_channel_that_is_stuck_leaves_room_in_a_sweep_and_in_its_queue(house: House) -> None:
    for _ in range(150):
        house.recipient("line")
    house.tell(*(raised(number) for number in range(5)))
    house.recipient("mqtt")
    house.tell(raised(9, channels=("mqtt",)))
    house.clock += timedelta(seconds=10)
    found: list[str] = []
    queued = {"line": 0, "mqtt": 0}
    sweeper = Sweeper(
        read_sessions(house.engine),
        enqueue=lambda hint: found.append(hint.channel),
        queued=lambda channel: queued[channel],
        per_recipient=4,
        interval_s=1,
        now=lambda: house.clock,
        monotonic=house.clock.timestamp,
    )
    queued["line"] = 1_000  # nobody takes anything from there
    assert (sweeper.sweep(), found) == (1, ["mqtt"])
    queued["line"] = 0
    house.clock += timedelta(seconds=10)
    sweeper.sweep()
    assert found.count("line") == 500


def test_a_notice_that_cannot_be_read_ends_its_own_delivery_alone(desk: Desk, receiver: Receiver) -> None:
    desk.webhook(receiver.url("/hook"))
    desk.tell(*(event(number) for number in range(3)))
    bad = desk.deliveries()[1]
    with desk.sessions.begin() as session:
        session.get_one(Alert, bad.alert_id).notice = {"from": "another version"}
    for delivery in desk.deliveries():
        desk.courier.deliver(delivery.id)
    assert sorted(delivery.state for delivery in desk.deliveries()) == ["dead", "sent", "sent"]
    assert len(receiver.requests) == 2
