"""Listed plates as people read them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from shared.db.plates import ListedPlate
from shared.plates.registry import count_plates, list_plates, plate_numbered


def plates_page(
    session: Session, *, account_id: int | None, listing: str | None, part: str | None, limit: int, offset: int
) -> tuple[Sequence[ListedPlate], int]:
    """A page of listed plates, newest first, and the number of all that fit."""
    rows = list_plates(session, account_id=account_id, listing=listing, part=part, limit=limit, offset=offset)
    return rows, count_plates(session, account_id=account_id, listing=listing, part=part)


def one_plate(session: Session, number: int, *, account_id: int | None) -> ListedPlate:
    """The entry; with `account_id`, only one of that account. Raises `NotFound`."""
    return plate_numbered(session, number, account_id=account_id)
