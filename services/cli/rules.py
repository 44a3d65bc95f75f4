"""`argus rule`: what is worth telling, as files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.cli.installation import ACTOR, now, open_installation
from services.cli.tables import show
from shared.accounts.audit import record
from shared.db.tables import RuleRow
from shared.domain.errors import InvalidInput, UserError
from shared.messages.commands import SyncRules
from shared.rules.document import RuleDocument, document_of, read_rules
from shared.rules.registry import FROM_FILE, add_rule, change_rule


@click.group()
def rule() -> None:
    """List rules, write them to a file, read them from one.

    Example: argus rule export > rules.yaml
    """


@rule.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON array instead of a table.")
def list_all(*, as_json: bool) -> None:
    """Show all rules.

    Example: argus rule list --json
    """
    with open_installation().session() as session:
        rows = [_shown(row) for row in session.scalars(select(RuleRow).order_by(RuleRow.id))]
    columns = ["id", "name", "camera_id", "severity", "cooldown_s", "enabled", "origin"]
    show(rows, columns=columns, as_json=as_json, empty="no rules yet: argus rule import FILE")


@rule.command()
def export() -> None:
    """Write all rules as YAML, as `argus rule import` and the section `rules` of argus.yaml take them.

    Example: argus rule export > rules.yaml
    """
    with open_installation().session() as session:
        documents = [document_of(row).written() for row in session.scalars(select(RuleRow).order_by(RuleRow.id))]
    click.echo(yaml.safe_dump({"rules": documents}, sort_keys=False, allow_unicode=True).rstrip())


@rule.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
def import_all(file: Path, *, dry_run: bool) -> None:
    """Add and change rules as a file says: all of them, or none when one is wrong. Others stay as they are.

    Example: argus rule import rules.yaml --dry-run
    """
    wanted = read_rules(_listed(file))
    installation = open_installation()
    with installation.session() as session:
        said = _all_brought_in(session, wanted)
        if dry_run:
            session.rollback()
    if not dry_run:
        installation.tell(SyncRules())
    for line in said:
        click.echo(line)
    click.echo(f"{len(wanted)} rules {'checked; nothing was changed' if dry_run else 'read'}")


@rule.command()
@click.argument("file", type=click.Path(path_type=Path))
def check(file: Path) -> None:
    """Say whether a file, an argus.yaml too, holds rules that can be read, and name all that is wrong with them.

    Looks at the file alone: whether cameras, zones and recipients are there, `import --dry-run` says.

    Example: argus rule check rules.yaml
    """
    click.echo(f"{len(read_rules(_listed(file)))} rules can be read")


def _all_brought_in(session: Session, wanted: Sequence[RuleDocument]) -> list[str]:
    """What became of each rule. Raises `InvalidInput` that names all that is wrong with any of them."""
    said: list[str] = []
    problems: list[UserError] = []
    for position, each in enumerate(wanted):
        try:
            said.append(_brought_in(session, each))
        except InvalidInput as error:
            problems += (
                UserError(f"rules.{position}.{one.field} ({each.id})", one.reason, remedy=one.remedy)
                for one in error.problems
            )
    if problems:
        raise InvalidInput(problems)
    return said


def _brought_in(session: Session, wanted: RuleDocument) -> str:
    row = session.scalar(select(RuleRow).where(RuleRow.slug == wanted.id))
    if row is None:
        add_rule(session, wanted.change(), account_id=None, slug=wanted.id, now=now())
        record(session, ACTOR, action="rule.add", target=wanted.id, now=now())
        return f"+ {wanted.id} ({wanted.name})"
    # As stored, before and after: what a file says can be written in several ways.
    before, updated_at = document_of(row), row.updated_at
    change_rule(session, row, wanted.change(), now=now())
    fields = _differences(before, document_of(row))
    if not fields:
        row.updated_at = updated_at
        return f"= {wanted.id} ({wanted.name})"
    if row.origin == FROM_FILE:
        raise InvalidInput([UserError("id", "stands in argus.yaml", remedy="change it there")])
    record(session, ACTOR, action="rule.change", target=wanted.id, now=now(), detail={"fields": list(fields)})
    return f"~ {wanted.id} ({wanted.name}): {', '.join(fields)}"


def _differences(before: RuleDocument, after: RuleDocument) -> Sequence[str]:
    return [name for name in RuleDocument.model_fields if getattr(before, name) != getattr(after, name)]


def _listed(file: Path) -> Any:
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(str(file), f"cannot be read: {error.strerror}", remedy="name an existing file") from None
    except (UnicodeDecodeError, yaml.YAMLError, ValueError, RecursionError):
        raise UserError(str(file), "is not valid YAML", remedy="correct the file, or export one to look at") from None
    if not isinstance(content, dict) or "rules" not in content:
        raise UserError(str(file), "has no list 'rules'", remedy="export one to look at: argus rule export")
    return content["rules"]


def _shown(row: RuleRow) -> dict[str, Any]:
    return {**document_of(row).model_dump(mode="json"), "origin": row.origin}
