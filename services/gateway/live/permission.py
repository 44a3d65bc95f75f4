"""A permission that a stream asks for again and again: it may be taken back while the stream goes on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from shared.observability import get_logger

log = get_logger("gateway.live")

ASKED_EVERY_S: Final = 10.0


class Permission:
    """Was given at the beginning. `ask` tells whether it still is, and may block. Once it was refused, it stays so.

    While the database does not answer it holds: taking it back would have needed the database, too.
    """

    def __init__(self, ask: Callable[[], bool], *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._ask = ask
        self._monotonic = monotonic
        self._due = monotonic() + ASKED_EVERY_S
        self._given = True

    async def holds(self) -> bool:
        """Whether to go on; asks at most every `ASKED_EVERY_S`."""
        if self._given and self._monotonic() >= self._due:
            self._due = self._monotonic() + ASKED_EVERY_S
            try:
                self._given = await asyncio.to_thread(self._ask)
            except SQLAlchemyError as error:
                log.warning("permission_not_asked", reason=type(error).__name__)
        return self._given
