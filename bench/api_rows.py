"""P9: a page of events, of a million of them."""

from __future__ import annotations

import itertools
import random
import statistics
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import httpx

from bench.constant import SIZE_VARIABLE
from bench.event_site import CAMERAS, END, EventSite, fill_site
from bench.http_load import Load, get, press
from bench.row import Row, median_ratio, percentile
from bench.serving import free_port, gateway, own_redis, serving
from tests.postgres import postgres_cluster, postgres_folder

FEW, MANY = 10_000, 1_000_000
_RUNS = 5
_RUN_S = 3.0
_CONNECTIONS = 4
_WARM_S = 2.0
# One process: with two, both cores would be the servers' and the client would wait for them.
_WORKERS, _THREADS = 1, 8
_WHAT = "GET /events?camera_id=&since=&limit=50 over 1 M events, {database}: requests/s"
_GOAL = "≥ 0.35, p95 ≤ 1.5 × that of 10 k"


def p9_events_page() -> list[Row]:
    """The same question to a million events and to ten thousand, in turn with a constant of the same size."""
    with tempfile.TemporaryDirectory(prefix="argus-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        redis_url = stack.enter_context(own_redis(folder / "redis"))
        urls = {rows: f"sqlite:///{folder / str(rows)}.db" for rows in (FEW, MANY)}
        rows = [_row("P9", "SQLite", urls, redis_url, folder)]
        programs = postgres_folder()
        if programs is None:
            return [*rows, Row("P9p", _WHAT.format(database="PostgreSQL"), _GOAL, note="PostgreSQL is not installed")]
        server = stack.enter_context(postgres_cluster(programs))
        urls = {rows: _new_database(server, f"bench_{rows}") for rows in (FEW, MANY)}
        return [*rows, _row("P9p", "PostgreSQL", urls, redis_url, folder)]


def _row(row_id: str, database: str, urls: Mapping[int, str], redis_url: str, folder: Path) -> Row:
    sites = {rows: fill_site(url, events=rows) for rows, url in urls.items()}
    with ExitStack() as stack:
        ports = {
            rows: stack.enter_context(gateway(site.database_url, redis_url, folder)) for rows, site in sites.items()
        }
        asked = {rows: _questions(site) for rows, site in sites.items()}
        for rows in sites:
            warm = press(ports[rows], asked[rows], seconds=_WARM_S, connections=_CONNECTIONS)
        constant = stack.enter_context(_constant(_body_bytes(ports[MANY], next(asked[MANY])), folder))
        runs: dict[int, list[Load]] = {0: [], FEW: [], MANY: []}
        ports, asked = {**ports, 0: constant}, {**asked, 0: itertools.repeat(get("/"))}
        for _, rows in itertools.product(range(_RUNS), runs):
            runs[rows].append(press(ports[rows], asked[rows], seconds=_RUN_S, connections=_CONNECTIONS))
    rates = {rows: [load.per_second for load in loads] for rows, loads in runs.items()}
    p95 = {rows: [percentile(load.latencies_s, 0.95) * 1000 for load in loads] for rows, loads in runs.items()}
    ratio, flat = median_ratio(rates[MANY], rates[0]), median_ratio(p95[MANY], p95[FEW])
    return Row(
        row_id,
        _WHAT.format(database=database),
        _GOAL,
        ours=f"{statistics.median(rates[MANY]):.0f}/s",
        reference=f"{statistics.median(rates[0]):.0f}/s a constant JSON from the same gunicorn",
        ratio=f"{ratio:.2f}, p95 {flat:.2f}×",
        met=ratio >= 0.35 and flat <= 1.5,
        note=f"{warm.answer_bytes} bytes; p95 {statistics.median(p95[MANY]):.1f} ms, no rate limit",
        figures={"ratio": ratio, "p95_ratio": flat, "per_second": statistics.median(rates[MANY])},
    )


def _questions(site: EventSite) -> Iterator[bytes]:
    """What clients ask who follow one camera each: the events of the last hours or days."""
    choose = random.Random(9)
    while True:
        since = END - timedelta(minutes=choose.randrange(60, 7 * 24 * 60))
        camera = f"cam_00{1 + choose.randrange(CAMERAS)}"
        yield get(f"/events?camera_id={camera}&since={since:%Y-%m-%dT%H:%M:%SZ}&limit=50", X_API_Key=site.key)


def _body_bytes(port: int, question: bytes) -> int:
    path, key = question.split()[1].decode(), question.decode().partition("X-API-Key: ")[2].strip()
    headers = {"X-API-Key": key, "Accept-Encoding": "identity"}
    return len(httpx.get(f"http://127.0.0.1:{port}{path}", headers=headers, timeout=30).raise_for_status().content)


@contextmanager
def _constant(size: int, folder: Path) -> Iterator[int]:
    """The same worker class with the same threads."""
    port = free_port()
    words = ["-k", "services.gateway.worker.JsonWorker", "-w", str(_WORKERS), "--threads", str(_THREADS)]
    words += ["--keep-alive", "15", "-b", f"127.0.0.1:{port}", "--log-level", "error"]
    command = [sys.executable, "-m", "gunicorn", *words, "bench.constant:application"]
    with serving(command, {SIZE_VARIABLE: str(size), "HOME": str(folder)}, port, path="/"):
        yield port


def _new_database(server: str, name: str) -> str:
    import sqlalchemy

    admin = sqlalchemy.create_engine(f"{server}/postgres", isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    admin.dispose()
    return f"{server}/{name}"
