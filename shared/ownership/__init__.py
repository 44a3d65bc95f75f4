"""Which replica works on which camera shards."""

from shared.ownership.shards import ShardOwnership

__all__ = ["ShardOwnership"]
