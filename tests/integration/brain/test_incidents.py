"""Events that follow each other are one incident, stored with the events themselves."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from services.brain.bootstrap import Brain, build
from shared.db.engine import SessionFactory
from shared.db.tables import Camera, Case, Incident, OutboxRow, RuleRow
from shared.messages.events import EventRaised
from shared.messages.presences import PresenceChanged, PresenceStarted
from shared.settings import Settings
from tests.integration.brain.conftest import AT, presence
from tests.integration.brain.test_presence_to_event import add_rule, drop_default_rule, events, handle


@pytest.fixture
def grouped(site: SessionFactory) -> SessionFactory:
    """A site whose only rule has incidents of a minute."""
    drop_default_rule(site)
    add_rule(site, "walk", incident_window_s=60, severity=2)
    with site.begin() as session:
        session.execute(update(Camera).values(enabled=True))
    return site


def comes(number: int, after_s: float, camera: str = "door", kind: Any = PresenceStarted) -> Any:
    return presence(kind, number=number, after_s=after_s, camera=camera)


def incidents(site: SessionFactory) -> list[Incident]:
    with site() as session:
        return list(session.scalars(select(Incident).order_by(Incident.began_at)))


def raised(site: SessionFactory) -> list[EventRaised]:
    with site() as session:
        rows = session.scalars(select(OutboxRow).where(OutboxRow.kind == "EventRaised").order_by(OutboxRow.id))
        return [EventRaised.model_validate_json(row.body) for row in rows]


def test_events_within_the_window_of_the_last_are_one_incident_on_all_cameras(
    brain: Brain, grouped: SessionFactory
) -> None:
    handle(brain, comes(1, 0), comes(2, 50), comes(3, 100, "attic"), comes(4, 161))
    first, second = incidents(grouped)
    assert (first.events, first.camera_slug, first.severity, first.account_id) == (3, "door", 2, 1)
    assert ((first.last_at - AT).total_seconds(), second.events) == (100, 1)
    assert [event.incident_id for event in events(grouped)] == [first.id] * 3 + [second.id]
    assert [message.incident_id for message in raised(grouped)] == [first.id] * 3 + [second.id]


def test_messages_that_come_again_count_nothing_twice(
    brain: Brain, grouped: SessionFactory, settings: Settings
) -> None:
    batch = [comes(1, 0), comes(2, 50)]
    handle(brain, *batch)
    another = build(settings, instance="brain-1")
    handle(another, *batch)
    another.close()
    assert [incident.events for incident in incidents(grouped)] == [2]
    assert len(raised(grouped)) == 2


def test_a_rule_may_have_incidents_of_each_camera(brain: Brain, grouped: SessionFactory) -> None:
    with grouped.begin() as session:
        session.execute(update(RuleRow).values(incident_per="camera"))
    handle(brain, comes(1, 0), comes(2, 10, "attic"), comes(3, 20))
    assert sorted(incident.events for incident in incidents(grouped)) == [1, 2]


def test_a_rule_that_wants_every_event_told_is_heard(brain: Brain, grouped: SessionFactory) -> None:
    add_rule(grouped, "each", condition={"dwell_s": 30})
    handle(brain, comes(1, 0), comes(2, 10))
    handle(brain, comes(2, 35, kind=PresenceChanged))
    first, second, third = raised(grouped)
    assert first.incident_id == second.incident_id is not None
    assert (third.event_id, third.incident_id, third.rules) == (second.event_id, None, ("each",))


def test_a_more_severe_rule_on_the_same_event_is_told_at_once(brain: Brain, grouped: SessionFactory) -> None:
    add_rule(grouped, "stays", condition={"dwell_s": 30}, incident_window_s=60, severity=5)
    handle(brain, comes(1, 0), comes(1, 35, kind=PresenceChanged))
    assert [(message.severity, message.incident_id) for message in raised(grouped)] == [
        (2, incidents(grouped)[0].id),
        (5, incidents(grouped)[0].id),
    ]
    assert incidents(grouped)[0].severity == 5


def test_what_waits_for_the_judge_knows_its_incident(grouped: SessionFactory, settings: Settings) -> None:
    with grouped.begin() as session:
        session.execute(update(RuleRow).values(judge=True))
    judging = settings.model_copy(update={"ollama": settings.ollama.model_copy(update={"url": "http://127.0.0.1:9"})})
    brain = build(judging, instance="brain-0")
    handle(brain, comes(1, 0), comes(2, 10))
    brain.close()
    with grouped() as session:
        withheld = [EventRaised.model_validate_json(case.withheld or "") for case in session.scalars(select(Case))]
    assert [message.incident_id for message in withheld] == [incidents(grouped)[0].id] * 2
    assert raised(grouped) == []


@pytest.fixture
def other(grouped: SessionFactory, settings: Settings) -> Iterator[Brain]:
    """Another replica."""
    made = build(settings, instance="brain-1")
    yield made
    made.close()


def test_two_replicas_that_raise_events_at_once_make_one_incident(
    brain: Brain, other: Brain, grouped: SessionFactory
) -> None:
    together = threading.Barrier(2)

    def hear(brain: Brain, camera: str, first: int) -> None:
        together.wait(30)
        for number in range(first, first + 10):
            handle(brain, comes(number, number / 10, camera))

    threads = [threading.Thread(target=hear, args=each) for each in ((brain, "door", 10), (other, "attic", 20))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert [incident.events for incident in incidents(grouped)] == [20]


def of_things(site: SessionFactory, **fields: Any) -> None:
    """A rule besides, about who stays for half a minute, whose incidents are of things."""
    add_rule(site, "stays", condition={"dwell_s": 30}, incident_window_s=60, incident_per="track", **fields)


def alone(site: SessionFactory) -> None:
    with site.begin() as session:
        session.execute(update(RuleRow).where(RuleRow.slug == "walk").values(incident_window_s=0))


def test_a_second_rule_on_the_same_person_goes_with_what_was_told_of_it_alone(
    brain: Brain, grouped: SessionFactory
) -> None:
    alone(grouped)
    of_things(grouped)
    handle(brain, comes(1, 0), comes(1, 35, kind=PresenceChanged), comes(1, 40, kind=PresenceChanged))
    (incident,) = incidents(grouped)
    assert (incident.events, incident.rule_slug, incident.severity) == (1, "stays", 2)
    assert ((incident.began_at - AT).total_seconds(), (incident.last_at - AT).total_seconds()) == (0, 35)
    (event,) = events(grouped)
    assert (event.rules, event.incident_id) == (["walk", "stays"], incident.id)
    assert [(each.event_id, each.rules, each.incident_id) for each in raised(grouped)] == [
        (event.uuid, ("walk",), None),
        (event.uuid, ("stays",), incident.id),
    ]


def test_a_second_rule_that_has_incidents_of_its_own_alone_is_not_told(brain: Brain, grouped: SessionFactory) -> None:
    add_rule(grouped, "stays", condition={"dwell_s": 30}, incident_window_s=60)
    handle(brain, comes(1, 0), comes(1, 35, kind=PresenceChanged))
    assert [each.rules for each in raised(grouped)] == [("walk",)]


def test_a_second_rule_on_the_same_person_goes_with_the_first_ones_incident(
    brain: Brain, grouped: SessionFactory
) -> None:
    of_things(grouped)
    handle(brain, comes(1, 0), comes(2, 10), comes(1, 35, kind=PresenceChanged))
    (incident,) = incidents(grouped)
    assert (incident.rule_slug, incident.events) == ("walk", 2)
    assert [(each.rules, each.incident_id) for each in raised(grouped)] == [
        (("walk",), incident.id),
        (("walk",), incident.id),
        (("stays",), incident.id),
    ]


@pytest.mark.parametrize(
    ("after_s", "fields", "is_same"),
    [(50, {}, True), (61, {}, False), (50, {"track_id": 8}, False), (50, {"label": "dog"}, False)],
)
def test_a_track_that_is_found_again_within_the_window_goes_on_with_its_incident(
    brain: Brain, grouped: SessionFactory, after_s: float, fields: dict[str, Any], *, is_same: bool
) -> None:
    with grouped.begin() as session:
        session.execute(delete(RuleRow))
    add_rule(grouped, "any", condition={"labels": ["person"]}, incident_window_s=60, incident_per="track")
    add_rule(grouped, "dog", condition={"labels": ["dog"]}, incident_window_s=60, incident_per="track")
    handle(brain, comes(1, 0), presence(PresenceStarted, number=2, after_s=after_s, **fields))
    assert [incident.events for incident in incidents(grouped)] == ([2] if is_same else [1, 1])


def test_what_a_rule_says_of_the_same_thing_waits_for_the_judge_as_anything_does(
    grouped: SessionFactory, settings: Settings
) -> None:
    alone(grouped)
    of_things(grouped, judge=True)
    judging = settings.model_copy(update={"ollama": settings.ollama.model_copy(update={"url": "http://127.0.0.1:9"})})
    brain = build(judging, instance="brain-0")
    handle(brain, comes(1, 0), comes(1, 35, kind=PresenceChanged))
    brain.close()
    with grouped() as session:
        (withheld,) = [EventRaised.model_validate_json(case.withheld or "") for case in session.scalars(select(Case))]
    assert (withheld.rules, withheld.incident_id) == (("walk", "stays"), incidents(grouped)[0].id)
    assert [each.rules for each in raised(grouped)] == [("walk",)]
