"""Lists for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

Row = Mapping[str, Any]


def show(rows: Sequence[Row], *, columns: Sequence[str], as_json: bool, empty: str) -> None:
    """Print the rows as one JSON array with every field, or as a table of the columns; `empty` when there is none."""
    if as_json:
        click.echo(json.dumps([dict(row) for row in rows], indent=2, default=_json, ensure_ascii=False))
        return
    if not rows:
        click.echo(empty)
        return
    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(Text(_cell(row.get(column))) for column in columns))
    Console(soft_wrap=False).print(table)


def _json(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.astimezone().strftime("%Y-%m-%d %H:%M")
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value)
    return str(value)
