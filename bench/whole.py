"""P6 and P7: a whole installation, from a camera's frame to a webhook."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
from sqlalchemy import select

from bench import footage
from bench.detector import bench_settings
from bench.eye_rows import inference_ms
from bench.row import Row, percentile
from shared.db.engine import connect, read_sessions
from shared.db.tables import Event

CAMERAS = 8
WATCH_S = 60
# Looped clips begin empty: by now every camera has been active once.
SETTLE_S = 25
ALWAYS_ACTIVE_S = 3600
_WHAT6 = "frame captured → event stored, 8 cameras at 2 fps on this machine, p50 / p95"
_WHAT7 = "frame captured → webhook received, p95"
_GOAL6, _GOAL7 = "≤ 3× / ≤ 8× one inference", "≤ 1.5× of P6's p95"


@dataclass
class Times:
    """Milliseconds from the deciding frame's capture, per event."""

    stored: list[float] = field(default_factory=list)
    received: list[float] = field(default_factory=list)
    events: int = 0


def p6_p7() -> list[Row]:
    """Eight looped cameras, sampled at 2 fps all the time; then the same where cameras may fall idle.

    The second is what a person waits who walks up to a quiet camera: the deciding frame is often one that was
    buffered before anything seemed to move. It has no goal and is reported.
    """
    inference = inference_ms()
    if inference is None:
        note = "needs the default weights: argus models pull --default"
        return [Row("P6", _WHAT6, _GOAL6, note=note), Row("P7", _WHAT7, _GOAL7, note=note)]
    times = _measure(hold_s=ALWAYS_ACTIVE_S, settle_s=SETTLE_S)
    if not times.stored or not times.received:
        note = f"{times.events} events, {len(times.received)} deliveries: too few to tell"
        return [Row("P6", _WHAT6, _GOAL6, note=note), Row("P7", _WHAT7, _GOAL7, note=note)]
    p50, p95 = percentile(times.stored, 0.5), percentile(times.stored, 0.95)
    hook95 = percentile(times.received, 0.95)
    idle = _measure(hold_s=None, settle_s=0).stored
    from_idle = f"{percentile(idle, 0.5):.0f} / {percentile(idle, 0.95):.0f} ms where cameras fall idle" if idle else ""
    return [
        Row(
            "P6",
            _WHAT6,
            _GOAL6,
            ours=f"{p50:.0f} / {p95:.0f} ms",
            reference=f"{inference:.1f} ms one inference",
            ratio=f"{p50 / inference:.1f}× / {p95 / inference:.1f}×",
            met=p50 <= 3 * inference and p95 <= 8 * inference,
            note=f"{times.events} events; {from_idle}",
            figures={"p50_ms": p50, "p95_ms": p95, "inference_ms": inference},
        ),
        Row(
            "P7",
            _WHAT7,
            _GOAL7,
            ours=f"{hook95:.0f} ms",
            reference=f"{p95:.0f} ms (P6's p95)",
            ratio=f"{hook95 / p95:.2f}×",
            met=hook95 <= 1.5 * p95,
            note=f"{len(times.received)} of {times.events} events delivered",
            figures={"p95_ms": hook95},
        ),
    ]


def _measure(*, hold_s: float | None, settle_s: float) -> Times:
    clips = [footage.camera_clip(index % 4) for index in range(CAMERAS)]
    with tempfile.TemporaryDirectory(prefix="argus-bench-") as folder, _receiver() as (url, received):
        data = Path(folder)
        environment = _environment(data)
        if hold_s is not None:
            environment["ARGUS_INGEST__ACTIVE_HOLD_S"] = str(hold_s)
        (data / "models").symlink_to(bench_settings().models_dir.resolve(), target_is_directory=True)
        with _running(environment):
            _argus(environment, "webhook", "add", "--name", "bench", "--url", url, "--event", "alert", "--unsigned")
            for index, clip in enumerate(clips):
                url_of_clip = f"{clip.resolve().as_uri()}?loop=1"
                _argus(environment, "camera", "add", "--url", url_of_clip, "--name", f"bench {index}")
            time.sleep(settle_s)
            since = datetime.now(UTC)
            time.sleep(WATCH_S)
        return _times(data, received, since=since)


def _times(data: Path, received: Mapping[str, float], *, since: datetime) -> Times:
    engine = connect(f"sqlite:///{data / 'argus.db'}")
    times = Times()
    with read_sessions(engine)() as session:
        for event in session.scalars(select(Event).where(Event.occurred_at >= since)):
            times.events += 1
            times.stored.append(_ms(event.occurred_at, event.stored_at.timestamp()))
            if event.uuid in received:
                times.received.append(_ms(event.occurred_at, received[event.uuid]))
    engine.dispose()
    return times


def _ms(captured: datetime, at_s: float) -> float:
    return (at_s - captured.timestamp()) * 1000


def _environment(data: Path) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("ARGUS_")}
    return {
        **plain,
        "ARGUS_DATA_DIR": str(data),
        "ARGUS_GATEWAY__PORT": str(_free_port()),
        "ARGUS_INGEST__FILE_ROOTS": str(footage.CACHE.resolve()),
        "ARGUS_INGEST__ACTIVE_FPS": "2",
        "ARGUS_ALERTS__WEBHOOK_ALLOW_PRIVATE": "true",
        "ARGUS_ADMIN_USERNAME": "bench",
        "ARGUS_ADMIN_PASSWORD": secrets.token_urlsafe(16),
        "ARGUS_LOG__LEVEL": "WARNING",
    }


def _argus(environment: Mapping[str, str], *words: str) -> None:
    command = [sys.executable, "-m", "services.cli", *words]
    done = subprocess.run(command, env=dict(environment), capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"argus {words[0]} failed: {done.stderr.strip()}")


@contextmanager
def _running(environment: Mapping[str, str]) -> Iterator[None]:
    child = subprocess.Popen(
        [sys.executable, "-m", "services.cli", "up"],
        env=dict(environment),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait_for_health(int(environment["ARGUS_GATEWAY__PORT"]))
        yield
    finally:
        child.send_signal(signal.SIGINT)
        try:
            child.wait(timeout=15)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _wait_for_health(port: int) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/health", timeout=2).json()["status"] != "unhealthy":
                return
        except (httpx.HTTPError, ValueError):
            time.sleep(0.2)
    raise RuntimeError("argus up did not become healthy within a minute")


@contextmanager
def _receiver() -> Iterator[tuple[str, dict[str, float]]]:
    received: dict[str, float] = {}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            at = time.time()
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            received.setdefault(str(body.get("uuid", "")).removeprefix("evt-"), at)
            self.send_response(204)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/", received
    finally:
        server.shutdown()
        server.server_close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
