"""What this process remembers of presences, so that most messages need no look at the database."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime

_PRESENCES = 20_000


class Memory:
    """Which rules fired on which presence, and when each last fired on each camera.

    Only a hint: it may lag behind the database (another replica had the shard for a while), so it can make a rule
    look as if it might fire when it must not, never the reverse. The ledger decides. Not thread-safe.
    """

    def __init__(self, *, presences: int = _PRESENCES) -> None:
        self._bound = presences
        self._fired: OrderedDict[str, frozenset[str]] = OrderedDict()
        self._last: dict[str, dict[str, datetime]] = {}
        self._looked: OrderedDict[str, None] = OrderedDict()

    def fired(self, presence_id: str) -> frozenset[str]:
        return self._fired.get(presence_id, frozenset())

    def last_fired(self, camera: str) -> Mapping[str, datetime]:
        return self._last.get(camera, {})

    def remember(self, presence_id: str, rules: frozenset[str]) -> None:
        """These rules have fired on the presence, in all."""
        self._fired[presence_id] = rules
        self._fired.move_to_end(presence_id)
        while len(self._fired) > self._bound:
            self._fired.popitem(last=False)

    def remember_firings(self, camera: str, last: Mapping[str, datetime]) -> None:
        self._last[camera] = dict(last)

    def looked_at(self, presence_id: str) -> bool:
        """Whether the looks that rules wait for were ordered."""
        return presence_id in self._looked

    def remember_looked(self, presence_id: str) -> None:
        self._looked[presence_id] = None
        while len(self._looked) > self._bound:
            self._looked.popitem(last=False)

    def forget(self, presence_id: str) -> None:
        self._fired.pop(presence_id, None)
        self._looked.pop(presence_id, None)
