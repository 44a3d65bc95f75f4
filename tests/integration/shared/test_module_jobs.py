"""The record of jobs for specialists, and which specialists can run."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from redis import Redis

from shared.domain.errors import Transient
from shared.jobs import celery_app
from shared.modules.book import KEEP_S, JobBook, QueueFull
from shared.modules.enqueue import enqueue, enqueue_once
from shared.modules.order import ModuleOrder, PictureRef, best_pictures, is_job_id, look_id, new_job_id
from shared.modules.roster import ModuleInfo, Roster, WorkerInfo, modules_of

AT = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.at = AT

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


def order(**values: object) -> ModuleOrder:
    picture = PictureRef(path="jobs/a")
    return ModuleOrder(job_id=new_job_id(), module="ocr", pictures=(picture,), scope="scene", at=AT, **values)  # type: ignore[arg-type]


def test_only_one_of_many_workers_gets_a_job(redis: Redis, clock: Clock) -> None:
    asked = order()
    JobBook(redis, now=clock).submit(asked, bound=10)
    books = [JobBook(redis, now=clock, worker=f"worker {number}") for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        claimed = list(pool.map(lambda book: book.claim(asked.job_id), books))
    assert sum(record is not None for record in claimed) == 1


def test_the_bound_holds_against_many_askers(redis: Redis, clock: Clock) -> None:
    book = JobBook(redis, now=clock)

    def submitted(_: int) -> bool:
        try:
            book.submit(order(), bound=5)
        except QueueFull:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(submitted, range(20))) == 5
    assert len(book.open_jobs()) == 5


def test_a_job_is_changed_by_whoever_has_it_in_hand_alone(redis: Redis, clock: Clock) -> None:
    ours, theirs, asked = JobBook(redis, now=clock, worker="a"), JobBook(redis, now=clock, worker="b"), order()
    ours.submit(asked, bound=10)
    assert ours.claim(asked.job_id) is not None
    theirs.tell_progress(asked.job_id, 0.9)
    assert not theirs.complete(asked.job_id, {})
    assert not theirs.fail(asked.job_id, "no")
    assert not theirs.give_back(asked.job_id)
    clock.at += timedelta(seconds=1.5)
    assert ours.complete(asked.job_id, {"lines": []})
    assert not ours.fail(asked.job_id, "too late")
    record = ours.get(asked.job_id)
    assert record is not None
    assert (record.status, record.results, record.processing_time_ms) == ("completed", {"lines": []}, 1500)
    assert KEEP_S - 5 < redis.ttl(f"modules:job:{asked.job_id}") <= KEEP_S  # type: ignore[operator]


def test_an_orphan_is_taken_over_and_one_of_a_living_worker_is_not(redis: Redis, clock: Clock) -> None:
    dead, ours, asked = JobBook(redis, now=clock, worker="dead"), JobBook(redis, now=clock, worker="ours"), order()
    ours.submit(asked, bound=10)
    dead.claim(asked.job_id)
    assert ours.take_orphan(asked.job_id, living={"dead", "ours"}) is None
    taken = ours.take_orphan(asked.job_id, living={"ours"})
    assert taken is not None
    assert ours.give_back(asked.job_id)
    assert not dead.complete(asked.job_id, {})


def test_queues_are_counted_apart(redis: Redis, clock: Clock) -> None:
    book = JobBook(redis, now=clock)
    assert [book.submit(order(queue=queue), bound=10) for queue in ("modules", "modules.gpu", "modules")] == [0, 0, 1]


def test_a_job_that_cannot_be_handed_over_leaves_nothing(redis: Redis, clock: Clock) -> None:
    book, asked = JobBook(redis, now=clock), order()
    nowhere = celery_app("redis://127.0.0.1:1/0")
    with pytest.raises(Transient):
        enqueue(nowhere, book, asked, bound=10)
    assert book.get(asked.job_id) is None
    assert book.open_jobs() == []


def test_the_living_workers_are_told_and_the_best_of_each_module(redis: Redis) -> None:
    roster = Roster(redis)
    lacking = ModuleInfo(name="ocr", reason="no weights")
    able = ModuleInfo(name="ocr", available=True, queue="modules.gpu")
    for instance, module in (("a", lacking), ("b", able)):
        roster.tell(WorkerInfo(instance=instance, run=f"{instance}/1", ready=True, modules=(module,)))
    assert modules_of(roster.workers())["ocr"] == able
    roster.leave("b")
    redis.delete("modules:worker:a")
    assert roster.workers() == []
    assert redis.smembers("modules:workers") == set()


def test_a_look_that_is_ordered_again_is_one_job_whatever_became_of_it(
    redis: Redis, redis_url: str, clock: Clock
) -> None:
    app, book, asked = celery_app(redis_url), JobBook(redis, now=clock, worker="w"), order()
    assert enqueue_once(app, book, asked, bound=10)
    assert not enqueue_once(app, book, asked, bound=10)
    assert book.claim(asked.job_id) is not None
    assert book.complete(asked.job_id, {"text": "ok"})
    assert not enqueue_once(app, book, asked, bound=10)
    record = book.get(asked.job_id)
    assert record is not None
    assert record.status == "completed"
    assert redis.llen("modules") == 1


def test_a_look_that_cannot_be_handed_over_leaves_nothing_behind(redis: Redis, clock: Clock) -> None:
    book, asked = JobBook(redis, now=clock), order()
    with pytest.raises(Transient):
        enqueue_once(celery_app("redis://127.0.0.1:1/0"), book, asked, bound=10)
    assert book.get(asked.job_id) is None
    assert book.open_jobs() == []


def test_looks_have_ids_of_their_own_that_never_change() -> None:
    ids = {look_id(presence, module, look) for presence in "ab" for module in ("lpr", "ocr") for look in (1, 2)}
    assert len(ids) == 8
    assert ids == {look_id(presence, module, look) for presence in "ab" for module in ("lpr", "ocr") for look in (1, 2)}
    assert all(is_job_id(one) for one in ids)


def test_the_best_pictures_are_chosen_where_it_is_known_which_they_are() -> None:
    def paths(*qualities: float | None) -> list[str]:
        pictures = [PictureRef(path=str(place), quality=quality) for place, quality in enumerate(qualities)]
        return [picture.path for picture in best_pictures(pictures, 2)]

    assert paths(0.9, 0.1, 0.5) == ["0", "2"]
    assert paths(0.9, None, 0.5) == ["1", "2"]
    assert paths(0.1) == ["0"]


def test_what_a_specialist_wants_is_known_though_no_worker_lives(redis: Redis) -> None:
    roster = Roster(redis)
    info = ModuleInfo(name="lpr", labels=("car",), max_pictures=5, available=True)
    roster.tell(WorkerInfo(instance="w", ready=True, modules=(info,)))
    roster.leave("w")
    assert roster.workers() == []
    assert roster.known() == {"lpr": info}
