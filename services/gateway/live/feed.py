"""Rows that are stored, to all who listen, a moment after they are committed."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from shared.observability import get_logger

log = get_logger("gateway.feed")

T = TypeVar("T")

LOOK_EVERY_S: Final = 0.1
LATE_S: Final = 5.0
"""How long a row waits for ones with lower numbers that are still being written."""

PATIENCE_S: Final = 20.0
"""How long a client waits for a database that is away."""

_BACKOFF_S: Final = 1.0
_MOST_WAITING: Final = 256
_MOST_LOOKED_AT: Final = 5_000


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

    def forget(self) -> None:
        """Nothing waits, and nothing is missed: it is told otherwise."""
        self.waiting.clear()
        self.missed = 0

    async def wait(self, timeout_s: float) -> bool:
        """Whether something waits, within the time."""
        if not self.waiting:
            self._there.clear()
            try:
                await asyncio.wait_for(self._there.wait(), timeout_s)
            except TimeoutError:
                return False
        return True


class Writers(Protocol):
    """Those who are writing to the database; see `shared.db.horizon.Horizon`. Both may block."""

    def mark(self) -> int | None:
        """What `ended` has reached once all have ended that write now; None where rows come in order anyway."""

    def ended(self) -> int:
        """How far they have ended."""


@dataclass(frozen=True, slots=True)
class _Gap:
    """Numbers below `below` are not there: nobody can bring them any more once writers have ended up to `mark`."""

    below: int
    mark: int
    seen_at: float


class Feed:
    """Looks for new rows while anybody listens, once per process. To be used on the loop of the streams alone.

    `after` gives the rows with a higher number, lowest first, at most so many; `newest` gives the highest number there
    is; they may block. `writers` are those who may still bring lower numbers. No number ever comes again.

    Rows are told in the order of their numbers, so that whoever comes back with the last one that it heard of has
    heard of all before. One that is committed before another with a lower number waits for that.
    """

    def __init__(
        self,
        *,
        after: Callable[[int, int], Sequence[Item]],
        newest: Callable[[], int],
        writers: Writers,
        patience_s: float = PATIENCE_S,
        late_s: float = LATE_S,
    ) -> None:
        self._after = after
        self._newest = newest
        self._writers = writers
        self._patience_s = patience_s
        self._late_s = late_s
        self._listeners: set[Listener] = set()
        self._task: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._told = 0
        self._gap: _Gap | None = None
        self._looking = asyncio.Lock()

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
        heard = 0
        if since is not None:
            async for row in self._replayed(listener, since):
                yield row
            # Another process may have told it more than this one has by now.
            heard = since if since <= await self._highest() else 0
        while True:
            if not await listener.wait(idle_s):
                yield None
            while listener.waiting:
                if listener.missed:
                    missed, listener.missed = listener.missed, 0
                    yield Missed(missed)
                item = listener.waiting.popleft()
                if item.id > heard:
                    yield item

    async def _replayed(self, listener: Listener, since: int) -> AsyncGenerator[Item]:
        """What is stored with a higher number, up to where what the listener hears begins.

        Whatever gives way while a client takes its time over this is stored as well, and told from there.
        """
        while True:
            listener.forget()
            end = self._told
            while rows := [row for row in await self.since(since, listener.account_id) if row.id <= end]:
                for row in rows:
                    yield row
                since = rows[-1].id
            since = max(since, end)
            if not listener.missed:
                return

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
        return await self._patiently(lambda: self._after(number, most))

    async def _highest(self) -> int:
        return await self._patiently(self._newest)

    async def _patiently(self, ask: Callable[[], T]) -> T:
        """What the database says once it answers: a client that waits for it need not come again."""
        while True:
            try:
                return await asyncio.to_thread(ask)
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
        # What is being written with lower numbers is there before anybody is let in.
        gap = await self._gap_below(newest)
        while gap is not None and not await self._is_closed(gap):
            await asyncio.sleep(LOOK_EVERY_S)
        self._told, self._gap = newest, None
        self._ready.set()

    async def _look(self) -> None:
        async with self._looking:
            # Numbers that never come leave a gap that is known to be one as soon as it is looked at once more.
            if await self._has_met_a_gap():
                await self._has_met_a_gap()

    async def _has_met_a_gap(self) -> bool:
        """Tell what there is, in order, up to a gap; whether that is a new one."""
        gap = self._gap
        # Asked first: whoever ended before has brought the rows that are read now.
        passable = gap.below if gap is not None and await self._is_closed(gap) else 0
        rows = await asyncio.to_thread(self._after, self._told, _MOST_LOOKED_AT)
        for item in rows:
            if item.id > max(passable, self._told + 1):
                if gap is not None and not passable and gap.below > self._told:
                    return False
                self._gap = await self._gap_below(rows[-1].id)
                if self._gap is not None:
                    return True
                passable = rows[-1].id
            self._tell(item)
        if gap is not None and self._told >= gap.below:
            self._gap = None
        return False

    def _tell(self, item: Item) -> None:
        self._told = item.id
        for listener in self._listeners:
            listener.add(item)

    async def _gap_below(self, number: int) -> _Gap | None:
        """The gap that there may be below a number that is there; None where there can be none."""
        mark = await asyncio.to_thread(self._writers.mark)
        return None if mark is None else _Gap(number, mark, time.monotonic())

    async def _is_closed(self, gap: _Gap) -> bool:
        """Whether nothing can come any more that is missing in it; what takes too long is not waited for."""
        is_late = time.monotonic() - gap.seen_at > self._late_s
        return is_late or await asyncio.to_thread(self._writers.ended) >= gap.mark
