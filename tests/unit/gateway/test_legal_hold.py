from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from shared.db.tables import AuditRow, Event
from tests.unit.gateway.installation import START, Api


def test_an_event_is_put_under_hold_and_let_go(api: Api) -> None:
    uuid = api.add_event()
    assert api.get(f"/events/{uuid}/legal-hold").json == {"uuid": f"evt-{uuid}", "legal_hold": False}
    for is_held in (True, True, False):
        answer = api.put(f"/events/evt-{uuid}/legal-hold", {"legal_hold": is_held, "reason": "case 7"})
        assert (answer.status_code, answer.json) == (200, {"uuid": f"evt-{uuid}", "legal_hold": is_held})
        assert api.get(f"/events/{uuid}/legal-hold").json == answer.json


def test_both_leave_an_audit_row_with_the_reason(api: Api) -> None:
    uuid = api.add_event()
    api.put(f"/events/{uuid}/legal-hold", {"legal_hold": True, "reason": "case 7"})
    api.put(f"/events/{uuid}/legal-hold", {"legal_hold": False}, who="boss")
    with api.session() as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.target == f"event:{uuid}").order_by(AuditRow.id)).all()
    assert [(row.action, row.principal, row.detail) for row in rows] == [
        ("event.hold", "alice/key:test", {"reason": "case 7"}),
        ("event.release", "boss/key:test", {}),
    ]


def test_cleaning_up_leaves_what_is_held_and_takes_it_once_it_is_let_go(api: Api) -> None:
    uuid = api.add_event(at=START - timedelta(days=100))
    key = {"Authorization": f"Bearer {api.keys['alice']}"}
    for is_held, left in ((True, 1), (False, 0)):
        api.put(f"/events/{uuid}/legal-hold", {"legal_hold": is_held})
        assert api.post("/securevision/cleanup", who=None, headers=key).status_code == 200
        with api.session() as session:
            assert len(session.scalars(select(Event.id)).all()) == left


@pytest.mark.parametrize("who", ["bob", "eve"])
def test_other_peoples_events_look_as_if_they_did_not_exist(api: Api, who: str) -> None:
    uuid = api.add_event()
    assert api.get(f"/events/{uuid}/legal-hold", who=who).status_code == 404
    expected = 403 if who == "eve" else 404
    assert api.put(f"/events/{uuid}/legal-hold", {"legal_hold": True}, who=who).status_code == expected


@pytest.mark.parametrize("body", [{}, {"legal_hold": "yes"}, {"legal_hold": 1}, {"legal_hold": None}, []])
def test_what_is_no_answer_to_the_question_is_refused(api: Api, body: object) -> None:
    uuid = api.add_event()
    assert api.put(f"/events/{uuid}/legal-hold", body).status_code == 400
    assert api.get(f"/events/{uuid}/legal-hold").json == {"uuid": f"evt-{uuid}", "legal_hold": False}
