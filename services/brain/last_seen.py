"""When somebody was last where a rule would miss them, as presences tell it."""

from __future__ import annotations

import threading
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from services.brain.site import SiteView
from shared.messages.presences import PresenceBody
from shared.rules.about_camera import AboutCamera

_CLOCK_SET_BACK: Final = timedelta(seconds=60)

Post = tuple[str, AboutCamera]
"""A camera, and what is not to be missed there."""


class LastSeen:
    """Noted by the thread that hears of presences, asked by the one that looks for absences. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._at: dict[Post, datetime] = {}

    def note(self, body: PresenceBody, view: SiteView) -> None:
        """Note where the presence was last. What people have marked as none, often enough, is nobody."""
        conditions = [rule.condition for rule in view.rules_of.get(body.camera, ())]
        posts = [(body.camera, each) for each in conditions if isinstance(each, AboutCamera)]
        if not posts:
            return
        presence = body.presence()
        if view.knows_false(presence):
            return
        with self._lock:
            for post in posts:
                seen_at, before = post[1].seen_at(presence), self._at.get(post)
                # Much earlier than before: the clock was set back.
                if seen_at is not None and (before is None or not before - _CLOCK_SET_BACK < seen_at <= before):
                    self._at[post] = seen_at

    def at(self, post: Post) -> datetime | None:
        """When somebody was last there; None when nobody was since this replica hears of the camera."""
        with self._lock:
            return self._at.get(post)

    def keep(self, posts: Collection[Post]) -> None:
        """Forget all others."""
        with self._lock:
            self._at = {post: at for post, at in self._at.items() if post in posts}
