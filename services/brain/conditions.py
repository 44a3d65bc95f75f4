"""From a rule's JSON to its condition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.brain.rule import Condition
from services.brain.rules import CATALOGUE
from shared.plugin import load_class
from shared.settings.section import parse_section

DEFAULT_KIND = "presence"


def parse_condition(values: Mapping[str, Any], *, path: str = "condition") -> Condition:
    """The condition that the JSON describes; its `kind` names the plug-in (default: presence).

    Raises `UserError` that names the wrong field, what was expected and the nearest valid name.
    """
    kind = load_class("rule", str(values.get("kind", DEFAULT_KIND)), catalogue=CATALOGUE)
    condition: Condition = parse_section(kind, values, path=path)
    return condition
