"""Whether a request can become a WebSocket (RFC 6455, 4.2.1), before anything is done about it."""

from __future__ import annotations

from typing import Final

from flask import Request
from websockets.datastructures import Headers
from websockets.exceptions import InvalidHandshake, InvalidHeader, InvalidUpgrade
from websockets.http11 import Request as Handshake
from websockets.server import ServerProtocol

from services.gateway.problem import Problem, Refusal

_VERSION: Final = "13"
_OF_THE_HANDSHAKE: Final = (
    "Connection",
    "Upgrade",
    "Sec-WebSocket-Key",
    "Sec-WebSocket-Version",
    "Sec-WebSocket-Protocol",
)


def handshake_headers(request: Request) -> list[tuple[str, str]]:
    """Those a WebSocket is opened by; what else a client sends is not the library's to stumble over.

    Raises `Refusal`: 426 where the client has to ask in another way, else 400.
    """
    if not _asks_for_socket(request):
        raise _ask_anew("Ask for a WebSocket")
    if request.headers.get("Sec-WebSocket-Version", _VERSION).strip() != _VERSION:
        raise _ask_anew(f"Ask for version {_VERSION} of the WebSocket protocol")
    if request.content_length or "Transfer-Encoding" in request.headers:
        raise _wrong("It must not have a body")
    headers = [(name, request.headers[name]) for name in _OF_THE_HANDSHAKE if name in request.headers]
    _check(headers)
    return headers


def _asks_for_socket(request: Request) -> bool:
    return "websocket" in request.headers.get("Upgrade", "").lower()


def _check(headers: list[tuple[str, str]]) -> None:
    try:
        ServerProtocol().process_request(Handshake("/", Headers(headers)))
    except InvalidUpgrade as error:
        raise _ask_anew(f"Ask for a WebSocket: the header {error.name} is missing or wrong") from None
    except InvalidHeader as error:
        raise _wrong(f"The header {error.name} is missing or wrong") from None
    except InvalidHandshake:
        raise _wrong("Its headers contradict each other") from None


def _ask_anew(message: str) -> Refusal:
    headers = {"Upgrade": "websocket", "Sec-WebSocket-Version": _VERSION}
    return Refusal(Problem(426, "upgrade_required", message, headers=headers))


def _wrong(reason: str) -> Refusal:
    return Refusal(Problem(400, "invalid_request", f"This is no handshake of a WebSocket. {reason}"))
