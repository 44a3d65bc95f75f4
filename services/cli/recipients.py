"""`argus recipient`: people, chats and devices that are told."""

from __future__ import annotations

import json
import sys
from typing import Any

import click
from sqlalchemy import select

from services.cli.installation import ACTOR, Installation, now, open_installation
from services.cli.tables import show
from services.cli.trials import try_in_own_process
from shared.accounts.audit import record
from shared.accounts.users import account_named
from shared.db.recipients import RecipientRow
from shared.domain.errors import UserError
from shared.domain.recipient import LANGUAGES, NOTIFICATION_TYPES
from shared.recipients.addresses import ADDRESSES
from shared.recipients.registry import (
    RecipientChange,
    RecipientRules,
    add_recipient,
    mute_recipient,
    recipient_numbered,
)


@click.group()
def recipient() -> None:
    """Add, list, remove, test and mute recipients.

    Example: argus recipient add --channel email --name Ada --address email=ada@example.org
    """


@recipient.command()
@click.option("--channel", required=True, type=click.Choice(tuple(ADDRESSES)), help="How it is reached.")
@click.option("--name", required=True, help="What people call it.")
@click.option(
    "--address",
    "address",
    multiple=True,
    metavar="KEY=VALUE",
    help="Repeatable: email=…; chat_id=…, thread_id=…; to=…; kind=…, url=…",
)
@click.option("--user", "username", help="Only what concerns this account [everybody's].")
@click.option(
    "--type",
    "types",
    multiple=True,
    type=click.Choice(NOTIFICATION_TYPES),
    help="What it is told; repeatable [alerts].",
)
@click.option("--camera", "cameras", multiple=True, help="Only of this camera; repeatable [all].")
@click.option("--rule", "rules", multiple=True, help="Only of this rule; repeatable [all].")
@click.option("--min-severity", type=click.IntRange(0, 5), help="The least that is told [0].")
@click.option("--urgent-severity", type=click.IntRange(0, 5), help="From here on at once, quiet hours or not [never].")
@click.option("--language", type=click.Choice(LANGUAGES), help="Language of its messages [en].")
@click.option("--quiet", metavar="HH:MM-HH:MM", help="Quiet hours of every day [none].")
@click.option("--timezone", default="UTC", show_default=True, help="Time zone of the quiet hours.")
@click.option("--cooldown", "cooldown_s", type=float, metavar="SECONDS", help="Quiet after each message [0].")
@click.option(
    "--after", "after_s", type=float, metavar="SECONDS", help="Told only when nobody acknowledged by then [0]."
)
@click.option("--secret-stdin", is_flag=True, help="Read its secret (a token, user:password) from standard input.")
def add(channel: str, address: tuple[str, ...], username: str | None, *, secret_stdin: bool, **options: Any) -> None:
    """Add a recipient. Who types this vouches for a mailbox: it is not asked whether it wants to be told.

    Example: argus recipient add --channel telegram --name Watch --address chat_id=-100123 --secret-stdin
    """
    installation = open_installation()
    secret = sys.stdin.readline().rstrip("\r\n") if secret_stdin else None
    new = _change(_values(address), secret, **options)
    with installation.session() as session:
        owner = account_named(session, username).id if username else None
        row = add_recipient(session, channel, new, account_id=owner, rules=_rules(installation), now=now())
        number = row.id
        detail = {"channel": channel, "name": row.name}
        record(session, ACTOR, action="recipient.add", target=f"recipient:{number}", now=now(), detail=detail)
    click.echo(f"added recipient {number} ({new.name})")
    if channel not in installation.settings.alerts.channels:
        click.echo(f"the channel {channel} is not in use: add it to ARGUS_ALERTS__CHANNELS", err=True)


