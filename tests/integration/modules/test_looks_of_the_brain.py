"""From a presence to an event, to a look of a specialist, to its results: with real processes that die in between."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import delete, select

from shared.db.engine import sessions
from shared.db.tables import Account, Camera, Event, OutboxRow, Recognition, RuleRow
from shared.domain.ids import event_id, shard_of
from shared.messages.events import EventRaised
from shared.messages.message import decode
from shared.messages.presences import CropBody, PresenceBody, PresenceEnded, PresenceStarted
from shared.messages.topics import EVENTS, MODULE_ORDERS, PRESENCES
from shared.modules.book import JobRecord
from shared.modules.order import look_id
from shared.streams import Publisher
from tests.conftest import PROJECT, wait_until
from tests.integration.modules.conftest import AT, SLOW_S, Shop, StartWorker, picture
from tests.processes import Processes

StartBrain = Callable[[], "subprocess.Popen[bytes]"]


@pytest.fixture
def gate(shop: Shop) -> Shop:
    """A site with one camera, whose every presence the tester looks at."""
    with sessions(shop.engine).begin() as session:
        times = {"created_at": AT, "updated_at": AT}
        session.add(Account(id=1, username="anna", password_hash="x", role="admin", created_at=AT))
        session.flush()
        names = {"slug": "gate", "name": "Gate", "url_encrypted": "", "url_masked": ""}
        options = {"modules": {"tester": {"do": "look"}}}
        session.add(Camera(account_id=1, enabled=True, options=options, **names, **times))
        session.add(RuleRow(slug="closer", name="closer", condition={}, modules=["tester"], **times))
    return shop


@pytest.fixture
def start_brain(gate: Shop, processes: Processes, start_worker: StartWorker) -> Iterator[StartBrain]:
    # Ended before the workers are, who wait for all processes to be gone.
    started = []

    def start() -> subprocess.Popen[bytes]:
        env = {
            "ARGUS_DATA_DIR": str(gate.settings.data_dir),
            "ARGUS_REDIS_URL": str(gate.settings.redis_url),
            "ARGUS_DATABASE_URL": str(gate.settings.database_url),
            # The tests' day is long past, and a brain that starts again would tidy its events away.
            "ARGUS_RETENTION__EVENTS_DAYS": "0",
            "ARGUS_INSTANCE": "brain-0",
        }
        started.append(processes.start([sys.executable, "-m", "services.brain"], env=env, cwd=PROJECT))
        return started[-1]

    yield start
    for brain in started:
        if brain.poll() is None:
            brain.terminate()
        brain.wait(SLOW_S)


def say(
    shop: Shop,
    kind: type[PresenceBody] = PresenceStarted,
    *,
    number: int = 1,
    crops: int = 1,
    label: str = "person",
    stored: bool = True,
) -> str:
    """Tell of a presence whose pictures are in the store, unless they come later; its id."""
    made = tuple(CropBody(path=f"crops/gate/{number}-{n}.jpg", at=AT, quality=1.0 + n) for n in range(crops))
    for n, crop in enumerate(made if stored else ()):
        shop.media.write(crop.path, picture(64 + n))
    fields: dict[str, Any] = {
        "presence_id": f"p-{number}",
        "camera": "gate",
        "zones": (),
        "crops": made,
        "label": label,
    }
    fields |= {"started_at": AT, "last_seen_at": AT, "captured_at": AT}
    message = kind.model_validate(PresenceStarted.example().model_copy(update=fields).model_dump())
    Publisher(shop.redis).publish(PRESENCES, message, shard=shard_of("gate", shop.settings.shards))
    return str(fields["presence_id"])


def raised(shop: Shop) -> list[str]:
    messages = [decode(fields) for _, fields in shop.redis.xrange(EVENTS.stream())]
    return [message.event_id for message in messages if isinstance(message, EventRaised)]


def results(shop: Shop, presence: str) -> dict[str, Any]:
    with sessions(shop.engine)() as session:
        return session.scalars(select(Event.module_results).where(Event.uuid == event_id(presence))).one()


def orders(shop: Shop) -> list[int]:
    """What is ordered of specialists and has not left yet."""
    with sessions(shop.engine)() as session:
        return list(session.scalars(select(OutboxRow.id).where(OutboxRow.topic == MODULE_ORDERS)))


def look(shop: Shop, presence: str) -> JobRecord:
    """The first look at the presence, once it has ended; it is handed over after the event is told."""
    job_id = look_id(presence, "tester", 1)
    wait_until(lambda: shop.book.get(job_id) is not None, SLOW_S, "the job")
    return shop.ended(job_id)


def test_the_event_goes_out_first_and_the_results_come_later(
    gate: Shop, start_brain: StartBrain, start_worker: StartWorker
) -> None:
    start_brain()
    presence = say(gate, crops=3)
    wait_until(lambda: raised(gate) == [event_id(presence)], SLOW_S, "the event, though no worker runs")
    wait_until(lambda: results(gate, presence).get("tester", {}).get("status") == "waiting", SLOW_S, "the note")
    start_worker()
    wait_until(lambda: "sizes" in results(gate, presence).get("tester", {}), SLOW_S, "the results")
    found = results(gate, presence)["tester"]
    assert (found["sizes"], found["camera"], found["label"]) == ([[64, 48], [65, 48], [66, 48]], "gate", "person")


def test_a_brain_that_is_killed_on_the_way_has_each_presence_looked_at_once(
    gate: Shop, start_brain: StartBrain, start_worker: StartWorker
) -> None:
    start_worker()
    gate.worker()
    brain = start_brain()
    presences = [say(gate, number=number) for number in range(1, 11)]
    wait_until(lambda: raised(gate), SLOW_S, "the first event")
    brain.kill()
    brain.wait(SLOW_S)
    presences += [say(gate, number=number) for number in range(11, 21)]
    start_brain()
    for presence in presences:
        wait_until(lambda presence=presence: event_id(presence) in raised(gate), SLOW_S, "the event")  # type: ignore[misc]
        job = look(gate, presence)
        assert (job.status, job.attempts) == ("completed", 1)
        assert "sizes" in results(gate, presence)["tester"]
    # An order leaves after its job was handed over, which a worker may have done by then.
    wait_until(lambda: not orders(gate), SLOW_S, "the orders to be gone")


def test_a_look_whose_pictures_are_written_a_moment_later_waits_for_them(
    gate: Shop, start_brain: StartBrain, start_worker: StartWorker
) -> None:
    start_worker()
    gate.worker()
    start_brain()
    presence = say(gate, PresenceEnded, stored=False)
    wait_until(lambda: gate.book.get(look_id(presence, "tester", 1)) is not None, SLOW_S, "the job")
    gate.media.write("crops/gate/1-0.jpg", picture())
    assert gate.ended(look_id(presence, "tester", 1)).status == "completed"


def test_a_plate_on_the_deny_list_raises_an_event_where_no_other_rule_does(
    gate: Shop, start_brain: StartBrain, start_worker: StartWorker
) -> None:
    denied = {"kind": "finding", "module": "lpr", "list_match": "deny"}
    with sessions(gate.engine).begin() as session:
        session.execute(delete(RuleRow))
        session.add(RuleRow(slug="deny", name="deny", condition=denied, created_at=AT, updated_at=AT))
    start_worker(enabled="lpr")
    gate.worker()
    start_brain()
    presence = say(gate, PresenceEnded, crops=3, label="car")
    say(gate, PresenceEnded, number=2, label="person")
    wait_until(lambda: raised(gate) == [event_id(presence)], SLOW_S, "the event of the finding")
    with sessions(gate.engine)() as session:
        event = session.scalars(select(Event)).one()
        assert (event.rules, event.label, event.module_results["lpr"]["plates"][0]["pictures"]) == (["deny"], "car", 3)
        recognised = session.scalars(select(Recognition)).one()
        assert (recognised.event_id, recognised.data["plate_text"]) == (event.id, "AB123CD")
