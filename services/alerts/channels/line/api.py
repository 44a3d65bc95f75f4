"""The calls to the Messaging API that alerts need.

LINE's library asks the machine for its network when it is imported: that happens once somebody is to be told.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp

from shared.domain.errors import Permanent, Transient
from shared.recipients.line_account import refusal

_NAMESPACE: Final = uuid.UUID("3c1d4f0a-8f0b-5d4e-9b57-6f6a2f2f9d11")
_QUOTA = "monthly limit"
_REQUEST_ID = "x-line-request-id"
_ACCEPTED_ID = "x-line-accepted-request-id"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One alert: to whom (None: all who follow the account), what, and how. `picture` is an address over HTTPS."""

    token: str = field(repr=False)
    to: str | tuple[str, ...] | None
    delivery_id: str
    text: str
    picture: str | None
    silent: bool


class LineApi:
    """For the loop's thread alone. One pool of connections for each token; never repeats a call by itself."""

    def __init__(self, *, base_url: str, timeout_s: float) -> None:
        from linebot.v3 import messaging

        self._line: Any = messaging
        self._base_url = base_url
        self._timeout_s = timeout_s
        self._clients: dict[str, Any] = {}

    async def tell(self, outgoing: Outgoing) -> dict[str, Any]:
        """Send it; the receipt. A second time with the same delivery, LINE says that it has it: that is a success."""
        try:
            with _network_translated():
                reply = await self._call(outgoing)
        except self._line.ApiException as error:
            if error.status == 409:
                accepted = _header(error.headers, _ACCEPTED_ID)
                return {"request_id": accepted, "repeated": True, **_sent(error.body)}
            raise _judged(error, outgoing.token) from None
        return {"request_id": _header(reply.headers, _REQUEST_ID), **_sent(reply.raw_data)}

    async def _call(self, outgoing: Outgoing) -> Any:
        line, api = self._line, self._line.AsyncMessagingApi(self._client(outgoing.token))
        what = {"messages": self._messages(outgoing), "notificationDisabled": outgoing.silent}
        how = {"x_line_retry_key": retry_key(outgoing.delivery_id), "_request_timeout": self._timeout()}
        if outgoing.to is None:
            return await api.broadcast_with_http_info(line.BroadcastRequest(**what), **how)
        if isinstance(outgoing.to, str):
            return await api.push_message_with_http_info(line.PushMessageRequest(to=outgoing.to, **what), **how)
        return await api.multicast_with_http_info(line.MulticastRequest(to=list(outgoing.to), **what), **how)

    async def close(self) -> None:
        """Give back connections."""
        for client in self._clients.values():
            await client.close()
        self._clients.clear()

    def _client(self, token: str) -> Any:
        if token not in self._clients:
            configuration = self._line.Configuration(host=self._base_url, access_token=token)
            self._clients[token] = self._line.AsyncApiClient(configuration)
        return self._clients[token]

    def _messages(self, outgoing: Outgoing) -> list[Any]:
        text = self._line.TextMessage(text=outgoing.text)
        if outgoing.picture is None:
            return [text]
        url = outgoing.picture
        return [text, self._line.ImageMessage(originalContentUrl=url, previewImageUrl=url)]

    def _timeout(self) -> aiohttp.ClientTimeout:
        return aiohttp.ClientTimeout(total=self._timeout_s)


def retry_key(delivery_id: str) -> str:
    """The same for every attempt of a delivery: LINE sends once whatever comes under it within 24 hours."""
    return str(uuid.uuid5(_NAMESPACE, delivery_id))


@contextmanager
def _network_translated() -> Iterator[None]:
    try:
        yield
    except (TimeoutError, aiohttp.ServerTimeoutError):
        raise Transient("LINE did not answer in time") from None
    except (aiohttp.InvalidURL, aiohttp.TooManyRedirects):
        raise Permanent("the address of the Messaging API leads nowhere") from None
    except aiohttp.ClientError as error:
        raise Transient(f"{type(error).__name__}: the connection to LINE failed") from None
    except ValueError as error:
        if "header" in str(error).lower():  # the library's message shows the header, and the header is the token
            raise Permanent("the channel access token holds characters that no token has") from None
        # It may have been accepted: the same key again will tell.
        raise Transient("LINE gave an answer that cannot be read") from None


def _judged(error: Any, token: str) -> Transient | Permanent:
    status = error.status or 0
    reason = refusal(status, error.body, token)
    if status == 429 and _QUOTA in reason.lower():
        # Waiting for the next month helps nobody, and would hold up what comes after a larger plan was bought.
        return Permanent(f"the official account's messages of this month are used up ({reason})")
    if status in (408, 429) or status >= 500:
        wanted = (_header(error.headers, "retry-after") or "").strip()
        return Transient(reason, retry_after_s=float(wanted) if wanted.isascii() and wanted.isdecimal() else None)
    return Permanent(reason)


def _sent(body: str | bytes | None) -> dict[str, Any]:
    """What LINE calls the message, where it says so: for a push, not for a broadcast."""
    try:
        return {"message_id": json.loads(body or b"")["sentMessages"][0]["id"]}
    except (ValueError, TypeError, KeyError, IndexError):
        return {}


def _header(headers: Mapping[str, str] | None, name: str) -> str | None:
    return headers.get(name) if headers is not None else None
