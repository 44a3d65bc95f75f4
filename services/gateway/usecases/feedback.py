"""What people say about events."""

from __future__ import annotations

from dataclasses import dataclass

from services.gateway.auth.principal import Principal
from services.gateway.gateway import Gateway
from services.gateway.queries.events import event_of
from shared.accounts.audit import record
from shared.alerts.opinion import add_opinion
from shared.db.feedback import Feedback


@dataclass(frozen=True, slots=True)
class Opinion:
    """`kind` is false_positive, confirmed or missed; `confidence` how sure the person is, 0..1."""

    kind: str
    confidence: float | None = None
    comment: str | None = None


def give_feedback(gateway: Gateway, principal: Principal, event_uuid: str, opinion: Opinion) -> Feedback:
    """Keep the opinion beside all earlier ones and show it as the event's `user_feedback`. Raises `NotFound`."""
    now = gateway.now()
    with gateway.writing() as session:
        # Locked, so that of two people who speak at once the event shows the one whose row is the newest.
        event = event_of(session, event_uuid, account_id=principal.visible_account, for_update=True)
        row = add_opinion(
            session,
            event,
            opinion.kind,
            author=principal.username,
            account_id=principal.account_id,
            confidence=opinion.confidence,
            comment=opinion.comment,
            now=now,
        )
        target, detail = f"event:{event_uuid}", {"feedback_type": opinion.kind}
        record(session, principal.actor, action="event.feedback", target=target, now=now, detail=detail)
    return row
