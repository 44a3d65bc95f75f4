from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from shared.accounts.users import add_account
from shared.db.cameras import Camera
from shared.db.events import RuleRow
from shared.db.recipients import RecipientRow
from shared.db.secrets import SecretBox
from shared.domain.errors import InvalidInput, NotFound, UserError
from shared.recipients.registry import (
    RecipientChange,
    RecipientRules,
    add_recipient,
    change_recipient,
    mute_recipient,
    recipient_numbered,
)

NOW = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)
RULES = RecipientRules(box=SecretBox(Fernet.generate_key().decode()), verify_email=True)
ADA = RecipientChange(name="Ada", address={"email": "ada@example.org"})
CHAT = RecipientChange(name="Watch", address={"chat_id": -100}, secret="12:bot-token")
ALICE, BOB = 1, 2


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with Session(engine, expire_on_commit=False) as opened:
        for name in ("alice", "bob"):
            add_account(opened, username=name, password="correct horse", role="operator", now=NOW)
        opened.flush()
        for slug, account in (("cam_001", ALICE), ("cam_002", BOB)):
            opened.add(
                Camera(
                    slug=slug, account_id=account, name=slug, url_encrypted="", url_masked="", created_at=NOW,
                    updated_at=NOW,
                )
            )  # fmt: skip
        for slug, account in (("rule_a", ALICE), ("rule_b", BOB), ("rule_all", None)):
            opened.add(RuleRow(slug=slug, account_id=account, name=slug, condition={}, created_at=NOW, updated_at=NOW))
        opened.flush()
        yield opened


def _add(session: Session, channel: str, new: RecipientChange, *, account_id: int | None = ALICE) -> RecipientRow:
    return add_recipient(session, channel, new, account_id=account_id, rules=RULES, now=NOW)


def test_a_recipient_is_stored_with_its_secret_sealed_and_told_of_alerts_at_once(session: Session) -> None:
    row = _add(session, "telegram", CHAT)
    assert (row.id, row.address, row.notification_types) == (1, {"chat_id": -100}, ["alerts"])
    assert row.verified_at == NOW
    assert row.secret_encrypted is not None
    assert "bot-token" not in row.secret_encrypted
    assert RULES.box.open(row.secret_encrypted) == "12:bot-token"
    assert "bot-token" not in repr(CHAT)


def test_a_mailbox_is_not_verified_until_somebody_says_so_nor_is_the_next_one(session: Session) -> None:
    row = _add(session, "email", ADA)
    assert row.verified_at is None
    row.verified_at = NOW
    change_recipient(session, row, RecipientChange(address={"email": "ada@EXAMPLE.org"}), rules=RULES, now=NOW)
    assert row.verified_at == NOW
    change_recipient(session, row, RecipientChange(address={"email": "eve@example.org"}), rules=RULES, now=NOW)
    assert row.verified_at is None


def test_where_nobody_asks_for_it_a_mailbox_counts_as_verified(session: Session) -> None:
    trusting = RecipientRules(box=RULES.box, verify_email=False)
    assert add_recipient(session, "email", ADA, account_id=None, rules=trusting, now=NOW).verified_at == NOW


def test_everything_that_is_wrong_is_named_at_once_and_nothing_is_stored(session: Session) -> None:
    wrong = RecipientChange(
        name=" ",
        address={"email": "nobody", "cc": "x"},
        secret="two\nlines",
        notification_types=("alerts", "gossip"),
        cameras=("cam_001", "cam_002", "cam_404"),
        rules=("rule_b",),
        min_severity=6,
        urgent_severity=-1,
        language="de",
        quiet={"timezone": "Mars/Base", "windows": [{"from": "9", "to": "10:00"}]},
        cooldown_s=float("nan"),
        after_s=86_401,
    )
    with pytest.raises(InvalidInput) as refused:
        _add(session, "email", wrong)
    assert {problem.field for problem in refused.value.problems} == {
        *("name", "address.email", "address.cc", "secret", "notification_types.1", "cameras.1", "cameras.2"),
        *("rules.0", "min_severity", "urgent_severity", "language", "quiet.timezone", "quiet.windows.0.from"),
        *("cooldown_s", "after_s"),
    }
    assert session.scalar(select(func.count()).select_from(RecipientRow)) == 0


