"""The brain and its judge's worker as processes, with a model that answers, hangs or is not there, and with kills."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import Engine, select, update

from shared.db.engine import connect, sessions
from shared.db.migrate import upgrade
from shared.db.tables import Account, Camera, Case, RuleRow, VerdictRow
from shared.domain.ids import event_id, shard_of
from shared.jobs import QUEUE_GEMMA
from shared.media import MediaStore
from shared.messages.events import EventJudged, EventRaised
from shared.messages.message import decode
from shared.messages.topics import EVENTS, LIVENESS, PRESENCES
from shared.settings import Settings
from shared.streams import Publisher
from tests.conftest import PROJECT, wait_until
from tests.integration.brain.conftest import AT, presence
from tests.model_server import Act, ModelServer
from tests.processes import Processes

SLOW_S = 120.0
"""Far beyond what it takes: a busy machine starts processes slowly."""


class House:
    """One installation: its stores, its processes and the model it asks."""

    def __init__(self, folder: Path, redis_url: str, processes: Processes, server: ModelServer) -> None:
        url = f"sqlite:///{folder / 'argus.db'}"
        self.settings = Settings(data_dir=folder / "data", redis_url=redis_url, database_url=url)
        self.engine: Engine = connect(url)
        upgrade(self.engine)
        self.redis = Redis.from_url(redis_url)
        self.server = server
        self._processes = processes
        self._running: list[subprocess.Popen[bytes]] = []
        self._log = folder / "log.txt"
        MediaStore.open(self.settings.effective_media_url).write("snapshots/door.jpg", b"\xff\xd8door")

    def start(self, module: str, instance: str, **judge: str) -> subprocess.Popen[bytes]:
        env = {
            "ARGUS_DATA_DIR": str(self.settings.data_dir),
            "ARGUS_REDIS_URL": str(self.settings.redis_url),
            "ARGUS_DATABASE_URL": str(self.settings.database_url),
            # The tests' day is long past, and a brain that starts again would tidy its events away.
            "ARGUS_RETENTION__EVENTS_DAYS": "0",
            "ARGUS_INSTANCE": instance,
            "ARGUS_OLLAMA__URL": self.server.url,
            "ARGUS_OLLAMA__TIMEOUT_S": "2",
            **{f"ARGUS_JUDGE__{name.upper()}": value for name, value in judge.items()},
        }
        child = self._processes.start([sys.executable, "-m", module], env=env, cwd=PROJECT, output=self._log)
        self._running.append(child)
        key = LIVENESS.format(service=instance.rpartition("-")[0], instance=instance)
        self.redis.delete(key)
        wait_until(lambda: self.redis.exists(key), SLOW_S, f"{instance}; it said {self._log.read_text()[-2000:]}")
        return child

    def brain(self) -> subprocess.Popen[bytes]:
        return self.start("services.brain", "brain-0")

    def worker(self, **judge: str) -> subprocess.Popen[bytes]:
        return self.start("services.brain.judge_worker", "judge-worker-0", **judge)

    def say(self, number: int) -> str:
        """Tell of somebody at the door; the uuid of the event that this becomes."""
        message = presence(number=number, snapshot="snapshots/door.jpg", crop=None, crops=())
        Publisher(self.redis).publish(PRESENCES, message, shard=shard_of("door", self.settings.shards))
        return event_id(message.presence_id)

    def raised(self) -> dict[str, str | None]:
        """The verdict with which each event was told first."""
        told = [decode(fields) for _, fields in self.redis.xrange(EVENTS.stream())]
        return {each.event_id: each.verdict for each in reversed(told) if isinstance(each, EventRaised)}

    def amended(self) -> dict[str, str]:
        told = [decode(fields) for _, fields in self.redis.xrange(EVENTS.stream())]
        return {each.event_id: each.verdict for each in told if isinstance(each, EventJudged)}

    def open_cases(self) -> int:
        with sessions(self.engine)() as session:
            return len(session.scalars(select(Case.event_id)).all())

    def outcomes(self) -> list[str]:
        with sessions(self.engine)() as session:
            return list(session.scalars(select(VerdictRow.outcome)))

    def close(self) -> None:
        for child in self._running:
            if child.poll() is None:
                child.terminate()
        for child in self._running:
            child.wait(SLOW_S)
        self.engine.dispose()
        self.redis.close()


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as running:
        yield running


@pytest.fixture
def house(tmp_path: Path, redis_url: str, processes: Processes, server: ModelServer) -> Iterator[House]:
    """An installation whose one rule asks the judge; nothing runs yet."""
    made = House(tmp_path, redis_url, processes, server)
    with sessions(made.engine).begin() as session:
        times = {"created_at": AT, "updated_at": AT}
        session.add(Account(id=1, username="anna", password_hash="x", role="admin", created_at=AT))
        session.flush()
        names = {"slug": "door", "name": "Door", "url_encrypted": "", "url_masked": ""}
        session.add(Camera(account_id=1, enabled=True, options={}, **names, **times))
        session.execute(update(RuleRow).values(judge=True, judge_deadline_s=30.0))
    yield made
    made.close()


def test_a_case_goes_through_the_queue_and_comes_back_in_time(house: House) -> None:
    house.brain()
    house.worker()
    event = house.say(1)
    wait_until(house.raised, SLOW_S, "the event")
    assert house.raised() == {event: "confirmed"}
    wait_until(lambda: house.open_cases() == 0 and house.redis.llen(QUEUE_GEMMA) == 0, SLOW_S, "all to be done")
    assert house.outcomes() == ["judged"]


def test_without_a_worker_alerts_go_out_when_their_time_is_up_and_are_amended_once_one_runs(house: House) -> None:
    with sessions(house.engine).begin() as session:
        session.execute(update(RuleRow).values(judge_deadline_s=0.5))
    house.brain()
    event = house.say(1)
    wait_until(house.raised, SLOW_S, "the event")
    assert house.raised() == {event: "unverified"}
    wait_until(lambda: house.redis.llen(QUEUE_GEMMA) == 1, SLOW_S, "the case in the queue")
    house.worker()
    wait_until(house.amended, SLOW_S, "the verdict")
    assert house.amended() == {event: "confirmed"}


def test_a_model_that_hangs_holds_up_no_alert(house: House) -> None:
    with sessions(house.engine).begin() as session:
        session.execute(update(RuleRow).values(judge_deadline_s=0.5))
    house.server.usual = Act(hang=True)
    house.brain()
    house.worker()
    events = [house.say(number) for number in range(1, 6)]
    wait_until(lambda: len(house.raised()) == 5, SLOW_S, "the events")
    assert house.raised() == dict.fromkeys(events, "unverified")


def test_nothing_is_lost_when_the_brain_and_the_worker_are_killed(house: House) -> None:
    house.server.usual = Act(delay_s=0.1)
    brain, worker = house.brain(), house.worker()
    events = [house.say(number) for number in range(1, 9)]
    wait_until(lambda: house.server.questions, SLOW_S, "the first question")
    worker.kill()
    brain.kill()
    worker.wait(30)
    brain.wait(30)
    events += [house.say(number) for number in range(9, 13)]
    with sessions(house.engine).begin() as session:
        # As if the leases of the killed worker had run out.
        session.execute(update(Case).values(lease_until=None))
    house.brain()
    house.worker()
    wait_until(lambda: set(house.raised()) == set(events), SLOW_S, "all events")
    wait_until(lambda: house.open_cases() == 0, SLOW_S, "all verdicts")
    assert set(house.outcomes()) == {"judged"}
    assert len(house.outcomes()) == 12


def test_a_worker_that_is_stopped_gives_back_what_it_has_in_hand(house: House) -> None:
    house.server.acts = [Act(hang=True)]
    house.brain()
    worker = house.worker()
    house.say(1)
    wait_until(lambda: house.server.questions, SLOW_S, "the question")
    started = time.monotonic()
    worker.terminate()
    worker.wait(SLOW_S)
    assert time.monotonic() - started < SLOW_S / 2
    with sessions(house.engine)() as session:
        assert session.scalars(select(Case.lease_until)).all() == [None]
    house.worker()
    wait_until(house.raised, SLOW_S, "the event")
    assert set(house.raised().values()) == {"confirmed"}
