"""The conditions that the page about rules shows are conditions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from shared.rules.condition import parse_condition
from shared.rules.conditions import CATALOGUE

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "rules.md"


def shown() -> Iterator[dict[str, Any]]:
    decoder = json.JSONDecoder()
    for block in re.findall(r"^```json\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
        rest = block.strip()
        while rest:
            values, end = decoder.raw_decode(rest)
            yield values
            rest = rest[end:].strip()


def test_every_example_can_be_read_and_every_kind_has_one() -> None:
    examples = list(shown())
    assert [parse_condition(values).document() for values in examples]
    text = json.dumps(examples)
    assert [kind for kind in CATALOGUE if kind != "any" and f'"kind": "{kind}"' not in text] == ["presence"]
