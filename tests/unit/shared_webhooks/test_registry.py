from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from shared.accounts.users import add_account
from shared.db.secrets import SecretBox
from shared.domain.errors import NotFound, UserError
from shared.webhooks.registry import WebhookChange, WebhookRules, add_webhook, change_webhook, webhook_numbered
from shared.webhooks.secret import PREFIX, new_signing_secret

NOW = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)
RULES = WebhookRules(allow_private=False, box=SecretBox(Fernet.generate_key().decode()))
OPS = WebhookChange(name="ops", url="https://example.org/hook", token="t0ken", secret="whsec_x", auth_type="bearer")


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with Session(engine, expire_on_commit=False) as opened:
        add_account(opened, username="alice", password="correct horse", role="operator", now=NOW)
        yield opened


def test_a_webhook_is_stored_with_its_token_and_secret_sealed(session: Session) -> None:
    row = add_webhook(session, OPS, account_id=None, rules=RULES, now=NOW)
    assert (row.id, row.events, row.enabled) == (1, ["alert"], True)
    assert row.token_encrypted is not None
    assert row.secret_encrypted is not None
    assert "t0ken" not in row.token_encrypted
    assert [RULES.box.open(sealed) for sealed in (row.token_encrypted, row.secret_encrypted)] == ["t0ken", "whsec_x"]
    assert "t0ken" not in repr(OPS)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (WebhookChange(name=""), "name"),
        (WebhookChange(name="x" * 129), "name"),
        (WebhookChange(url="http://127.0.0.1/hook"), "url"),
        (WebhookChange(url="ftp://example.org/"), "url"),
        (WebhookChange(token=""), "token"),
        (WebhookChange(auth_type="header"), "auth_name"),
        (WebhookChange(auth_type="header", auth_name="Host"), "auth_name"),
        (WebhookChange(auth_type="header", auth_name="webhook-id"), "auth_name"),
    ],
)
def test_a_change_that_cannot_work_is_refused_by_its_field(session: Session, change: WebhookChange, field: str) -> None:
    row = add_webhook(session, OPS, account_id=None, rules=RULES, now=NOW)
    with pytest.raises(UserError) as refused:
        change_webhook(row, change, rules=RULES, now=NOW)
    assert refused.value.field == field


def test_what_a_change_does_not_name_stays_and_an_empty_secret_is_removed(session: Session) -> None:
    row = add_webhook(session, OPS, account_id=None, rules=RULES, now=NOW)
    later = NOW + timedelta(minutes=1)
    change_webhook(row, WebhookChange(events=("alert", "camera_up", "alert"), secret=""), rules=RULES, now=later)
    assert (row.name, row.url, row.auth_type, row.token_encrypted is None) == ("ops", OPS.url, "bearer", False)
    assert (row.events, row.secret_encrypted, row.updated_at) == (["alert", "camera_up"], None, later)


def test_a_private_address_is_taken_where_it_is_allowed(session: Session) -> None:
    rules = WebhookRules(allow_private=True, box=RULES.box)
    assert add_webhook(session, WebhookChange(name="n", url="http://127.0.0.1/"), account_id=1, rules=rules, now=NOW).id


def test_a_webhook_of_somebody_else_is_not_found(session: Session) -> None:
    number = add_webhook(session, OPS, account_id=None, rules=RULES, now=NOW).id
    assert webhook_numbered(session, number).name == "ops"
    with pytest.raises(NotFound):
        webhook_numbered(session, number, account_id=1)


def test_every_signing_secret_is_another() -> None:
    first, second = new_signing_secret(), new_signing_secret()
    assert first.startswith(PREFIX)
    assert first != second
