"""What survives: a relay that dies between publishing and deleting, a broker that restarts, an order to stop."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from sqlalchemy.exc import OperationalError

from services.brain.relay import Relay
from services.cli.redis_server import prepare_redis, start_redis, stop_redis
from shared.db.engine import connect, read_sessions, sessions
from shared.db.migrate import upgrade
from shared.db.outbox import outbox_row
from shared.messages.message import decode
from shared.messages.topics import EVENTS
from shared.ownership.lease import Lease
from shared.streams import Received
from tests.conftest import PROJECT, wait_until
from tests.integration.alerts.conftest import AT, Desk, event
from tests.integration.alerts.receiver import Receiver
from tests.processes import Processes


class DiesBeforeTheDelete:
    """A session factory whose first transaction does not come to pass."""

    def __init__(self, factory: Any) -> None:
        self._factory = factory
        self._died = False

    def begin(self) -> Any:
        if not self._died:
            self._died = True
            raise OperationalError("DELETE", {}, Exception("the process is gone"))
        return self._factory.begin()


def test_a_crash_between_publishing_and_deleting_doubles_nothing_downstream(
    desk: Desk, receiver: Receiver, redis: Redis
) -> None:
    desk.webhook(receiver.url("/hook"))
    engine = desk.alerts.engine
    with sessions(engine).begin() as session:
        session.add_all([outbox_row(EVENTS, event(number), now=AT) for number in range(3)])
    lease = Lease(redis, "outbox", holder="a", ttl_s=5)
    flaky: Any = DiesBeforeTheDelete(sessions(engine))
    relay = Relay(flaky, read_sessions(engine), redis=redis, lease=lease, interval_s=0.05)
    with pytest.raises(OperationalError):
        relay.drain(threading.Event())
    relay.drain(threading.Event())
    entries = redis.xrange(EVENTS.stream())
    assert len(entries) == 6  # each of the three was published twice
    desk.alerts.fanout([Received("events", entry_id, decode(fields), fields) for entry_id, fields in entries])
    for delivery in desk.deliveries():
        desk.courier.deliver(delivery.id)
    assert sorted(request.body["uuid"] for request in receiver.requests) == [
        "evt-event-0", "evt-event-1", "evt-event-2"
    ]  # fmt: skip


@pytest.fixture
def environment(tmp_path: Path, redis_url: str, sqlite_url: str) -> dict[str, str]:
    """What a service process needs, with a migrated database."""
    engine = connect(sqlite_url)
    upgrade(engine)
    engine.dispose()
    return {"ARGUS_DATA_DIR": str(tmp_path), "ARGUS_REDIS_URL": redis_url, "ARGUS_DATABASE_URL": sqlite_url}


MODULES = ("services.brain", "services.alerts", "services.alerts.worker")


@pytest.mark.parametrize("module", MODULES)
def test_a_service_that_is_told_to_stop_ends_quickly_and_cleanly(
    module: str, environment: dict[str, str], processes: Processes, redis: Redis, tmp_path: Path
) -> None:
    log = tmp_path / "service.log"
    child = processes.start([sys.executable, "-m", module], env=environment, cwd=PROJECT, output=log)
    wait_until(lambda: redis.keys("live:*"), 60, "the sign of life")
    asked = time.monotonic()
    child.terminate()
    assert child.wait(30) == 0
    assert time.monotonic() - asked < 10  # three on a machine that does nothing else
    assert redis.keys("live:*") == []
    assert "Traceback" not in log.read_text()


@pytest.mark.parametrize("module", MODULES)
def test_settings_that_cannot_work_are_one_line_and_status_two(
    module: str, environment: dict[str, str], processes: Processes, tmp_path: Path
) -> None:
    log = tmp_path / "service.log"
    wrong = {**environment, "ARGUS_ALERTS__CONCURRENCY": "many"}
    child = processes.start([sys.executable, "-m", module], env=wrong, cwd=PROJECT, output=log)
    assert child.wait(60) == 2
    (line,) = log.read_text().splitlines()
    assert "alerts.concurrency" in line


def test_a_broker_that_restarts_loses_no_delivery(
    tmp_path: Path, sqlite_url: str, receiver: Receiver, processes: Processes, make_desk: Callable[..., Desk]
) -> None:
    server = prepare_redis(tmp_path / "redis", durable=False)  # it comes back empty
    broker = start_redis(server)
    try:
        desk = make_desk(server.url, sqlite_url)
        desk.webhook(receiver.url("/hook"))
        env = {
            "ARGUS_DATA_DIR": str(desk.settings.data_dir),
            "ARGUS_REDIS_URL": server.url,
            "ARGUS_DATABASE_URL": sqlite_url,
            "ARGUS_ALERTS__WEBHOOK_ALLOW_PRIVATE": "true",
        }
        for module in ("services.alerts", "services.alerts.worker"):
            processes.start([sys.executable, "-m", module], env=env, cwd=PROJECT, output=tmp_path / f"{module}.log")
        wait_until(lambda: len(desk.alerts.redis.keys("live:*")) == 2, 60, "both signs of life")
        desk.tell(*(event(number) for number in range(20)))
        wait_until(lambda: receiver.requests, 60, "the first delivery")
        stop_redis(broker)
        desk.tell(*(event(number) for number in range(20, 40)))
        broker = start_redis(server)
        wait_until(lambda: {d.state for d in desk.deliveries()} == {"sent"}, 90, "all deliveries")
        assert len({request.delivery for request in receiver.requests}) == len(receiver.requests) == 40
    finally:
        stop_redis(broker)
