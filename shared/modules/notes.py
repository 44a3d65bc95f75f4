"""What stands among an event's results where a specialist has none: `{"status", "reason", "remedy"}`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.db.tables import Event

Status = Literal["waiting", "unavailable", "failed"]

_STATUSES: Final = ("waiting", "unavailable", "failed")
_KEYS: Final = {"status", "reason", "remedy"}


def is_note(results: object) -> bool:
    """Whether these results only say why there are none."""
    return isinstance(results, Mapping) and results.get("status") in _STATUSES and set(results) <= _KEYS


def clear_note(session: Session, event_uuid: str, module: str) -> None:
    """Say nothing more of why there are no results, in the caller's transaction."""
    event = session.scalar(select(Event).where(Event.uuid == event_uuid).with_for_update())
    if event is not None and is_note(event.module_results.get(module)):
        event.module_results = {name: found for name, found in event.module_results.items() if name != module}


def note(session: Session, event_uuid: str, module: str, *, status: Status, reason: str, remedy: str = "") -> bool:
    """Say why a specialist has found nothing (yet), in the caller's transaction; what it found stays.

    Whether anything changed: not when there is no such event.
    """
    event = session.scalar(select(Event).where(Event.uuid == event_uuid).with_for_update())
    if event is None:
        return False
    said: dict[str, Any] = {"status": status, "reason": reason[:300]} | ({"remedy": remedy[:300]} if remedy else {})
    present = event.module_results.get(module)
    if present == said or (present is not None and not is_note(present)):
        return False
    event.module_results = {**event.module_results, module: said}
    return True
