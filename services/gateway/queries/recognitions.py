"""Recognitions: what was named by its plate or face."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Literal, NamedTuple

from sqlalchemy import ColumnElement, bindparam, func, select

from shared.db.events import Recognition
from shared.db.prepared import Prepared, Reader

Kind = Literal["face_match", "plate_read"]

_COLUMNS = Recognition.__table__.c
_SHOWN = tuple(_COLUMNS[name] for name in ("id", "kind", "at", "camera_slug", "stored_at", "data"))
_CONDITIONS: dict[str, Callable[[], ColumnElement[bool]]] = {
    "account_id": lambda: _COLUMNS.account_id == bindparam("account_id"),
    "kind": lambda: _COLUMNS.kind == bindparam("kind"),
    "since": lambda: _COLUMNS.at >= bindparam("since"),
    "number": lambda: _COLUMNS.id == bindparam("number"),
}
_AFTER = Prepared(
    select(*_SHOWN, _COLUMNS.account_id)
    .where(_COLUMNS.id > bindparam("number"))
    .order_by(_COLUMNS.id)
    .limit(bindparam("limit"))
)
_NEWEST = Prepared(select(func.max(_COLUMNS.id)))
_RECENT = Prepared(
    select(_COLUMNS.kind, func.count())
    .where(_COLUMNS.at >= bindparam("since"), _COLUMNS.at <= bindparam("until"))
    .group_by(_COLUMNS.kind)
)


class RecognitionRow(NamedTuple):
    """A tuple in the order of the columns read. `data` is what the specialist told."""

    id: int
    kind: str
    at: datetime
    camera: str
    stored_at: datetime
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class RecognitionFilter:
    """Which ones: of an account (None: all), of a kind, from `since` (included)."""

    account_id: int | None = None
    kind: Kind | None = None
    since: datetime | None = None


def recognitions(reader: Reader, wanted: RecognitionFilter, *, limit: int) -> list[RecognitionRow]:
    """The newest ones, newest first."""
    given = {"account_id": wanted.account_id, "kind": wanted.kind, "since": wanted.since}
    values = {name: value for name, value in given.items() if value is not None}
    return [RecognitionRow._make(row) for row in reader.rows(_statement(tuple(values)), {**values, "limit": limit})]


def recognition(reader: Reader, number: int, *, kind: Kind, account_id: int | None) -> RecognitionRow | None:
    """The one with this id, when it is of this kind and, with `account_id`, of that account."""
    values: dict[str, Any] = {"kind": kind, "number": number}
    values |= {} if account_id is None else {"account_id": account_id}
    found = reader.rows(_statement(tuple(values)), {**values, "limit": 1})
    return RecognitionRow._make(found[0]) if found else None


def recognitions_after(reader: Reader, number: int, *, limit: int) -> list[tuple[int | None, RecognitionRow]]:
    """Those with a higher number, lowest first, of all accounts; each with whose it is."""
    rows = reader.rows(_AFTER, {"number": number, "limit": limit})
    return [(row[-1], RecognitionRow._make(row[:-1])) for row in rows]


def newest_recognition(reader: Reader) -> int:
    """The highest number there is; 0 without any."""
    return int(reader.rows(_NEWEST, {})[0][0] or 0)


def recent_counts(reader: Reader, *, since: datetime, until: datetime) -> dict[str, int]:
    """How many there are from `since` to `until` (both included), by kind, of all accounts."""
    return {str(kind): int(count) for kind, count in reader.rows(_RECENT, {"since": since, "until": until})}


@cache
def _statement(names: tuple[str, ...]) -> Prepared:
    """Made once for each form of filter."""
    query = select(*_SHOWN).where(*(_CONDITIONS[name]() for name in names))
    return Prepared(query.order_by(_COLUMNS.at.desc(), _COLUMNS.id.desc()).limit(bindparam("limit")))
