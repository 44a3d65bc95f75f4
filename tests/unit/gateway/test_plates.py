from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from shared.db.tables import AuditRow, ListedPlate
from shared.plates.registry import plate_listing
from tests.unit.gateway.installation import START, Api

BODY = {"plate": "AB-123-CD", "listing": "deny", "note": "Stolen"}


def _add(api: Api, body: Any = BODY, **kwargs: Any) -> Any:
    answer = api.post("/plates", body, **kwargs)
    assert answer.status_code == 201, answer.text
    return answer.json


def _plates(api: Api, query: str = "", **kwargs: Any) -> list[str]:
    answer = api.get(f"/plates{query}", **kwargs)
    assert answer.json is not None, answer.text
    return [row["plate"] for row in answer.json["plates"]]


def _stored(api: Api) -> int:
    with api.session() as session:
        return int(session.scalar(select(func.count()).select_from(ListedPlate)) or 0)


def _listing(api: Api, compact: str, *, who: str = "alice") -> str | None:
    with api.session() as session:
        return plate_listing(session, api.account_id(who), compact, api.clock())


def test_a_plate_is_listed_shown_changed_and_removed(api: Api) -> None:
    made = _add(api, {**BODY, "expires_at": "2026-02-01T00:00:00+01:00"})
    assert made == {
        "id": 1,
        "plate": "AB-123-CD",
        "compact": "AB123CD",
        "listing": "deny",
        "note": "Stolen",
        "expires_at": "2026-01-31T23:00:00Z",
        "expired": False,
        "created_at": "2026-01-15T10:30:00Z",
        "updated_at": "2026-01-15T10:30:00Z",
    }
    api.clock.forward(minutes=1)
    changed = api.put("/plates/1", {"listing": "allow", "plate": " ab 124 cd "}).json
    assert changed == {
        **made,
        "plate": "ab 124 cd",
        "compact": "AB124CD",
        "listing": "allow",
        "updated_at": "2026-01-15T10:31:00Z",
    }
    assert api.get("/plates/1").json == changed
    assert api.put("/plates/1", changed).json == changed
    assert api.delete("/plates/1").status_code == 204
    assert api.get("/plates/1").status_code == 404
    assert api.delete("/plates/1").status_code == 404


def test_a_note_and_an_end_can_be_removed(api: Api) -> None:
    _add(api, {**BODY, "expires_at": "2026-02-01T00:00:00Z"})
    kept = api.put("/plates/1", {"listing": "deny"}).json
    assert kept is not None
    assert (kept["note"], kept["expires_at"]) == ("Stolen", "2026-02-01T00:00:00Z")
    removed = api.put("/plates/1", {"note": "", "expires_at": None}).json
    assert removed is not None
    assert (removed["note"], removed["expires_at"]) == (None, None)


@pytest.mark.parametrize("same", ["AB-123-CD", "ab 123 cd", "ＡＢ１２３ＣＤ", "A.B·1-2/3 CD"])
def test_a_plate_stands_on_the_lists_of_an_account_once_however_it_is_written(api: Api, same: str) -> None:
    _add(api)
    answer = api.post("/plates", {**BODY, "plate": same, "listing": "allow"})
    assert answer.status_code == 409
    assert answer.json is not None
    assert "AB-123-CD is listed already (deny, number 1)" in answer.json["message"]
    other = _add(api, {**BODY, "plate": "XY 1"})
    assert api.put(f"/plates/{other['id']}", {"plate": same}).status_code == 409
    assert _plates(api) == ["XY 1", "AB-123-CD"]
    assert _add(api, {**BODY, "plate": same}, who="bob")["compact"] == "AB123CD"


def test_the_list_is_filtered_searched_and_paged(api: Api) -> None:
    for plate, listing in (("京A·12345", "allow"), ("А123ВС 77", "deny"), ("AB-123-CD", "deny")):
        _add(api, {"plate": plate, "listing": listing})
    assert _plates(api) == ["AB-123-CD", "А123ВС 77", "京A·12345"]
    assert _plates(api, "?listing=deny") == ["AB-123-CD", "А123ВС 77"]
    assert _plates(api, "?q=123") == ["AB-123-CD", "А123ВС 77", "京A·12345"]
    assert _plates(api, "?q=b-12") == ["AB-123-CD"]
    assert _plates(api, "?q=вс7") == ["А123ВС 77"]
    assert _plates(api, "?q=京") == ["京A·12345"]
    assert _plates(api, "?q=1%25") == ["AB-123-CD", "А123ВС 77", "京A·12345"]
    page = api.get("/plates?limit=1&offset=1&listing=deny").json
    assert page is not None
    assert ([row["plate"] for row in page["plates"]], page["count"], page["total"]) == (["А123ВС 77"], 1, 2)
    for query in ("listing=maybe", "q=", "q=%25", "q=%00", "q=" + "a" * 33, "limit=501", "offset=x"):
        assert api.get(f"/plates?{query}").status_code == 400, query


