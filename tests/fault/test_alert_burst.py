"""A burst of alerts while its worker, its service and Redis are killed: all arrive, and doubt is written down."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest
from redis import Redis
from redis.backoff import ConstantBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry
from sqlalchemy import Engine, func, select

from services.cli.redis_server import RedisServer, prepare_redis, start_redis, stop_redis
from shared.db.engine import read_sessions, sessions
from shared.db.tables import Delivery, Webhook
from shared.messages.events import EventRaised
from shared.messages.topics import EVENTS
from shared.streams import Publisher
from tests.conftest import PROJECT, wait_until
from tests.integration.alerts.receiver import Receiver
from tests.processes import Processes

WEBHOOKS = 2
MIB = 1 << 20
MOST_MIB = 250
GROWTH_MIB = 40
"""What a process may grow by over a burst: page caches and pools settle within that, what piles up does not."""


class Site:
    """Redis that keeps its data, a database, the alerts service and its worker, and a receiver."""

    def __init__(self, engine: Engine, folder: Path, processes: Processes, receiver: Receiver) -> None:
        self.server: RedisServer = prepare_redis(folder / "redis", durable=True)
        self.broker = start_redis(self.server)
        self.receiver = receiver
        self.reads = read_sessions(engine)
        self._processes = processes
        self._folder = folder
        self._environment = {
            "ARGUS_DATA_DIR": str(folder),
            "ARGUS_REDIS_URL": self.server.url,
            "ARGUS_DATABASE_URL": engine.url.render_as_string(hide_password=False),
            "ARGUS_ALERTS__WEBHOOK_ALLOW_PRIVATE": "true",
            "ARGUS_ALERTS__WEBHOOK_TIMEOUT_S": "5",
            "ARGUS_ALERTS__LEASE_S": "1",
            "ARGUS_LOG__LEVEL": "WARNING",
        }
        self.alerts = self._start("services.alerts")
        self.worker = self._start("services.alerts.worker")
        self.rss: dict[str, list[int]] = {}
        self.redis = Redis.from_url(
            self.server.url,
            retry=Retry(ConstantBackoff(0.2), 100),
            retry_on_error=[RedisConnectionError, RedisTimeoutError],
        )

    def publish(self, count: int) -> None:
        example, publisher = EventRaised.example(), Publisher(self.redis)
        for number in range(count):
            publisher.publish(EVENTS, example.model_copy(update={"event_id": f"event-{number}"}))

    def kill_worker(self) -> None:
        self.worker.kill()
        self.worker = self._start("services.alerts.worker")

    def kill_alerts(self) -> None:
        self.alerts.kill()
        self.alerts = self._start("services.alerts")

    def kill_redis(self) -> None:
        self.broker.kill()
        self.broker.wait()
        self.broker = start_redis(self.server)

    def states(self) -> Counter[str]:
        with self.reads() as session:
            rows = session.execute(select(Delivery.state, func.count()).group_by(Delivery.state))
            return Counter(dict(rows.all()))

    def watch(self) -> None:
        """Note how much memory each process holds."""
        for child in (self.worker, self.alerts):
            with suppress(psutil.Error):
                size = psutil.Process(child.pid).memory_info().rss
                self.rss.setdefault(f"{child.args[-1]} {child.pid}", []).append(size)  # type: ignore[index]

    def close(self) -> None:
        self.redis.close()
        stop_redis(self.broker)

    def _start(self, module: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", module]
        return self._processes.start(command, env=self._environment, cwd=PROJECT, output=self._folder / f"{module}.log")


@pytest.fixture
def site(engine: Engine, tmp_path: Path, processes: Processes) -> Iterator[Site]:
    receiver = Receiver()
    with sessions(engine).begin() as session:
        at = datetime.now(UTC)
        for number in range(WEBHOOKS):
            url = receiver.url(f"/{number}")
            session.add(Webhook(name=str(number), url=url, events=["detection"], created_at=at, updated_at=at))
    made = Site(engine, tmp_path, processes, receiver)
    yield made
    made.close()
    processes.end_all()
    receiver.close()


@pytest.mark.timeout(300)
def test_a_burst_survives_kills(site: Site) -> None:
    _burst(site, alerts=300)


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_a_burst_of_ten_thousand_alerts_survives_kills(site: Site) -> None:
    _burst(site, alerts=10_000)
    for name, sizes in site.rss.items():
        told = f"{name}: {[size // MIB for size in sizes[:: max(1, len(sizes) // 40)]]}"
        assert max(sizes) < MOST_MIB * MIB, told
        # The first half of its life may be its start, on a machine that is busy.
        settled = sizes[len(sizes) // 2 :]
        assert max(settled) - settled[0] < GROWTH_MIB * MIB, told


def _burst(site: Site, *, alerts: int) -> None:
    started, total = time.monotonic(), alerts * WEBHOOKS
    site.publish(alerts)
    kills: list[Callable[[], None]] = [site.kill_worker, site.kill_redis, site.kill_alerts, site.kill_worker]
    for number, kill in enumerate(kills):
        share = total * (number + 1) // (len(kills) + 1)
        _watch_until(site, lambda share=share: len(site.receiver.requests) >= share, 300, f"{share} deliveries")  # type: ignore[misc]
        kill()
    _watch_until(site, lambda: sum(site.states().values()) == total, 300, "every delivery to be stored")
    _watch_until(site, lambda: site.states().keys() <= {"sent", "dead"}, 300, "every delivery to end")
    took_s = time.monotonic() - started

    with site.reads() as session:
        rows = session.scalars(select(Delivery)).all()
    assert [row.id for row in rows if row.state == "dead" and not row.reason] == []
    arrived = Counter(request.delivery for request in list(site.receiver.requests))
    assert {row.id for row in rows if row.state == "sent"} <= arrived.keys()
    assert len(rows) == total
    doubled = {delivery for delivery, count in arrived.items() if count > 1}
    in_doubt = {row.id for row in rows if row.doubtful}
    assert doubled <= in_doubt, "what may have arrived twice is marked"
    memory = {name: f"{sizes[0] // MIB}–{max(sizes) // MIB} MiB" for name, sizes in site.rss.items() if sizes}
    print(f"{total} deliveries in {took_s:.0f} s: {site.states()}, {len(in_doubt)} in doubt, {len(doubled)} doubled")
    print(f"memory: {memory}")


def _watch_until(site: Site, condition: Callable[[], bool], deadline_s: float, what: str) -> None:
    def watched() -> bool:
        site.watch()
        return condition()

    wait_until(watched, deadline_s, what)
