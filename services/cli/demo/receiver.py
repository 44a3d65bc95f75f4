"""A webhook receiver on loopback that checks signatures and counts what came twice.

`WebhookReceiver` is for the demo, tests and measurements: it verifies the headers of Standard Webhooks
(https://www.standardwebhooks.com), keeps what came and shows each delivery as one line.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.text import Text

from services.cli.demo.signed import Refusal, verify
from shared.observability import get_logger

log = get_logger("demo.receiver")

PATH = "/webhook"
MAX_BODY_BYTES = 1 << 20
KEPT = 10_000
"""So many deliveries, and ten times as many ids, are remembered."""

SLOW_CLIENT_S = 10.0


@dataclass(frozen=True, slots=True)
class Delivery:
    """One request that reached the receiver.

    `received_at_s` is seconds since the epoch; `verified` is whether the signature is right; `doubled`
    is whether a delivery of the same id was taken before; `refusal` says why it was not taken, if so.
    """

    webhook_id: str
    body: Mapping[str, Any]
    headers: Mapping[str, str]
    received_at_s: float
    verified: bool
    doubled: bool = False
    refusal: str = ""


OnDelivery = Callable[[Delivery], None]


class WebhookReceiver:
    """Listens while its `with` block lasts, on a free port unless one is given.

    `secret` is `whsec_<base64>` (None takes everything unverified); a request whose signature is wrong is
    answered 401 and not taken. `on_delivery` is called in a thread of the receiver for each request with a
    readable body, taken or not; `console` has a line printed for it. `answer` may reply with another status
    than 204, to play a receiver in trouble: what is answered 300 or more was not taken.
    """

    def __init__(
        self,
        secret: str | None = None,
        *,
        on_delivery: OnDelivery | None = None,
        console: Console | None = None,
        answer: Callable[[Delivery], int] | None = None,
        port: int = 0,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._secret, self._on_delivery, self._console = secret, on_delivery, console
        self._answer, self._port, self._now = answer, port, now
        self._changed = threading.Condition()
        self._received: deque[Delivery] = deque(maxlen=KEPT)
        self._ids: OrderedDict[str, None] = OrderedDict()
        self._taken = self._doubled = self._refused = 0
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._server = _Server(("127.0.0.1", self._port), self)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="webhook-receiver", daemon=True
        )
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
            self._port = self._server.server_address[1]
            self._server = None

    @property
    def url(self) -> str:
        """Where deliveries are to be posted; after the block, where they were."""
        port = self._server.server_address[1] if self._server else self._port
        return f"http://127.0.0.1:{port}{PATH}"

    @property
    def received(self) -> tuple[Delivery, ...]:
        """What was taken and came for the first time, oldest first."""
        with self._changed:
            return tuple(self._received)

    @property
    def doubled(self) -> int:
        """How many deliveries had an id that was taken before."""
        with self._changed:
            return self._doubled

    @property
    def refused(self) -> int:
        """How many requests were not taken."""
        with self._changed:
            return self._refused

    def wait_for(self, count: int, *, timeout_s: float) -> bool:
        """Block until `count` different deliveries were taken; False when the time is over first."""
        with self._changed:
            return self._changed.wait_for(lambda: self._taken >= count, timeout_s)

    def take(self, headers: Mapping[str, str], raw: bytes) -> tuple[int, Delivery | None]:
        """Judge one request and keep it: the HTTP status to answer, and what to `show` after that.

        `headers` have lower-case names.
        """
        received_at_s = self._now()
        refusal, verified = "", False
        try:
            verified = verify(self._secret, headers=headers, body=raw, now_s=received_at_s)
        except Refusal as error:
            refusal = str(error)
        body = _json_object(raw)
        if body is None:
            return HTTPStatus.BAD_REQUEST, self._count(None)
        webhook_id = headers.get("webhook-id", "")
        delivery = Delivery(webhook_id, body, headers, received_at_s, verified, refusal=refusal)
        status = HTTPStatus.UNAUTHORIZED if refusal else self._status(delivery)
        return status, self._count(delivery, taken=status < HTTPStatus.MULTIPLE_CHOICES)

    def show(self, delivery: Delivery | None) -> None:
        """Print a delivery and call back, where either is wished."""
        if delivery is None:
            return
        if self._console is not None:
            self._console.print(delivery_line(delivery), highlight=False, soft_wrap=True)
        if self._on_delivery is not None:
            self._on_delivery(delivery)

    def _status(self, delivery: Delivery) -> int:
        return self._answer(delivery) if self._answer else HTTPStatus.NO_CONTENT

    def _count(self, delivery: Delivery | None, *, taken: bool = False) -> Delivery | None:
        """Keep books; the delivery as it turned out."""
        with self._changed:
            if delivery is None or not taken:
                self._refused += 1
                return delivery
            if delivery.webhook_id and delivery.webhook_id in self._ids:
                self._doubled += 1
                return replace(delivery, doubled=True)
            self._ids[delivery.webhook_id] = None
            if len(self._ids) > 10 * KEPT:
                self._ids.popitem(last=False)
            self._received.append(delivery)
            self._taken += 1
            self._changed.notify_all()
            return delivery


def delivery_line(delivery: Delivery) -> Text:
    """A delivery in one coloured line: the time, what was seen where, how sure, and whether it can be trusted."""
    body = delivery.body
    clock = time.strftime("%H:%M:%S", time.localtime(delivery.received_at_s))
    line = Text.assemble((clock, "dim"), "  ", ("ALERT", "bold white on red"), "  ")
    line.append(_plain(body.get("detection_type", "?")), "bold yellow")
    line.append(" at ").append(_plain(body.get("camera_name") or body.get("camera_id", "?")), "cyan")
    confidence = body.get("confidence")
    if isinstance(confidence, int | float):
        line.append(f"  {confidence:.0%}")
    if delivery.refusal:
        line.append(f"  ✗ refused: {delivery.refusal}", "bold red")
    else:
        line.append("  ✓ signed" if delivery.verified else "  unsigned", "green" if delivery.verified else "yellow")
    if delivery.doubled:
        line.append("  delivered before", "bold magenta")
    return line.append(f"  {_plain(delivery.webhook_id)}", "dim")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], receiver: WebhookReceiver) -> None:
        super().__init__(address, _Handler)
        self.receiver = receiver

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away, or a callback that failed, ends its own request only."""
        del request, client_address
        log.warning("webhook_request_failed", error=repr(sys.exception()))


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = SLOW_CLIENT_S

    def do_POST(self) -> None:
        if self.path != PATH:
            self._reply(HTTPStatus.NOT_FOUND)
            return
        length = self.headers.get("content-length", "")
        if not length.isdecimal():
            self._reply(HTTPStatus.LENGTH_REQUIRED)
        elif int(length) > MAX_BODY_BYTES:
            self._reply(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        else:
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, delivery = self.server.receiver.take(headers, self.rfile.read(int(length)))
            self._reply(status)
            # Answered first: what showing costs, or breaks, must not look like a slow or failing receiver.
            self.server.receiver.show(delivery)

    def _reply(self, status: int) -> None:
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the deliveries themselves are shown."""


def _json_object(raw: bytes) -> dict[str, Any] | None:
    try:
        body = json.loads(raw)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _plain(value: object) -> str:
    """Text from outside, without characters that would move the cursor or colour the terminal."""
    return "".join(character if character.isprintable() else "·" for character in str(value)[:120])
