"""Clients that listen to what a gateway stores."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
from sqlalchemy.orm import Session
from websockets.sync.client import ClientConnection, connect

from shared.accounts.users import account_named
from shared.db.engine import connect as connect_database
from tests.integration.gateway.server import Server
from tests.unit.gateway.installation import event, recognition


class Site:
    def __init__(self, server: Server) -> None:
        self.server = server
        self.engine = connect_database(f"sqlite:///{server.log.parent / 'data' / 'argus.db'}")

    def store(self, *, who: str = "alice", **values: Any) -> int:
        """A recognition that is committed now; its number."""
        return self._stored(lambda account: recognition(account_id=account, **values), who)

    def store_event(self, *, who: str = "alice", **values: Any) -> int:
        return self._stored(lambda account: event(account_id=account, **values), who)

    def store_many(self, data: list[dict[str, Any]]) -> list[int]:
        """Alice's, committed at once."""
        with Session(self.engine) as session:
            account = account_named(session, "alice").id
            rows = [recognition(account_id=account, data=each) for each in data]
            session.add_all(rows)
            session.commit()
            return [row.id for row in rows]

    def _stored(self, make: Callable[[int], Any], who: str) -> int:
        with Session(self.engine) as session:
            row = make(account_named(session, who).id)
            session.add(row)
            session.commit()
            return int(row.id)

    def socket(self, query: str = "", *, who: str | None = "alice", **more: Any) -> ClientConnection:
        headers = {"Authorization": f"Bearer {self.server.keys[who]}"} if who else {}
        url = self.server.url.replace("http", "ws") + f"/securevision/stream{query}"
        opened: ClientConnection = connect(url, additional_headers=headers, open_timeout=15, **more)
        return opened

    def clients(self) -> int:
        answer = httpx.get(f"{self.server.url}/securevision/health", timeout=10)
        return int(answer.json()["ws_clients"])


def heard(client: ClientConnection) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(client.recv(timeout=15))
    return message
