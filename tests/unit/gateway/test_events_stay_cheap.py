"""A page of events costs the same however many there are: counted in steps of the database, not in time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from bench.event_site import END, fill_site
from services.gateway.queries.cursor import Cursor
from services.gateway.queries.event_counts import EventCounts, EventScope
from services.gateway.queries.events import EventFilter, events_page
from shared.db.engine import connect, read_sessions
from shared.db.prepared import reader_of

FEW, MANY = 4_000, 60_000
_STEP = 10
# Of both sizes: a window that holds as many events. The rest of the filter is the same.
_WINDOW = {FEW: timedelta(days=6), MANY: timedelta(days=6 * FEW / MANY)}

Sites = dict[int, Engine]


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Sites:
    folder = tmp_path_factory.mktemp("sites")
    for rows in (FEW, MANY):
        fill_site(f"sqlite:///{folder / str(rows)}.db", events=rows)
    return {rows: connect(f"sqlite:///{folder / str(rows)}.db") for rows in (FEW, MANY)}


def steps(engine: Engine, first: EventFilter, then: EventFilter) -> int:
    """Tens of virtual machine instructions of the second page, once the first made the counts known."""
    taken, counts = [0], EventCounts()

    def step() -> int:
        taken[0] += 1
        return 0

    with read_sessions(engine)() as session:
        events_page(reader_of(session), first, counts=counts)
        driver: Any = session.connection().connection.dbapi_connection
        driver.set_progress_handler(step, _STEP)
        try:
            page = events_page(reader_of(session), then, counts=counts)
        finally:
            driver.set_progress_handler(None, 0)
    assert len(page.rows) == 50
    return taken[0]


@pytest.mark.parametrize("account", [None, 1])
@pytest.mark.parametrize("camera", [None, "cam_003"])
@pytest.mark.parametrize("label", [None, "person"])
@pytest.mark.parametrize("bounds", ["", "since", "since until"])
def test_the_first_page_visits_as_few_rows_of_many_events_as_of_few(
    sites: Sites, account: int | None, camera: str | None, label: str | None, bounds: str
) -> None:
    def asked(rows: int, *, shift: timedelta) -> EventFilter:
        since = END - _WINDOW[rows] * 3 + shift * FEW / rows
        times = {"since": since, "until": since + _WINDOW[rows] * 2}
        scope = EventScope(account_id=account, camera=camera, label=label)
        return EventFilter(scope, **{name: times[name] for name in bounds.split()})

    few, many = (
        steps(sites[rows], asked(rows, shift=timedelta()), asked(rows, shift=timedelta(minutes=20)))
        for rows in (FEW, MANY)
    )
    assert many <= 1.5 * few


def test_a_page_far_down_costs_no_more_than_the_first_when_it_is_asked_for_by_cursor(sites: Sites) -> None:
    scope = EventScope(account_id=1, camera="cam_003")
    first = EventFilter(scope)
    below = EventFilter(scope, cursor=Cursor(at=END - timedelta(days=80), id=FEW))
    assert steps(sites[MANY], first, below) <= 1.2 * steps(sites[MANY], first, first)
