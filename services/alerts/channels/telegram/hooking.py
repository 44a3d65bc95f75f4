"""Telling Telegram where to call when a button is pressed, instead of asking it again and again."""

from __future__ import annotations

import threading

from services.alerts.channels.telegram.api import BotApi
from services.alerts.channels.telegram.poller import bot_name
from services.alerts.loop_thread import LoopThread
from shared.domain.backoff import doubling_s
from shared.domain.errors import ArgusError
from shared.observability import get_logger

log = get_logger("alerts.telegram")

_TIMEOUT_S = 20.0
_PAUSE_S = (2.0, 600.0)


class Hooking:
    """A thread that tells one bot's address and secret to Telegram until that has worked, once."""

    def __init__(self, token: str, *, api: BotApi, loop: LoopThread, address: str, secret: str) -> None:
        self._token = token
        self._api = api
        self._loop = loop
        self._address = address
        self._secret = secret
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"telegram-{bot_name(token)}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        """Try no more. Telegram goes on calling: what is pressed meanwhile waits there."""
        self._ended.set()

    def join(self, timeout_s: float) -> None:
        self._thread.join(timeout=timeout_s)

    def _run(self) -> None:
        failures = 0
        while not self._ended.is_set():
            try:
                self._loop.run(
                    lambda: self._api.call_back(self._token, address=self._address, secret=self._secret),
                    timeout_s=_TIMEOUT_S,
                )
            except ArgusError as error:
                failures += 1
                log.warning("telegram_calls_not_back", bot=bot_name(self._token), reason=str(error))
                self._ended.wait(doubling_s(failures, base_s=_PAUSE_S[0], cap_s=_PAUSE_S[1]))
            else:
                log.info("telegram_calls_back", bot=bot_name(self._token))
                return
