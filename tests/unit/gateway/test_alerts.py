from __future__ import annotations

from typing import Any

from sqlalchemy import select

from shared.db.tables import Alert, AuditRow, Delivery, DeliveryAttempt
from shared.domain.ids import alert_id
from tests.unit.gateway.installation import Api


def _alert(api: Api, *, who: str | None = "alice", camera: str = "cam_001", **deliveries: Any) -> str:
    """Store an event with its alert and a delivery; the alert's id."""
    uuid = api.add_event(who=who or "boss", camera=camera)
    api.add_delivery(uuid, who=who or "boss", **deliveries)
    with api.session() as session:
        row = session.get_one(Alert, alert_id(uuid))
        row.notice = {
            "kind": "detection",
            "camera": camera,
            "text": "person in Door",
            "severity": 3,
            "verdict": "confirmed",
            "ai_response": "Somebody at the door.",
        }
        if who is None:
            row.account_id = None
        session.commit()
    api.clock.forward(seconds=1)
    return alert_id(uuid)


def _ids(api: Api, query: str = "", **kwargs: Any) -> list[str]:
    answer = api.get(f"/alerts{query}", **kwargs)
    assert answer.status_code == 200, answer.text
    assert answer.json is not None
    return [row["id"] for row in answer.json["alerts"]]


def test_alerts_are_listed_newest_first_by_page_and_cursor(api: Api) -> None:
    first, second, third = (_alert(api) for _ in range(3))
    page = api.get("/alerts?limit=2").json
    assert page is not None
    assert ([row["id"] for row in page["alerts"]], page["count"], page["total"]) == ([third, second], 2, 3)
    assert _ids(api, f"?limit=2&cursor={page['next_cursor']}") == [first]
    assert _ids(api, "?limit=1&offset=1") == [second]
    assert api.get("/alerts?cursor=x").status_code == 400


def test_alerts_are_found_by_camera_acknowledgement_and_state(api: Api) -> None:
    door = _alert(api, state="dead")
    yard = _alert(api, camera="cam_002")
    assert api.post(f"/alerts/{yard}/acknowledge").status_code == 200
    for query, expected in (
        ("?camera_id=cam_002", [yard]),
        ("?camera_id=cam_404", []),
        ("?acknowledged=true", [yard]),
        ("?acknowledged=false", [door]),
        ("?state=dead", [door]),
        ("?state=held", []),
    ):
        assert _ids(api, query) == expected, query
    assert api.get("/alerts?state=lost").status_code == 400


def test_one_alert_shows_its_deliveries_and_every_try(api: Api) -> None:
    alert = _alert(api, state="dead", attempts=2, doubtful=1, reason="HTTP 500")
    with api.session() as session:
        delivery = session.scalars(select(Delivery.id).where(Delivery.alert_id == alert)).one()
        for number, outcome in ((1, "doubtful"), (2, "dead")):
            values = {"number": number, "at": api.clock(), "outcome": outcome, "reason": "HTTP 500"}
            session.add(DeliveryAttempt(delivery_id=delivery, duration_ms=12.5, **values))
        session.commit()
    shown = api.get(f"/alerts/{alert}").json
    assert shown is not None
    (told,) = shown.pop("deliveries")
    assert {name: shown[name] for name in ("kind", "camera_id", "text", "severity", "verdict", "ai_response")} == {
        "kind": "detection",
        "camera_id": "cam_001",
        "text": "person in Door",
        "severity": 3,
        "verdict": "confirmed",
        "ai_response": "Somebody at the door.",
    }
    assert shown["event"].startswith("evt-")
    assert (told["alert"], told["doubtful"], told["revision"], told["digest"]) == (alert, 1, 0, None)
    assert [(each["number"], each["outcome"], each["duration_ms"]) for each in told["tries"]] == [
        (1, "doubtful", 12.5),
        (2, "dead", 12.5),
    ]
    assert api.get(f"/deliveries/{told['id']}").json == {name: told[name] for name in told if name != "tries"}


def test_an_alert_of_no_event_says_so(api: Api) -> None:
    with api.session() as session:
        row = Alert(id="a", event_uuid="b", account_id=None, notice={"kind": "system"}, decided_at=api.clock())
        session.add(row)
        session.commit()
    shown = api.get("/alerts/a", who="boss").json
    assert shown is not None
    assert (shown["kind"], shown["event"], shown["camera_id"], shown["deliveries"]) == ("system", None, None, [])


def test_who_acknowledges_first_stays_and_leaves_a_trail(api: Api) -> None:
    alert = _alert(api)
    noted = api.post(f"/alerts/{alert}/acknowledge").json
    assert noted is not None
    assert (noted["acknowledged_by"], noted["acknowledged_at"]) == ("alice", "2026-01-15T10:30:01Z")
    api.clock.forward(minutes=1)
    assert api.post(f"/alerts/{alert}/acknowledge", who="boss").json == noted
    with api.session() as session:
        trail = session.scalars(select(AuditRow).where(AuditRow.action == "alert.acknowledge")).all()
    assert [(row.target, row.account_id) for row in trail] == [(f"alert:{alert}", api.account_id("alice"))]


def test_somebody_elses_alerts_are_not_there(api: Api) -> None:
    own, everybodys = _alert(api), _alert(api, who=None)
    assert (_ids(api), _ids(api, who="bob"), _ids(api, who="boss")) == ([own], [], [everybodys, own])
    for alert, who in ((own, "bob"), (everybodys, "alice"), ("none", "boss")):
        assert api.get(f"/alerts/{alert}", who=who).status_code == 404
        assert api.post(f"/alerts/{alert}/acknowledge", who=who).status_code == 404
    assert api.post(f"/alerts/{own}/acknowledge", who="eve").status_code == 403
    with api.session() as session:
        assert session.scalars(select(Alert.acknowledged_at)).all() == [None, None]


def test_what_is_held_or_was_called_off_can_be_sent_all_the_same(api: Api) -> None:
    for state in ("held", "cancelled"):
        delivery = api.add_delivery(api.add_event(), state=state, digest_id="digest-1", settled_at=api.clock())
        sent = api.post(f"/deliveries/{delivery}/resend").json
        assert sent is not None
        assert (sent["state"], sent["digest"], sent["settled_at"]) == ("queued", None, None)
