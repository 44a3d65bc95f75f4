"""A real mail server on loopback that behaves as well or as badly as a test asks."""

from __future__ import annotations

import asyncio
import logging
import ssl
import threading
from collections import Counter, deque
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.integration.alerts.certificate import Certificate

HANG = "hang"
"""Say nothing any more, and keep the line."""
HALF_CLOSE = "half close"
"""Say nothing any more, and close our half of the connection."""
HANG_UP = "hang up"
"""Break the connection."""

logging.getLogger("mail.log").setLevel(logging.CRITICAL)


@dataclass(frozen=True)
class Taken:
    """A message that the server took over."""

    sender: str
    recipient: str
    content: bytes
    encrypted: bool
    user: str | None

    @property
    def message(self) -> EmailMessage:
        parsed = message_from_bytes(self.content, policy=default)
        assert isinstance(parsed, EmailMessage)
        return parsed


class MailServer:
    """`answers` maps MAIL, RCPT, DATA or QUIT to what is said next, one after the other; else all is taken.

    An answer is a reply line, or one of HANG, HALF_CLOSE and HANG_UP.
    """

    def __init__(
        self,
        *,
        security: str = "plain",
        certificate: Certificate | None = None,
        users: dict[str, str] | None = None,
        greeting: str | None = None,
        busy_s: float = 0.0,
    ) -> None:
        self.answers: dict[str, deque[str]] = {name: deque() for name in ("MAIL", "RCPT", "DATA")}
        self.always: dict[str, str] = {}
        self.taken: list[Taken] = []
        self.asked: Counter[str] = Counter()
        self.connections = 0
        self.dialogs: set[_Dialog] = set()
        self.most_at_once = 0
        self.port = 0
        self._users = users
        self._greeting = greeting
        self._busy_s = busy_s
        self._security = security
        self._tls = _server_context(certificate) if certificate else None
        self._released: asyncio.Event | None = None
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(ready,), daemon=True)
        self._thread.start()
        assert ready.wait(10)

    @property
    def open_now(self) -> int:
        """How many are connected."""
        return len(self.dialogs)

    def hang_up_on_all(self) -> None:
        """Break every connection there is. Returns once they are gone."""
        asyncio.run_coroutine_threadsafe(self._hang_up(), self._loop).result(5)

    def close(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(timeout=5)

    def _serve(self, ready: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        implicit = self._tls if self._security == "tls" else None
        start = self._loop.create_server(self._protocol, "127.0.0.1", 0, ssl=implicit)
        self._server = self._loop.run_until_complete(start)
        self.port = int(self._server.sockets[0].getsockname()[1])
        self._released = asyncio.Event()
        self._loop.call_soon(ready.set)
        self._loop.run_forever()
        self._server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    def _protocol(self) -> asyncio.BaseProtocol:
        if self._greeting is not None:
            return _Greeter(self._greeting)
        self.connections += 1
        return _Dialog(
            self,
            hostname="mail.example.org",
            tls_context=self._tls if self._security == "starttls" else None,
            require_starttls=self._security == "starttls",
            authenticator=self._check if self._users is not None else None,
            auth_required=self._users is not None,
            auth_require_tls=False,
            loop=self._loop,
        )

    def _check(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        assert self._users is not None
        self.asked["AUTH"] += 1
        user, password = data.login.decode(), data.password.decode()
        return AuthResult(success=self._users.get(user) == password, handled=False, auth_data=user)

    async def handle_MAIL(  # noqa: N802 – aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        said = await self._said("MAIL", server)
        if said.startswith("2"):
            envelope.mail_from = address
        return said

    async def handle_RCPT(  # noqa: N802 – aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        said = await self._said("RCPT", server)
        if said.startswith("2"):
            envelope.rcpt_tos.append(address)
        return said

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        await asyncio.sleep(self._busy_s)
        said = await self._said("DATA", server)
        if said.startswith("2"):
            content = envelope.original_content or b""
            encrypted = session.ssl is not None or self._security == "tls"
            user = str(session.auth_data) if session.authenticated else None
            self.taken += [
                Taken(str(envelope.mail_from), recipient, content, encrypted, user) for recipient in envelope.rcpt_tos
            ]
        return said

    async def _hang_up(self) -> None:
        for dialog in list(self.dialogs):
            if dialog.transport is not None:
                dialog.transport.abort()  # type: ignore[attr-defined]
        while self.dialogs:
            await asyncio.sleep(0.005)

    async def _said(self, command: str, server: SMTP) -> str:
        self.asked[command] += 1
        waiting = self.answers[command]
        answer = waiting.popleft() if waiting else self.always.get(command, "250 2.0.0 taken")
        assert server.transport is not None
        if answer == HANG_UP:
            server.transport.abort()  # type: ignore[attr-defined]
        if answer == HALF_CLOSE:
            server.transport.write_eof()  # type: ignore[attr-defined]
        if answer in (HANG, HALF_CLOSE, HANG_UP):
            assert self._released is not None
            await self._released.wait()
        return answer


class _Dialog(SMTP):
    """Counts who is connected."""

    def __init__(self, owner: MailServer, **options: Any) -> None:
        super().__init__(owner, **options)
        self._owner = owner
        self._counted = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not self._counted:  # once more after STARTTLS
            self._counted = True
            self._owner.dialogs.add(self)
            self._owner.most_at_once = max(self._owner.most_at_once, self._owner.open_now)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._owner.dialogs.discard(self)
        super().connection_lost(error)


class _Greeter(asyncio.Protocol):
    """Says one thing, or (HANG) nothing at all."""

    def __init__(self, greeting: str) -> None:
        self._greeting = greeting

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        if self._greeting != HANG:
            transport.write(f"{self._greeting}\r\n".encode())


def _server_context(certificate: Certificate) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.file, certificate.key_file)
    return context
