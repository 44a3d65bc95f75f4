"""`argus config`: the settings in force."""

from __future__ import annotations

import json
import re
from typing import Any

import click
import yaml

from shared.settings import load_settings

_MASK = "***"
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+(?=@)")
_SECRET_NAME = re.compile(r"password|secret|token|api_?key", re.IGNORECASE)


@click.group()
def config() -> None:
    """Look at the settings.

    Example: argus config show
    """


@config.command()
@click.option("--json", "as_json", is_flag=True, help="JSON instead of YAML.")
def show(*, as_json: bool) -> None:
    """Show every setting in force, with secrets masked; usable as an argus.yaml.

    Example: argus config show --json
    """
    values = masked(load_settings().model_dump(mode="json"))
    click.echo(json.dumps(values, indent=2) if as_json else yaml.safe_dump(values, sort_keys=False).rstrip())


def masked(value: Any, name: str = "") -> Any:
    """The same structure without secrets: by their names, and credentials inside URLs."""
    if isinstance(value, dict):
        return {key: masked(item, str(key)) for key, item in value.items()}
    if isinstance(value, list):
        return [masked(item, name) for item in value]
    if value is not None and _SECRET_NAME.search(name):
        return _MASK
    return _CREDENTIALS.sub(_MASK, value) if isinstance(value, str) else value
