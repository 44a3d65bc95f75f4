"""P11: how fast stored deliveries reach a local HTTP sink, against bare posts with the same concurrency."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import httpx
import psutil

from bench.row import Row, median_ratio
from services.alerts.bootstrap import build
from services.alerts.channel import Parcel
from services.alerts.channels.webhook import payload
from services.alerts.notice import Notice
from services.cli.redis_server import prepare_redis, start_redis, stop_redis
from shared.db.engine import sessions
from shared.db.migrate import upgrade
from shared.db.tables import Webhook
from shared.messages.events import EventRaised
from shared.settings import Settings
from shared.streams import Received

EVENTS = 1000
WEBHOOKS = 4
_RUNS = 3
_BATCH = 64
_DEADLINE_S = 120.0
_WHAT = "deliveries/s to a local HTTP sink"
_GOAL = "≥ 0.5"


def p11_deliveries() -> Row:
    """Deliveries that are stored and due, made by one worker; four webhooks share its sixteen hands."""
    ours, bare, cpu_ms = [], [], []
    for _ in range(_RUNS):
        bare.append(_bare())
        per_s, cpu_s = _delivered()
        ours.append(per_s)
        cpu_ms.append(cpu_s * 1000 / (EVENTS * WEBHOOKS))
    ratio = median_ratio(ours, bare)
    return Row(
        "P11",
        _WHAT,
        _GOAL,
        ours=f"{statistics.median(ours):.0f}/s",
        reference=f"{statistics.median(bare):.0f}/s bare httpx posts, 16 threads",
        ratio=f"{ratio:.2f}",
        met=ratio >= 0.5,
        note=(
            f"{EVENTS * WEBHOOKS} deliveries, SQLite, Redis with its append-only file, median of {_RUNS}; "
            f"the worker's CPU: {statistics.median(cpu_ms):.2f} ms each"
        ),
        figures={
            "ours_per_s": statistics.median(ours),
            "bare_per_s": statistics.median(bare),
            "ratio": ratio,
            "cpu_ms": statistics.median(cpu_ms),
        },
    )


class Sink:
    """The process that counts."""

    def __init__(self, child: subprocess.Popen[str]) -> None:
        self._child = child
        self.port = int(self._line())

    def count(self) -> tuple[int, float]:
        """How many posts came, and the seconds from the first to the last."""
        assert self._child.stdin is not None
        self._child.stdin.write("count\n")
        self._child.stdin.flush()
        told = json.loads(self._line())
        return told["count"], told["seconds"]

    def first(self) -> bool:
        """Wait until one came."""
        until = time.monotonic() + _DEADLINE_S
        while not (came := self.count()[0]) and time.monotonic() < until:
            time.sleep(0.02)
        return bool(came)

    def per_s(self, expected: int) -> float:
        """Wait until that many came; how many did per second."""
        until = time.monotonic() + _DEADLINE_S
        while (counted := self.count())[0] < expected:
            if time.monotonic() > until:
                raise RuntimeError(f"only {counted[0]} of {expected} deliveries came")
            time.sleep(0.1)
        return counted[0] / counted[1]

    def _line(self) -> str:
        assert self._child.stdout is not None
        return self._child.stdout.readline()


@contextmanager
def sink() -> Iterator[Sink]:
    """A sink of its own process."""
    command = [sys.executable, "-m", "bench.http_sink"]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield Sink(child)
    finally:
        child.kill()
        child.wait()


def _bare() -> float:
    event = EventRaised.example()
    body = json.dumps(payload(Parcel("d", 1, Notice.of(event)), frozenset({"detection"}))).encode()
    total, threads = EVENTS * WEBHOOKS, 16
    with sink() as target, httpx.Client(limits=httpx.Limits(max_keepalive_connections=threads)) as client:

        def post() -> None:
            for _ in range(total // threads):
                client.post(f"http://127.0.0.1:{target.port}/hook", content=body).raise_for_status()

        workers = [threading.Thread(target=post) for _ in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        return target.per_s(total)


def _delivered() -> tuple[float, float]:
    """Deliveries per second, and the CPU seconds of the worker for all of them."""
    with tempfile.TemporaryDirectory(prefix="argus-bench-") as folder, sink() as target:
        data = Path(folder)
        server = prepare_redis(data / "redis", durable=True)
        broker = start_redis(server)
        try:
            environment = {
                **{name: value for name, value in os.environ.items() if not name.startswith("ARGUS_")},
                "ARGUS_DATA_DIR": str(data),
                "ARGUS_REDIS_URL": server.url,
                "ARGUS_ALERTS__WEBHOOK_ALLOW_PRIVATE": "true",
                "ARGUS_LOG__LEVEL": "WARNING",
            }
            _store_deliveries(Settings(data_dir=data, redis_url=server.url), port=target.port)
            with _running(environment) as worker:
                began_s = _cpu_s(worker) if target.first() else 0.0
                per_s = target.per_s(EVENTS * WEBHOOKS)
                return per_s, _cpu_s(worker) - began_s
        finally:
            stop_redis(broker)


def _store_deliveries(settings: Settings, *, port: int) -> None:
    alerts, now = build(settings), datetime.now(UTC)
    upgrade(alerts.engine)
    with sessions(alerts.engine).begin() as session:
        for number in range(WEBHOOKS):
            url = f"http://127.0.0.1:{port}/{number}"
            hook = Webhook(name=str(number), url=url, events=["detection"], created_at=now, updated_at=now)
            session.add(hook)
    example = EventRaised.example().model_copy(update={"captured_at": now, "stored_at": now})
    for start in range(0, EVENTS, _BATCH):
        numbers = range(start, min(start + _BATCH, EVENTS))
        events = [example.model_copy(update={"event_id": f"event-{number}"}) for number in numbers]
        alerts.fanout([Received("events", b"1-0", event, {}) for event in events])
    alerts.close()


@contextmanager
def _running(environment: dict[str, str]) -> Iterator[psutil.Process]:
    """The service and its worker; gives the worker."""
    modules = ("services.alerts.worker", "services.alerts")
    children = [subprocess.Popen([sys.executable, "-m", module], env=environment) for module in modules]
    try:
        yield psutil.Process(children[0].pid)
    finally:
        for child in children:
            child.terminate()
        for child in children:
            with suppress(subprocess.TimeoutExpired):
                child.wait(10)
            child.kill()


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
