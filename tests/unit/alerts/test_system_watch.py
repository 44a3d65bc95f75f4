from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import Engine, func, select

from services.alerts.channel import Channel
from services.alerts.hint import Hint
from services.alerts.parts import disk_look, judge_look, redis_look, services_look
from services.alerts.policy import Manners
from services.alerts.steadiness import Steadiness
from services.alerts.system_watch import SystemWatch
from shared.db.engine import SessionFactory, sessions
from shared.db.tables import Alert, Delivery
from shared.messages.topics import LIVENESS
from shared.rules.schedule import Schedule
from tests.unit.alerts.watched import channels, person, told

NOW = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)
DOWN = "Redis does not answer: cameras are not watched"
UP = "Redis answers again"


@pytest.fixture
def factory(engine: Engine) -> SessionFactory:
    return sessions(engine)


@dataclass
class Site:
    """A part that works or not, and a time that passes between looks."""

    factory: SessionFactory
    known: dict[str, Channel]
    ok: bool = True
    at_s: float = 0.0
    watches: list[SystemWatch] = field(default_factory=list)
    hints: list[Hint] = field(default_factory=list)

    def watch(self) -> SystemWatch:
        made = SystemWatch(
            self.factory,
            self.known,
            [lambda: {"redis": self.ok}],
            Steadiness(down_after_s=60, up_after_s=180),
            enqueue=self.hints.append,
            now=lambda: NOW + timedelta(seconds=self.at_s),
            monotonic=lambda: self.at_s,
        )
        self.watches.append(made)
        return made

    def pass_time(self, seconds: int) -> None:
        for _ in range(0, seconds, 10):
            for watch in self.watches:
                watch.watch()
            self.at_s += 10

    def texts(self) -> list[str]:
        return [text for text, _, _ in told(self.factory)]


@pytest.fixture
def site(factory: SessionFactory) -> Site:
    return Site(factory, channels(person("1", "system"), person("2", "detection")))


def test_a_part_that_fails_and_one_that_works_again_are_told_to_those_who_asked(site: Site) -> None:
    site.watch()
    site.pass_time(300)
    assert site.texts() == []
    site.ok = False
    site.pass_time(600)
    site.ok = True
    site.pass_time(600)
    assert site.texts() == [DOWN, UP]
    assert [(hint.channel, hint.recipient) for hint in site.hints] == [("email", "1")] * 2
    with site.factory() as session:
        notices = session.scalars(select(Alert.notice).order_by(Alert.decided_at)).all()
    assert [(each["kind"], each["label"], each["severity"]) for each in notices] == [
        ("system", "redis_down", 4),
        ("system", "redis_up", 2),
    ]


def test_at_night_only_those_who_call_it_urgent_are_told_at_once(factory: SessionFactory) -> None:
    night = Schedule.model_validate({"timezone": "UTC", "windows": [{"from": "00:00", "to": "23:00"}]})
    light, deep = Manners(quiet=night, urgent_severity=4), Manners(quiet=night, urgent_severity=5)
    site = Site(factory, channels(person("1", "system", manners=light), person("2", "system", manners=deep)), ok=False)
    site.watch()
    site.pass_time(100)
    assert [hint.recipient for hint in site.hints] == ["1"]
    with factory() as session:
        assert session.scalar(select(Delivery.due_at).where(Delivery.recipient == "2")) == NOW.replace(
            hour=23, minute=0
        )


def test_replicas_tell_it_once_between_them_as_often_as_it_happens(site: Site) -> None:
    site.watch(), site.watch()
    for _ in range(2):
        site.ok = False
        site.pass_time(300)
        site.ok = True
        site.pass_time(300)
    assert site.texts() == [DOWN, UP, DOWN, UP]


def test_after_a_restart_it_is_known_what_people_were_told(site: Site) -> None:
    site.watch()
    site.ok = False
    site.pass_time(100)
    site.watches.clear()
    site.watch()
    site.pass_time(300)
    assert site.texts() == [DOWN]
    site.ok = True
    site.pass_time(300)
    assert site.texts() == [DOWN, UP]


def test_a_part_that_came_back_during_a_restart_is_told(site: Site) -> None:
    site.watch()
    site.ok = False
    site.pass_time(100)
    site.watches.clear()
    site.ok = True
    site.watch()
    site.pass_time(300)
    assert site.texts() == [DOWN, UP]


def test_a_part_that_flutters_is_told_once(site: Site) -> None:
    site.watch()
    for _ in range(50):
        site.ok = not site.ok
        site.pass_time(30)
    assert site.texts() == [DOWN]


def test_where_nobody_asked_it_stands_among_the_alerts(factory: SessionFactory) -> None:
    alone = Site(factory, channels(), ok=False)
    alone.watch()
    alone.pass_time(100)
    with factory() as session:
        assert session.scalar(select(func.count()).select_from(Alert)) == 1
    assert alone.texts() == []


def test_services_are_known_once_they_were_seen_alive(redis: Redis) -> None:
    look = services_look(redis, own="alerts")
    assert look() == {}
    for service in ("alerts", "brain", "eye"):
        redis.hset(LIVENESS.format(service=service, instance="1"), "pid", "1")
    assert look() == {"brain": True, "eye": True}
    redis.delete(LIVENESS.format(service="eye", instance="1"))
    assert look() == {"brain": True, "eye": False}


def test_without_redis_nobody_knows_of_services(redis: Redis) -> None:
    away = Redis.from_url("redis://127.0.0.1:1/0")
    assert redis_look(away)() == {"redis": False}
    assert services_look(away, own="alerts")() == {}
    assert redis_look(redis)() == {"redis": True}


@pytest.fixture
def judge() -> Iterator[ThreadingHTTPServer]:
    """An Ollama that says with which status it answers by what it is asked for."""

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/api/version" else 500)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing is to be written."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_judge_works_when_it_answers(judge: ThreadingHTTPServer) -> None:
    url = f"http://127.0.0.1:{judge.server_port}"
    assert judge_look(f"{url}/")() == {"judge": True}
    assert judge_look(f"{url}/broken")() == {"judge": False}
    assert judge_look("http://127.0.0.1:1")() == {"judge": False}


@pytest.mark.parametrize(
    ("free", "was_low", "enough"), [(100, False, True), (99, False, False), (124, True, False), (125, True, True)]
)
def test_the_disk_is_enough_again_only_with_some_to_spare(free: int, was_low: bool, enough: bool) -> None:  # noqa: FBT001
    look = disk_look(Path(), low_bytes=100, is_low=lambda: was_low, free=lambda _: free)
    assert look() == {"disk": enough}


def test_a_disk_that_cannot_be_looked_at_is_not_known(tmp_path: Path) -> None:
    assert disk_look(tmp_path / "none", low_bytes=100, is_low=lambda: False)() == {}
