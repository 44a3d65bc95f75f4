"""`argus user`: who may log in."""

from __future__ import annotations

import sys

import click

from services.cli.installation import ACTOR, now, open_installation
from services.cli.tables import show
from shared.accounts.audit import record
from shared.accounts.roles import Role
from shared.accounts.users import add_account, list_accounts, set_language, set_password
from shared.domain.errors import UserError
from shared.domain.recipient import LANGUAGES


@click.group()
def user() -> None:
    """Add and list accounts, and change passwords.

    Example: argus user add alice --role operator
    """


@user.command()
@click.argument("username")
@click.option("--role", type=click.Choice([str(role) for role in Role]), default=str(Role.OPERATOR), show_default=True)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of asking.")
def add(username: str, *, role: str, password_stdin: bool) -> None:
    """Add an account; asks for its password.

    Example: argus user add alice --role operator
    """
    installation = open_installation()
    password = new_password(from_stdin=password_stdin)
    with installation.session() as session:
        add_account(session, username=username, password=password, role=role, now=now())
        record(session, ACTOR, action="account.add", target=username, now=now(), detail={"role": role})
    click.echo(f"added {username} ({role})")


@user.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON array instead of a table.")
def list_users(*, as_json: bool) -> None:
    """Show all accounts.

    Example: argus user list --json
    """
    columns = ["username", "role", "enabled", "language", "created_at"]
    with open_installation().session() as session:
        rows = [
            {
                "username": row.username,
                "role": row.role,
                "enabled": row.enabled,
                "language": row.language,
                "created_at": row.created_at,
            }
            for row in list_accounts(session)
        ]
    show(rows, columns=columns, as_json=as_json, empty="no accounts yet: argus user add NAME")


@user.command()
@click.argument("username")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of asking.")
def passwd(username: str, *, password_stdin: bool) -> None:
    """Change a password.

    Example: argus user passwd alice
    """
    installation = open_installation()
    password = new_password(from_stdin=password_stdin)
    with installation.session() as session:
        set_password(session, username=username, password=password)
        record(session, ACTOR, action="account.password", target=username, now=now())
    click.echo(f"changed the password of {username}")


@user.command()
@click.argument("username")
@click.argument("language", type=click.Choice([*LANGUAGES, "default"]))
def language(username: str, language: str) -> None:
    """Choose in which language the judge explains its verdicts to an account.

    Example: argus user language alice fr
    """
    chosen = None if language == "default" else language
    installation = open_installation()
    with installation.session() as session:
        set_language(session, username=username, language=chosen)
        record(session, ACTOR, action="account.language", target=username, now=now(), detail={"language": chosen or ""})
    click.echo(f"the judge speaks {chosen or 'the usual language'} to {username}")


def new_password(*, from_stdin: bool) -> str:
    """A password that was never an argument, where every process of the machine could read it."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise UserError("password", "there is no terminal to ask on", remedy="use --password-stdin")
    asked: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return asked
