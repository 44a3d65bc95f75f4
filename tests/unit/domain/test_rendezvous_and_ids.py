"""Who owns which shard, and identities that stay the same."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain import ids, rendezvous

names = st.sets(st.text("abcdefgh-0123456789", min_size=1, max_size=12), min_size=1, max_size=6)


@given(names, st.integers(1, 64))
def test_every_shard_has_exactly_one_owner(members: set[str], shards: int) -> None:
    owned = [rendezvous.owned(member, members, shards) for member in members]
    assert Counter(shard for share in owned for shard in share) == Counter(range(shards))


@given(names, st.data())
def test_only_the_shards_of_who_leaves_move(members: set[str], data: st.DataObject) -> None:
    leaver = data.draw(st.sampled_from(sorted(members)))
    left = members - {leaver}
    for shard in range(32):
        before = rendezvous.owner(shard, members)
        after = rendezvous.owner(shard, left)
        assert after == before or before == leaver


def test_without_members_nobody_owns_anything() -> None:
    assert rendezvous.owner(3, []) is None
    assert rendezvous.owned("a", ["b"], 4) == frozenset()


def test_shares_are_about_even() -> None:
    members = ["eye-0", "eye-1", "eye-2", "eye-3"]
    counts = [len(rendezvous.owned(member, members, 1024)) for member in members]
    assert min(counts) > 180


def test_the_order_of_members_changes_nothing() -> None:
    assert rendezvous.owner(5, ["a", "b", "c"]) == rendezvous.owner(5, ["c", "a", "b"])


def test_ids_are_the_same_after_every_restart() -> None:
    presence = ids.presence_id("cam_001", 7, 1768473045000)
    assert presence == "d7b74472-38df-5757-af25-438762adebc3"
    event = ids.event_id(presence)
    alert = ids.alert_id(event)
    delivery = ids.delivery_id(alert, "webhook", "3")
    assert len({presence, event, alert, delivery}) == 4
    assert ids.event_id(ids.presence_id("cam_001", 7, 1768473045000)) == event


@given(st.tuples(st.integers(0, 9), st.integers(0, 9)), st.tuples(st.integers(0, 9), st.integers(0, 9)))
def test_different_presences_have_different_ids(a: tuple[int, int], b: tuple[int, int]) -> None:
    assert (ids.presence_id("cam", *a) == ids.presence_id("cam", *b)) == (a == b)


def test_shards_of_cameras_are_fixed_because_streams_outlive_versions() -> None:
    assert [ids.shard_of(f"cam_{number:03}", 16) for number in range(1, 9)] == [8, 2, 4, 7, 1, 11, 13, 12]


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("cam_001", True),
        ("A", True),
        ("a" * 64, True),
        ("a" * 65, False),
        ("", False),
        ("_a", False),
        ("-a", False),
        ("a/b", False),
        ("a.b", False),
        ("a b", False),
        ("cam\n", False),
        ("käse", False),
        ("١", False),
    ],
)
def test_slugs(text: str, *, good: bool) -> None:
    assert ids.is_slug(text) == good
