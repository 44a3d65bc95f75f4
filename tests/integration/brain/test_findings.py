"""What specialists find becomes part of an event, or raises one, once."""

from __future__ import annotations

import io
import json
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from PIL import Image
from redis import Redis
from sqlalchemy import select, update

from services.brain.bootstrap import Brain, build
from shared.db.engine import SessionFactory
from shared.db.outbox import outbox_row
from shared.db.tables import Camera, OutboxRow, Recognition, RuleRow
from shared.domain.ids import event_id
from shared.media import MediaStore
from shared.messages.events import EventEnded, EventRaised
from shared.messages.findings import FindingMade, SeenPicture
from shared.messages.presences import PresenceBody, PresenceChanged, PresenceEnded
from shared.messages.topics import FINDINGS
from shared.modules.order import look_id
from shared.rules.decision import Decision
from shared.settings import Settings
from shared.streams import Received
from tests.conftest import wait_until
from tests.integration.brain.conftest import AT, presence
from tests.integration.brain.test_decisions import rows
from tests.integration.brain.test_looks import add_rule, crops, orders
from tests.integration.brain.test_presence_to_event import drop_default_rule, events, handle, told

DENIED = {"plates": [{"plate_text": "AB123CD", "confidence": 0.9, "list_match": "deny"}]}
ALLOWED = {"plates": [{"plate_text": "AB123CD", "confidence": 0.9, "list_match": "allow"}]}
FIRE = {"detections": [{"label": "fire", "confidence": 0.83, "bbox": [10, 20, 30, 40], "frame": 1}], "status": "fire"}
CALM: dict[str, Any] = {"detections": [], "status": "clear"}


def about(body: PresenceBody, results: dict[str, Any], *, look: int = 1) -> FindingMade:
    return FindingMade(
        job_id=look_id(body.presence_id, "lpr", look),
        module="lpr",
        camera=body.camera,
        account_id=1,
        scope="object",
        look=look,
        at=body.captured_at,
        presence=PresenceChanged.model_validate(body.model_dump()),
        results=results,
    )


def burst(results: dict[str, Any], *, after_s: float = 0.0, pictures: tuple[str, ...] = ()) -> FindingMade:
    return FindingMade(
        job_id=f"job-{after_s}",
        module="fire_smoke",
        camera="door",
        account_id=1,
        scope="scene",
        look=1,
        at=AT + timedelta(seconds=after_s),
        results=results,
        pictures=tuple(SeenPicture(path=path) for path in pictures),
    )


def find(brain: Brain, *messages: FindingMade) -> None:
    if not brain.site.view.cameras:
        brain.site.refresh()
    brain.findings([Received("findings", b"1-0", message, {}) for message in messages])


def publish(brain: Brain, redis: Redis) -> list[Any]:
    brain.relay.drain(threading.Event())
    return told(redis)


@pytest.fixture
def deny(site: SessionFactory) -> None:
    """One rule alone: a plate on the deny list."""
    drop_default_rule(site)
    add_rule(site, "deny", condition={"kind": "finding", "module": "lpr", "list_match": "deny"}, severity=4, modules=[])


@pytest.fixture
def fire(site: SessionFactory) -> None:
    drop_default_rule(site)
    add_rule(site, "fire", condition={"kind": "finding", "module": "fire_smoke", "min_confidence": 0.5}, severity=5)


@pytest.mark.usefixtures("deny")
def test_a_presence_is_looked_at_for_a_rule_that_waits_though_there_is_no_event(
    brain: Brain, site: SessionFactory
) -> None:
    handle(brain, presence(), presence(PresenceChanged, after_s=1))
    assert orders(site) == []
    for _ in range(2):
        handle(brain, presence(PresenceChanged, after_s=2, crops=crops(0, 1)))
        handle(brain, presence(PresenceChanged, after_s=3, crops=crops(0, 1)))
    (first,) = orders(site)
    assert (first.module, first.look, first.event_uuid) == ("lpr", 1, event_id("presence-1"))
    handle(brain, presence(PresenceEnded, after_s=9, crops=crops(0, 1, 8)))
    assert {order.job_id for order in orders(site)} == {first.job_id, look_id("presence-1", "lpr", 2)}
    assert events(site) == []


