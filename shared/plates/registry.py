"""Adding, changing and finding listed plates. Every function works in the caller's transaction and never commits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, cast

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from shared.db.plates import ListedPlate
from shared.domain.errors import Conflict, InvalidInput, NotFound, UserError
from shared.domain.plate import LISTINGS, Listing, compact_plate

MAX_PLATE: Final = 32
MAX_NOTE: Final = 1000


@dataclass(frozen=True, slots=True)
class PlateChange:
    """What to store; None keeps what is stored. An empty `note` removes it, `forever` the end."""

    plate: str | None = None
    listing: str | None = None
    note: str | None = None
    expires_at: datetime | None = None
    forever: bool = False

    @property
    def fields(self) -> list[str]:
        """The names of what is to change, for the audit trail."""
        given = {"plate": self.plate, "listing": self.listing, "note": self.note}
        named = [name for name, value in given.items() if value is not None]
        return [*named, "expires_at"] if self.forever or self.expires_at is not None else named


def add_plate(session: Session, new: PlateChange, *, account_id: int, now: datetime) -> ListedPlate:
    """List a plate. Raises `InvalidInput` that names every wrong field, `Conflict` for one that is listed already."""
    row = ListedPlate(account_id=account_id, plate="", compact="", listing="", created_at=now)
    _apply(session, row, new, now=now)
    session.add(row)
    _flush(session, row)
    return row


def change_plate(session: Session, row: ListedPlate, change: PlateChange, *, now: datetime) -> None:
    """Change what `change` names. Raises `InvalidInput` before anything is touched, and `Conflict`."""
    _apply(session, row, change, now=now)
    _flush(session, row)


def plate_numbered(session: Session, number: int, *, account_id: int | None = None) -> ListedPlate:
    """The entry; with `account_id`, only one of that account. Raises `NotFound`."""
    query = select(ListedPlate).where(ListedPlate.id == number)
    row = session.scalar(query if account_id is None else query.where(ListedPlate.account_id == account_id))
    if row is None:
        raise NotFound("plate", f"there is no listed plate {number}", remedy="list the plates to see their ids")
    return row


def list_plates(
    session: Session,
    *,
    account_id: int | None = None,
    listing: str | None = None,
    part: str | None = None,
    limit: int = 500,
    offset: int = 0,
) -> Sequence[ListedPlate]:
    """Listed plates, newest first; of one account, or of all with None. `part` is looked for in the compact form."""
    query = select(ListedPlate).where(*_conditions(account_id, listing, part))
    return session.scalars(query.order_by(ListedPlate.id.desc()).limit(limit).offset(offset)).all()


def count_plates(
    session: Session, *, account_id: int | None = None, listing: str | None = None, part: str | None = None
) -> int:
    """How many plates `list_plates` would give without a limit."""
    query = select(func.count()).select_from(ListedPlate).where(*_conditions(account_id, listing, part))
    return int(session.scalar(query) or 0)


def plate_listing(session: Session, account_id: int | None, compact: str, now: datetime) -> Listing | None:
    """On which list of the account the plate stands now; `compact` is what `compact_plate` made of what was read."""
    row = session.scalar(
        select(ListedPlate.listing).where(
            ListedPlate.account_id == account_id,
            ListedPlate.compact == compact,
            or_(ListedPlate.expires_at.is_(None), ListedPlate.expires_at > now),
        )
    )
    return cast("Listing | None", row)


def _conditions(account_id: int | None, listing: str | None, part: str | None) -> list[ColumnElement[bool]]:
    found = [] if account_id is None else [ListedPlate.account_id == account_id]
    if listing is not None:
        found.append(ListedPlate.listing == listing)
    if part is not None:
        found.append(ListedPlate.compact.contains(compact_plate(part), autoescape=True))
    return found


def _apply(session: Session, row: ListedPlate, change: PlateChange, *, now: datetime) -> None:
    plate = row.plate if change.plate is None else change.plate.strip()
    compact, listing = compact_plate(plate), row.listing if change.listing is None else change.listing
    problems = _problems(plate, compact, listing, change, now=now)
    if problems:
        raise InvalidInput(problems)
    _check_unique(session, row, compact)
    row.plate, row.compact, row.listing, row.updated_at = plate, compact, listing, now
    if change.note is not None:
        row.note = change.note or None
    if change.forever or change.expires_at is not None:
        row.expires_at = change.expires_at


def _problems(plate: str, compact: str, listing: str, change: PlateChange, *, now: datetime) -> list[UserError]:
    found = []
    if not compact:
        found.append(UserError("plate", "holds no letter or digit"))
    elif "\0" in plate or max(len(plate), len(compact)) > MAX_PLATE:
        found.append(UserError("plate", f"must be at most {MAX_PLATE} characters of text"))
    if listing not in LISTINGS:
        found.append(UserError("listing", f"must be one of {', '.join(LISTINGS)}"))
    if change.note is not None and len(change.note) > MAX_NOTE:
        found.append(UserError("note", f"must be at most {MAX_NOTE} characters"))
    if change.expires_at is not None and change.expires_at <= now:
        found.append(UserError("expires_at", "lies in the past", remedy="name a time to come, or none"))
    return found


def _check_unique(session: Session, row: ListedPlate, compact: str) -> None:
    same = select(ListedPlate).where(ListedPlate.account_id == row.account_id, ListedPlate.compact == compact)
    with session.no_autoflush:
        other = session.scalar(same)
    if other is not None and other is not row:
        reason = f"{other.plate} is listed already ({other.listing}, number {other.id})"
        raise Conflict("plate", reason, remedy="change that entry, or remove it first")


def _flush(session: Session, row: ListedPlate) -> None:
    compact = row.compact
    try:
        session.flush()
    except IntegrityError:
        raise Conflict("plate", f"{compact} was listed by somebody else just now", remedy="try again") from None
