"""Accounts as clients know them."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.db.accounts import Account


def uuids_of(session: Session, ids: Collection[int]) -> dict[int, str]:
    """The uuids of these accounts, by their ids."""
    if not ids:
        return {}
    rows = session.execute(select(Account.id, Account.uuid).where(Account.id.in_(ids)))
    return {row.id: row.uuid for row in rows}
