"""The list of weights Argus knows, from `registry.toml` and an operator's own files of the same form."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from shared.domain.errors import UserError
from shared.settings.section import nearest
from shared.weights.entry import Weights
from shared.weights.labels import labels_of

VERSION = 1
SHIPPED = Path(__file__).with_name("registry.toml")

_WEIGHTS = TypeAdapter(Weights)


@dataclass(frozen=True, slots=True)
class Registry:
    """All known weights by name, in the order of the files."""

    entries: Mapping[str, Weights]

    def __iter__(self) -> Iterator[Weights]:
        return iter(self.entries.values())

    def __getitem__(self, name: str) -> Weights:
        """The weights called `name`; raises `UserError` that tells the nearest name when there are none."""
        if name not in self.entries:
            raise UserError(f"weights {name!r}", "are not in the registry", remedy=nearest(name, self.entries))
        return self.entries[name]

    def defaults(self) -> tuple[Weights, ...]:
        """What a new installation pulls."""
        return tuple(weights for weights in self if weights.default)


def load_registry(*own: Path) -> Registry:
    """The shipped weights and those of an operator's `own` TOML files.

    Raises `UserError` naming the file, the field and the reason; a name or file name taken twice is refused.
    """
    entries: dict[str, Weights] = {}
    for path in (SHIPPED, *own):
        for weights in parse_registry(_read(path), source=path.name):
            _check_free(weights, entries, path)
            entries[weights.name] = weights
    return Registry(entries)


def parse_registry(text: str, *, source: str) -> tuple[Weights, ...]:
    """The entries of one TOML text; `source` is what errors call it."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UserError(source, f"is not valid TOML: {error}", remedy="correct the file") from None
    if content.get("version") != VERSION:
        raise UserError(
            f"{source}: version",
            f"expected {VERSION}, got {content.get('version')!r}",
            remedy=f"write 'version = {VERSION}' as its first line",
        )
    unknown = sorted(content.keys() - {"version", "weights"})
    if unknown:
        raise UserError(f"{source}: {unknown[0]}", "unknown key", remedy=nearest(unknown[0], ["version", "weights"]))
    tables = content.get("weights", {})
    if not isinstance(tables, dict):
        raise UserError(f"{source}: weights", "must hold tables", remedy="write '[weights.NAME]'")
    return tuple(_entry(name, table, source) for name, table in tables.items())


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(
            str(path), f"cannot be read: {error.strerror}", remedy="name an existing file in ARGUS_WEIGHTS_REGISTRY"
        ) from None
    except UnicodeDecodeError:
        raise UserError(str(path), "is not UTF-8 text", remedy="save it as UTF-8") from None


def _entry(name: str, table: Any, source: str) -> Weights:
    where = f"{source}: weights.{name}"
    if not isinstance(table, dict):
        raise UserError(where, "must be a table", remedy=f"write '[weights.{name}]'")
    if "name" in table:
        raise UserError(f"{where}.name", "is given by the table's heading", remedy="remove the line")
    try:
        weights = _WEIGHTS.validate_python({"name": name, **table})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise UserError(f"{where}.{field}", _reason(first["msg"], first["input"]), remedy="correct the file") from None
    labels_of(weights)
    return weights


def _reason(message: str, value: Any) -> str:
    shown = "" if isinstance(value, dict) else f", got {value!r:.80}"
    return " ".join(f"{message}{shown}".split())


def _check_free(weights: Weights, taken: Mapping[str, Weights], path: Path) -> None:
    where = f"{path.name}: weights.{weights.name}"
    if weights.name in taken:
        raise UserError(where, "this name is taken", remedy="choose another name")
    for other in taken.values():
        if other.file == weights.file and other.sha256 != weights.sha256:
            raise UserError(
                f"{where}.file", f"{weights.file!r} is the file of {other.name!r}", remedy="choose another file name"
            )