@pytest.mark.usefixtures("deny")
def test_a_short_presence_is_looked_at_at_its_end(brain: Brain, site: SessionFactory) -> None:
    handle(brain, presence(), presence(PresenceEnded, after_s=1, crops=crops(0, 1)))
    assert [order.look for order in orders(site)] == [1]


@pytest.mark.usefixtures("deny")
def test_a_finding_raises_the_event_of_its_presence_once_and_brings_all_it_has(
    brain: Brain, site: SessionFactory, redis: Redis
) -> None:
    body = presence(PresenceChanged, after_s=2)
    finding = about(body, DENIED)
    with site.begin() as session:
        data = {**DENIED["plates"][0], "job_id": finding.job_id}
        session.add(Recognition(camera_slug="door", kind="plate_read", at=finding.at, stored_at=finding.at, data=data))
    redis.set("eye:state:door", json.dumps({"presences": [body.presence_id]}))
    for _ in range(2):
        find(brain, finding)
    (event,) = events(site)
    assert (event.uuid, event.rules, event.severity) == (event_id(body.presence_id), ["deny"], 4)
    assert (event.modules_triggered, event.module_results) == (["lpr"], {"lpr": DENIED})
    assert (event.label, event.track_id, event.snapshot) == ("person", body.track_id, body.snapshot)
    assert event.ended_at is None
    (raised,) = publish(brain, redis)
    assert isinstance(raised, EventRaised)
    assert raised.text == "person: AB123CD"
    with site() as session:
        assert session.scalars(select(Recognition.event_id)).one() == event.id


@pytest.mark.usefixtures("deny")
def test_an_event_that_comes_after_the_end_of_its_presence_is_closed_at_once(
    brain: Brain, site: SessionFactory, redis: Redis
) -> None:
    body = presence(PresenceChanged, after_s=2)
    find(brain, about(body, DENIED))
    assert events(site)[0].ended_at == body.last_seen_at
    assert [type(message) for message in publish(brain, redis)] == [EventRaised, EventEnded]


@pytest.mark.usefixtures("deny")
def test_a_finding_that_matches_nothing_raises_nothing(brain: Brain, site: SessionFactory) -> None:
    find(brain, about(presence(), ALLOWED), burst(FIRE), about(presence(camera="attic"), DENIED))
    assert events(site) == []


def test_a_finding_is_added_to_the_event_that_there_is(brain: Brain, site: SessionFactory, redis: Redis) -> None:
    add_rule(
        site, "deny", condition={"kind": "finding", "module": "lpr", "list_match": "deny"}, severity=4, modules=["ocr"]
    )
    handle(brain, presence())
    for _ in range(2):
        find(brain, about(presence(), DENIED))
    (event,) = events(site)
    assert (event.rules, event.severity) == (["rule_001", "deny"], 4)
    assert event.modules_triggered == ["lpr", "ocr"]
    assert event.ended_at is None
    assert [order.module for order in orders(site)] == ["ocr"]
    assert len(publish(brain, redis)) == 1  # every channel was told already


def test_a_finding_with_a_channel_of_its_own_has_the_event_told_there_too(
    brain: Brain, site: SessionFactory, redis: Redis
) -> None:
    drop_default_rule(site)
    add_rule(site, "any", channels=["email"], modules=[])
    lpr = {"kind": "finding", "module": "lpr"}
    add_rule(site, "deny", condition=lpr, channels=["webhook"], modules=[])
    handle(brain, presence())
    find(brain, about(presence(), DENIED))
    assert [message.channels for message in publish(brain, redis)] == [("email",), ("email", "webhook")]


def test_a_rule_about_findings_cools_down(brain: Brain, site: SessionFactory) -> None:
    drop_default_rule(site)
    add_rule(site, "deny", condition={"kind": "finding", "module": "lpr"}, cooldown_s=60)
    find(
        brain, *(about(presence(number=number, after_s=after), DENIED) for number, after in ((1, 0), (2, 59), (3, 60)))
    )
    assert [event.presence_id for event in events(site)] == ["presence-1", "presence-3"]


@pytest.mark.usefixtures("deny")
def test_a_plate_that_is_found_during_the_cooldown_is_explained_by_it(brain: Brain, site: SessionFactory) -> None:
    with site.begin() as session:
        session.execute(update(RuleRow).values(cooldown_s=60))
    for number, results in enumerate((DENIED, DENIED, ALLOWED)):
        body = presence(PresenceChanged, number=number, after_s=2 + 10 * number)
        handle(brain, body)
        find(brain, about(body, results))
        handle(brain, presence(PresenceEnded, number=number, after_s=100))
    found = [Decision.of(row.decisions[0]) for row in rows(site)]
    assert [each.outcome for each in found] == ["fired", "cooling", "unmet"]
    assert found[1].at == AT + timedelta(seconds=62)
    assert "keeps silent until" in found[1].sentence


