"""What rules made of presences is written down, and goes after a day."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, update

from services.brain.bootstrap import Brain, build
from services.brain.memory import Memory
from services.brain.presences import PresenceHandler
from shared.db.engine import SessionFactory
from shared.db.tables import Camera, DecisionRow, RuleFiring
from shared.messages.presences import PresenceBody, PresenceChanged, PresenceEnded
from shared.rules.decision import Decision
from shared.settings import Settings
from shared.streams import Received
from tests.integration.brain.conftest import AT, presence
from tests.integration.brain.test_presence_to_event import add_rule, drop_default_rule, events, handle


def rows(site: SessionFactory) -> list[DecisionRow]:
    with site() as session:
        return list(session.scalars(select(DecisionRow).order_by(DecisionRow.presence_id)))


def outcomes(row: DecisionRow) -> dict[str, str]:
    return {each.rule: each.outcome for each in map(Decision.of, row.decisions)}


def test_a_presence_is_noted_when_a_rule_fires_and_when_it_ends(brain: Brain, site: SessionFactory) -> None:
    add_rule(site, "cars", condition={"labels": ["car"]})
    add_rule(site, "asleep", armed=["night"])
    handle(brain, presence())
    (row,) = rows(site)
    assert (row.camera_slug, row.account_id, row.is_told, row.ended_at) == ("door", 1, True, None)
    assert outcomes(row) == {"rule_001": "fired", "cars": "unmet", "asleep": "resting"}
    handle(brain, presence(PresenceEnded, after_s=7, confidence=0.97))
    (row,) = rows(site)
    assert row.ended_at == AT + timedelta(seconds=7)
    assert PresenceBody.model_validate(row.state).confidence == 0.97
    assert outcomes(row) == {"rule_001": "fired", "cars": "unmet", "asleep": "resting"}
    assert Decision.of(row.decisions[0]).at == AT


def test_who_is_told_of_by_nobody_is_noted_at_the_end_or_after_a_minute(brain: Brain, site: SessionFactory) -> None:
    drop_default_rule(site)
    add_rule(site, "cars", condition={"labels": ["car"]})
    handle(brain, presence(), presence(PresenceChanged, after_s=59))
    assert rows(site) == []
    handle(brain, presence(PresenceChanged, after_s=60))
    (row,) = rows(site)
    assert (row.is_told, outcomes(row)) == (False, {"cars": "unmet"})
    handle(brain, presence(PresenceEnded, number=2, after_s=3))
    assert [row.presence_id for row in rows(site)] == ["presence-1", "presence-2"]
    assert events(site) == []


def test_a_message_that_comes_again_changes_nothing(brain: Brain, site: SessionFactory, settings: Settings) -> None:
    messages = [presence(), presence(PresenceChanged, after_s=3), presence(PresenceEnded, after_s=7)]
    handle(brain, *messages)
    (before,) = rows(site)
    again = build(settings, instance="brain-1")
    handle(again, *messages)
    again.close()
    (after,) = rows(site)
    assert (after.decisions, after.state, after.ended_at) == (before.decisions, before.state, before.ended_at)


def test_a_cooldown_is_told_with_its_end(brain: Brain, site: SessionFactory) -> None:
    drop_default_rule(site)
    add_rule(site, "calm", cooldown_s=60)
    handle(brain, presence())
    handle(brain, presence(PresenceEnded, number=2, after_s=5))
    _, row = rows(site)
    (decision,) = map(Decision.of, row.decisions)
    assert (decision.outcome, decision.at) == ("cooling", AT + timedelta(seconds=60))


def test_a_cooldown_of_the_rule_counts_on_all_cameras_and_over_a_restart(
    site: SessionFactory, settings: Settings
) -> None:
    drop_default_rule(site)
    add_rule(site, "calm", cooldown_s=60, cooldown_per="rule")
    add_rule(site, "each", cooldown_s=60)
    with site.begin() as session:
        session.execute(update(Camera).values(enabled=True))
    for number, (camera, after_s) in enumerate((("door", 0), ("attic", 30), ("attic", 61))):
        brain = build(settings, instance=f"brain-{number}")
        handle(brain, presence(number=number, camera=camera, after_s=after_s))
        brain.close()
    assert [event.rules for event in events(site)] == [["calm", "each"], ["each"], ["calm"]]
    with site() as session:
        places = session.execute(select(RuleFiring.rule_slug, RuleFiring.camera_slug)).all()
    assert {tuple(place) for place in places} == {("calm", "*"), ("each", "door"), ("each", "attic")}


def test_a_cooldown_of_the_thing_silences_nobody_else(brain: Brain, site: SessionFactory) -> None:
    drop_default_rule(site)
    add_rule(site, "each", cooldown_s=60, cooldown_per="track")
    handle(brain, presence())
    handle(brain, presence(number=2, after_s=1), presence(PresenceChanged, after_s=2))
    assert len(events(site)) == 2


def test_what_was_decided_goes_after_a_day(brain: Brain, site: SessionFactory) -> None:
    handle(brain, presence())
    with site.begin() as session:
        session.execute(update(DecisionRow).values(noted_at=AT - timedelta(days=400)))
    handle(brain, presence(number=2))
    brain.retention.sweep()
    assert [row.presence_id for row in rows(site)] == ["presence-2"]


def test_a_late_message_takes_nothing_back(site: SessionFactory, brain: Brain) -> None:
    brain.site.refresh()
    handle(brain, presence(), presence(PresenceEnded, after_s=7))
    fresh = PresenceHandler(site, brain.site, now=lambda: AT, committed=lambda: None, memory=Memory())
    fresh([Received("presences:0", b"1-0", presence(PresenceChanged, after_s=2), {})])
    fresh([Received("presences:0", b"2-0", presence(PresenceEnded, after_s=3), {})])
    (row,) = rows(site)
    assert row.ended_at == AT + timedelta(seconds=7)
