"""J: what a judge costs an alert, from presence told to event on the stream: with none, a quick and a hung one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from redis import Redis
from sqlalchemy import update

from bench.row import Row, percentile
from services.cli.redis_server import prepare_redis, start_redis, stop_redis
from shared.db.engine import connect, sessions
from shared.db.migrate import upgrade
from shared.db.tables import Account, Camera, RuleRow
from shared.domain.ids import event_id, shard_of
from shared.media import MediaStore
from shared.messages.events import EventRaised
from shared.messages.message import decode
from shared.messages.presences import PresenceStarted
from shared.messages.topics import EVENTS, LIVENESS, PRESENCES
from shared.settings import Settings
from shared.streams import Publisher

DEADLINE_S = 4.0
ANSWER_S = 0.2
_EVENTS = {"off": 40, "quick": 40, "hangs": 6}
_START_S = 60.0
_SNAPSHOT = "snapshots/door.jpg"
_VERDICT = {"verdict": "confirmed", "reason": "It is so.", "threat_level": 1, "description": "A person at a door."}
_WHAT = "presence told → alert on its way, with a judge that is off / answers in 200 ms / hangs (deadline 4 s), p50"


def judge_delays() -> Row:
    """The delays of each, medians and the worst."""
    delays = {way: _measure(way) for way in _EVENTS}
    medians = {way: percentile(values, 0.5) for way, values in delays.items()}
    added = {"quick": medians["quick"] - medians["off"], "hangs": medians["hangs"] - medians["off"]}
    return Row(
        "J",
        _WHAT,
        "200 ms + 100 ms / 4 s + 100 ms more than off",
        ours=" / ".join(f"{medians[way]:.0f} ms" for way in _EVENTS),
        reference=f"off: {medians['off']:.0f} ms",
        ratio=f"+{added['quick']:.0f} ms / +{added['hangs']:.0f} ms",
        met=added["quick"] <= 1000 * ANSWER_S + 100 and added["hangs"] <= 1000 * DEADLINE_S + 100,
        note="worst: " + " / ".join(f"{max(values):.0f} ms" for values in delays.values()),
        figures={f"{way}_{name}_ms": value for way, values in delays.items() for name, value in _of(values).items()},
    )


def _of(values: list[float]) -> Mapping[str, float]:
    return {"p50": percentile(values, 0.5), "max": max(values)}


def _measure(way: str) -> list[float]:
    """Milliseconds of one presence after the other."""
    with tempfile.TemporaryDirectory() as name, _model(way) as url, _redis(Path(name)) as redis_url:
        folder = Path(name)
        env = {
            **os.environ,
            "ARGUS_DATA_DIR": str(folder / "data"),
            "ARGUS_REDIS_URL": redis_url,
            "ARGUS_DATABASE_URL": f"sqlite:///{folder / 'argus.db'}",
            **({"ARGUS_OLLAMA__URL": url} if url else {}),
        }
        settings = Settings(data_dir=folder / "data", redis_url=redis_url, database_url=env["ARGUS_DATABASE_URL"])
        _furnish(settings)
        redis = Redis.from_url(redis_url)
        programs = {"brain-0": "services.brain", **({"judge-worker-0": "services.brain.judge_worker"} if url else {})}
        with _processes(programs, env, redis):
            return [_delay_ms(redis, settings, number) for number in range(_EVENTS[way])]


def _delay_ms(redis: Redis, settings: Settings, number: int) -> float:
    now = datetime.now(UTC)
    seen = {"presence_id": f"p-{number}", "camera": "door", "zones": (), "crops": (), "crop": None}
    times = {"started_at": now, "last_seen_at": now, "captured_at": now}
    example = PresenceStarted.example().model_copy(update={**seen, **times, "snapshot": _SNAPSHOT})
    wanted, last = event_id(f"p-{number}"), _newest(redis)
    started = time.perf_counter()
    Publisher(redis).publish(PRESENCES, example, shard=shard_of("door", settings.shards))
    until = time.monotonic() + _START_S
    while time.monotonic() < until:
        found: Any = redis.xread({EVENTS.stream(): last}, block=1000, count=10)
        for entry_id, fields in found[0][1] if found else ():
            last, message = entry_id, decode(fields)
            if isinstance(message, EventRaised) and message.event_id == wanted:
                return 1000 * (time.perf_counter() - started)
    raise TimeoutError("the event did not come")


def _newest(redis: Redis) -> bytes:
    entries: Any = redis.xrevrange(EVENTS.stream(), count=1)
    return bytes(entries[0][0]) if entries else b"0"


def _furnish(settings: Settings) -> None:
    engine = connect(settings.effective_database_url)
    upgrade(engine)
    now = datetime.now(UTC)
    times = {"created_at": now, "updated_at": now}
    with sessions(engine).begin() as session:
        session.add(Account(id=1, username="anna", password_hash="", role="admin", created_at=now))
        session.flush()
        names = {"slug": "door", "name": "Door", "url_encrypted": "", "url_masked": ""}
        session.add(Camera(account_id=1, enabled=True, options={}, **names, **times))
        session.execute(update(RuleRow).values(judge=True, judge_deadline_s=DEADLINE_S, cooldown_s=0.0))
    engine.dispose()
    MediaStore.open(settings.effective_media_url).write(_SNAPSHOT, b"\xff\xd8" + bytes(200_000))


@contextmanager
def _redis(folder: Path) -> Iterator[str]:
    server = prepare_redis(folder / "redis", durable=False)
    child = start_redis(server)
    try:
        yield server.url
    finally:
        stop_redis(child)


@contextmanager
def _processes(programs: Mapping[str, str], env: Mapping[str, str], redis: Redis) -> Iterator[None]:
    children = [
        subprocess.Popen([sys.executable, "-m", module], env={**env, "ARGUS_INSTANCE": name}, stdout=subprocess.DEVNULL)
        for name, module in programs.items()
    ]
    keys = [LIVENESS.format(service=name.rpartition("-")[0], instance=name) for name in programs]
    try:
        until = time.monotonic() + _START_S
        while redis.exists(*keys) < len(keys):
            if time.monotonic() > until:
                raise TimeoutError("the services did not start")
            time.sleep(0.05)
        yield
    finally:
        for child in children:
            child.terminate()
        for child in children:
            child.wait(20)


@contextmanager
def _model(way: str) -> Iterator[str | None]:
    """The URL of something that speaks Ollama's protocol; None for no judge."""
    if way == "off":
        yield None
        return
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            if over.wait(ANSWER_S if way == "quick" else 600):
                return
            said = {"model": "m", "message": {"role": "assistant", "content": json.dumps(_VERDICT)}, "done": True}
            self.send_response(200)
            self.send_header("content-type", "application/x-ndjson")
            self.end_headers()
            self.wfile.write(json.dumps(said).encode() + b"\n")

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        over.set()
        server.shutdown()
        server.server_close()
