"""Nobody comes where somebody should: one event, whoever looks, until somebody is there."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import delete, select, update
from sqlalchemy.exc import OperationalError

from services.brain.absences import Absences
from services.brain.bootstrap import Brain
from services.brain.last_seen import LastSeen
from services.brain.presences import PresenceHandler
from services.brain.scenes import owned_cameras
from services.brain.site import Site
from services.brain.timeline import CameraFacts
from shared.db.engine import SessionFactory
from shared.db.tables import Account, Camera, Case, Event, OutboxRow, RuleFiring, RuleRow
from shared.domain.ids import shard_of
from shared.messages.events import EventEnded, EventRaised
from shared.messages.message import Message, decode
from shared.messages.presences import PresenceBody, PresenceChanged, PresenceEnded, ZoneStayBody
from shared.messages.topics import EVENTS, EYE_STATE
from shared.streams import Received
from tests.conftest import wait_until
from tests.integration.brain.conftest import AT, presence

NOBODY: dict[str, Any] = {"kind": "absence", "for_s": 60, "labels": ["person"]}
EVENING = {"windows": [{"from": "10:40", "to": "11:00"}]}


def add_rule(site: SessionFactory, slug: str = "lobby", **fields: object) -> None:
    values = {"name": slug, "condition": NOBODY, "severity": 3, "channels": ["webhook"], **fields}
    with site.begin() as session:
        session.execute(delete(RuleRow).where(RuleRow.slug == "rule_001"))
        session.add(RuleRow(slug=slug, created_at=AT, updated_at=AT, **values))


def watch(redis: Redis, at: datetime, *, camera: str = "door") -> None:
    """The eye has looked at a picture of that time."""
    redis.set(EYE_STATE.format(slug=camera), json.dumps({"last_at": at.isoformat(), "presences": []}))


class Database:
    """Gives sessions, or says that it cannot be reached."""

    def __init__(self, sessions: SessionFactory) -> None:
        self._sessions = sessions
        self.is_away = False

    def begin(self) -> Any:
        if self.is_away:
            raise OperationalError("BEGIN", {}, OSError("away"))
        return self._sessions.begin()


@dataclass
class Stage:
    """A replica with a clock to be set, which hears of presences and looks for absences."""

    sessions: SessionFactory
    redis: Redis
    now: datetime = AT
    owned: frozenset[int] = frozenset(range(8))
    committed: int = 0
    behind_s: float = 0.0

    def __post_init__(self) -> None:
        self.database = Database(self.sessions)
        self.start_anew()

    def start_anew(self) -> None:
        self.site = Site(self.sessions, now=lambda: self.now)
        self.site.refresh()
        last_seen = LastSeen()
        self.handler = PresenceHandler(
            self.sessions, self.site, now=lambda: self.now, committed=lambda: None, last_seen=last_seen
        )
        self.absences = Absences(
            self.database,  # type: ignore[arg-type]
            self.site,
            redis=self.redis,
            cameras=self.cameras,
            last_seen=last_seen,
            behind_s=lambda _: self.behind_s,
            now=lambda: self.now,
            committed=self.count,
        )

    def cameras(self) -> dict[str, CameraFacts]:
        return dict(owned_cameras(self.site.view.cameras, self.owned, shards=8))

    def count(self) -> None:
        self.committed += 1

    def go(self, seconds: float, *, down: bool = False) -> None:
        """Let time pass, five seconds at a time, with a picture each unless the camera is down."""
        for _ in range(round(seconds / 5)):
            self.now += timedelta(seconds=5)
            if not down:
                watch(self.redis, self.now)
            self.absences.step()

    def tell(self, kind: type[PresenceBody] = PresenceChanged, **fields: object) -> None:
        """Somebody is there now."""
        after_s = (self.now - AT).total_seconds()
        message = presence(kind, after_s=after_s, **fields)
        self.handler([Received("presences:0", b"1-0", message, {})])

    def change(self, slug: str = "lobby", **fields: object) -> None:
        with self.sessions.begin() as session:
            session.execute(update(RuleRow).where(RuleRow.slug == slug).values(**fields))
        self.site.refresh()

    def events(self) -> list[Event]:
        with self.sessions() as session:
            return list(session.scalars(select(Event).where(Event.label == "absence").order_by(Event.id)))

    def open(self) -> list[bool]:
        return [event.ended_at is None for event in self.events()]

    def told(self) -> list[Message]:
        with self.sessions() as session:
            rows = session.scalars(select(OutboxRow).where(OutboxRow.topic == EVENTS.name).order_by(OutboxRow.id))
            kinds = {"EventRaised": EventRaised, "EventEnded": EventEnded}
            return [kinds[row.kind].model_validate_json(row.body) for row in rows]


@pytest.fixture
def stage(site: SessionFactory, redis: Redis) -> Stage:
    add_rule(site)
    return Stage(site, redis)


def test_nobody_for_long_enough_is_told_once_and_ends_when_somebody_comes(stage: Stage) -> None:
    stage.go(60)
    assert stage.events() == []
    stage.go(60)
    (event,) = stage.events()
    assert (event.kind, event.label, event.rules, event.severity) == ("detection", "absence", ["lobby"], 3)
    assert (event.camera_slug, event.account_id, event.presence_id, event.snapshot) == ("door", 1, None, None)
    assert (event.started_at, event.occurred_at) == (AT + timedelta(seconds=5), AT + timedelta(seconds=65))
    stage.tell()
    stage.go(5)
    raised, ended = stage.told()
    assert isinstance(raised, EventRaised)
    assert (raised.text, raised.channels, raised.rules) == ("absence: person", ("webhook",), ("lobby",))
    assert isinstance(ended, EventEnded)
    assert (ended.event_id, ended.ended_at) == (event.uuid, AT + timedelta(seconds=120))
    assert stage.committed == 2


def test_somebody_in_time_is_no_absence_and_the_time_counts_from_when_they_were_last_there(stage: Stage) -> None:
    for _ in range(10):
        stage.go(50)
        stage.tell()
    assert stage.events() == []
    stage.go(55)
    assert stage.events() == []
    stage.go(5)
    (event,) = stage.events()
    assert event.started_at == AT + timedelta(seconds=500)


def test_who_is_not_meant_or_is_elsewhere_does_not_end_it(stage: Stage) -> None:
    stage.change(condition={**NOBODY, "zone": "Lobby"})
    stage.go(70)
    stage.tell(label="car")
    stage.tell()
    stage.go(5)
    assert stage.open() == [True]
    lobby = ZoneStayBody(zone="Lobby", entered_at=stage.now, dwell_s=0.0, inside=True)
    stage.tell(zones=(lobby,))
    stage.go(5)
    assert stage.open() == [False]
    raised = stage.told()[0]
    assert isinstance(raised, EventRaised)
    assert (raised.text, raised.zones) == ("absence in Lobby: person", ("Lobby",))


def test_the_next_absence_is_another_event(stage: Stage) -> None:
    for _ in range(2):
        stage.go(70)
        stage.tell(PresenceEnded)
        stage.go(5)
    assert stage.open() == [False, False]
    assert len({event.uuid for event in stage.events()}) == 2


def test_while_the_camera_is_down_the_time_does_not_count(stage: Stage) -> None:
    stage.go(50)
    stage.go(3600, down=True)
    stage.go(5)
    assert stage.events() == []
    stage.go(15)
    assert stage.open() == [True]


def test_a_camera_that_the_eye_never_looked_at_has_no_absence(stage: Stage) -> None:
    stage.go(120, down=True)
    stage.redis.set(EYE_STATE.format(slug="door"), b"[1]")
    stage.go(120, down=True)
    assert stage.events() == []


def test_after_a_start_the_time_counts_anew_and_what_was_told_is_not_told_again(stage: Stage) -> None:
    stage.go(50)
    stage.start_anew()
    stage.go(60)
    assert stage.events() == []
    stage.go(5)
    assert stage.open() == [True]
    stage.start_anew()
    stage.go(300)
    assert stage.open() == [True]
    stage.tell()
    stage.go(5)
    assert stage.open() == [False]
    assert [type(message) for message in stage.told()] == [EventRaised, EventEnded]


def test_two_replicas_that_both_look_tell_of_one_absence(stage: Stage) -> None:
    stage.go(10)
    other = Stage(stage.sessions, stage.redis, now=stage.now)
    for _ in range(20):
        stage.go(5)
        other.now = stage.now
        other.absences.step()
    assert stage.open() == [True]


def test_a_replica_looks_only_after_the_cameras_of_its_shards(stage: Stage) -> None:
    mine = frozenset({shard_of("door", 8)})
    stage.owned = frozenset(range(8)) - mine
    stage.go(120)
    assert stage.events() == []
    stage.owned = mine
    stage.go(70)
    assert stage.open() == [True]
    stage.owned = frozenset()
    stage.go(70)
    assert stage.open() == [True]  # whoever has the camera now ends it
    stage.owned = mine
    stage.go(5)
    stage.tell()
    stage.go(5)
    assert stage.open() == [False]


def test_a_rule_that_cools_down_tells_once_that_is_over(stage: Stage) -> None:
    stage.change(cooldown_s=300)
    stage.go(70)
    stage.tell()
    stage.go(290)
    assert stage.open() == [False]
    stage.go(20)
    assert stage.open() == [False, True]


def test_a_cooldown_holds_over_a_start(stage: Stage) -> None:
    stage.change(cooldown_s=300)
    with stage.sessions.begin() as session:
        session.add(RuleFiring(rule_slug="lobby", camera_slug="door", fired_at=AT))
    stage.go(295)
    assert stage.events() == []
    stage.go(10)
    assert stage.open() == [True]


def test_outside_its_schedule_nobody_is_missed(stage: Stage) -> None:
    """It is half past ten; the window is from 10:40 to 11:00."""
    stage.change(condition={**NOBODY, "schedule": EVENING})
    stage.go(9 * 60)
    assert stage.events() == []
    stage.go(60)
    assert stage.events() == []  # what was before the window does not count
    stage.go(30)
    assert stage.open() == [True]
    stage.go(20 * 60)
    assert stage.open() == [False]
    assert str(stage.events()[0].ended_at).startswith("2026-01-15 11:00")


@pytest.mark.parametrize(
    "change",
    [{"enabled": False}, {"condition": {"labels": ["person"]}}, {"armed": ["night"]}, {"camera_slug": "attic"}],
    ids=lambda change: next(iter(change)),
)
def test_it_ends_when_the_rule_no_longer_asks(stage: Stage, change: dict[str, Any]) -> None:
    stage.go(70)
    assert stage.open() == [True]
    stage.change(**change)
    stage.go(5)
    assert stage.open() == [False]


def test_it_ends_when_the_camera_is_switched_off(stage: Stage) -> None:
    stage.go(70)
    with stage.sessions.begin() as session:
        session.execute(update(Camera).where(Camera.slug == "door").values(enabled=False))
    stage.site.refresh()
    stage.go(5)
    assert stage.open() == [False]


def test_a_rule_that_sleeps_in_this_state_misses_nobody(stage: Stage) -> None:
    stage.change(armed=["night"])
    stage.go(70)
    assert stage.events() == []
    with stage.sessions.begin() as session:
        session.execute(update(Account).values(arm="night"))
    stage.site.refresh()
    stage.go(70)
    assert stage.open() == [True]


def test_a_condition_that_is_changed_counts_anew(stage: Stage) -> None:
    stage.go(50)
    stage.change(condition={**NOBODY, "labels": ["car"]})
    stage.go(60)
    assert stage.events() == []
    stage.go(10)
    assert stage.open() == [True]


def test_the_judge_is_not_asked(stage: Stage) -> None:
    stage.change(judge=True, modules=["lpr"])
    stage.go(70)
    assert len(stage.told()) == 1
    with stage.sessions() as session:
        assert session.scalars(select(Case)).all() == []
    assert stage.events()[0].modules_triggered == []


def test_a_database_that_is_away_loses_no_absence(stage: Stage) -> None:
    stage.go(60)
    stage.database.is_away = True
    with pytest.raises(OperationalError):
        stage.go(10)
    stage.database.is_away = False
    stage.go(5)
    assert stage.open() == [True]


def test_nobody_is_missed_while_presences_wait_to_be_heard_of(stage: Stage) -> None:
    stage.behind_s = 30
    stage.go(120)
    stage.tell()
    stage.behind_s = 0
    stage.go(55)
    assert stage.events() == []
    stage.go(10)
    assert stage.open() == [True]


def test_a_running_brain_tells_of_an_absence(
    running: Brain, site: SessionFactory, redis: Redis, send: Callable[..., None]
) -> None:
    add_rule(site, condition={**NOBODY, "for_s": 30})
    running.site.refresh()
    began = time.monotonic()

    def told() -> list[Message]:
        return [decode(fields) for _, fields in redis.xrange(EVENTS.stream())]  # type: ignore[union-attr, arg-type]

    def camera_time() -> datetime:
        # Pictures say that time passes ten times as fast as it does, so that nobody has to wait.
        return AT + timedelta(seconds=10 * (time.monotonic() - began))

    def told_while_watched() -> list[Message]:
        watch(redis, camera_time())
        return told()

    raised = wait_until(told_while_watched, 60, "the absence on the stream")[0]
    assert isinstance(raised, EventRaised)
    assert (raised.label, raised.rules) == ("absence", ("lobby",))
    send(presence(PresenceChanged, after_s=(camera_time() - AT).total_seconds()))
    ended = wait_until(lambda: [message for message in told() if isinstance(message, EventEnded)], what="its end")
    assert ended[0].event_id == raised.event_id
