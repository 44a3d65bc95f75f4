"""A feed tells rows in the order of their numbers, whoever commits first."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from services.gateway.live.feed import Feed, Item
from services.gateway.queries.recognitions import newest_recognition, recognitions_after
from shared.db.horizon import Horizon
from shared.db.prepared import Readers
from shared.db.tables import Recognition

AT = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)


def feed_on(engine: Engine) -> Feed:
    readers = Readers(engine)

    def after(number: int, limit: int) -> Sequence[Item]:
        with readers() as reader:
            return [Item(row.id, owner, "") for owner, row in recognitions_after(reader, number, limit=limit)]

    def newest() -> int:
        with readers() as reader:
            return newest_recognition(reader)

    return Feed(after=after, newest=newest, writers=Horizon(readers))


def store(session: Session) -> int:
    """A recognition's number; what it is in is not committed yet."""
    row = Recognition(account_id=1, camera_slug="yard", kind="face_match", at=AT, stored_at=AT, data={})
    session.add(row)
    session.flush()
    return row.id


def test_who_commits_late_is_waited_for_and_a_number_that_was_given_back_is_not(engine: Engine) -> None:
    async def follow() -> tuple[list[int], list[int]]:
        feed = feed_on(engine)
        with Session(engine) as session:
            store(session)
            session.commit()
        stored: list[int] = []
        async with feed.follow(1, since=0, idle_s=10) as news:
            stored.append(_id(await anext(news)))
            with Session(engine) as late, Session(engine) as quick:
                if engine.dialect.name == "postgresql":  # elsewhere the second waits for the first
                    numbers = [store(late), store(quick)]
                    quick.commit()
                    await feed._look()
                    assert feed._told < numbers[0], "the one that is committed waits for the one before"
                    late.commit()
                else:
                    numbers = [store(quick)]
                    quick.commit()
            with Session(engine) as given_up:
                store(given_up)
                given_up.rollback()
            with Session(engine) as session:
                numbers.append(store(session))
                session.commit()
            return numbers, [_id(await anext(news)) for _ in numbers]

    numbers, heard = asyncio.run(follow())
    assert heard == numbers


def test_whoever_comes_first_waits_for_those_who_are_writing(engine: Engine) -> None:
    """What they bring has lower numbers than what is there already."""
    if engine.dialect.name != "postgresql":
        pytest.skip("on SQLite one writes after the other")

    async def follow() -> list[int]:
        feed = feed_on(engine)
        with Session(engine) as late, Session(engine) as quick:
            numbers = [store(late), store(quick)]
            quick.commit()

            async def listen() -> list[int]:
                async with feed.follow(1, since=0, idle_s=10) as news:
                    return [_id(await anext(news)) for _ in numbers]

            listening = asyncio.create_task(listen())
            await asyncio.sleep(0.3)
            assert not feed._ready.is_set()
            late.commit()
            heard = await listening
        assert heard == numbers
        return heard

    assert len(asyncio.run(follow())) == 2


def _id(item: object) -> int:
    assert isinstance(item, Item)
    return item.id
