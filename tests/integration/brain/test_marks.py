"""What people mark as a false alarm twice tells nobody a third time, and whoever comes there still does."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select, update

from services.brain.bootstrap import Brain
from shared.db.engine import SessionFactory
from shared.db.tables import Event, Feedback, RuleRow
from shared.messages.presences import PresenceBody, PresenceChanged, PresenceEnded
from shared.streams import Received
from tests.integration.brain.conftest import presence

COAT = (300.0, 200.0, 380.0, 420.0)
"""Where a coat hangs that is taken for a person now and then."""


def handle(brain: Brain, *messages: PresenceBody) -> None:
    brain.site.refresh()
    brain.presences([Received("presences:0", b"1-0", message, {}) for message in messages])


def coat(number: int, kind: Any = None, **changes: Any) -> PresenceBody:
    box = changes.get("box", COAT)
    fields = {"box": box, "confidence": 0.62, "path": (foot_of(box),), **changes}
    return presence(kind, number=number, after_s=3.0, **fields) if kind else presence(number=number, **fields)


def foot_of(box: tuple[float, ...]) -> tuple[float, float]:
    """Where it stands, as a share of the picture."""
    return (box[0] + box[2]) / 2 / 1920, box[3] / 1080


def raised(site: SessionFactory) -> list[str | None]:
    with site() as session:
        return list(session.scalars(select(Event.presence_id).order_by(Event.id)))


def mark(site: SessionFactory, number: int, kind: str = "false_positive") -> None:
    with site.begin() as session:
        event = session.scalars(select(Event).where(Event.presence_id == f"presence-{number}")).one()
        event.user_feedback = kind
        session.add(Feedback(event_id=event.id, author="anna", kind=kind, at=datetime.now(UTC)))


@pytest.fixture
def marked(brain: Brain, site: SessionFactory) -> Brain:
    """The brain after the coat was marked twice, a little moved between."""
    for number in (1, 2):
        box = tuple(value + 3 * number for value in COAT)
        handle(brain, coat(number, box=box), coat(number, PresenceEnded, box=box))
        mark(site, number)
    return brain


def test_a_thing_that_was_marked_twice_tells_nobody_however_long_it_stands_there(
    marked: Brain, site: SessionFactory
) -> None:
    assert raised(site) == ["presence-1", "presence-2"]
    handle(marked, coat(3), coat(3, PresenceChanged, confidence=0.68), coat(3, PresenceEnded))
    assert raised(site) == ["presence-1", "presence-2"]


def test_one_mark_may_be_a_mistake(brain: Brain, site: SessionFactory) -> None:
    handle(brain, coat(1))
    mark(site, 1)
    handle(brain, coat(2))
    assert raised(site) == ["presence-1", "presence-2"]


@pytest.mark.parametrize(
    "real",
    [
        pytest.param({"confidence": 0.9}, id="clearly surer"),
        pytest.param({"box": (330.0, 150.0, 440.0, 430.0)}, id="in front of it"),
        pytest.param({"box": (290.0, 60.0, 390.0, 420.0)}, id="taller"),
        pytest.param({"box": (900.0, 200.0, 980.0, 420.0)}, id="elsewhere"),
        pytest.param({"label": "car"}, id="something else"),
    ],
)
def test_somebody_real_is_told_of_at_the_same_place(marked: Brain, site: SessionFactory, real: dict[str, Any]) -> None:
    with site.begin() as session:
        session.execute(update(RuleRow).values(condition={}))
    handle(marked, coat(3, **real))
    assert raised(site) == ["presence-1", "presence-2", "presence-3"]


def test_somebody_who_stands_as_the_coat_does_is_told_of_with_the_first_step(
    marked: Brain, site: SessionFactory
) -> None:
    handle(marked, coat(3))
    assert raised(site) == ["presence-1", "presence-2"]
    handle(marked, coat(3, PresenceChanged, box=(340.0, 200.0, 420.0, 425.0)))
    assert raised(site) == ["presence-1", "presence-2", "presence-3"]


def test_somebody_who_stood_as_the_coat_does_and_was_seen_best_there_is_told_of_when_walking_on(
    marked: Brain, site: SessionFactory
) -> None:
    foot = foot_of(COAT)
    handle(marked, coat(3, path=(foot, (foot[0] + 0.005, foot[1] - 0.005))))
    assert raised(site) == ["presence-1", "presence-2"], "a coat may seem to sway"
    handle(marked, coat(3, PresenceChanged, path=(foot, (foot[0] + 0.15, foot[1]))))
    assert raised(site) == ["presence-1", "presence-2", "presence-3"]


def test_marks_that_were_taken_back_or_are_anothers_count_for_nothing(marked: Brain, site: SessionFactory) -> None:
    mark(site, 2, "confirmed")
    handle(marked, coat(3))
    assert raised(site)[2:] == ["presence-3"]
    mark(site, 2)
    with site.begin() as session:
        session.execute(update(Event).where(Event.presence_id != "presence-3").values(account_id=99))
    handle(marked, coat(4))
    assert raised(site)[3:] == ["presence-4"]


def test_an_event_that_is_told_already_is_closed_all_the_same(brain: Brain, site: SessionFactory) -> None:
    handle(brain, coat(1), coat(2), coat(3))
    mark(site, 1)
    mark(site, 2)
    handle(brain, coat(3, PresenceEnded))
    with site() as session:
        ended = session.scalars(select(Event.ended_at).where(Event.presence_id == "presence-3")).one()
    assert ended is not None
