"""Specialists are asked beside the way of the alerts, once, and never in it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import select

from services.brain.bootstrap import Brain, build
from services.brain.dispatcher import PATIENCE
from shared.db.engine import SessionFactory
from shared.db.tables import Camera, Event, OutboxRow, RuleRow
from shared.messages.presences import CropBody, PresenceBody, PresenceChanged, PresenceEnded
from shared.modules.book import JobBook
from shared.modules.order import ModuleOrder
from shared.modules.roster import ModuleInfo, Roster, WorkerInfo
from shared.settings import Settings
from tests.conftest import wait_until
from tests.integration.brain.conftest import AT, presence
from tests.integration.brain.test_presence_to_event import drop_default_rule, handle, told

LPR = ModuleInfo(name="lpr", labels=("person", "car"), scopes=("object",), available=True)


def worker(redis: Redis, *modules: ModuleInfo, ready: bool = True) -> None:
    Roster(redis).tell(WorkerInfo(instance="modules-worker-0", ready=ready, modules=modules))


def add_rule(site: SessionFactory, slug: str = "closer", **fields: object) -> None:
    values = {"name": slug, "condition": {}, "modules": ["lpr"], **fields}
    with site.begin() as session:
        session.add(RuleRow(slug=slug, created_at=AT, updated_at=AT, **values))


def orders(site: SessionFactory) -> list[ModuleOrder]:
    """What is ordered and has not been handed over yet."""
    with site() as session:
        rows = session.scalars(select(OutboxRow.body).where(OutboxRow.topic == "module_orders").order_by(OutboxRow.id))
        return [ModuleOrder.model_validate_json(body) for body in rows]


def event(site: SessionFactory) -> Event:
    with site() as session:
        return session.scalars(select(Event)).one()


def jobs(redis: Redis) -> list[str]:
    return JobBook(redis, now=lambda: AT).open_jobs()


def crops(*seconds: float) -> tuple[CropBody, ...]:
    return tuple(CropBody(path=f"crops/{s}.jpg", at=AT + timedelta(seconds=s), quality=1.0) for s in seconds)


def test_a_rule_that_fires_has_its_specialists_look_once(brain: Brain, site: SessionFactory, redis: Redis) -> None:
    add_rule(site)
    worker(redis, LPR)
    for _ in range(2):
        handle(brain, presence(crops=crops(0)), presence(PresenceChanged, after_s=1))
    (order,) = orders(site)
    assert (order.event_uuid, order.look, order.pictures[0].path) == (event(site).uuid, 1, "crops/0.jpg")
    assert event(site).modules_triggered == ["lpr"]
    assert brain.dispatcher.drain() == 1
    assert orders(site) == []
    assert jobs(redis) == [order.job_id]
    assert redis.llen("modules") == 1
    assert event(site).module_results == {}


def test_an_order_that_comes_again_after_it_was_handed_over_is_no_second_job(
    brain: Brain, site: SessionFactory, redis: Redis
) -> None:
    add_rule(site)
    worker(redis, LPR)
    handle(brain, presence())
    (order,) = orders(site)
    brain.dispatcher.drain()
    with site.begin() as session:  # a crash before the row was deleted
        session.add(OutboxRow(topic="module_orders", kind="ModuleOrder", body=order.model_dump_json(), created_at=AT))
    brain.dispatcher.drain()
    assert jobs(redis) == [order.job_id]
    assert redis.llen("modules") == 1


def test_rules_that_fire_later_add_the_specialists_that_have_not_looked(brain: Brain, site: SessionFactory) -> None:
    add_rule(site)
    add_rule(site, "linger", condition={"dwell_s": 5}, modules=["lpr", "face"])
    handle(brain, presence())
    handle(brain, presence(PresenceChanged, after_s=6))
    assert [order.module for order in orders(site)] == ["lpr", "face"]
    assert event(site).modules_triggered == ["lpr", "face"]


def test_at_the_end_they_look_once_more_where_there_are_new_pictures(brain: Brain, site: SessionFactory) -> None:
    add_rule(site)
    handle(brain, presence(number=1, crops=crops(0)), presence(number=2, crops=crops(0)))
    handle(brain, presence(PresenceEnded, number=1, after_s=9, crops=crops(0)))
    handle(brain, presence(PresenceEnded, number=2, after_s=9, crops=crops(0, 5)))
    first, second, last = orders(site)
    assert (first.look, second.look, last.look) == (1, 1, 2)
    assert last.presence_id == second.presence_id
    assert len(last.pictures) == 2


def test_who_was_asked_by_hand_does_not_look_again(brain: Brain, site: SessionFactory) -> None:
    handle(brain, presence())
    with site.begin() as session:
        session.scalars(select(Event)).one().modules_triggered = ["lpr"]
    handle(brain, presence(PresenceEnded, after_s=9, crops=crops(0, 5)))
    assert orders(site) == []


@pytest.mark.parametrize(
    ("options", "label", "asked"),
    [
        ({}, "person", ["lpr"]),
        ({}, "dog", []),
        ({"lpr": {"enabled": False}}, "person", []),
        ({"lpr": {"enabled": True, "countries": ["BJ"]}}, "person", ["lpr"]),
    ],
)
def test_a_camera_can_leave_a_specialist_out_and_only_what_it_wants_is_shown(
    brain: Brain, site: SessionFactory, redis: Redis, options: dict[str, Any], label: str, asked: list[str]
) -> None:
    add_rule(site)
    with site.begin() as session:
        session.scalars(select(Camera).where(Camera.slug == "door")).one().options = {"modules": options}
    worker(redis, LPR)
    brain.dispatcher.drain()
    handle(brain, presence(label=label))
    assert event(site).modules_triggered == asked
    assert [order.module for order in orders(site)] == asked


def test_what_cannot_run_is_said_with_the_event_and_the_event_goes_out_all_the_same(
    brain: Brain, site: SessionFactory, redis: Redis
) -> None:
    add_rule(site, modules=["lpr", "pose"])
    worker(redis, LPR.model_copy(update={"available": False, "reason": "no weights", "remedy": "pull them"}))
    handle(brain, presence())
    brain.relay.drain(threading.Event())
    assert len(told(redis)) == 1
    brain.dispatcher.drain()
    assert orders(site) == []
    assert event(site).module_results == {
        "lpr": {"status": "unavailable", "reason": "no weights", "remedy": "pull them"},
        "pose": {"status": "unavailable", "reason": "no worker has it", "remedy": "see the setting modules.enabled"},
    }


def test_without_a_worker_the_order_waits_and_says_so_until_one_comes(
    brain: Brain, site: SessionFactory, redis: Redis
) -> None:
    add_rule(site)
    handle(brain, presence())
    for _ in range(3):
        brain.relay.drain(threading.Event())
        brain.dispatcher.drain()
    assert len(told(redis)) == 1
    assert event(site).module_results["lpr"]["status"] == "waiting"
    assert jobs(redis) == []
    worker(redis, LPR)
    brain.dispatcher.drain()
    assert len(jobs(redis)) == 1
    assert event(site).module_results == {}


def test_an_order_that_waited_too_long_is_given_up_with_the_reason(site: SessionFactory, settings: Settings) -> None:
    clock = [AT]
    brain = build(settings, instance="brain-0", now=lambda: clock[0])
    add_rule(site)
    handle(brain, presence())
    brain.dispatcher.drain()
    clock[0] += PATIENCE + timedelta(seconds=1)
    brain.dispatcher.drain()
    assert orders(site) == []
    assert event(site).module_results["lpr"] == {
        "status": "unavailable",
        "reason": "no worker for specialists runs",
        "remedy": "start Argus with `argus up`",
    }
    brain.close()


def test_a_full_queue_delays_nothing_but_the_look(site: SessionFactory, settings: Settings, redis: Redis) -> None:
    add_rule(site, modules=["lpr"])
    modules = settings.modules.model_copy(update={"queue_bound": 1})
    brain = build(settings.model_copy(update={"modules": modules}), instance="brain-0")
    worker(redis, LPR)
    handle(brain, presence(number=1), presence(number=2))
    brain.relay.drain(threading.Event())
    assert len(told(redis)) == 2
    brain.dispatcher.drain()
    (waiting,) = orders(site)
    with site() as session:
        said = session.scalars(select(Event.module_results).where(Event.uuid == waiting.event_uuid)).one()
    assert said["lpr"]["status"] == "waiting"
    assert "full" in said["lpr"]["reason"]
    book = JobBook(redis, now=lambda: AT, worker="w")
    assert book.claim(jobs(redis)[0]) is not None
    assert book.complete(jobs(redis)[0], {})
    brain.dispatcher.drain()
    assert jobs(redis) == [waiting.job_id]
    brain.close()


def test_an_order_of_another_version_holds_up_nobody(brain: Brain, site: SessionFactory, redis: Redis) -> None:
    with site.begin() as session:
        session.add(OutboxRow(topic="module_orders", kind="ModuleOrder", body="{}", created_at=AT))
    add_rule(site)
    worker(redis, LPR)
    handle(brain, presence())
    brain.dispatcher.drain()
    assert len(jobs(redis)) == 1
    with site() as session:
        assert session.scalars(select(OutboxRow).where(OutboxRow.topic == "module_orders")).all() == []


def test_a_running_brain_hands_over_at_once(
    running: Brain, site: SessionFactory, redis: Redis, send: Callable[..., None]
) -> None:
    drop_default_rule(site)
    add_rule(site)
    worker(redis, LPR)
    running.site.refresh()
    send(presence())
    wait_until(lambda: jobs(redis), what="the job")
    wait_until(lambda: told(redis), what="the event on the stream")


def test_a_stay_of_which_only_the_end_is_heard_is_looked_at_once(brain: Brain, site: SessionFactory) -> None:
    add_rule(site)
    body: PresenceBody = presence(PresenceEnded, after_s=9, crops=crops(0, 5))
    handle(brain, body)
    assert [order.look for order in orders(site)] == [1]
    assert datetime.now(AT.tzinfo) > body.captured_at
