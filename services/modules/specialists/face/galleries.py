"""The people of each account, read from the database and read anew when they change."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from sqlalchemy.exc import OperationalError

from services.modules.specialists.face.matching import Known, Matcher
from shared.db.engine import SessionFactory
from shared.domain.errors import Transient
from shared.people.gallery import Edition, gallery_edition, gallery_faces

_LOOK_AGAIN_S = 2.0
_MOST_ACCOUNTS = 64


@dataclass(slots=True)
class _Kept:
    edition: Edition
    matcher: Matcher
    looked_at_s: float


class Galleries:
    """Matchers by account, of one recogniser. Owned by one thread.

    A change of an account's people is seen within two seconds, at the cost of one small query.
    """

    def __init__(
        self, sessions: SessionFactory, *, recogniser: str, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._sessions = sessions
        self._recogniser = recogniser
        self._monotonic = monotonic
        self._kept: OrderedDict[int, _Kept] = OrderedDict()

    def of(self, account_id: int | None) -> Matcher:
        """The people of an account; nobody without one. Raises `Transient` when the database does not answer."""
        if account_id is None:
            return Matcher((), {})
        kept, now = self._kept.get(account_id), self._monotonic()
        if kept is None or now - kept.looked_at_s >= _LOOK_AGAIN_S:
            try:
                kept = self._read(account_id, kept, now)
            except OperationalError as error:
                raise Transient(f"the database did not answer ({error.orig})") from None
            self._kept[account_id] = kept
        self._kept.move_to_end(account_id)
        while len(self._kept) > _MOST_ACCOUNTS:
            self._kept.popitem(last=False)
        return kept.matcher

    def _read(self, account_id: int, kept: _Kept | None, now: float) -> _Kept:
        with self._sessions() as session:
            edition = gallery_edition(session, account_id)
            if kept is not None and kept.edition == edition:
                return _Kept(edition, kept.matcher, now)
            faces = gallery_faces(session, account_id, recogniser=self._recogniser)
        known = [Known(face.person_id, np.frombuffer(face.vector, "<f4")) for face in faces]
        return _Kept(edition, Matcher(known, {face.person_id: face.name for face in faces}), now)