@pytest.mark.parametrize(
    ("channel", "address", "field"),
    [
        ("email", None, "address.email"),
        ("telegram", {}, "address.chat_id"),
        ("telegram", {"chat_id": "nobody"}, "address.chat_id"),
        ("physical", {"kind": "shelly", "url": "http://user:pass@192.168.1.9"}, "address.url"),
        ("physical", {"kind": "http", "url": "http://192.168.1.9", "off_url": "ftp://x"}, "address.off_url"),
        ("physical", {"kind": "gpio"}, "address"),
        ("webhook", {}, "channel"),
    ],
)
def test_an_address_that_is_none_of_the_channels_is_refused(
    session: Session, channel: str, address: dict[str, Any] | None, field: str
) -> None:
    with pytest.raises(UserError) as refused:
        _add(session, channel, RecipientChange(name="x", address=address))
    assert refused.value.field == field


def test_only_own_cameras_and_rules_can_be_named_and_everybodys(session: Session) -> None:
    named = RecipientChange(name="x", address={}, cameras=("cam_001",), rules=("rule_a", "rule_all"))
    assert _add(session, "line", named).rules == ["rule_a", "rule_all"]
    everybodys = RecipientChange(name="x", address={}, cameras=("cam_001", "cam_002"), rules=("rule_a", "rule_b"))
    assert _add(session, "line", everybodys, account_id=None).cameras == ["cam_001", "cam_002"]


def test_what_a_change_does_not_name_stays_and_what_it_clears_is_gone(session: Session) -> None:
    quiet = {"timezone": "Europe/Paris", "windows": [{"from": "22:00", "to": "06:00"}]}
    row = _add(session, "telegram", RecipientChange(name="x", address={"chat_id": 1}, quiet=quiet, urgent_severity=4))
    assert row.quiet == {**quiet, "windows": [{"days": [], "from": "22:00", "to": "06:00"}]}
    later = NOW + timedelta(hours=1)
    change_recipient(session, row, RecipientChange(enabled=False), rules=RULES, now=later)
    assert (row.enabled, row.urgent_severity, row.address, row.updated_at) == (False, 4, {"chat_id": 1}, later)
    change = RecipientChange(cleared=("quiet", "urgent_severity"), secret="")
    assert change.fields == ["secret", "quiet", "urgent_severity"]
    change_recipient(session, row, change, rules=RULES, now=later)
    assert (row.quiet, row.urgent_severity, row.secret_encrypted) == (None, None, None)


def test_a_refused_change_touches_nothing(session: Session) -> None:
    row = _add(session, "telegram", CHAT)
    with pytest.raises(InvalidInput):
        change_recipient(session, row, RecipientChange(name="new", min_severity=9), rules=RULES, now=NOW)
    assert row.name == "Watch"


def test_a_mute_ends_by_itself_or_at_once(session: Session) -> None:
    row = _add(session, "telegram", CHAT)
    mute_recipient(session, row, minutes=90, now=NOW)
    assert row.muted_until == NOW + timedelta(minutes=90)
    mute_recipient(session, row, minutes=0, now=NOW)
    assert row.muted_until is None
    for minutes in (-1, 10_081):
        with pytest.raises(UserError, match="minutes"):
            mute_recipient(session, row, minutes=minutes, now=NOW)


def test_somebody_elses_recipient_is_not_there(session: Session) -> None:
    row = _add(session, "telegram", CHAT)
    assert recipient_numbered(session, row.id, account_id=ALICE) is row
    assert recipient_numbered(session, row.id) is row
    with pytest.raises(NotFound):
        recipient_numbered(session, row.id, account_id=BOB)
