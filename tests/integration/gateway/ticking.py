"""A small application with streams, for gunicorn with the gateway's worker class."""

from __future__ import annotations

import asyncio
import threading

from flask import Flask, Response

from services.gateway.live.handover import streamed
from services.gateway.live.places import StreamPlaces
from services.gateway.live.stream import Connection, Stream
from services.gateway.problem import Refusal

application = Flask(__name__)
places = StreamPlaces(overall=60, per_account=50)


class Ticks(Stream):
    kind = "ticks"

    async def run(self, connection: Connection) -> None:
        for number in range(1000):
            await connection.send(f"tick {number}\n".encode())
            await asyncio.sleep(0.05)

    async def finish(self, connection: Connection) -> None:
        await connection.send(b"good-bye\n")


class Flood(Stream):
    kind = "flood"

    async def run(self, connection: Connection) -> None:
        while True:
            await connection.send(b"x" * 16_384)


class Echo(Stream):
    kind = "echo"

    async def run(self, connection: Connection) -> None:
        connection.listen(connection.send_now)
        await asyncio.sleep(60)


class Broken(Stream):
    kind = "broken"

    async def run(self, connection: Connection) -> None:
        await connection.send(b"so far\n")
        raise RuntimeError("on purpose")


KINDS: dict[str, type[Stream]] = {kind.kind: kind for kind in (Ticks, Flood, Echo, Broken)}


@application.get("/streams/<kind>")
def stream(kind: str) -> Response:
    try:
        return streamed(KINDS[kind](), places, account_id=1, headers={"Content-Type": "text/plain", "X-Kept": "yes"})
    except Refusal as refusal:
        return Response(refusal.problem.message, status=refusal.problem.status)


@application.get("/state")
def state() -> dict[str, int]:
    return {"threads": threading.active_count(), **{kind: places.count(kind) for kind in KINDS}}
