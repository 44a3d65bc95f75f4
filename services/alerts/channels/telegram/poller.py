"""Asking one bot for what happened, again and again."""

from __future__ import annotations

import hashlib
import random
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, Future
from typing import Any

from redis.exceptions import RedisError
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError

from services.alerts.channels.telegram.api import BotApi, reason_of, retry_after_s
from services.alerts.loop_thread import LoopThread
from shared.domain.backoff import doubling_s
from shared.domain.errors import Transient
from shared.observability import get_logger
from shared.ownership.lease import Lease

log = get_logger("alerts.telegram")

CarryOut = Callable[[str, Mapping[str, Any]], None]

_ELSEWHERE_S = 5.0
_GRACE_S = 5.0
_BROKEN_OFF_S = 0.2
# The pause after a failure, doubled up to the second: of a network that is away, of another who asks the same bot,
# and of a token that is wrong until somebody mends it.
_UNREACHABLE_S = (1.0, 30.0)
_CONFLICT_S = (1.0, 60.0)
_REFUSED_S = (60.0, 600.0)


class Poller:
    """A thread that asks a bot and hands over what it hears, in order, at least once each."""

    def __init__(
        self,
        token: str,
        *,
        api: BotApi,
        loop: LoopThread,
        carry_out: CarryOut,
        lease: Lease | None,
        poll_s: int,
    ) -> None:
        self._token = token
        self._api = api
        self._loop = loop
        self._carry_out = carry_out
        self._lease = lease
        self._poll_s = poll_s
        self._offset: int | None = None
        self._trouble = ""
        self._failures = 0
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._asking: Future[Any] | None = None
        self._thread = threading.Thread(target=self._run, name=f"telegram-{bot_name(token)}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        """Break off the question that waits; the thread ends at once, or after the press it is at."""
        with self._lock:
            self._ended.set()
            if self._asking is not None:
                self._asking.cancel()

    def join(self, timeout_s: float) -> None:
        self._thread.join(timeout=timeout_s)

    def _run(self) -> None:
        while not self._ended.is_set():
            if not self._is_ours():
                self._ended.wait(_ELSEWHERE_S)
                continue
            self._ended.wait(self._round())
        if self._lease is not None:
            try:
                self._lease.release()
            except RedisError:
                return  # it ends by itself

    def _is_ours(self) -> bool:
        """Whether this replica asks: with two of them, Telegram would turn away one after the other."""
        try:
            return self._lease is None or self._lease.acquire()
        except RedisError:
            return True

    def _round(self) -> float:
        """Ask once and hand over; how long to pause then."""
        try:
            updates = self._ask()
        except (CancelledError, Transient):
            return _BROKEN_OFF_S  # by the end of this poller or of the channel
        except TelegramError as error:
            return self._failed(error)
        except Exception as error:  # noqa: BLE001 – consumer loop: whatever a server answers, the next may be better
            return self._pause("telegram_unreachable", type(error).__name__, _UNREACHABLE_S)
        for number, update in updates:
            try:
                self._carry_out(self._token, update)
            except Transient as error:
                return self._pause("press_postponed", str(error), _UNREACHABLE_S)
            except Exception:  # consumer loop: one press that cannot be carried out must not hold up the others
                log.exception("press_failed", bot=bot_name(self._token))
            self._offset = number + 1
        self._is_well()
        return 0.0

    def _ask(self) -> list[tuple[int, dict[str, Any]]]:
        with self._lock:
            if self._ended.is_set():
                return []
            self._asking = asking = self._loop.begin(
                lambda: self._api.updates(self._token, offset=self._offset, poll_s=self._poll_s),
                timeout_s=2 * self._poll_s + _GRACE_S,
            )
        return asking.result()

    def _failed(self, error: TelegramError) -> float:
        reason = reason_of(error, self._token)
        if isinstance(error, InvalidToken):
            return self._pause("telegram_token_refused", "set the right token; until then no press arrives", _REFUSED_S)
        if isinstance(error, Conflict):
            # Another program asks this bot, or a webhook is set: only one of them hears of presses.
            return self._pause("telegram_asked_by_another", reason, _CONFLICT_S)
        if isinstance(error, RetryAfter):
            return retry_after_s(error)
        return self._pause("telegram_unreachable", reason, _UNREACHABLE_S)

    def _pause(self, trouble: str, reason: str, between: tuple[float, float]) -> float:
        """Log what is new, and how long to wait."""
        if trouble != self._trouble:
            self._trouble, self._failures = trouble, 0
            log.warning(trouble, bot=bot_name(self._token), reason=reason)
        self._failures += 1
        most_s = doubling_s(self._failures, base_s=between[0], cap_s=between[1])
        return random.uniform(most_s / 2, most_s)

    def _is_well(self) -> None:
        if self._trouble:
            log.info("telegram_listens_again", bot=bot_name(self._token))
        self._trouble, self._failures = "", 0


def bot_name(token: str) -> str:
    """What a bot may be called in a log: its number, which everybody can see, else a part of a digest."""
    number = token.partition(":")[0]
    return number if number.isdecimal() else hashlib.sha256(token.encode()).hexdigest()[:8]
