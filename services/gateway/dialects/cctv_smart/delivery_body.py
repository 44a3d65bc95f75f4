"""Deliveries as clients read them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from services.gateway.http.timestamps import whole_seconds, whole_seconds_or_none
from shared.db.deliveries import Delivery

State = Literal["queued", "held", "sending", "sent", "retrying", "failed", "dead", "cancelled"]


class DeliveryShown(BaseModel):
    """`recipient` is the id of the webhook or recipient; `reason` says why it has not arrived.

    `revision` above 0 amends what was told before. One that is `held` is told in the delivery `digest`. `doubtful`
    counts the tries of which nobody knows whether they arrived.
    """

    id: str
    alert: str
    event: str = Field(examples=["evt-550e8400-e29b-41d4-a716-446655440000"])
    channel: str
    recipient: str
    revision: int
    digest: str | None
    state: State
    attempts: int
    doubtful: int
    reason: str
    created_at: str
    due_at: str
    settled_at: str | None
    receipt: dict[str, Any]


def delivery_document(row: Delivery) -> dict[str, Any]:
    return {
        "id": row.id,
        "alert": row.alert_id,
        "event": f"evt-{row.event_uuid}",
        "channel": row.channel,
        "recipient": row.recipient,
        "revision": row.revision,
        "digest": row.digest_id,
        "state": row.state,
        "attempts": row.attempts,
        "doubtful": row.doubtful,
        "reason": row.reason,
        "created_at": whole_seconds(row.created_at),
        "due_at": whole_seconds(row.due_at),
        "settled_at": whole_seconds_or_none(row.settled_at),
        "receipt": row.receipt,
    }