@recipient.command("list")
@click.option("--channel", type=click.Choice(tuple(ADDRESSES)), help="Only this channel's.")
@click.option("--json", "as_json", is_flag=True, help="One JSON array instead of a table.")
def list_all(channel: str | None, *, as_json: bool) -> None:
    """Show all recipients, without their secrets.

    Example: argus recipient list --json
    """
    query = select(RecipientRow).order_by(RecipientRow.id)
    with open_installation().session() as session:
        wanted = query if channel is None else query.where(RecipientRow.channel == channel)
        rows = [_shown(row) for row in session.scalars(wanted)]
    columns = ["id", "channel", "name", "address", "told", "enabled", "verified", "muted_until"]
    empty = "no recipients yet: argus recipient add --channel email --name NAME --address email=ADDRESS"
    show(rows, columns=columns, as_json=as_json, empty=empty)


@recipient.command()
@click.argument("number", metavar="ID", type=int)
def remove(number: int) -> None:
    """Remove a recipient; what it was told stays on record.

    Example: argus recipient remove 2
    """
    with open_installation().session() as session:
        row = recipient_numbered(session, number)
        name = row.name
        session.delete(row)
        record(session, ACTOR, action="recipient.remove", target=f"recipient:{number}", now=now())
    click.echo(f"removed recipient {number} ({name})")


@recipient.command()
@click.argument("number", metavar="ID", type=int)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a line.")
@click.pass_context
def test(ctx: click.Context, number: int, *, as_json: bool) -> None:
    """Send a sample alert to a recipient now and say how that went (exit 1 when it was not taken).

    Example: argus recipient test 2
    """
    installation = open_installation()
    with installation.session() as session:
        row = recipient_numbered(session, number)
        name, is_verified = row.name, row.verified_at is not None
    if not is_verified:
        raise UserError("", f"recipient {number} ({name}) is not verified yet", remedy="follow the link in its mail")
    report = try_in_own_process(installation, "services.alerts.recipient_trial", number)
    if as_json:
        click.echo(json.dumps(report, indent=2))
    else:
        said = "sent" if report.get("ok") else "failed"
        click.echo(f"recipient {number} ({name}): {said}, {report.get('detail', '')}")
    if not report.get("ok"):
        ctx.exit(1)


@recipient.command()
@click.argument("number", metavar="ID", type=int)
@click.argument("minutes", type=int, default=60)
def mute(number: int, minutes: int) -> None:
    """Tell a recipient nothing for some minutes [60]; 0 ends that.

    Example: argus recipient mute 2 30
    """
    with open_installation().session() as session:
        row = recipient_numbered(session, number)
        mute_recipient(session, row, minutes=minutes, now=now())
        name, until = row.name, row.muted_until
        detail = {"minutes": minutes}
        record(session, ACTOR, action="recipient.mute", target=f"recipient:{number}", now=now(), detail=detail)
    said = f"is muted until {until:%Y-%m-%d %H:%M} UTC" if until is not None else "is told again"
    click.echo(f"recipient {number} ({name}) {said}")


def _rules(installation: Installation) -> RecipientRules:
    return RecipientRules(box=installation.box, verify_email=False)


def _change(
    address: dict[str, Any],
    secret: str | None,
    *,
    types: tuple[str, ...],
    quiet: str | None,
    timezone: str,
    **values: Any,
) -> RecipientChange:
    return RecipientChange(
        address=address,
        secret=secret,
        notification_types=types or None,
        quiet=_quiet(quiet, timezone) if quiet is not None else None,
        **values,
    )


def _values(pairs: tuple[str, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign:
            raise UserError("--address", f"{pair!r} is not KEY=VALUE", remedy="such as email=ada@example.org")
        found[name.strip()] = value
    return found


def _quiet(text: str, timezone: str) -> dict[str, Any]:
    start, sign, end = text.partition("-")
    if not sign:
        raise UserError("--quiet", f"{text!r} is not HH:MM-HH:MM", remedy="such as 22:00-06:00")
    return {"timezone": timezone, "windows": [{"from": start.strip(), "to": end.strip()}]}


def _shown(row: RecipientRow) -> dict[str, object]:
    return {
        "id": row.id,
        "channel": row.channel,
        "name": row.name,
        "address": ", ".join(f"{name}={value}" for name, value in row.address.items()),
        "told": row.notification_types,
        "enabled": row.enabled,
        "verified": row.verified_at is not None,
        "muted_until": row.muted_until.isoformat() if row.muted_until is not None else None,
    }
