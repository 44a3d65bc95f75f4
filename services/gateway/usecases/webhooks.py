"""Adding, changing and removing webhooks through the API."""

from __future__ import annotations

from services.gateway.auth.principal import Principal
from services.gateway.gateway import Gateway
from shared.accounts.audit import record
from shared.accounts.roles import Role
from shared.db.deliveries import Webhook
from shared.webhooks.registry import WebhookChange, add_webhook, change_webhook, webhook_numbered


def add(gateway: Gateway, principal: Principal, new: WebhookChange) -> Webhook:
    """Store a webhook. An administrator's is told of every camera, anybody else's of the own ones."""
    now = gateway.now()
    owner = None if principal.role == Role.ADMIN else principal.account_id
    with gateway.writing() as session:
        row = add_webhook(session, new, account_id=owner, rules=gateway.webhook_rules, now=now)
        record(session, principal.actor, action="webhook.add", target=f"webhook:{row.id}", now=now)
    return row


def change(gateway: Gateway, principal: Principal, number: int, change: WebhookChange) -> Webhook:
    """Change what is named. Raises `NotFound`, `UserError`."""
    now = gateway.now()
    with gateway.writing() as session:
        row = webhook_numbered(session, number, account_id=principal.visible_account)
        change_webhook(row, change, rules=gateway.webhook_rules, now=now)
        detail = {"fields": change.fields}
        target = f"webhook:{number}"
        record(session, principal.actor, action="webhook.change", target=target, now=now, detail=detail)
    return row


def remove(gateway: Gateway, principal: Principal, number: int) -> None:
    """Delete a webhook; what it was told stays on record. Raises `NotFound`."""
    with gateway.writing() as session:
        session.delete(webhook_numbered(session, number, account_id=principal.visible_account))
        record(session, principal.actor, action="webhook.remove", target=f"webhook:{number}", now=gateway.now())
