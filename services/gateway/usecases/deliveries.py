"""Sending again what did not arrive."""

from __future__ import annotations

from services.gateway.auth.principal import Principal
from services.gateway.gateway import Gateway
from services.gateway.queries.deliveries import delivery_of
from shared.accounts.audit import record
from shared.db.deliveries import Delivery
from shared.domain.errors import Conflict

_RESENDABLE = frozenset({"dead", "failed", "retrying", "queued", "held", "cancelled"})


def resend(gateway: Gateway, principal: Principal, delivery_id: str) -> Delivery:
    """Make a delivery due now; the alerts service takes it up within seconds.

    Raises `NotFound`, and `Conflict` for one that arrived or is being sent at this moment.
    """
    now = gateway.now()
    with gateway.writing() as session:
        row = delivery_of(session, delivery_id, account_id=principal.visible_account)
        session.refresh(row, with_for_update=True)
        if row.state not in _RESENDABLE:
            raise Conflict("", f"the delivery is {row.state}: only one that did not arrive can be sent again")
        row.state, row.due_at, row.settled_at, row.lease_until, row.doubtful = "queued", now, None, None, 0
        row.digest_id = None
        record(session, principal.actor, action="delivery.resend", target=delivery_id, now=now)
    return row
