"""Asking devices of the own network over HTTP."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from services.alerts.retry_after import retry_after
from shared.domain.errors import Permanent, Transient, UserError
from shared.net import Poster, Reply, parse_target

_TRY_AGAIN = frozenset({408, 425, 429})
_UNAUTHORIZED = 401
# Small devices close a connection when they like; each request has one of its own.
_HEADERS = {"connection": "close"}

IsRefusal = Callable[[Reply], bool]


def _never(_: Reply) -> bool:
    return False


class DeviceHttp:
    """GET requests with the authentication that the device asks for: Digest (RFC 7616) or Basic. Thread-safe."""

    def __init__(self, poster: Poster, *, allow_private: bool, allow_public: bool) -> None:
        self._poster = poster
        self._allow_private = allow_private
        self._allow_public = allow_public

    def get(self, url: str, *, secret: str | None = None, refused: IsRefusal = _never) -> Reply:
        """The reply when it is 2xx. `refused` tells a reply that will never be another from trouble that passes.

        `secret` is `user:password`, shown only to a device that asks for it. Raises `Transient` and `Permanent`.
        """
        try:
            target = parse_target(url, allow_private=self._allow_private, allow_public=self._allow_public)
        except UserError as error:
            raise Permanent(f"the device's url: {error.reason}") from None
        reply = self._poster.get(target, headers=_HEADERS)
        if reply.status == _UNAUTHORIZED and secret:
            answer = _answer(target.origin + target.path, reply, secret)
            reply = self._poster.get(target, headers={**_HEADERS, "authorization": answer})
        _judge(reply, refused)
        return reply

    def get_object(self, url: str, *, secret: str | None = None, refused: IsRefusal = _never) -> dict[str, Any]:
        """As `get`, for a device that answers with a JSON object; another answer is not from such a device."""
        reply = self.get(url, secret=secret, refused=refused)
        found = json_object(reply)
        if found is None:
            raise Permanent("the device does not answer as one of its kind: is its url right?")
        return found

    def abort(self) -> None:
        """Break off every request in flight."""
        self._poster.abort()

    def close(self) -> None:
        self._poster.close()


def json_object(reply: Reply) -> dict[str, Any] | None:
    """The JSON object in the body; None when there is none."""
    try:
        found = json.loads(reply.body)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _answer(url: str, reply: Reply, secret: str) -> str:
    challenge = reply.headers.get("www-authenticate", "")
    user, _, password = secret.partition(":")
    if challenge.lower().startswith("digest "):
        return _digest(url, reply, user=user, password=password)
    if challenge.lower().startswith("basic"):
        return "Basic " + base64.b64encode(secret.encode()).decode()
    raise Permanent("the device asks for an authentication that is neither Digest nor Basic")


def _digest(url: str, reply: Reply, *, user: str, password: str) -> str:
    import httpx  # only for the few devices that want this; nothing is sent with it

    flow = httpx.DigestAuth(user, password).sync_auth_flow(httpx.Request("GET", url))
    asked = next(flow)
    try:
        signed = flow.send(httpx.Response(reply.status, headers=dict(reply.headers), request=asked))
    except (httpx.ProtocolError, NotImplementedError, KeyError, StopIteration):
        raise Permanent("the device's challenge for a password cannot be answered") from None
    return str(signed.headers["authorization"])


def _judge(reply: Reply, refused: IsRefusal) -> None:
    """Raise what the reply means; returns for 2xx."""
    if 200 <= reply.status < 300:
        return
    if reply.status == _UNAUTHORIZED:
        raise Permanent("HTTP 401: the device refuses the user name or password")
    if 300 <= reply.status < 400:
        raise Permanent(f"HTTP {reply.status}: redirects are not followed; change the device's url")
    said = " ".join(reply.body.decode("utf-8", "replace").split())[:120]
    reason = f"HTTP {reply.status}" + (f": {said}" if said else "")
    if (reply.status in _TRY_AGAIN or reply.status >= 500) and not refused(reply):
        raise Transient(reason, retry_after_s=retry_after(reply.headers, now=datetime.now(UTC)))
    raise Permanent(reason)