def jpeg(colour: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(out, "JPEG")
    return out.getvalue()


@pytest.mark.usefixtures("fire")
def test_a_scene_raises_an_event_with_the_deciding_picture(
    brain: Brain, site: SessionFactory, redis: Redis, settings: Settings
) -> None:
    media = MediaStore.open(settings.effective_media_url)
    for name, colour in (("a", "teal"), ("b", "red")):
        media.write(f"scenes/{name}.jpg", jpeg(colour))
    find(brain, burst(FIRE, pictures=("scenes/a.jpg", "scenes/b.jpg")))
    (event,) = events(site)
    assert (event.kind, event.label, event.confidence, event.severity) == ("detection", "fire", 0.83, 5)
    assert (event.box, event.frame_width, event.frame_height) == ([10, 20, 30, 40], 64, 48)
    assert (event.presence_id, event.module_results) == (None, {"fire_smoke": FIRE})
    assert event.snapshot is not None
    assert media.read(event.snapshot) == jpeg("red")
    (raised,) = publish(brain, redis)
    assert (raised.label, raised.snapshot, raised.rules) == ("fire", event.snapshot, ("fire",))


@pytest.mark.usefixtures("fire")
def test_a_picture_that_is_gone_costs_the_picture_and_not_the_alert(brain: Brain, site: SessionFactory) -> None:
    find(brain, burst(FIRE, pictures=("scenes/gone.jpg",)))
    assert events(site)[0].snapshot is None


@pytest.mark.usefixtures("fire")
def test_a_fire_that_goes_on_is_one_event_and_a_later_one_another(
    brain: Brain, site: SessionFactory, settings: Settings
) -> None:
    for second in range(0, 600, 20):
        for _ in range(2):
            find(brain, burst(FIRE, after_s=second))
    reborn = build(settings, instance="brain-1")
    find(reborn, burst(FIRE, after_s=600), burst(CALM, after_s=620), burst(CALM, after_s=720))
    assert [event.ended_at for event in events(site)] == [None]
    find(reborn, burst(CALM, after_s=740))
    assert [event.ended_at for event in events(site)] == [AT + timedelta(seconds=600)]
    find(reborn, burst(FIRE, after_s=800))
    reborn.close()
    assert [event.occurred_at for event in events(site)] == [AT, AT + timedelta(seconds=800)]


def test_a_slow_cadence_and_a_long_cooldown_make_longer_episodes(brain: Brain, site: SessionFactory) -> None:
    drop_default_rule(site)
    with site.begin() as session:
        camera = session.scalars(select(Camera).where(Camera.slug == "door")).one()
        camera.options = {"modules": {"fire_smoke": {"every_s": 300}}}
    add_rule(site, "fire", condition={"kind": "finding", "module": "fire_smoke"})
    find(brain, burst(FIRE), burst(FIRE, after_s=900))
    assert len(events(site)) == 1
    find(brain, burst(FIRE, after_s=1801))
    assert len(events(site)) == 2


@pytest.mark.usefixtures("fire")
def test_two_rules_about_one_fire_are_one_event(brain: Brain, site: SessionFactory) -> None:
    add_rule(site, "smoke", condition={"kind": "finding", "module": "fire_smoke"}, modules=[])
    find(brain, burst(FIRE))
    assert [event.rules for event in events(site)] == [["fire", "smoke"]]


@pytest.mark.usefixtures("deny")
def test_a_running_brain_is_told_over_the_outbox_and_the_stream(
    running: Brain, site: SessionFactory, redis: Redis
) -> None:
    running.site.refresh()
    with site.begin() as session:
        session.add(outbox_row(FINDINGS, about(presence(), DENIED), now=datetime.now(UTC)))
    wait_until(lambda: [message for message in told(redis) if isinstance(message, EventRaised)], what="the event")
    wait_until(lambda: not left(site), what="the outbox to empty")


def left(site: SessionFactory) -> list[str]:
    with site() as session:
        return list(session.scalars(select(OutboxRow.kind)))
