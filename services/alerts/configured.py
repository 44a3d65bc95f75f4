"""Webhooks that stand in argus.yaml, brought into the database."""

from __future__ import annotations

from datetime import datetime

from pydantic import SecretStr
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from shared.db.secrets import SecretBox
from shared.db.tables import Webhook
from shared.domain.errors import UserError
from shared.net import parse_target
from shared.observability import get_logger
from shared.settings import Settings
from shared.settings.sections import WebhookEndpoint

log = get_logger("alerts.configured")

NAME = "argus.yaml"
"""The name of every webhook that comes from the configuration; such a row belongs to no account."""


def check_webhooks(settings: Settings) -> None:
    """Raises `UserError` that names the endpoint whose URL cannot work."""
    seen: set[str] = set()
    for position, endpoint in enumerate(settings.webhooks.endpoints):
        field = f"webhooks.endpoints.{position}.url"
        parse_target(endpoint.url, allow_private=settings.alerts.webhook_allow_private, field=field)
        if endpoint.url in seen:
            raise UserError(field, "stands there twice", remedy="remove one of the two")
        seen.add(endpoint.url)


def sync_webhooks(session: Session, settings: Settings, box: SecretBox, *, now: datetime) -> None:
    """Add, change and switch off rows so that they say what the configuration says. Known by their URL.

    A webhook that is no longer in the file is switched off, not deleted: its number must never mean another one.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE webhooks IN SHARE ROW EXCLUSIVE MODE"))  # replicas start at the same time
    rows = {
        row.url: row
        for row in session.scalars(select(Webhook).where(Webhook.account_id.is_(None), Webhook.name == NAME))
    }
    wanted = {endpoint.url: endpoint for endpoint in settings.webhooks.endpoints}
    for url, endpoint in wanted.items():
        row = rows.get(url)
        if row is None:
            row = Webhook(account_id=None, name=NAME, url=url, created_at=now)
            session.add(row)
        _fill(row, endpoint, box, enabled=settings.webhooks.enabled and endpoint.enabled, now=now)
    for url, row in rows.items():
        if url not in wanted:
            row.enabled = False
    log.info("webhooks_configured", count=len(wanted))


def _fill(row: Webhook, endpoint: WebhookEndpoint, box: SecretBox, *, enabled: bool, now: datetime) -> None:
    row.events = list(endpoint.events)
    row.auth_type = endpoint.auth_type
    row.auth_name = endpoint.auth_name
    row.token_encrypted = _sealed(box, endpoint.token)
    row.secret_encrypted = _sealed(box, endpoint.secret)
    row.enabled = enabled
    row.updated_at = now


def _sealed(box: SecretBox, secret: SecretStr | None) -> str | None:
    return None if secret is None else box.seal(secret.get_secret_value())
