"""`argus key`: what programs log in with."""

from __future__ import annotations

import json
from collections.abc import Sequence

import click

from services.cli.installation import ACTOR, now, open_installation
from services.cli.tables import show
from shared.accounts.audit import record
from shared.accounts.keys import create_key, list_keys, revoke_key
from shared.accounts.roles import Role, Scope
from shared.accounts.users import account_named, list_accounts
from shared.db.accounts import Account
from shared.domain.errors import UserError


@click.group()
def key() -> None:
    """Create, list and revoke API keys.

    Example: argus key create --name dashboard --scope read
    """


@key.command()
@click.option("--name", required=True, help="What will use the key.")
@click.option("--user", "username", help="Whose key it is [the first administrator].")
@click.option(
    "--scope", "scopes", multiple=True, type=click.Choice([str(scope) for scope in Scope]), help="Repeatable."
)
@click.option("--ttl-days", type=click.IntRange(1, 3650), help="When it ends [never].")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def create(name: str, username: str | None, scopes: tuple[str, ...], ttl_days: int | None, *, as_json: bool) -> None:
    """Create a key and show it, once.

    Example: argus key create --name dashboard --scope read --ttl-days 365
    """
    installation = open_installation()
    with installation.session() as session:
        account = account_named(session, username) if username else _first_admin(list_accounts(session))
        made = create_key(session, account=account, name=name, now=now(), scopes=scopes or None, ttl_days=ttl_days)
        record(session, ACTOR, action="key.create", target=f"key:{made.row.id}", now=now(), detail={"name": name})
        told = {"id": made.row.id, "name": name, "user": account.username, "scopes": made.row.scopes, "key": made.text}
    if as_json:
        click.echo(json.dumps(told, indent=2))
        return
    click.echo(f"key {told['id']} of {told['user']} ({', '.join(made.row.scopes)}), shown only now:", err=True)
    click.echo(made.text)


@key.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON array instead of a table.")
def list_all(*, as_json: bool) -> None:
    """Show all keys that are not revoked; never the keys themselves.

    Example: argus key list --json
    """
    with open_installation().session() as session:
        rows = [
            {
                "id": row.id,
                "name": row.name,
                "user": username,
                "prefix": row.prefix,
                "scopes": row.scopes,
                "created_at": row.created_at,
                "expires_at": row.expires_at,
                "last_used_at": row.last_used_at,
            }
            for row, username in list_keys(session)
        ]
    columns = ["id", "name", "user", "prefix", "scopes", "expires_at", "last_used_at"]
    show(rows, columns=columns, as_json=as_json, empty="no keys yet: argus key create --name NAME")


@key.command()
@click.argument("key_id", type=int)
def revoke(key_id: int) -> None:
    """End a key at once.

    Example: argus key revoke 3
    """
    with open_installation().session() as session:
        row = revoke_key(session, key_id, now=now())
        record(session, ACTOR, action="key.revoke", target=f"key:{key_id}", now=now())
        name = row.name
    click.echo(f"revoked key {key_id} ({name})")


def _first_admin(accounts: Sequence[Account]) -> Account:
    admins = sorted((account for account in accounts if account.role == Role.ADMIN), key=lambda account: account.id)
    if not admins:
        raise UserError("--user", "there is no administrator yet", remedy="argus user add NAME --role admin")
    return admins[0]
