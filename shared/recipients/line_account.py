"""What LINE says of an official account: who it is, and how much it may still send this month.

For checking a channel access token before anybody relies on it. The library is loaded by the first call.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from shared.domain.errors import Permanent, Transient

T = TypeVar("T")

LINE_API: Final = "https://api.line.me"

_REASON = 200


@dataclass(frozen=True, slots=True)
class LineAccount:
    """An official account. `basic_id` is its @name, by which people find it."""

    user_id: str
    basic_id: str
    display_name: str


@dataclass(frozen=True, slots=True)
class LineQuota:
    """The messages of this month: how many may be sent (None: any number), how many were."""

    most: int | None
    used: int

    @property
    def left(self) -> int | None:
        return None if self.most is None else max(0, self.most - self.used)


def bot_info(token: str, *, base_url: str = LINE_API, timeout_s: float = 10.0) -> LineAccount:
    """Whose token it is. Blocks; raises `Permanent` when LINE does not know it, `Transient` when it does not answer."""
    found = _ask(token, lambda api: api.get_bot_info(_request_timeout=timeout_s), base_url=base_url)
    return LineAccount(found.user_id, found.basic_id, found.display_name)


def quota(token: str, *, base_url: str = LINE_API, timeout_s: float = 10.0) -> LineQuota:
    """How much the account may send. Blocks and raises as `bot_info` does."""
    allowed = _ask(token, lambda api: api.get_message_quota(_request_timeout=timeout_s), base_url=base_url)
    used = _ask(token, lambda api: api.get_message_quota_consumption(_request_timeout=timeout_s), base_url=base_url)
    return LineQuota(allowed.value if allowed.type == "limited" else None, used.total_usage)


def refusal(status: int, body: str | bytes | None, token: str) -> str:
    """What LINE says to a request that failed, as one short line without the token."""
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body or ""
    try:
        said = json.loads(text)
        words = [said["message"], *(f"{each['property']}: {each['message']}" for each in said.get("details", ()))]
    except (ValueError, TypeError, KeyError, AttributeError):
        words = [text]
    line = " ".join("; ".join(map(str, words)).replace(token, "***").split())[:_REASON]
    return f"HTTP {status}" + (f": {line}" if line else "")


def _ask(token: str, call: Callable[[Any], T], *, base_url: str) -> T:
    from linebot.v3.messaging import ApiClient, Configuration, MessagingApi

    configuration = Configuration(host=base_url, access_token=token)
    configuration.retries = False
    with _translated(token), ApiClient(configuration) as client:
        return call(MessagingApi(client))


@contextmanager
def _translated(token: str) -> Iterator[None]:
    from linebot.v3.messaging.exceptions import ApiException
    from urllib3.exceptions import HTTPError

    try:
        yield
    except ApiException as error:
        reason = refusal(error.status or 0, error.body, token)
        if error.status in (408, 429) or (error.status or 500) >= 500:
            raise Transient(reason) from None
        raise Permanent(reason) from None
    except HTTPError as error:
        raise Transient(f"LINE did not answer: {type(error).__name__}") from None
    except ValueError:  # of the library's models and decoders
        raise Transient("LINE gave an answer that cannot be read") from None
