"""Recorded pairs: what a client sends, and the answer as the contract's page shows it.

A pair is a JSON file: `section` is its heading on the page, `given` what the installation must be like, `as` who
asks (`nobody`, `key of alice`, `password of alice`), `own` names what is the installation's own in the answer, so
that only its form is compared, and `may_be_null` what is null where the machine lacks it. An answer may always have
more than the contract shows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_FORMS = (
    _TIME,
    re.compile(r"evt-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    re.compile(r"/events/[0-9a-f-]{36}\.jpg"),
    re.compile(r"\d+x\d+"),
    re.compile(r"job-\w{12}"),
    re.compile(r"sk-\S{16,}"),
)
# Measured, so a fraction is as good as a whole number; whatever else the contract shows whole is counted.
_MEASURED = re.compile(
    r"(fps|percent|temp_celsius|\w+_gb|uptime_hours|confidence|sensitivity|progress)$|points\[\]\[\]$"
)


@dataclass(frozen=True, slots=True)
class Pair:
    """One file."""

    name: str
    section: str
    given: str | None
    who: str
    request: Mapping[str, Any]
    status: int
    headers: Mapping[str, str]
    body: Any
    own: frozenset[str]
    may_be_null: frozenset[str]


def load_pairs(folder: Path) -> list[Pair]:
    """All of a dialect, in the order of their files' names."""
    return [_pair(file) for file in sorted(folder.glob("*.json"))]


def _pair(file: Path) -> Pair:
    text = json.loads(file.read_text(encoding="utf-8"))
    return Pair(
        name=file.stem,
        section=text["section"],
        given=text.get("given"),
        who=text["as"],
        request=text["request"],
        status=text["response"]["status"],
        headers=text["response"]["headers"],
        body=text["response"].get("body"),
        own=frozenset(text.get("own", ())),
        may_be_null=frozenset(text.get("may_be_null", ())),
    )


def compare(pair: Pair, found: Any) -> None:
    """Every field of the recorded answer is in `found`, in its order, type and form, and with its value."""
    _compare(pair, pair.body, found, "")


def _compare(pair: Pair, expected: Any, found: Any, place: str) -> None:
    if found is None and place in pair.may_be_null:
        return
    if isinstance(expected, dict):
        assert isinstance(found, dict), f"{place} is {found!r}"
        names = [name for name in found if name in expected]
        assert names == list(expected), f"{place}: {sorted(set(expected) - set(found))} missing, or out of order"
        for name, value in expected.items():
            _compare(pair, value, found[name], f"{place}.{name}".lstrip("."))
    elif isinstance(expected, list):
        assert isinstance(found, list), f"{place} is {found!r}"
        own = f"{place}[]" in pair.own
        assert own or len(found) >= len(expected), f"{place} has too few items"
        for index, ours in enumerate(found[: len(expected) if not own else None]):
            _compare(pair, expected[0 if own else index], ours, f"{place}[]")
    else:
        _compare_value(pair, expected, found, place)


def _compare_value(pair: Pair, expected: Any, found: Any, place: str) -> None:
    numbers = (int, float) if _MEASURED.search(place) else (type(expected),)
    kinds = numbers if isinstance(expected, (int, float)) and not isinstance(expected, bool) else (type(expected),)
    assert type(found) in kinds, f"{place}: {found!r} is not of the type of {expected!r}"
    for form in _FORMS:
        if isinstance(expected, str) and form.fullmatch(expected):
            assert form.fullmatch(found), f"{place}: {found!r} is not written like {expected!r}"
    if place not in pair.own:
        assert found == expected, place
