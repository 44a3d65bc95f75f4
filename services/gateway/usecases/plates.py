"""Listing number plates through the API."""

from __future__ import annotations

from services.gateway.auth.principal import Principal
from services.gateway.gateway import Gateway
from shared.accounts.audit import record
from shared.db.plates import ListedPlate
from shared.plates.registry import PlateChange, add_plate, change_plate, plate_numbered


def add(gateway: Gateway, principal: Principal, new: PlateChange) -> ListedPlate:
    """Put a plate on a list of the principal's own account. Raises `InvalidInput`, `Conflict`."""
    now = gateway.now()
    with gateway.writing() as session:
        row = add_plate(session, new, account_id=principal.account_id, now=now)
        record(session, principal.actor, action="plate.add", target=f"plate:{row.id}", now=now)
    return row


def change(gateway: Gateway, principal: Principal, number: int, change: PlateChange) -> ListedPlate:
    """Change what is named. Raises `NotFound`, `InvalidInput`, `Conflict`."""
    now = gateway.now()
    with gateway.writing() as session:
        row = plate_numbered(session, number, account_id=principal.visible_account)
        change_plate(session, row, change, now=now)
        detail = {"fields": change.fields}
        record(session, principal.actor, action="plate.change", target=f"plate:{number}", now=now, detail=detail)
    return row


def remove(gateway: Gateway, principal: Principal, number: int) -> None:
    """Take a plate off its list. Raises `NotFound`."""
    with gateway.writing() as session:
        session.delete(plate_numbered(session, number, account_id=principal.visible_account))
        record(session, principal.actor, action="plate.remove", target=f"plate:{number}", now=gateway.now())
