"""`argus webhook`: HTTP endpoints that are told."""

from __future__ import annotations

import json
import sys

import click
from sqlalchemy import select

from services.cli.installation import ACTOR, Installation, now, open_installation
from services.cli.tables import show
from services.cli.trials import try_in_own_process
from shared.accounts.audit import record
from shared.accounts.users import account_named
from shared.db.tables import Webhook
from shared.domain.errors import UserError
from shared.webhooks.registry import AUTH_TYPES, EVENTS, WebhookChange, WebhookRules, add_webhook, webhook_numbered
from shared.webhooks.secret import new_signing_secret


@click.group()
def webhook() -> None:
    """Add, list, remove and test webhooks.

    Example: argus webhook add --name ops --url https://ops.example.org/argus
    """


@webhook.command()
@click.option("--name", required=True, help="What people call it.")
@click.option("--url", required=True, help="https://host/path")
@click.option("--event", "events", multiple=True, type=click.Choice(EVENTS), help="Repeatable [alert].")
@click.option("--user", "username", help="Only events of this account's cameras [everybody's].")
@click.option("--auth", "auth_type", type=click.Choice(AUTH_TYPES), default="none", show_default=True)
@click.option("--auth-name", help="The header's name, with --auth header.")
@click.option("--token-stdin", is_flag=True, help="Read the token (basic: user:password) from standard input.")
@click.option("--unsigned", is_flag=True, help="Make no signing secret.")
def add(
    name: str,
    url: str,
    events: tuple[str, ...],
    username: str | None,
    auth_type: str,
    auth_name: str | None,
    *,
    token_stdin: bool,
    unsigned: bool,
) -> None:
    """Add a webhook; its signing secret (Standard Webhooks) is made here and shown once.

    Example: argus webhook add --name ops --url https://ops.example.org/argus --event alert --event camera_down
    """
    installation = open_installation()
    token = _token(auth_type, auth_name, from_stdin=token_stdin)
    new = WebhookChange(
        name=name,
        url=url,
        events=events or None,
        auth_type=auth_type,
        auth_name=auth_name,
        token=token,
        secret=None if unsigned else new_signing_secret(),
    )
    with installation.session() as session:
        owner = account_named(session, username).id if username else None
        row = add_webhook(session, new, account_id=owner, rules=rules_of(installation), now=now())
        number = row.id
        record(session, ACTOR, action="webhook.add", target=f"webhook:{number}", now=now(), detail={"name": name})
    click.echo(f"added webhook {number} ({name})")
    if new.secret:
        click.echo("signing secret, shown only now:", err=True)
        click.echo(new.secret)


@webhook.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON array instead of a table.")
def list_all(*, as_json: bool) -> None:
    """Show all webhooks, without their secrets.

    Example: argus webhook list --json
    """
    with open_installation().session() as session:
        rows = [_shown(row) for row in session.scalars(select(Webhook).order_by(Webhook.id))]
    columns = ["id", "name", "url", "events", "auth", "signed", "enabled"]
    show(rows, columns=columns, as_json=as_json, empty="no webhooks yet: argus webhook add --name NAME --url URL")


@webhook.command()
@click.argument("number", metavar="ID", type=int)
def remove(number: int) -> None:
    """Remove a webhook; what was delivered stays on record.

    Example: argus webhook remove 2
    """
    with open_installation().session() as session:
        row = webhook_numbered(session, number)
        name = row.name
        session.delete(row)
        record(session, ACTOR, action="webhook.remove", target=f"webhook:{number}", now=now())
    click.echo(f"removed webhook {number} ({name})")


@webhook.command()
@click.argument("number", metavar="ID", type=int)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a line.")
@click.pass_context
def test(ctx: click.Context, number: int, *, as_json: bool) -> None:
    """Send a sample alert to a webhook now and say what it answered (exit 1 when it was not taken).

    Example: argus webhook test 2
    """
    installation = open_installation()
    with installation.session() as session:
        name = webhook_numbered(session, number).name
    report = try_in_own_process(installation, "services.alerts.webhook_trial", number)
    if as_json:
        click.echo(json.dumps(report, indent=2))
    else:
        click.echo(f"webhook {number} ({name}): {'sent' if report.get('ok') else 'failed'}, {report.get('detail', '')}")
    if not report.get("ok"):
        ctx.exit(1)


def rules_of(installation: Installation) -> WebhookRules:
    """What storing a webhook needs to know."""
    return WebhookRules(allow_private=installation.settings.alerts.webhook_allow_private, box=installation.box)


def _token(auth_type: str, auth_name: str | None, *, from_stdin: bool) -> str | None:
    if auth_type == "none":
        return None
    if auth_type == "header" and not auth_name:
        raise UserError("--auth-name", "is missing", remedy="name the header that carries the token")
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise UserError("token", "there is no terminal to ask on", remedy="use --token-stdin")
    asked: str = click.prompt("Token", hide_input=True, err=True)
    return asked


def _shown(row: Webhook) -> dict[str, object]:
    return {
        "id": row.id,
        "name": row.name,
        "url": row.url,
        "events": row.events,
        "auth": row.auth_type,
        "signed": row.secret_encrypted is not None,
        "enabled": row.enabled,
    }