def test_another_accounts_plates_do_not_exist(api: Api) -> None:
    _add(api)
    assert _plates(api, who="bob") == []
    assert _plates(api, who="boss") == ["AB-123-CD"]
    for answer in (
        api.get("/plates/1", who="bob"),
        api.put("/plates/1", {"listing": "allow"}, who="bob"),
        api.delete("/plates/1", who="bob"),
    ):
        assert answer.status_code == 404
    assert api.post("/plates", BODY, who="eve").status_code == 403
    assert api.put("/plates/1", {"listing": "allow"}, who="boss").status_code == 200
    assert _listing(api, "AB123CD") == "allow"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"plate": None}, "plate"),
        ({"plate": ""}, "plate"),
        ({"plate": " -·- "}, "plate"),
        ({"plate": "A" * 33}, "plate"),
        ({"plate": "ﷺ" * 10}, "plate"),  # one sign that is written as many letters
        ({"plate": 123}, "plate"),
        ({"listing": None}, "listing"),
        ({"listing": "block"}, "listing"),
        ({"note": "x" * 1001}, "note"),
        ({"expires_at": "2026-01-15T10:30:00Z"}, "expires_at"),
        ({"expires_at": "2020-01-01"}, "expires_at"),
        ({"expires_at": "tomorrow"}, "expires_at"),
        ({"expires_at": 20300101}, "expires_at"),
    ],
)
def test_a_bad_plate_is_refused_by_its_field_and_not_stored(api: Api, change: Any, field: str) -> None:
    body = {name: value for name, value in {**BODY, **change}.items() if value is not None}
    answer = api.post("/plates", body)
    assert answer.status_code == 400, answer.text
    assert answer.json is not None
    assert f"Field '{field}'" in answer.json["message"]
    assert _stored(api) == 0


def test_a_plate_with_nul_is_refused(api: Api) -> None:
    answer = api.post("/plates", data='{"plate": "A\\u0000B", "listing": "deny"}', content_type="application/json")
    assert answer.status_code == 400
    assert _stored(api) == 0


def test_a_refused_change_leaves_the_entry_as_it_was(api: Api) -> None:
    made = _add(api)
    assert api.put("/plates/1", {"listing": "allow", "expires_at": "2020-01-01"}).status_code == 400
    assert api.get("/plates/1").json == made


def test_a_read_plate_is_looked_up_on_its_accounts_lists_until_it_expires(api: Api) -> None:
    _add(api, {**BODY, "expires_at": (START + timedelta(hours=1)).isoformat()})
    _add(api, {**BODY, "plate": "XY 1", "listing": "allow"})
    assert (_listing(api, "AB123CD"), _listing(api, "XY1"), _listing(api, "NO1")) == ("deny", "allow", None)
    assert _listing(api, "AB123CD", who="bob") is None
    api.clock.forward(hours=1)
    assert _listing(api, "AB123CD") is None
    shown = api.get("/plates/1").json
    assert shown is not None
    assert shown["expired"] is True
    assert api.put("/plates/1", {"note": "kept for the record"}).status_code == 200
    assert api.post("/plates", BODY).status_code == 409


def test_every_write_is_audited_and_a_refused_one_is_not(api: Api) -> None:
    _add(api)
    api.post("/plates", BODY)
    api.put("/plates/1", {"note": "x", "expires_at": None})
    api.put("/plates/1", {"listing": "x"})
    api.delete("/plates/1")
    with api.session() as session:
        rows = session.scalars(select(AuditRow).order_by(AuditRow.id)).all()
    assert [(row.action, row.target, row.detail) for row in rows] == [
        ("plate.add", "plate:1", {}),
        ("plate.change", "plate:1", {"fields": ["note", "expires_at"]}),
        ("plate.remove", "plate:1", {}),
    ]
