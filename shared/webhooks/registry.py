"""Adding, changing and finding webhooks. Every function works in the caller's transaction and never commits."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, get_args

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.db.deliveries import Webhook
from shared.db.secrets import SecretBox
from shared.domain.errors import NotFound, UserError
from shared.domain.webhook import RESERVED_HEADERS, WebhookAuth, WebhookEvent
from shared.net import parse_target

EVENTS: Final[tuple[str, ...]] = get_args(WebhookEvent)
AUTH_TYPES: Final[tuple[str, ...]] = get_args(WebhookAuth)


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
        """The names of what is to change, for the audit trail."""
        return [name for name in self.__slots__ if getattr(self, name) is not None]


@dataclass(frozen=True, slots=True)
class WebhookRules:
    """What storing needs to know of the installation."""

    allow_private: bool
    box: SecretBox


def add_webhook(
    session: Session, new: WebhookChange, *, account_id: int | None, rules: WebhookRules, now: datetime
) -> Webhook:
    """Store a webhook; without an account it is told of every camera, with one of that account's alone.

    Raises `UserError`; the caller's transaction is then to be rolled back.
    """
    row = Webhook(
        account_id=account_id,
        name="",
        url="",
        events=["alert"],
        auth_type="none",
        enabled=True,
        created_at=now,
        updated_at=now,
    )
    _apply(row, new, rules)
    session.add(row)
    session.flush()
    return row


def change_webhook(row: Webhook, change: WebhookChange, *, rules: WebhookRules, now: datetime) -> None:
    """Change what `change` names. Raises `UserError`; the caller's transaction is then to be rolled back."""
    _apply(row, change, rules)
    row.updated_at = now


def webhook_numbered(session: Session, number: int, *, account_id: int | None = None) -> Webhook:
    """The webhook; with `account_id`, only one of that account. Raises `NotFound`."""
    query = select(Webhook).where(Webhook.id == number)
    row = session.scalar(query if account_id is None else query.where(Webhook.account_id == account_id))
    if row is None:
        raise NotFound("webhook", f"there is no webhook {number}", remedy="list the webhooks to see their ids")
    return row


def _apply(row: Webhook, change: WebhookChange, rules: WebhookRules) -> None:
    if change.url is not None:
        parse_target(change.url, allow_private=rules.allow_private)
    for name in ("name", "url", "auth_type", "enabled"):
        value = getattr(change, name)
        if value is not None:
            setattr(row, name, value)
    if change.events is not None:
        row.events = list(dict.fromkeys(change.events))
    if change.auth_name is not None:
        row.auth_name = change.auth_name or None
    if change.token is not None:
        row.token_encrypted = rules.box.seal(change.token) if change.token else None
    if change.secret is not None:
        row.secret_encrypted = rules.box.seal(change.secret) if change.secret else None
    _check(row)


def _check(row: Webhook) -> None:
    """What only the whole row shows."""
    if not 1 <= len(row.name) <= 128:
        raise UserError("name", "has no or more than 128 characters", remedy="name the webhook")
    if row.auth_type != "none" and row.token_encrypted is None:
        raise UserError("token", f"is required with auth_type {row.auth_type}")
    if row.auth_type == "header" and not row.auth_name:
        raise UserError(
            "auth_name", "is required with auth_type header", remedy="name the header that carries the token"
        )
    if row.auth_type == "header" and (row.auth_name or "").lower() in RESERVED_HEADERS:
        raise UserError("auth_name", "names a header that cannot carry a token", remedy="name one of its own")
