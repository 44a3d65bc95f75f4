"""A permission that a stream asks for again and again: it may be taken back while the stream goes on."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from shared.observability import get_logger

log = get_logger("gateway.live")

ASKED_EVERY_S: Final = 10.0


class Permission:
    """Was given at the beginning. `ask` tells whether it still is, and may block. Once it was refused, it stays so.

    While the database does not answer it holds: taking it back would have needed the database, too. Streams that began
    together do not all ask at once. To be used on the loop of the streams alone.
    """

    def __init__(
        self,
        ask: Callable[[], bool],
        *,
        monotonic: Callable[[], float] = time.monotonic,
        between: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._ask = ask
        self._monotonic = monotonic
        self._between = between
        self._due = self._next()
        self._given = True
        self._asking: asyncio.Task[None] | None = None

    def stands(self) -> bool:
        """As far as is known now: what is to be sent does not wait. Has it asked again where that is due."""
        if self._given and self._asking is None and self._monotonic() >= self._due:
            self._asking = asyncio.get_running_loop().create_task(self._ask_again())
        return self._given

    async def holds(self) -> bool:
        """Whether to go on; waits for the answer where it is to be asked again, once in `ASKED_EVERY_S` at most."""
        self.stands()
        if self._asking is not None:
            await asyncio.shield(self._asking)
        return self._given

    async def _ask_again(self) -> None:
        try:
            self._given = await asyncio.to_thread(self._ask)
        except SQLAlchemyError as error:
            log.warning("permission_not_asked", reason=type(error).__name__)
        finally:
            self._due, self._asking = self._next(), None

    def _next(self) -> float:
        return self._monotonic() + self._between(0.5, 1.0) * ASKED_EVERY_S
