"""Notifications, mailboxes, LINE accounts and stored pictures."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from shared.db.tables import Alert, Event, OutboxRow, RecipientRow
from tests.unit.gateway.installation import JPEG, SNAPSHOT
from tests.unit.gateway.visionflow.flow import Flow, refusal

MESSAGE = "檢測到未授權人員進入"


def notify(flow: Flow, camera: int, **more: object) -> int:
    answer = flow.post("/notifications", {"camera_id": camera, "message": MESSAGE, **more})
    assert answer.status_code == 201, answer.text
    assert answer.json is not None
    assert answer.json["message"] == "通知創建成功"
    return int(answer.json["data"]["id"])


def test_a_notification_is_stored_with_the_order_to_tell(flow: Flow) -> None:
    camera = flow.camera()
    metadata = {"bounding_box": {"x": 150, "y": 200, "width": 100, "height": 150}}
    body = {
        "camera_id": camera, "message": MESSAGE, "image_path": "/notifications/images/alert.jpg",
        "detection_type": "person", "confidence": 0.92, "region_name": "入口區域", "metadata": metadata,
    }  # fmt: skip
    answer = flow.post("/notifications", body)
    assert answer.status_code == 201
    assert answer.json is not None
    assert answer.json["data"]["notification_sent"] is False
    flow.post("/email_recipients", {"email": "a@example.org"})
    with flow.api.session() as session:
        session.scalars(select(RecipientRow)).one().verified_at = flow.api.clock()
        session.commit()
    again = flow.post("/notifications", body)
    assert again.json is not None
    assert again.json["data"]["notification_sent"] is True
    with flow.api.session() as session:
        kinds = session.scalars(select(OutboxRow.kind)).all()
        assert kinds.count("EventRaised") == 2
        assert len(session.scalars(select(Alert)).all()) == 2
    listed = flow.get("/notifications").json
    assert listed is not None
    assert [row["id"] for row in listed["data"]] == [again.json["data"]["id"], answer.json["data"]["id"]]
    row = listed["data"][0]
    assert (row["message"], row["camera_id"], row["camera_name"]) == (MESSAGE, camera, "主入口攝影機")
    assert (row["detection_type"], row["confidence"], row["region_name"]) == ("person", 0.92, "入口區域")
    assert (row["metadata"], row["status"], row["image_path"]) == (metadata, "unread", None)
    assert row["account_uuid"] == flow.login("alice")["account_uuid"]
    assert listed["pagination"] == {"current_page": 1, "total_pages": 1, "total_items": 2, "items_per_page": 20}


def test_the_same_order_twice_tells_once(flow: Flow) -> None:
    camera = flow.camera()
    body = {"camera_id": camera, "message": MESSAGE}
    first, second = (flow.post("/notifications", body, headers={"Idempotency-Key": "k1"}) for _ in range(2))
    assert first.json == second.json
    with flow.api.session() as session:
        assert len(session.scalars(select(Event)).all()) == 1


def test_notifications_are_paged_read_and_put_away(flow: Flow) -> None:
    camera = flow.camera()
    numbers = [notify(flow, camera) for _ in range(5)]
    page = flow.get("/notifications?page=2&limit=2").json
    assert page is not None
    assert [row["id"] for row in page["data"]] == [numbers[2], numbers[1]]
    assert page["pagination"] == {"current_page": 2, "total_pages": 3, "total_items": 5, "items_per_page": 2}
    answer = flow.patch(f"/notifications/{numbers[0]}", {"status": "read"})
    assert answer.json is not None
    assert answer.json["data"]["status"] == "read"

    def found(state: str) -> list[int]:
        listed = flow.get(f"/notifications?status={state}").json
        assert listed is not None
        return [row["id"] for row in listed["data"]]

    assert found("read") == numbers[:1]
    assert found("unread") == numbers[:0:-1]
    assert flow.delete(f"/notifications/{numbers[4]}").status_code == 200
    assert found("all") == numbers[3::-1]
    assert refusal(flow.delete(f"/notifications/{numbers[4]}")) == (404, "RESOURCE_NOT_FOUND")
    assert refusal(flow.get("/notifications?status=seen")) == (422, "VALIDATION_ERROR")


def test_what_the_cameras_saw_is_listed_too_but_not_what_the_judge_rejected(flow: Flow) -> None:
    flow.api.add_event(label="car", zones=["Gate"], verdict="confirmed")
    flow.api.add_event(verdict="rejected")
    flow.api.add_event(kind="camera_down", label="camera_down")
    flow.api.add_event(who="bob")
    listed = flow.get("/notifications").json
    assert listed is not None
    assert [(row["message"], row["detection_type"], row["camera_id"]) for row in listed["data"]] == [
        ("car in Gate", "car", None),
    ]  # fmt: skip


def test_a_notification_about_another_accounts_camera_is_about_none(flow: Flow) -> None:
    camera, own = flow.camera(who="bob"), flow.camera()
    number = notify(flow, own)
    body = {"camera_id": camera, "message": MESSAGE}
    assert refusal(flow.post("/notifications", body)) == (404, "CAMERA_NOT_FOUND")
    for answer in (
        flow.patch(f"/notifications/{number}", {"status": "read"}, who="bob"),
        flow.delete(f"/notifications/{number}", who="bob"),
    ):
        assert refusal(answer) == (404, "RESOURCE_NOT_FOUND")
    listed = flow.get("/notifications", who="bob").json
    assert listed is not None
    assert listed["data"] == []


@pytest.mark.parametrize(
    "wrong",
    [{"message": " "}, {"confidence": 2}, {"camera_id": "1"}, {"metadata": {"x": "y" * 20_000}}, {"region_name": ""}],
)
def test_a_notification_that_says_nothing_sound_is_refused(flow: Flow, wrong: dict[str, object]) -> None:
    answer = flow.post("/notifications", {"camera_id": flow.camera(), "message": MESSAGE, **wrong})
    assert refusal(answer) == (422, "VALIDATION_ERROR")


def test_a_mailbox_is_added_changed_and_removed(flow: Flow) -> None:
    body = {"email": "manager@company.com", "name": "部門經理", "notification_types": ["alerts", "daily_reports"]}
    answer = flow.post("/email_recipients", body)
    assert answer.status_code == 201
    assert answer.json is not None
    assert answer.json["message"] == "郵件接收者新增成功"
    number = answer.json["data"]["id"]
    assert answer.json["data"]["verification_sent"] is False
    listed = flow.get("/email_recipients").json
    assert listed is not None
    (row,) = listed["data"]
    assert (row["email"], row["verified"], row["active"], row["last_notification"]) == (
        "manager@company.com", False, True, None,
    )  # fmt: skip
    changed = flow.patch(f"/email_recipients/{number}", {"active": False, "name": "B"})
    assert changed.json is not None
    assert (changed.json["data"]["active"], changed.json["data"]["name"]) == (False, "B")
    assert refusal(flow.delete(f"/email_recipients/{number}", who="bob")) == (404, "RESOURCE_NOT_FOUND")
    assert refusal(flow.delete(f"/line_tokens/{number}")) == (404, "RESOURCE_NOT_FOUND")
    assert flow.delete(f"/email_recipients/{number}").status_code == 200
    assert (flow.get("/email_recipients").json or {})["total"] == 0
    assert refusal(flow.post("/email_recipients", {"email": "nobody"})) == (422, "VALIDATION_ERROR")


def test_all_that_is_wrong_with_a_mailbox_is_named_at_once(flow: Flow) -> None:
    wrong = {"email": "nope", "name": "", "notification_types": ["foo"], "active": "yes"}
    number = (flow.post("/email_recipients", {"email": "a@example.org"}).json or {})["data"]["id"]
    for answer in (flow.post("/email_recipients", wrong), flow.patch(f"/email_recipients/{number}", wrong)):
        assert refusal(answer) == (422, "VALIDATION_ERROR")
        errors = {each["field"]: each["message"] for each in (answer.json or {})["errors"]}
        assert set(errors) == {"email", "name", "notification_types[0]", "active"}
        assert errors["email"] == "必須是電子郵件地址，例如 ada@example.org"


def test_the_name_of_a_camera_that_is_gone_stays_with_what_was_told_of_it(flow: Flow) -> None:
    camera = flow.camera()
    notify(flow, camera)
    flow.patch(f"/cameras/{camera}", {"name": "大廳"})

    def named() -> tuple[object, object]:
        (row,) = (flow.get("/notifications").json or {})["data"]
        return row["camera_id"], row["camera_name"]

    assert named() == (camera, "大廳"), "while it is there it is called as it is now"
    flow.delete(f"/cameras/{camera}")
    assert named() == (None, "主入口攝影機")


def test_a_stored_picture_is_shown_to_whom_its_event_belongs(flow: Flow) -> None:
    flow.api.opened.gateway.media.write(SNAPSHOT, JPEG)
    flow.api.opened.gateway.media.write("snapshots/cam_001/2026/01/15/other.jpg", JPEG)
    stem = SNAPSHOT.rpartition("/")[2].partition(".")[0]
    flow.api.add_event(presence_id=stem, snapshot=SNAPSHOT)
    shown = flow.get(f"/showimage/{SNAPSHOT}")
    assert (shown.status_code, shown.content_type, shown.data) == (200, "image/jpeg", JPEG)
    token = (flow.post("/media_token").json or {})["media_token"]
    assert flow.get(f"/showimage/{SNAPSHOT}?token={token}", who=None).status_code == 200
    for path in (SNAPSHOT.replace(stem, "other"), "../argus.db", f"x/../{SNAPSHOT}", "snapshots%00.jpg", "/etc/passwd"):
        assert refusal(flow.get(f"/showimage/{path}"))[0] == 404, path
    (listed,) = (flow.get("/notifications").json or {})["data"]
    assert listed["image_path"] == f"/{SNAPSHOT}"
    for path in (f"/showimage{listed['image_path']}", f"/showimage/{listed['image_path']}"):
        assert flow.get(path).data == JPEG, path
    assert refusal(flow.get(f"/showimage//{SNAPSHOT}", who="bob")) == (404, "RESOURCE_NOT_FOUND")
    assert refusal(flow.get(f"/showimage/{SNAPSHOT}", who="bob")) == (404, "RESOURCE_NOT_FOUND")


def test_a_picture_that_a_notification_borrowed_is_shown_once_its_own_event_is_gone(flow: Flow) -> None:
    flow.api.opened.gateway.media.write(SNAPSHOT, JPEG)
    owner = flow.api.add_event(presence_id=SNAPSHOT.rpartition("/")[2].partition(".")[0], snapshot=SNAPSHOT)
    camera = flow.camera()
    sent = flow.post("/notifications", {"camera_id": camera, "message": MESSAGE, "image_path": f"/{SNAPSHOT}"})
    assert sent.status_code == 201, sent.json
    with flow.api.session() as session:
        session.delete(session.scalars(select(Event).where(Event.uuid == owner)).one())
        session.commit()
    assert flow.get(f"/showimage/{SNAPSHOT}").data == JPEG
    assert refusal(flow.get(f"/showimage/{SNAPSHOT}", who="bob")) == (404, "RESOURCE_NOT_FOUND")
