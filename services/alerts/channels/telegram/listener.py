"""Listening to all the bots of an installation."""

from __future__ import annotations

import hashlib
import threading
import time
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING

from redis import Redis
from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError

from services.alerts.answers import Take
from services.alerts.channels.telegram.options import TelegramOptions
from services.alerts.channels.telegram.presses import Presses
from services.alerts.loop_thread import LoopThread
from shared.db.engine import connect as connect_database
from shared.db.engine import read_sessions
from shared.db.recipients import RecipientRow
from shared.domain.errors import Permanent
from shared.observability import get_logger
from shared.ownership.lease import Lease
from shared.recipients.telegram_hooks import Hooks, bot_number
from shared.settings import Settings
from shared.streams import connect

if TYPE_CHECKING:
    from services.alerts.channels.telegram.api import BotApi
    from services.alerts.channels.telegram.hooking import Hooking
    from services.alerts.channels.telegram.poller import Poller

log = get_logger("alerts.telegram")

_CHANNEL = "telegram"
_JOIN_S = 0.8


class Listener:
    """One poller for each bot that has somebody to hear from; looks for new ones now and then.

    With `hooks`, Telegram is told of each bot where to call, and not asked.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        options: TelegramOptions,
        token_of: Callable[[RecipientRow], str],
        api: Callable[[], BotApi],
        loop: LoopThread,
        hooks: Hooks | None = None,
    ) -> None:
        self._settings = settings
        self._options = options
        self._token_of = token_of
        self._api = api
        self._loop = loop
        self._hooks = hooks
        self._holder = uuid.uuid4().hex
        self._pollers: dict[str, Poller | Hooking] = {}
        self._is_blind = False

    def run(self, stop: threading.Event, take: Take) -> None:
        """Blocks until `stop` is set, and a second longer at most."""
        engine = connect_database(self._settings.effective_database_url)
        redis = connect(self._settings.redis_url) if self._settings.redis_url else None
        presses = Presses(read_sessions(engine), take, token_of=self._token_of, api=self._api, loop=self._loop)
        try:
            while not stop.is_set():
                self._follow(self._bots(engine), presses, redis)
                stop.wait(self._options.refresh_s)
        finally:
            self._end(list(self._pollers))
            engine.dispose()
            if redis is not None:
                redis.close()

    def _bots(self, engine: Engine) -> set[str]:
        """The tokens in use now; those of before while the database is away."""
        wanted = select(RecipientRow).where(RecipientRow.channel == _CHANNEL, RecipientRow.enabled)
        try:
            with read_sessions(engine)() as session:
                rows = list(session.scalars(wanted))
        except SQLAlchemyError as error:
            if not self._is_blind:
                log.warning("telegram_bots_unknown", reason=type(error).__name__)
            self._is_blind = True
            return set(self._pollers)
        self._is_blind = False
        return {token for row in rows if (token := self._known_token(row)) is not None}

    def _known_token(self, row: RecipientRow) -> str | None:
        try:
            return self._token_of(row)
        except Permanent:
            return None  # each delivery to it says why

    def _follow(self, tokens: set[str], presses: Presses, redis: Redis | None) -> None:
        self._end([token for token in self._pollers if token not in tokens])
        for token in tokens - set(self._pollers):
            self._pollers[token] = self._poller(token, presses, redis)
            self._pollers[token].start()

    def _poller(self, token: str, presses: Presses, redis: Redis | None) -> Poller | Hooking:
        from services.alerts.channels.telegram.hooking import Hooking
        from services.alerts.channels.telegram.poller import Poller

        if self._hooks is not None and (address := self._hooks.address(bot_number(token))) is not None:
            secret = self._hooks.secret(bot_number(token))
            return Hooking(token, api=self._api(), loop=self._loop, address=address, secret=secret)
        poll_s = self._options.poll_s
        name = f"telegram:{hashlib.sha256(token.encode()).hexdigest()[:16]}"
        lease = None if redis is None else Lease(redis, name, holder=self._holder, ttl_s=2.0 * poll_s + 5.0)
        return Poller(token, api=self._api(), loop=self._loop, carry_out=presses.carry_out, lease=lease, poll_s=poll_s)

    def _end(self, tokens: list[str]) -> None:
        ended = [self._pollers.pop(token) for token in tokens]
        for poller in ended:
            poller.end()
        until = time.monotonic() + _JOIN_S
        for poller in ended:
            poller.join(max(0.0, until - time.monotonic()))
