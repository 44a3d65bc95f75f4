"""From a view to a stream: the connection is taken from the server's threads and given to the loop."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

from flask import Response, request

from services.gateway.live.places import Place, StreamPlaces
from services.gateway.live.stream import Stream
from services.gateway.problem import Problem, Refusal

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_KEY = "argus.handover"
# What belongs to one answer of a known length on a connection that is used again.
_DROPPED = frozenset({"connection", "content-length", "date", "keep-alive", "transfer-encoding"})


class HandedOver(Exception):
    """Raised through the server: the connection is not its own any more."""

    def __init__(self, stream: Stream, place: Place, head: bytes) -> None:
        super().__init__(stream.kind)
        self.stream = stream
        self.place = place
        self.head = head


class _Offer:
    """What a view of this request wants to be handed over."""

    def __init__(self) -> None:
        self.stream: Stream | None = None
        self.place: Place | None = None
        self.writes_head = False


class Handing:
    """A WSGI application in front of the gateway's, for a server that can let go of a connection."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        offer = environ[_KEY] = _Offer()
        begun: list[tuple[str, list[tuple[str, str]]]] = []

        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            begun.append((status, headers))
            return start_response(status, headers, *error)

        answer = self._application(environ, start)
        if offer.stream is None or offer.place is None or not begun:
            return answer
        place, offer.place = offer.place, None  # the response's end is not the stream's
        if close := getattr(answer, "close", None):
            close()
        raise HandedOver(offer.stream, place, b"" if offer.writes_head else _head(*begun[-1]))


def streamed(
    stream: Stream,
    places: StreamPlaces,
    *,
    account_id: int | None,
    headers: Mapping[str, str] | None = None,
    writes_head: bool = False,
) -> Response:
    """The answer of a view whose client is served by `stream` from now on, and by no thread.

    `headers` (`Content-Type` above all) go before it, with those of every answer; a stream that `writes_head` sends the
    whole of the answer itself. HEAD is answered without the stream. Raises `Refusal`: 429 or 503 when there are too
    many streams, 501 under a server that cannot let go of a connection.
    """
    response = Response(headers=dict(headers or {}))
    if request.method == "HEAD":
        return response
    offer = request.environ.get(_KEY)
    if offer is None:
        raise Refusal(Problem(501, "not_implemented", "This server cannot stream; use `python -m services.gateway`"))
    offer.place = places.take(stream.kind, account_id)
    offer.stream, offer.writes_head = stream, writes_head
    response.call_on_close(lambda: offer.place.leave() if offer.place is not None else None)
    return response


def _head(status: str, headers: Iterable[tuple[str, str]]) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Date: {formatdate(usegmt=True)}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers if name.lower() not in _DROPPED]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
