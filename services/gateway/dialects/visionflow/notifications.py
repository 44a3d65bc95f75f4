"""/notifications"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from flask_openapi3 import APIBlueprint, Tag
from pydantic import AfterValidator, BaseModel, Field

from services.gateway.auth.principal import Principal
from services.gateway.dialects.visionflow.answers import success
from services.gateway.dialects.visionflow.camera_body import CameraPath
from services.gateway.dialects.visionflow.cameras import named
from services.gateway.dialects.visionflow.errors import REFUSALS, SECURITY
from services.gateway.endpoint import endpoint
from services.gateway.gateway import Gateway
from services.gateway.http.answers import Answer, encoded
from services.gateway.http.timestamps import whole_seconds
from services.gateway.queries.accounts import uuids_of
from services.gateway.queries.notifications import Notification, ReadState, notification_of, notifications_page
from services.gateway.usecases import notifications as usecases
from shared.accounts.roles import Scope

api = APIBlueprint(
    "notifications", __name__, abp_tags=[Tag(name="Notifications")], abp_security=SECURITY, abp_responses=REFUSALS
)

_MOST_METADATA = 16 * 1024


def _small(metadata: dict[str, Any]) -> dict[str, Any]:
    if len(encoded(metadata)) > _MOST_METADATA:
        raise ValueError("must have 16 KiB at most")
    return metadata


Metadata = Annotated[dict[str, Any], AfterValidator(_small)]


class NotificationsQuery(BaseModel):
    page: int = Field(default=1, ge=1, le=10_000)
    limit: int = Field(default=20, ge=1, le=500)
    status: ReadState = "all"


class NotificationPath(BaseModel):
    notification_id: int = Field(ge=1, le=2**31 - 1)


class NewNotificationBody(BaseModel):
    """What to tell. `image_path` counts where one of your own events shows it; `metadata` is kept as it is."""

    camera_id: int = Field(ge=1, le=2**31 - 1, examples=[1])
    message: Annotated[
        str, Field(min_length=1, max_length=1000, json_schema_extra={"pattern": r"\S"}, pattern=r"\S")
    ] = Field(examples=["檢測到未授權人員進入"])
    image_path: str | None = Field(default=None, max_length=255)
    detection_type: str = Field(default="notification", min_length=1, max_length=64, examples=["person"])
    confidence: float = Field(default=1.0, ge=0, le=1, allow_inf_nan=False, examples=[0.92])
    region_name: str | None = Field(default=None, min_length=1, max_length=128, examples=["入口區域"])
    metadata: Metadata | None = None


class NotificationChangeBody(BaseModel):
    status: Literal["unread", "read"]


class NotificationShown(BaseModel):
    """`camera_id` is null once the camera is gone; `image_path` follows `/showimage`."""

    id: int = Field(examples=[1])
    account_uuid: str | None
    camera_id: int | None = Field(examples=[1])
    camera_name: str = Field(examples=["主入口攝影機"])
    message: str = Field(examples=["檢測到可疑活動"])
    image_path: str | None = Field(examples=["/snapshots/cam_001/2024/01/20/7d3c.jpg"])
    detection_type: str = Field(examples=["person"])
    confidence: float = Field(examples=[0.95])
    region_name: str | None
    metadata: dict[str, Any] | None
    status: Literal["unread", "read"]
    created_at: str = Field(examples=["2024-01-20T16:30:00Z"])


class Pagination(BaseModel):
    current_page: int
    total_pages: int
    total_items: int
    items_per_page: int


class NotificationList(BaseModel):
    status: str = Field(examples=["success"])
    data: list[NotificationShown]
    pagination: Pagination


class NotificationAdded(BaseModel):
    id: int = Field(examples=[25])
    created_at: str
    notification_sent: bool


class NotificationWritten(BaseModel):
    status: str = Field(examples=["success"])
    message: str = Field(examples=["通知創建成功"])
    data: NotificationAdded


class NotificationChanged(BaseModel):
    status: str = Field(examples=["success"])
    message: str = Field(examples=["通知更新成功"])
    data: NotificationShown


class NotificationRemoved(BaseModel):
    status: str = Field(examples=["success"])
    message: str = Field(examples=["通知刪除成功"])
    deleted_notification_id: int = Field(examples=[1])


@api.get("/notifications", responses={"200": NotificationList})
@endpoint(scope=Scope.READ)
def list_notifications(gateway: Gateway, principal: Principal, query: NotificationsQuery) -> Answer:
    """What was worth telling of the own cameras, newest first."""
    with gateway.reads() as session:
        rows, total = notifications_page(
            session,
            account_id=principal.visible_account,
            state=query.status,
            limit=query.limit,
            offset=(query.page - 1) * query.limit,
        )
        uuids = uuids_of(session, {row.account_id for row in rows if row.account_id is not None})
    pages = {
        "current_page": query.page,
        "total_pages": -(-total // query.limit),
        "total_items": total,
        "items_per_page": query.limit,
    }
    return success([_document(row, uuids) for row in rows], pagination=pages)


@api.post("/notifications", responses={"201": NotificationWritten})
@endpoint(scope=Scope.WRITE)
def add_notification(gateway: Gateway, principal: Principal, body: NewNotificationBody) -> Answer:
    """Tell people of something, by all of the account's channels. `notification_sent`: there is somebody to be told."""
    new = usecases.NewNotification(
        camera=named(gateway, principal, CameraPath(camera_id=body.camera_id)),
        message=body.message,
        label=body.detection_type,
        confidence=body.confidence,
        image_path=body.image_path.lstrip("/") if body.image_path else None,
        region=body.region_name,
        metadata=body.metadata,
    )
    sent = usecases.notify(gateway, principal, new)
    added = {
        "id": sent.event.id,
        "created_at": whole_seconds(sent.event.occurred_at),
        "notification_sent": sent.reaches_anybody,
    }
    return success(added, words="notification_added", status=201)


@api.patch("/notifications/<int:notification_id>", responses={"200": NotificationChanged})
@endpoint(scope=Scope.WRITE)
def change_notification(
    gateway: Gateway, principal: Principal, path: NotificationPath, body: NotificationChangeBody
) -> Answer:
    """Note that it was read, or was not."""
    usecases.mark_read(gateway, principal, path.notification_id, read=body.status == "read")
    with gateway.reads() as session:
        row = notification_of(session, path.notification_id, account_id=principal.visible_account)
        uuids = uuids_of(session, {row.account_id} if row.account_id is not None else ())
    return success(_document(row, uuids), words="notification_changed")


@api.delete("/notifications/<int:notification_id>", responses={"200": NotificationRemoved})
@endpoint(scope=Scope.WRITE)
def remove_notification(gateway: Gateway, principal: Principal, path: NotificationPath) -> Answer:
    """Take it off the list; the event and what became of the telling stay on record."""
    usecases.dismiss(gateway, principal, path.notification_id)
    return success(words="notification_removed", deleted_notification_id=path.notification_id)


def _document(row: Notification, uuids: dict[int, str]) -> dict[str, Any]:
    return {
        "id": row.number,
        "account_uuid": uuids.get(row.account_id) if row.account_id is not None else None,
        "camera_id": row.camera_number,
        "camera_name": row.camera_name,
        "message": row.message,
        "image_path": f"/{row.image_path}" if row.image_path is not None else None,
        "detection_type": row.label,
        "confidence": round(row.confidence, 4),
        "region_name": row.region,
        "metadata": row.metadata,
        "status": "read" if row.read_at is not None else "unread",
        "created_at": whole_seconds(row.at),
    }
