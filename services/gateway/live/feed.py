"""Rows that are stored, to all who listen, a moment after they are committed."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from shared.observability import get_logger

log = get_logger("gateway.feed")

LOOK_EVERY_S: Final = 0.1
LATE_S: Final = 5.0
"""A row with a lower number than others may be committed so much later than they."""

PATIENCE_S: Final = 20.0
"""How long a client waits for a database that is away."""

_BACKOFF_S: Final = 1.0
_MOST_WAITING: Final = 256
_BEFORE: Final = 200


@dataclass(frozen=True, slots=True)
class Item:
    """A stored row as it is sent. No `account_id`: administrators alone hear of it."""

    id: int
    account_id: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Missed:
    """That so many items gave way, because the client was too slow."""

    count: int


News = AsyncIterator[Item | Missed | None]
"""What a client is told, and None whenever it has heard nothing for a while."""


@dataclass(slots=True, eq=False)
class Listener:
    """What waits for one client: the newest items; `missed` counts those that gave way."""

    account_id: int | None
    waiting: deque[Item] = field(default_factory=deque)
    missed: int = 0
    _there: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, item: Item) -> None:
        """One more, where it is the client's to hear of."""
        if self.account_id not in (None, item.account_id):
            return
        if len(self.waiting) >= _MOST_WAITING:
            self.waiting.popleft()
            self.missed += 1
        self.waiting.append(item)
        self._there.set()

    async def wait(self, timeout_s: float) -> bool:
        """Whether something waits, within the time."""
        if not self.waiting:
            self._there.clear()
            try:
                await asyncio.wait_for(self._there.wait(), timeout_s)
            except TimeoutError:
                return False
        return True


class Feed:
    """Looks for new rows while anybody listens, once per process. To be used on the loop of the streams alone.

    `after` gives the rows with a higher number, lowest first, at most so many; it may block. `newest` gives the highest
    number there is. Numbers may be committed out of order: those of the last seconds are asked for again and again.
    No number ever comes again.
    """

    def __init__(
        self,
        *,
        after: Callable[[int, int], Sequence[Item]],
        newest: Callable[[], int],
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._after = after
        self._newest = newest
        self._patience_s = patience_s
        self._listeners: set[Listener] = set()
        self._task: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._floor = 0
        self._seen: dict[int, float] = {}

    @contextmanager
    def listen(self, account_id: int | None) -> Iterator[Listener]:
        """Hear of all that is committed from now on; None hears of everybody's."""
        listener = Listener(account_id)
        self._listeners.add(listener)
        if self._task is None:
            self._ready = asyncio.Event()
            self._task = asyncio.get_running_loop().create_task(self._run())
        try:
            yield listener
        finally:
            self._listeners.discard(listener)
            if not self._listeners and self._task is not None:
                self._task.cancel()
                self._task = None

    @asynccontextmanager
    async def follow(self, account_id: int | None, *, since: int | None, idle_s: float) -> AsyncIterator[News]:
        """All that is committed once the block is entered; with `since`, what is stored with a higher number first.

        There is neither gap nor double at the seam. None comes whenever nothing else has for `idle_s`. Waits for the
        database before it lets in, and raises `TimeoutError` after `patience_s`: clients come again.
        """
        with self.listen(account_id) as listener:
            async with asyncio.timeout(self._patience_s):
                await self.ready()
            async with aclosing(self._news(listener, since=since, idle_s=idle_s)) as news:
                yield news

    async def _news(
        self, listener: Listener, *, since: int | None, idle_s: float
    ) -> AsyncGenerator[Item | Missed | None]:
        # What was replayed last may wait for the client as well: no more can than the queue holds.
        told: deque[int] = deque(maxlen=4 * _MOST_WAITING)
        if since is not None:
            while rows := await self.since(since, listener.account_id):
                for row in rows:
                    told.append(row.id)
                    yield row
                since = rows[-1].id
        replayed = frozenset(told)
        while True:
            if not await listener.wait(idle_s):
                yield None
            while listener.waiting:
                if listener.missed:
                    missed, listener.missed = listener.missed, 0
                    yield Missed(missed)
                item = listener.waiting.popleft()
                if item.id not in replayed:
                    yield item

    async def ready(self) -> None:
        """Returns once everything that is committed later will be heard of."""
        await self._ready.wait()

    async def since(self, number: int, account_id: int | None, *, most: int = 500) -> Sequence[Item]:
        """The next rows with a higher number that the account may hear of, lowest first; an empty answer is the end."""
        found: list[Item] = []
        while len(found) < most:
            rows = await self._stored(number, most)
            found += [row for row in rows if account_id in (None, row.account_id)]
            if len(rows) < most:
                break
            number = rows[-1].id
        return found

    async def _stored(self, number: int, most: int) -> Sequence[Item]:
        """What the database says once it answers: a client that waits for it need not come again."""
        while True:
            try:
                return await asyncio.to_thread(self._after, number, most)
            except SQLAlchemyError as error:
                log.warning("replay_waits", reason=type(error).__name__)
                await asyncio.sleep(_BACKOFF_S)

    async def _run(self) -> None:
        while True:
            try:
                await self._begin()
                while True:
                    await self._look()
                    await asyncio.sleep(LOOK_EVERY_S)
            except SQLAlchemyError as error:
                log.warning("feed_waits", reason=type(error).__name__)
                await asyncio.sleep(_BACKOFF_S)
            except Exception:  # boundary: all who listen, and who come later, would wait for ever
                log.exception("feed_failed")
                await asyncio.sleep(_BACKOFF_S)

    async def _begin(self) -> None:
        if self._ready.is_set():
            return
        newest = await asyncio.to_thread(self._newest)
        self._floor = max(0, newest - _BEFORE)
        known = await asyncio.to_thread(self._after, self._floor, 10 * _BEFORE)
        now = time.monotonic()
        self._seen = {item.id: now for item in known}
        self._ready.set()

    async def _look(self) -> None:
        rows = await asyncio.to_thread(self._after, self._floor, 5_000)
        for item in rows:
            if item.id in self._seen:
                continue
            self._seen[item.id] = time.monotonic()
            for listener in self._listeners:
                listener.add(item)
        self._forget(time.monotonic() - LATE_S)

    def _forget(self, before: float) -> None:
        """What was committed long enough ago that nothing lower can follow."""
        for number in sorted(self._seen):
            if self._seen[number] > before:
                return
            self._floor = number
            del self._seen[number]
