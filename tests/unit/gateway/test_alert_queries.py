"""The list of alerts on every database: what is asked of the JSON of a notice is the databases' own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from services.gateway.queries.alerts import AlertFilter, alerts_page
from services.gateway.queries.cursor import Cursor
from shared.db.tables import Alert, Delivery

NOW = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)


def _ids(session: Session, **wanted: object) -> list[str]:
    return [row.id for row in alerts_page(session, AlertFilter(**wanted)).rows]  # type: ignore[arg-type]


def test_alerts_are_found_by_what_their_notice_says_and_how_their_deliveries_are(engine: Engine) -> None:
    with Session(engine) as session:
        for number, camera in enumerate(["door", "yard", "door", ""]):
            at = NOW + timedelta(seconds=number)
            row = Alert(id=f"a{number}", event_uuid=f"e{number}", account_id=number % 2, decided_at=at)
            row.notice = {"camera": camera} if camera else {}
            row.acknowledged_at = at if number == 2 else None
            session.add(row)
        session.flush()
        times = {"due_at": NOW, "created_at": NOW}
        session.add(
            Delivery(
                id="d",
                alert_id="a1",
                event_uuid="e1",
                channel="email",
                recipient="1",
                account_id=1,
                state="dead",
                **times,
            )
        )
        session.flush()
        assert _ids(session) == ["a3", "a2", "a1", "a0"]
        assert _ids(session, camera="door") == ["a2", "a0"]
        assert _ids(session, camera="door", acknowledged=False) == ["a0"]
        assert _ids(session, acknowledged=True) == ["a2"]
        assert _ids(session, account_id=1) == ["a3", "a1"]
        assert _ids(session, state="dead") == ["a1"]
        page = alerts_page(session, AlertFilter(limit=2))
        assert (page.total, page.next_cursor is not None) == (4, True)
        assert _ids(session, cursor=Cursor.parse(str(page.next_cursor))) == ["a1", "a0"]
