"""When something last arrived at each recipient, written down now and then."""

from __future__ import annotations

import threading
from datetime import datetime

from sqlalchemy import or_, update
from sqlalchemy.exc import SQLAlchemyError

from services.alerts.reserve import Who
from shared.db.engine import SessionFactory
from shared.db.tables import RecipientRow
from shared.observability import get_logger

log = get_logger("alerts.arrivals")

# Webhooks have a table of their own, which does not say when they were last told.
_WITHOUT_ROWS = frozenset({"webhook"})


class Arrivals:
    """Remembers arrivals until they are written, so that a burst costs its recipient's row one write. Thread-safe.

    What a killed process had not written yet is lost: the time shown is then a little older than the truth.
    """

    def __init__(self, sessions: SessionFactory) -> None:
        self._sessions = sessions
        self._lock = threading.Lock()
        self._newest: dict[Who, datetime] = {}

    def note(self, channel: str, recipient: str, at: datetime) -> None:
        """Something arrived. Touches no database."""
        if channel in _WITHOUT_ROWS or not recipient.isdecimal():
            return
        with self._lock:
            known = self._newest.get((channel, recipient))
            self._newest[channel, recipient] = at if known is None else max(known, at)

    def write(self) -> None:
        """Write down what was noted since; what cannot be written now is kept for the next time."""
        with self._lock:
            newest, self._newest = self._newest, {}
        if not newest:
            return
        try:
            with self._sessions.begin() as session:
                # In order, so that two workers that write at once never wait for each other in a circle.
                for (channel, recipient), at in sorted(newest.items()):
                    older = or_(RecipientRow.last_told_at.is_(None), RecipientRow.last_told_at < at)
                    row = update(RecipientRow).where(
                        RecipientRow.id == int(recipient), RecipientRow.channel == channel, older
                    )
                    session.execute(row.values(last_told_at=at).execution_options(synchronize_session=False))
        except SQLAlchemyError as error:
            log.warning("arrivals_not_written", reason=type(error).__name__)
            for (channel, recipient), at in newest.items():
                self.note(channel, recipient, at)

    def run(self, stop: threading.Event, *, interval_s: float) -> None:
        """Write until `stop` is set, and once more then. Blocks."""
        while not stop.wait(interval_s):
            self.write()
        self.write()
