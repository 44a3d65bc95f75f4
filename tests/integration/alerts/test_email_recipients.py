"""Whom the e-mail channel finds in the database, and how they want to be told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from services.alerts.channels.email import Box, EmailChannel, EmailOptions
from shared.db.recipients import RecipientRow
from shared.domain.errors import Permanent

AT = datetime(2026, 1, 15, 10, 30, 45, tzinfo=UTC)
LATER = AT + timedelta(seconds=1)


@pytest.fixture
def channel(tmp_path: Path) -> EmailChannel:
    options = EmailOptions(host="mail.example.org", from_address="argus@example.org")
    return EmailChannel(options, media_url=tmp_path.as_uri())


def stored(engine: Engine, **fields: Any) -> str:
    values = {
        "channel": "email",
        "name": "Ada",
        "address": {"email": "ada@example.org"},
        "notification_types": ["alerts"],
        "verified_at": AT,
        "created_at": AT,
        "updated_at": AT,
        **fields,
    }
    with Session(engine) as session, session.begin():
        row = RecipientRow(**values)
        session.add(row)
        session.flush()
        return str(row.id)


def test_a_verified_mailbox_is_told(engine: Engine, channel: EmailChannel) -> None:
    number = stored(engine)
    stored(engine, verified_at=None)
    stored(engine, channel="telegram", address={"chat_id": 7})
    with Session(engine) as session:
        (found,) = channel.recipients(session)
        assert (found.channel, found.id, found.events) == ("email", number, frozenset({"detection"}))
        assert channel.address(session, number, decided_at=LATER) == Box("ada@example.org", "Ada", "en", UTC)


def test_nobody_is_told_while_there_is_no_mail_server(engine: Engine, tmp_path: Path) -> None:
    stored(engine)
    with Session(engine) as session:
        assert EmailChannel(EmailOptions(), media_url=tmp_path.as_uri()).recipients(session) == []


def test_a_reader_has_a_language_and_a_clock(engine: Engine, channel: EmailChannel) -> None:
    quiet = {"timezone": "Asia/Taipei", "windows": [{"from": "22:00", "to": "06:00"}]}
    number = stored(engine, language="zh-TW", quiet=quiet)
    with Session(engine) as session:
        box = channel.address(session, number, decided_at=LATER)
    assert (box.language, box.zone) == ("zh-TW", ZoneInfo("Asia/Taipei"))


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"enabled": False}, "disabled"),
        ({"channel": "telegram"}, "deleted"),
        ({"created_at": LATER + timedelta(days=1)}, "deleted"),
        ({"address": {"email": "ada@example.org\r\nRCPT TO:<eve@example.org>"}}, "no e-mail address"),
        ({"address": {}}, "no e-mail address"),
    ],
)
def test_who_cannot_be_told_any_more_is_given_up(
    engine: Engine, channel: EmailChannel, fields: dict[str, Any], reason: str
) -> None:
    number = stored(engine, **fields)
    with Session(engine) as session, pytest.raises(Permanent, match=reason):
        channel.address(session, number, decided_at=LATER)
