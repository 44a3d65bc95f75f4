"""Rows reach those who listen once, whatever the order of their commits."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import OperationalError

from services.gateway.live.feed import Feed, Item, Missed


class Table:
    """Rows by number, as committed so far; and those who write to it, of whom `open_since` is the first still at it."""

    def __init__(self, *numbers: int) -> None:
        self.rows = dict.fromkeys(numbers, 1)
        self.begun = 0
        self.open_since: int | None = None

    def mark(self) -> int | None:
        self.begun += 1
        return self.begun

    def ended(self) -> int:
        return self.begun if self.open_since is None else self.open_since

    def after(self, number: int, limit: int) -> Sequence[Item]:
        return [Item(each, self.rows[each], str(each)) for each in sorted(self.rows) if each > number][:limit]

    def newest(self) -> int:
        return max(self.rows, default=0)

    def feed(self) -> Feed:
        return Feed(after=self.after, newest=self.newest, writers=self)


@given(st.lists(st.sampled_from(["at once", "late", "never"]), min_size=1, max_size=12), st.integers(0, 30))
def test_each_is_heard_of_once_and_in_order_however_late_a_lower_one_is_committed(when: list[str], before: int) -> None:
    async def listen() -> tuple[list[int], list[int]]:
        table = Table(*range(1, before + 1))
        feed = table.feed()
        with feed.listen(None) as listener:
            await feed.ready()
            numbers = dict(enumerate(when, before + 1))
            table.open_since = table.begun
            table.rows |= {number: 1 for number, each in numbers.items() if each == "at once"}
            await feed._look()
            early = [item.id for item in listener.waiting]
            table.rows |= {number: 1 for number, each in numbers.items() if each == "late"}
            table.open_since = None
            await feed._look()
            return early, [item.id for item in listener.waiting]

    early, heard = asyncio.run(listen())
    first = next((number for number, each in enumerate(when, before + 1) if each != "at once"), before + len(when) + 1)
    assert early == list(range(before + 1, first)), "what follows a number that may still come waits for it"
    assert heard == [number for number, each in enumerate(when, before + 1) if each != "never"]


def test_a_number_that_never_comes_holds_up_nothing_where_nobody_writes() -> None:
    async def listen() -> list[int]:
        table = Table(1)
        feed = table.feed()
        with feed.listen(None) as listener:
            await feed.ready()
            table.rows |= {3: 1, 4: 1, 9: 1}
            await feed._look()
            return [item.id for item in listener.waiting]

    assert asyncio.run(listen()) == [3, 4, 9]


def test_who_writes_for_too_long_is_not_waited_for() -> None:
    async def listen() -> list[int]:
        table = Table(1)
        feed = Feed(after=table.after, newest=table.newest, writers=table, late_s=0.0)
        with feed.listen(None) as listener:
            await feed.ready()
            table.open_since = 0
            table.rows |= {3: 1}
            await feed._look()
            await feed._look()
            return [item.id for item in listener.waiting]

    assert asyncio.run(listen()) == [3]


def test_who_comes_back_while_a_lower_one_is_written_hears_of_all_once() -> None:
    """It was told up to 1; 3 is there, 2 is being written. A row it was told of by another process comes once, too."""

    async def follow() -> tuple[list[int], list[int]]:
        table = Table(1)
        feed = table.feed()
        with feed.listen(None):
            await feed.ready()
            table.open_since = table.begun
            table.rows[3] = 1
            await feed._look()
            async with (
                feed.follow(1, since=1, idle_s=0.05) as news,
                feed.follow(1, since=3, idle_s=0.05) as elsewhere,
            ):
                early = [await anext(news), await anext(elsewhere)]
                assert early == [None, None]
                table.rows |= {2: 1, 4: 1}
                table.open_since = None
                await feed._look()
                heard = [item.id for item in [await anext(news) for _ in range(3)] if isinstance(item, Item)]
                there = [item.id for item in [await anext(elsewhere)] if isinstance(item, Item)]
                return heard, there

    assert asyncio.run(follow()) == ([2, 3, 4], [4])


def test_what_comes_during_a_long_replay_is_told_from_the_table_and_nothing_is_missed() -> None:
    async def follow() -> list[int]:
        table = Table(*range(1, 101))
        feed = table.feed()
        heard: list[int] = []
        async with feed.follow(1, since=0, idle_s=0.05) as news:
            async for each in news:
                if each is None:
                    return heard
                assert isinstance(each, Item), "nothing was missed"
                heard.append(each.id)
                if each.id in (50, 700):
                    more = range(table.newest() + 1, table.newest() + 1001)
                    table.rows |= dict.fromkeys(more, 1)
                    await feed._look()
        raise AssertionError

    assert asyncio.run(follow()) == list(range(1, 2101))


def test_who_is_slow_keeps_the_newest_and_knows_how_many_are_lost() -> None:
    async def listen() -> tuple[int, list[int], list[int]]:
        table = Table()
        feed = table.feed()
        with feed.listen(1) as slow, feed.listen(2) as other:
            await feed.ready()
            table.rows = dict.fromkeys(range(1, 301), 1)
            await feed._look()
            return slow.missed, [item.id for item in slow.waiting], [item.id for item in other.waiting]

    missed, waiting, others = asyncio.run(listen())
    assert (missed, waiting, others) == (44, list(range(45, 301)), [])


def test_what_an_account_may_hear_of_is_paged_past_what_it_may_not() -> None:
    async def replay() -> list[int]:
        table = Table()
        table.rows = {number: number % 7 for number in range(1, 2001)}
        found: list[int] = []
        number = 0
        while rows := await table.feed().since(number, 3):
            found += [row.id for row in rows]
            number = rows[-1].id
        return found

    assert asyncio.run(replay()) == [number for number in range(1, 2001) if number % 7 == 3]


def test_a_follower_hears_what_was_stored_then_what_comes_then_that_nothing_does() -> None:
    async def follow() -> list[int | None]:
        table = Table(1, 2, 3)
        feed = table.feed()
        heard: list[int | None] = []
        async with feed.follow(1, since=1, idle_s=0.05) as news:
            async for each in news:
                assert not isinstance(each, Missed)
                heard.append(each.id if each else None)
                if heard[-1] == 3:
                    # Committed during the replay: it is heard of by the listener alone.
                    table.rows[4] = 1
                    await feed._look()
                if each is None:
                    return heard
        raise AssertionError

    assert asyncio.run(follow()) == [2, 3, 4, None]


def test_a_follower_is_let_in_once_nothing_that_follows_can_be_missed() -> None:
    """The first look tells what was there before: what came after it must be heard of."""

    async def follow() -> tuple[bool, list[int]]:
        table, looked = Table(1), threading.Event()

        def newest() -> int:
            looked.wait(10)
            return table.newest()

        feed = Feed(after=table.after, newest=newest, writers=table)
        entered = asyncio.Event()

        async def listen() -> list[int]:
            async with feed.follow(1, since=None, idle_s=5) as news:
                entered.set()
                return [item.id for item in [await anext(news), await anext(news)] if isinstance(item, Item)]

        listening = asyncio.create_task(listen())
        await asyncio.sleep(0.05)
        early = entered.is_set()
        looked.set()
        await entered.wait()
        table.rows |= {2: 1, 3: 1}
        return early, await listening

    assert asyncio.run(follow()) == (False, [2, 3])


def test_a_follower_waits_for_the_database_for_a_while_only() -> None:
    async def follow() -> None:
        back = threading.Event()
        feed = Feed(after=Table().after, newest=lambda: int(back.wait(10)), writers=Table(), patience_s=0.05)
        try:
            async with feed.follow(1, since=None, idle_s=5):
                raise AssertionError
        finally:
            back.set()

    with pytest.raises(TimeoutError):
        asyncio.run(follow())


def test_a_surprise_keeps_nobody_waiting_for_ever() -> None:
    async def follow() -> list[int]:
        table, surprises = Table(1), [RuntimeError("nobody knows why")]

        def newest() -> int:
            if surprises:
                raise surprises.pop()
            return table.newest()

        async with Feed(after=table.after, newest=newest, writers=table).follow(1, since=None, idle_s=5) as news:
            table.rows[2] = 1
            return [item.id for item in [await anext(news)] if isinstance(item, Item)]

    assert asyncio.run(follow()) == [2]


def test_a_follower_who_is_slow_is_told_how_many_it_missed_before_what_is_left() -> None:
    async def follow() -> list[Item | Missed | None]:
        table = Table()
        feed = table.feed()
        async with feed.follow(1, since=None, idle_s=0.05) as news:
            assert await anext(news) is None
            table.rows = dict.fromkeys(range(1, 301), 1)
            await feed._look()
            return [await anext(news) for _ in range(257)]

    first, *others = asyncio.run(follow())
    assert first == Missed(44)
    assert [each.id for each in others if isinstance(each, Item)] == list(range(45, 301))


def test_nobody_listening_nothing_is_looked_for() -> None:
    async def leave() -> bool:
        feed = Table().feed()
        with feed.listen(None):
            await feed.ready()
            task = feed._task
        assert task is not None
        await asyncio.sleep(0)
        return task.cancelled() or task.cancelling() > 0

    assert asyncio.run(leave())


def test_a_replay_waits_for_a_database_that_is_away() -> None:
    async def replay() -> list[int]:
        table = Table(1, 2)
        faults: list[Exception] = []

        def after(number: int, limit: int) -> Sequence[Item]:
            if faults:
                raise faults.pop()
            return table.after(number, limit)

        feed = Feed(after=after, newest=table.newest, writers=table)
        with feed.listen(None):
            await feed.ready()
            faults.append(OperationalError("SELECT", {}, Exception("it is away")))
            return [item.id for item in await feed.since(0, None)]

    assert asyncio.run(replay()) == [1, 2]
