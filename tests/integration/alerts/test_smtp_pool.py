"""Connections to a mail server that are kept, and for how long."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator

import pytest
from aiosmtplib import SMTP

from services.alerts.smtp_pool import SmtpPool
from tests.conftest import wait_until
from tests.integration.alerts.mail_server import MailServer


@pytest.fixture
def server() -> Iterator[MailServer]:
    made = MailServer()
    yield made
    made.close()


def connecting(server: MailServer) -> Callable[[], Awaitable[SMTP]]:
    async def connect() -> SMTP:
        client = SMTP(hostname="127.0.0.1", port=server.port, local_hostname="argus.example.org")
        await client.connect()
        return client

    return connect


def test_a_connection_that_nobody_needs_is_ended(server: MailServer) -> None:
    async def scenario() -> None:
        pool = SmtpPool(connecting(server), most=2, idle_s=0.05)
        async with pool.line(), pool.line():
            pass
        await asyncio.to_thread(wait_until, lambda: server.open_now == 0, what="the end of both")
        async with pool.line():
            assert server.connections == 3
        await pool.close()

    asyncio.run(scenario())


def test_a_connection_carries_no_more_than_servers_like(server: MailServer) -> None:
    async def scenario() -> None:
        pool = SmtpPool(connecting(server), most=1)
        for _ in range(51):
            async with pool.line():
                pass
        await pool.close()

    asyncio.run(scenario())
    assert server.connections == 2
