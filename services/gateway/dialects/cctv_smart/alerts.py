"""/alerts"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, Field

from services.gateway.auth.principal import Principal
from services.gateway.dialects.cctv_smart.delivery_body import DeliveryShown, State, delivery_document
from services.gateway.dialects.cctv_smart.errors import REFUSALS, SECURITY
from services.gateway.dialects.cctv_smart.names import Place
from services.gateway.endpoint import endpoint
from services.gateway.gateway import Gateway
from services.gateway.http.timestamps import whole_seconds, whole_seconds_or_none
from services.gateway.queries.alerts import AlertFilter, alert_of, alerts_page, attempts_of, deliveries_of
from services.gateway.queries.cursor import Cursor
from services.gateway.usecases import alerts as usecases
from shared.accounts.roles import Scope
from shared.db.deliveries import Alert, DeliveryAttempt

api = APIBlueprint("alerts", __name__, abp_tags=[Tag(name="Alerts")], abp_security=SECURITY, abp_responses=REFUSALS)

# Those of the kinds that tell of no event.
_OF_NO_EVENT = frozenset({"system", "digest", "report"})


class AlertsQuery(BaseModel):
    camera_id: str | None = Field(default=None, max_length=64, json_schema_extra={"example": "cam_001"})
    acknowledged: bool | None = None
    state: State | None = Field(default=None, description="only those of which a delivery is in this state")
    limit: int = Field(default=50, ge=1, le=500)
    offset: int = Field(default=0, ge=0, le=2**31 - 1)
    cursor: Place | None = Field(default=None)


class AlertPath(BaseModel):
    id: str


class AlertShown(BaseModel):
    """What people were, or are to be, told. `revision` counts how often that was amended.

    `kind` is detection, camera_down, camera_up, system, digest or report; the last three tell of no `event`.
    """

    id: str
    event: str | None = Field(examples=["evt-550e8400-e29b-41d4-a716-446655440000"])
    kind: str
    camera_id: str | None
    text: str
    severity: int
    verdict: str | None
    ai_response: str | None
    decided_at: str
    revision: int
    acknowledged_at: str | None
    acknowledged_by: str | None


class AttemptShown(BaseModel):
    """One try: `outcome` is sent, retrying, dead or doubtful (the worker did not come back)."""

    number: int
    at: str
    outcome: str
    reason: str
    duration_ms: float


class DeliveryWithAttempts(DeliveryShown):
    tries: list[AttemptShown]


class AlertWithDeliveries(AlertShown):
    deliveries: list[DeliveryWithAttempts]


class AlertList(BaseModel):
    alerts: list[AlertShown]
    count: int
    total: int
    next_cursor: str | None


@api.get("/alerts", responses={"200": AlertList})
@endpoint(scope=Scope.READ)
def list_alerts(gateway: Gateway, principal: Principal, query: AlertsQuery) -> dict[str, Any]:
    """What people were told, newest first."""
    wanted = AlertFilter(
        account_id=principal.visible_account,
        camera=query.camera_id,
        acknowledged=query.acknowledged,
        state=query.state,
        limit=query.limit,
        offset=query.offset,
        cursor=Cursor.parse(query.cursor) if query.cursor is not None else None,
    )
    with gateway.reads() as session:
        page = alerts_page(session, wanted)
    shown = [_shown(row) for row in page.rows]
    return {"alerts": shown, "count": len(shown), "total": page.total, "next_cursor": page.next_cursor}


@api.get("/alerts/<id>", responses={"200": AlertWithDeliveries})
@endpoint(scope=Scope.READ)
def get_alert(gateway: Gateway, principal: Principal, path: AlertPath) -> dict[str, Any]:
    """One alert, with everybody who is told of it and every try."""
    with gateway.reads() as session:
        alert = alert_of(session, path.id, account_id=principal.visible_account)
        deliveries = deliveries_of(session, alert.id, account_id=principal.visible_account)
        tries = attempts_of(session, [row.id for row in deliveries])
    told = [{**delivery_document(row), "tries": _tries(tries.get(row.id, ()))} for row in deliveries]
    return {**_shown(alert), "deliveries": told}


@api.post("/alerts/<id>/acknowledge", responses={"200": AlertShown})
@endpoint(scope=Scope.WRITE)
def acknowledge_alert(gateway: Gateway, principal: Principal, path: AlertPath) -> dict[str, Any]:
    """Take note of an alert: those who would be told later, because nobody does, need not be.

    Who did so first stays; a second time changes nothing.
    """
    return _shown(usecases.take_note(gateway, principal, path.id))


def _shown(row: Alert) -> dict[str, Any]:
    notice = row.notice
    kind = str(notice.get("kind", "detection"))
    return {
        "id": row.id,
        "event": None if kind in _OF_NO_EVENT else f"evt-{row.event_uuid}",
        "kind": kind,
        "camera_id": notice.get("camera") or None,
        "text": notice.get("text", ""),
        "severity": notice.get("severity", 0),
        "verdict": notice.get("verdict"),
        "ai_response": notice.get("ai_response"),
        "decided_at": whole_seconds(row.decided_at),
        "revision": row.revision,
        "acknowledged_at": whole_seconds_or_none(row.acknowledged_at),
        "acknowledged_by": row.acknowledged_by,
    }


def _tries(rows: Sequence[DeliveryAttempt]) -> list[dict[str, Any]]:
    return [
        {
            "number": row.number,
            "at": whole_seconds(row.at),
            "outcome": row.outcome,
            "reason": row.reason,
            "duration_ms": row.duration_ms,
        }
        for row in rows
    ]
