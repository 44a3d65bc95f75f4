"""Who owns which shard: rendezvous (highest random weight) hashing.

Source: Thaler & Ravishankar, "Using name-based mappings to increase hit rates" (1998).
A member that leaves gives its shards to the others evenly; nobody else's shards move.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection


def owner(shard: int, members: Collection[str]) -> str | None:
    """The member that owns the shard, or None when nobody is there."""
    return max(members, key=lambda member: (_weight(shard, member), member), default=None)


def owned(member: str, members: Collection[str], shards: int) -> frozenset[int]:
    """The shards that fall to `member` among `members`."""
    return frozenset(shard for shard in range(shards) if owner(shard, members) == member)


def _weight(shard: int, member: str) -> int:
    return int.from_bytes(hashlib.blake2b(f"{shard}/{member}".encode(), digest_size=8).digest(), "big")
