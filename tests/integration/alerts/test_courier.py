"""What a worker does with one delivery, against a real server that behaves well or badly."""

from __future__ import annotations

import base64
import sqlite3
import threading
import time
from datetime import timedelta

import pytest

from services.alerts.bootstrap import build_courier
from services.alerts.channels.webhook import WebhookChannel, WebhookOptions
from services.alerts.signature import sign
from services.alerts.sweeper import Sweeper
from shared.db.engine import read_sessions
from shared.db.tables import Webhook
from shared.net import Poster
from tests.conftest import wait_until
from tests.integration.alerts.conftest import AT, Desk, event
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
        (Answer(status=204, body=b""), "sent", ""),
        (Answer(status=202), "sent", ""),
        (Answer(body=b"x" * 5_000_000), "sent", ""),
        (Answer(status=500, body=b"database on fire"), "retrying", "HTTP 500: database on fire"),
        (Answer(status=503), "retrying", "HTTP 503"),
        (Answer(status=408), "retrying", "HTTP 408"),
        (Answer(status=425), "retrying", "HTTP 425"),
        (Answer(status=429), "retrying", "HTTP 429"),
        (Answer(hang_up=True), "retrying", "disconnected"),
        (Answer(delay_s=30), "retrying", "within 1 s"),
        (Answer(drip_s=0.1), "retrying", "within 1 s"),
        (Answer(status=302, headers={"location": "/elsewhere"}), "dead", "redirects are not followed"),
        (Answer(status=400), "dead", "HTTP 400"),
        (Answer(status=401), "dead", "HTTP 401"),
        (Answer(status=404), "dead", "HTTP 404"),
        (Answer(status=410), "dead", "HTTP 410"),
    ],
)
def test_what_the_receiver_does_decides_what_becomes_of_a_delivery(
    desk: Desk, receiver: Receiver, answer: Answer, state: str, reason: str
) -> None:
    prepared(desk, receiver, answer)
    started = time.monotonic()
    deliver(desk)
    assert time.monotonic() - started < 3
    made = desk.delivery()
    assert made.state == state
    assert reason in made.reason
    assert len(receiver.requests) == 1
    assert desk.attempts()[0].reason == made.reason


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


@pytest.mark.parametrize(
    ("webhook", "header", "value"),
    [
        ({"auth_type": "bearer", "token": "t-1"}, "authorization", "Bearer t-1"),
        ({"auth_type": "basic", "token": "anna:pw"}, "authorization", "Basic " + base64.b64encode(b"anna:pw").decode()),
        ({"auth_type": "header", "auth_name": "X-Token", "token": "t-1"}, "x-token", "t-1"),
    ],
)
def test_the_request_carries_what_the_receiver_knows_us_by(
    desk: Desk, receiver: Receiver, webhook: dict[str, str], header: str, value: str
) -> None:
    fields = {name: text for name, text in webhook.items() if name != "token"}
    prepared(desk, receiver, token_encrypted=desk.box.seal(webhook["token"]), **fields)
    deliver(desk)
    assert receiver.requests[0].headers[header] == value


def test_a_token_that_cannot_be_a_header_ends_the_delivery(desk: Desk, receiver: Receiver) -> None:
    prepared(desk, receiver, auth_type="bearer", token_encrypted=desk.box.seal("a\r\nx-evil: 1"))
    deliver(desk)
    assert (desk.delivery().state, receiver.requests) == ("dead", [])
    assert "evil" not in desk.delivery().reason


def test_a_webhook_with_a_secret_is_signed(desk: Desk, receiver: Receiver) -> None:
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    prepared(desk, receiver, secret_encrypted=desk.box.seal(secret))
    deliver(desk)
    (request,) = receiver.requests
    sent_at = int(request.headers["webhook-timestamp"])
    assert abs(sent_at - time.time()) < 30
    expected = sign(secret, message_id=request.delivery, timestamp_s=sent_at, body=request.raw)
    assert request.headers["webhook-signature"] == expected


def test_a_token_that_the_receiver_repeats_is_not_kept_in_the_reason(desk: Desk, receiver: Receiver) -> None:
    answer = Answer(status=401, body=b"no such token: t-secret-1")
    prepared(desk, receiver, answer, auth_type="bearer", token_encrypted=desk.box.seal("t-secret-1"))
    deliver(desk)
    assert desk.delivery().reason == "HTTP 401: no such token: ***"


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


def guarded(desk: Desk, *, addresses: list[str], allow_private: bool = False) -> list[tuple[str, int]]:
    """Put a webhook channel with its own resolver on the desk; the names it was asked for."""
    asked: list[tuple[str, int]] = []

    def resolver(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return [addresses[min(len(asked), len(addresses)) - 1]]

    poster = Poster(allow_private=allow_private, timeout_s=1.0, resolver=resolver)
    desk.channels["webhook"] = WebhookChannel(
        poster, desk.box, options=WebhookOptions(), timeout_s=1.0, allow_private=allow_private
    )
    desk.courier = build_courier(
        desk.settings, desk.sessions, desk.channels, enqueue=desk.enqueued.append, now=lambda: desk.clock[0]
    )
    return asked


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1"])
def test_a_name_that_leads_to_an_address_of_our_own_is_refused(desk: Desk, receiver: Receiver, address: str) -> None:
    guarded(desk, addresses=[address])
    desk.webhook(f"http://innocent.example:{receiver.port}/hook")
    desk.tell(event())
    deliver(desk)
    assert (desk.delivery().state, receiver.requests) == ("dead", [])
    assert "not a public address" in desk.delivery().reason


def test_the_address_that_was_checked_is_the_one_that_is_connected_to(desk: Desk, receiver: Receiver) -> None:
    """A name that answers differently the second time gains nothing: there is no second time."""
    asked = guarded(desk, addresses=["127.0.0.1", "127.0.0.2"], allow_private=True)
    desk.webhook(f"http://innocent.example:{receiver.port}/hook")
    desk.tell(event())
    deliver(desk)
    assert asked == [("innocent.example", receiver.port)]
    assert receiver.requests[0].headers["host"] == f"innocent.example:{receiver.port}"


def test_a_delivery_held_by_another_worker_is_left_to_it_until_its_lease_runs_out(
    desk: Desk, receiver: Receiver
) -> None:
    prepared(desk, receiver, Answer(delay_s=0.5))
    other = threading.Thread(target=deliver, args=(desk,))
    other.start()
    wait_until(lambda: receiver.requests, what="the other's request")
    deliver(desk)
    other.join()
    assert (desk.delivery().state, len(receiver.requests)) == ("sent", 1)


def test_a_worker_whose_lease_ran_out_cannot_overwrite_what_its_successor_did(desk: Desk, receiver: Receiver) -> None:
    slow = threading.Event()

    def answer(request: Request) -> Answer:
        if len(receiver.requests) == 1:
            slow.wait(0.8)
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
    # On PostgreSQL two workers may count at the same moment and both go ahead.
    assert receiver.most_at_once["/hook"] <= desk.settings.alerts.per_recipient * 2


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
        enqueue=found.append,
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
