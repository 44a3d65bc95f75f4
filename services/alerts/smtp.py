"""Handing messages to a mail server."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPSenderRefused,
)

from services.alerts.smtp_faults import MEND_S, Stage, refused, said
from services.alerts.smtp_pool import SmtpPool
from shared.domain.errors import Transient
from shared.net.guard import Resolver, system_resolver

Security = Literal["starttls", "tls", "plain"]

# A host of which one address is dead must be reached by another in time.
_PER_ADDRESS_S: Final = 4.0


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where messages are handed in, and how. `hello` is what we call ourselves; none: this machine's name."""

    host: str
    port: int
    security: Security
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    verify: bool = True
    hello: str | None = None
    connections: int = 3


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message in the bytes that travel (ASCII alone), and between whom."""

    sender: str
    recipient: str
    content: bytes


class Mailer:
    """All of it on one asyncio loop. Ends when its caller's time ends: nothing in here has a time-out of its own."""

    def __init__(self, server: MailServer, *, resolver: Resolver = system_resolver) -> None:
        self._server = server
        self._resolver = resolver
        self._hello = server.hello
        self._tls = None if server.security == "plain" else tls_context(server.ca_file, verify=server.verify)
        self._pool = SmtpPool(self._connect, most=server.connections)

    async def send(self, envelope: Envelope, *, attempt: int) -> str:
        """The server's words once it has taken the message over. `attempt` counts from 1.

        Raises `Transient` or `Permanent`, as `smtp_faults` has them.
        """
        try:
            async with self._pool.line() as client:
                await client.mail(envelope.sender, options=_options(client, envelope))
                await client.rcpt(envelope.recipient)
                reply = await client.data(envelope.content)
        except SMTPResponseException as error:
            raise refused(_stage(error), error.code, error.message, attempt=attempt) from None
        except (SMTPException, OSError) as error:
            raise self._unreachable(error) from error
        return f"{reply.code} {said(reply.message)}"

    async def close(self) -> None:
        """Take leave of the server."""
        await self._pool.close()

    async def _connect(self) -> SMTP:
        server = self._server
        client = SMTP(
            hostname=server.host,
            sock=await self._connected_socket(),
            use_tls=server.security == "tls",
            start_tls=server.security == "starttls",
            tls_context=self._tls,
            username=server.username,
            password=server.password,
            local_hostname=self._hello,
            timeout=None,
        )
        await client.connect()
        if client.is_ehlo_or_helo_needed:
            await client.ehlo()
        self._hello = client.local_hostname
        return client

    async def _connected_socket(self) -> socket.socket:
        """Connected to the first address of the host that answers."""
        loop = asyncio.get_running_loop()
        host, port = self._server.host, self._server.port
        try:
            addresses = await loop.run_in_executor(None, self._resolver, host, port)
        except (OSError, UnicodeError) as error:
            raise Transient(
                f"the name {host} cannot be resolved: {getattr(error, 'strerror', None) or error}"
            ) from None
        why = "it has no address"
        for address in addresses:
            try:
                async with asyncio.timeout(None if address == addresses[-1] else _PER_ADDRESS_S):
                    return await _socket_to(address, port)
            except OSError as error:
                why = os.strerror(error.errno) if error.errno else "no answer"
        raise Transient(f"the mail server {host}:{port} cannot be reached: {why}")

    def _unreachable(self, error: Exception) -> Transient:
        """What the network, TLS or the server's lack of an extension mean."""
        place = f"the mail server {self._server.host}:{self._server.port}"
        cause = _tls_cause(error)
        if isinstance(cause, ssl.SSLCertVerificationError):
            why = cause.verify_message or str(cause)
            return Transient(f"the certificate of {place} cannot be trusted: {why} – set ca_file to its authority")
        if cause is not None:
            return Transient(f"no encrypted connection to {place}: {cause.reason or cause}")
        if not isinstance(error, OSError):
            # The server lacks what the settings ask of it: STARTTLS, or a way to log in.
            return Transient(f"{place} cannot be used as set: {said(str(error))}", retry_after_s=MEND_S)
        why = said(str(error.__cause__ or error)) or type(error).__name__
        return Transient(f"the connection to {place} failed: {why}")


def tls_context(ca_file: Path | None, *, verify: bool) -> ssl.SSLContext:
    """Trusts the system's authorities, or those in `ca_file` alone. Raises `OSError` when that cannot be read."""
    context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _options(client: SMTP, envelope: Envelope) -> list[str]:
    return [f"size={len(envelope.content)}"] if client.supports_extension("size") else []


def _stage(error: SMTPResponseException) -> Stage:
    stages: list[tuple[type[SMTPResponseException], Stage]] = [
        (SMTPAuthenticationError, "login"),
        (SMTPSenderRefused, "sender"),
        (SMTPRecipientRefused, "recipient"),
        (SMTPDataError, "message"),
    ]
    return next((stage for kind, stage in stages if isinstance(error, kind)), "greeting")


async def _socket_to(address: str, port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    try:
        made.setblocking(False)
        await asyncio.get_running_loop().sock_connect(made, (address, port))
    except BaseException:
        made.close()
        raise
    return made


def _tls_cause(error: BaseException | None) -> ssl.SSLError | None:
    while error is not None and not isinstance(error, ssl.SSLError):
        error = error.__cause__
    return error
