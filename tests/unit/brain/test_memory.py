"""What the brain remembers of presences."""

from __future__ import annotations

from datetime import UTC, datetime

from services.brain.memory import Memory


def test_the_presences_not_heard_of_for_longest_are_forgotten_first() -> None:
    memory = Memory(presences=2)
    for presence in ("a", "b", "a", "c"):
        memory.remember(presence, frozenset({"rule"}))
    assert [bool(memory.fired(presence)) for presence in ("a", "b", "c")] == [True, False, True]


def test_firings_are_kept_per_camera() -> None:
    memory = Memory()
    at = datetime(2026, 1, 15, tzinfo=UTC)
    memory.remember_firings("door", {"rule": at})
    assert memory.last_fired("door") == {"rule": at}
    assert memory.last_fired("gate") == {}
