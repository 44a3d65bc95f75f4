"""Taking note of alerts."""

from __future__ import annotations

from services.gateway.auth.principal import Principal
from services.gateway.gateway import Gateway
from services.gateway.queries.alerts import alert_of
from shared.accounts.audit import record
from shared.alerts.acknowledge import acknowledge
from shared.db.deliveries import Alert


def take_note(gateway: Gateway, principal: Principal, alert_id: str) -> Alert:
    """Acknowledge the alert, which calls off its escalations; who did so first stays. Raises `NotFound`."""
    now = gateway.now()
    with gateway.writing() as session:
        alert = alert_of(session, alert_id, account_id=principal.visible_account)
        if acknowledge(session, alert.id, by=principal.username, now=now):
            session.refresh(alert)
            record(session, principal.actor, action="alert.acknowledge", target=f"alert:{alert_id}", now=now)
    return alert
