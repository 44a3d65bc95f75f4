"""P10: recognitions to many WebSockets, from their commit to their arrival."""

from __future__ import annotations

import asyncio
import json
import resource
import tempfile
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import psutil
from sqlalchemy.orm import Session
from websockets.asyncio.client import ClientConnection, connect

from bench.event_site import fill_site
from bench.row import Row, percentile
from bench.serving import gateway, own_redis
from shared.db.engine import connect as connect_database
from shared.db.tables import Recognition

CLIENTS, PER_SECOND, SECONDS = 500, 20, 10
_WHAT = f"WebSocket fan-out, {CLIENTS} clients × {PER_SECOND} recognitions/s: from the commit to the arrival"


def p10_fan_out() -> Row:
    """All clients are this process, beside the gateway: what its receiving takes is in the figure too."""
    with tempfile.TemporaryDirectory(prefix="argus-bench-") as name:
        folder = Path(name)
        site = fill_site(f"sqlite:///{folder / 'argus.db'}", events=10)
        more = {"ARGUS_GATEWAY__RATE_LIMIT_ADDRESS": "0"}
        with own_redis(folder / "redis") as redis_url, gateway(site.database_url, redis_url, folder, **more) as port:
            before = _memory_mib(port)
            delays, lost, after = asyncio.run(_measured(port, site.key, site.database_url))
    p95 = percentile(delays, 0.95) * 1000
    return Row(
        "P10",
        _WHAT,
        "p95 ≤ 250 ms, none lost",
        ours=f"p95 {p95:.0f} ms, p50 {percentile(delays, 0.5) * 1000:.0f} ms",
        ratio=f"{lost} lost",
        met=p95 <= 250 and not lost,
        note=f"{(after - before) * 1024 / CLIENTS:.0f} KiB a client",
        figures={"p95_ms": p95, "lost": lost, "kib_per_client": (after - before) * 1024 / CLIENTS},
    )


async def _measured(port: int, key: str, database_url: str) -> tuple[Sequence[float], int, float]:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    url = f"ws://127.0.0.1:{port}/securevision/stream?token={key}"
    clients: list[ClientConnection] = []
    for _ in range(0, CLIENTS, 50):
        clients += await asyncio.gather(*(connect(url, open_timeout=60, compression=None) for _ in range(50)))
    memory = _memory_mib(port)
    committed: dict[int, float] = {}
    count = PER_SECOND * SECONDS
    listening = [asyncio.create_task(_listen(client, count)) for client in clients]
    await asyncio.sleep(1)
    writer = threading.Thread(target=_write, args=(database_url, committed, count))
    writer.start()
    heard = await asyncio.gather(*listening)
    writer.join()
    await asyncio.gather(*(client.close() for client in clients))
    delays = [at - committed[number] for each in heard for number, at in each.items()]
    return delays, CLIENTS * count - len(delays), memory


async def _listen(client: ClientConnection, count: int) -> dict[int, float]:
    heard: dict[int, float] = {}
    try:
        async with asyncio.timeout(SECONDS + 30):
            while len(heard) < count:
                message = json.loads(await client.recv())
                if "id" in message:
                    heard[message["id"]] = time.monotonic()
    except TimeoutError:
        pass
    return heard


def _write(database_url: str, committed: dict[int, float], count: int) -> None:
    engine = connect_database(database_url)
    due = time.monotonic()
    for _ in range(count):
        due += 1 / PER_SECOND
        now = datetime.now(UTC)
        with Session(engine) as session:
            data = {"person_name": "Jane Smith", "similarity": 0.95, "bbox": [120, 160, 270, 320]}
            row = Recognition(account_id=1, camera_slug="cam_001", kind="face_match", at=now, stored_at=now, data=data)
            session.add(row)
            session.flush()
            number = row.id
            session.commit()
        committed[number] = time.monotonic()
        time.sleep(max(0.0, due - time.monotonic()))
    engine.dispose()


def _memory_mib(port: int) -> float:
    """Of the worker that listens there, and its master."""
    owners = {each.pid for each in psutil.net_connections("tcp") if each.laddr and each.laddr.port == port and each.pid
              and each.status == psutil.CONN_LISTEN}  # fmt: skip
    return sum(psutil.Process(pid).memory_info().rss for pid in owners) / 2**20
