"""From the events stream to the receiver, with the service and real worker processes."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from services.alerts.bootstrap import Alerts
from shared.db.tables import Alert, Delivery, RecipientRow
from tests.conftest import PROJECT, wait_until
from tests.integration.alerts.conftest import AT, Desk, event
from tests.integration.alerts.receiver import Answer, Receiver
from tests.processes import Processes

Publish = Callable[..., None]

# Claims are tested on both databases with the courier alone; here each test starts processes.
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def start_worker(desk: Desk, processes: Processes, tmp_path: Path) -> Callable[..., subprocess.Popen[bytes]]:
    """Start a worker process on the desk's stores."""
    settings = desk.settings
    env = {
        "ARGUS_DATA_DIR": str(settings.data_dir),
        "ARGUS_REDIS_URL": str(settings.redis_url),
        "ARGUS_DATABASE_URL": str(settings.database_url),
        **{
            f"ARGUS_ALERTS__{name.upper()}": str(getattr(settings.alerts, name))
            for name in ("webhook_allow_private", "webhook_timeout_s", "backoff_base_s", "backoff_cap_s", "lease_s")
        },
    }

    def start(*module: str, **extra: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", *(module or ("services.alerts.worker",))]
        return processes.start(command, env={**env, **extra}, cwd=PROJECT, output=tmp_path / "worker.log")

    return start


def states(desk: Desk, *, channel: str | None = None) -> Counter[str]:
    return Counter(delivery.state for delivery in desk.deliveries() if channel in (None, delivery.channel))


@on_sqlite
def test_an_event_on_the_stream_is_posted_to_the_webhook(
    desk: Desk, service: Alerts, receiver: Receiver, publish: Publish, start_worker: Callable[..., object]
) -> None:
    start_worker()
    desk.webhook(receiver.url("/hook"))
    publish(event())
    wait_until(lambda: states(desk) == {"sent": 1}, 60, "the delivery")
    (request,) = receiver.at("/hook")
    assert request.body["uuid"] == "evt-event-1"
    assert request.delivery == desk.delivery().id


def test_a_burst_of_two_hundred_alerts_is_delivered_once_each(
    desk: Desk, service: Alerts, receiver: Receiver, publish: Publish, start_worker: Callable[..., object]
) -> None:
    start_worker()
    desk.webhook(receiver.url("/hook"))
    publish(*(event(number) for number in range(200)))
    wait_until(lambda: states(desk) == {"sent": 200}, 60, "the deliveries")
    assert len({request.delivery for request in receiver.requests}) == len(receiver.requests) == 200


@on_sqlite
def test_a_slow_endpoint_does_not_hold_up_a_fast_one(
    desk: Desk, service: Alerts, receiver: Receiver, publish: Publish, start_worker: Callable[..., object]
) -> None:
    receiver.answers["/slow"] = Answer(delay_s=120)
    start_worker(ARGUS_ALERTS__WEBHOOK_TIMEOUT_S="60")
    for path in ("/slow", "/fast"):
        desk.webhook(receiver.url(path))
    publish(*(event(number) for number in range(40)))
    wait_until(lambda: len(receiver.at("/fast")) == 40, 60, "the fast endpoint's deliveries")
    assert receiver.most_at_once["/slow"] <= desk.settings.alerts.per_recipient
    receiver.released.set()


@on_sqlite
def test_a_channel_that_hangs_holds_up_no_other(
    desk: Desk, receiver: Receiver, publish: Publish, start_worker: Callable[..., object]
) -> None:
    """Fifty recipients who never answer could take every hand there is; the webhook's deliveries are made at once."""
    program = "tests.integration.alerts.hanging_channel"
    desk.webhook(receiver.url("/hook"))
    with desk.sessions.begin() as session:
        session.add_all(hanging_recipient(number) for number in range(50))
    for part in ("worker", "alerts"):
        start_worker(program, part, ARGUS_ALERTS__CHANNELS="webhook,line")
    publish(*(event(number, channels=("line",)) for number in range(4)))
    wait_until(lambda: len(desk.deliveries()) == 200, 60, "the channel's deliveries")
    wait_until(lambda: states(desk)["sending"] >= desk.settings.alerts.concurrency, 60, "every hand of the channel")
    for number in range(100, 120):
        publish(event(number, channels=("webhook",)))
        # Half a second on a machine that does nothing else; one turn of the channel that hangs takes minutes.
        wait_until(lambda sent=number - 99: len(receiver.at("/hook")) == sent, 10, "the webhook")  # type: ignore[misc]
    assert states(desk, channel="line")["sending"] == desk.settings.alerts.concurrency


@on_sqlite
def test_the_service_hears_what_recipients_answer(desk: Desk, start_worker: Callable[..., object]) -> None:
    with desk.sessions.begin() as session:
        session.add(hanging_recipient(1))
        session.add(Alert(id="a", event_uuid="e", account_id=1, notice={}, decided_at=AT))
        row = {"alert_id": "a", "event_uuid": "e", "recipient": "1", "state": "sent", "attempts": 1}
        session.add(Delivery(id="d", channel="line", due_at=AT, created_at=AT, **row))
    start_worker("tests.integration.alerts.hanging_channel", "alerts", ARGUS_ALERTS__CHANNELS="line")
    folder = desk.settings.data_dir
    (folder / "pressed").write_text('{"channel": "line", "delivery_id": "d", "press": "acknowledge", "who": "Anna"}')
    (folder / "pressed").rename(folder / "press.json")
    said = folder / "said.txt"
    wait_until(lambda: said.exists() and said.read_text() == "Acknowledged.", 60, "the answer's answer")
    with desk.sessions() as session:
        assert session.get_one(Alert, "a").acknowledged_by == "Anna"


def hanging_recipient(number: int) -> RecipientRow:
    return RecipientRow(
        account_id=1,
        channel="line",
        name=f"Recipient {number}",
        address={},
        notification_types=["alerts"],
        verified_at=AT,
        created_at=AT,
        updated_at=AT,
    )


@on_sqlite
def test_a_worker_killed_in_mid_send_loses_nothing(
    desk: Desk,
    service: Alerts,
    receiver: Receiver,
    publish: Publish,
    start_worker: Callable[..., subprocess.Popen[bytes]],
) -> None:
    receiver.answers["/hook"] = Answer(delay_s=60)
    first = start_worker(ARGUS_ALERTS__WEBHOOK_TIMEOUT_S="2")
    desk.webhook(receiver.url("/hook"))
    publish(event())
    wait_until(lambda: receiver.at("/hook"), 60, "the first request")
    first.kill()
    receiver.answers["/hook"] = Answer()
    start_worker()
    wait_until(lambda: states(desk) == {"sent": 1}, 60, "the second try")
    assert desk.delivery().doubtful == 1
    assert [request.delivery for request in receiver.at("/hook")] == [desk.delivery().id] * 2
    assert [attempt.outcome for attempt in desk.attempts()] == ["doubtful", "sent"]


@on_sqlite
def test_a_worker_that_is_told_to_stop_in_mid_send_stops_quickly_and_gives_the_delivery_back(
    desk: Desk,
    service: Alerts,
    receiver: Receiver,
    publish: Publish,
    start_worker: Callable[..., subprocess.Popen[bytes]],
) -> None:
    receiver.answers["/hook"] = Answer(delay_s=60)
    worker = start_worker(ARGUS_ALERTS__WEBHOOK_TIMEOUT_S="30")
    desk.webhook(receiver.url("/hook"))
    publish(event())
    wait_until(lambda: receiver.at("/hook"), 60, "the request")
    asked = time.monotonic()
    worker.terminate()
    worker.wait(30)
    assert time.monotonic() - asked < 10  # three on a machine that does nothing else
    assert states(desk) == {"retrying": 1}


@on_sqlite
def test_deliveries_are_made_although_the_queue_lost_its_messages(
    desk: Desk, receiver: Receiver, start_worker: Callable[..., object], request: pytest.FixtureRequest
) -> None:
    desk.webhook(receiver.url("/hook"))
    desk.tell(event())
    desk.alerts.redis.flushall()
    start_worker()
    request.getfixturevalue("service")
    wait_until(lambda: states(desk) == {"sent": 1}, 60, "the delivery")
