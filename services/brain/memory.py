"""What this process remembers of presences, so that most messages need no look at the database."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from shared.domain.presence import Presence
from shared.messages.presences import PresenceBody, PresenceEnded

_PRESENCES = 20_000
# Quiet cameras send a picture every five or six seconds, and one of them may be lost.
_GONE_AFTER: Final = timedelta(seconds=20)


class Memory:
    """Which rules fired on which presence, when each last fired on each camera, and who is there.

    Only a hint: it may lag behind the database (another replica had the shard for a while), so it can make a rule
    look as if it might fire when it must not, never the reverse. The ledger decides. Not thread-safe.
    """

    def __init__(self, *, presences: int = _PRESENCES) -> None:
        self._bound = presences
        self._fired: OrderedDict[str, frozenset[str]] = OrderedDict()
        self._last: dict[str, dict[str, datetime]] = {}
        self._looked: OrderedDict[str, None] = OrderedDict()
        self._there: dict[str, dict[str, Presence]] = {}
        self._noted: OrderedDict[str, datetime] = OrderedDict()

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

    def noted_at(self, body: PresenceBody) -> datetime:
        """When it was last noted what rules made of the presence; its beginning, where it was not."""
        return self._noted.get(body.presence_id, body.started_at)

    def remember_noted(self, body: PresenceBody) -> None:
        self._noted[body.presence_id] = body.captured_at
        while len(self._noted) > self._bound:
            self._noted.popitem(last=False)

    def see(self, body: PresenceBody) -> tuple[Presence, ...]:
        """Note what is there, and tell what else is on this camera.

        Who was not told of for a while is gone: the eye tells of everybody every second or so.
        """
        there = self._there.setdefault(body.camera, {})
        if isinstance(body, PresenceEnded):
            there.pop(body.presence_id, None)
        else:
            there[body.presence_id] = body.presence()
        gone_at = body.captured_at - _GONE_AFTER
        for name in [name for name, other in there.items() if other.last_seen_at < gone_at]:
            del there[name]
        return tuple(other for name, other in there.items() if name != body.presence_id)

    def forget(self, presence_id: str) -> None:
        self._fired.pop(presence_id, None)
        self._looked.pop(presence_id, None)
        self._noted.pop(presence_id, None)
