"""Webhooks: the HTTP endpoints that are told of events."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.gateway.auth.principal import Principal
from services.gateway.gateway import Gateway
from shared.accounts.audit import record
from shared.accounts.roles import Role
from shared.db.deliveries import Webhook
from shared.db.secrets import SecretBox
from shared.domain.errors import NotFound, UserError

EVENTS = ("detection", "alert", "camera_down", "camera_up")
AUTH_TYPES = ("none", "bearer", "basic", "header")


@dataclass(frozen=True, slots=True)
class WebhookChange:
    """What to store; None keeps what is stored. An empty `token` or `secret` removes it."""

    name: str | None = None
    url: str | None = None
    events: tuple[str, ...] | None = None
    auth_type: str | None = None
    auth_name: str | None = None
    token: str | None = field(default=None, repr=False)
    secret: str | None = field(default=None, repr=False)
    enabled: bool | None = None

    @property
    def fields(self) -> list[str]:
        return [name for name in self.__slots__ if getattr(self, name) is not None]


def add(gateway: Gateway, principal: Principal, new: WebhookChange) -> Webhook:
    """Store a webhook. An administrator's is told of every camera, anybody else's of the own ones."""
    now = gateway.now()
    row = Webhook(
        account_id=None if principal.role == Role.ADMIN else principal.account_id,
        name="",
        url="",
        events=["alert"],
        auth_type="none",
        enabled=True,
        created_at=now,
        updated_at=now,
    )
    _apply(row, new, gateway.box)
    with gateway.writing() as session:
        session.add(row)
        session.flush()
        record(session, principal.actor, action="webhook.add", target=f"webhook:{row.id}", now=now)
    return row


def change(gateway: Gateway, principal: Principal, number: int, change: WebhookChange) -> Webhook:
    """Change what is named. Raises `NotFound`, `UserError`."""
    now = gateway.now()
    with gateway.writing() as session:
        row = webhook_of(session, number, account_id=principal.visible_account)
        _apply(row, change, gateway.box)
        row.updated_at = now
        detail: dict[str, Any] = {"fields": change.fields}
        target = f"webhook:{number}"
        record(session, principal.actor, action="webhook.change", target=target, now=now, detail=detail)
    return row


def remove(gateway: Gateway, principal: Principal, number: int) -> None:
    """Delete a webhook; what it was told stays on record. Raises `NotFound`."""
    with gateway.writing() as session:
        session.delete(webhook_of(session, number, account_id=principal.visible_account))
        record(session, principal.actor, action="webhook.remove", target=f"webhook:{number}", now=gateway.now())


def webhook_of(session: Session, number: int, *, account_id: int | None) -> Webhook:
    """The webhook; with `account_id`, only one of that account. Raises `NotFound`."""
    query = select(Webhook).where(Webhook.id == number)
    row = session.scalar(query if account_id is None else query.where(Webhook.account_id == account_id))
    if row is None:
        raise NotFound("webhook", "there is no such webhook")
    return row


def _apply(row: Webhook, change: WebhookChange, box: SecretBox) -> None:
    for name in ("name", "url", "auth_type", "enabled"):
        value = getattr(change, name)
        if value is not None:
            setattr(row, name, value)
    if change.events is not None:
        row.events = list(dict.fromkeys(change.events))
    if change.auth_name is not None:
        row.auth_name = change.auth_name or None
    if change.token is not None:
        row.token_encrypted = box.seal(change.token) if change.token else None
    if change.secret is not None:
        row.secret_encrypted = box.seal(change.secret) if change.secret else None
    _check(row)


def _check(row: Webhook) -> None:
    """What only the whole row shows. Raises `UserError`; the caller's transaction is then rolled back."""
    if row.auth_type != "none" and row.token_encrypted is None:
        raise UserError("token", f"is required with auth_type {row.auth_type}")
    if row.auth_type == "header" and not row.auth_name:
        raise UserError(
            "auth_name", "is required with auth_type header", remedy="name the header that carries the token"
        )
