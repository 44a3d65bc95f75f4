"""What the eye sees now."""

from __future__ import annotations

import json
from typing import Any

from redis import Redis

from shared.messages.topics import EYE_STATE


def presences_there(redis: Redis, camera: str) -> frozenset[str]:
    """Presences that the eye sees now on a camera, however long ago they began. Raises `RedisError`."""
    # redis-py annotates the replies of every protocol at once; ours are those of RESP2, in bytes.
    state: Any = redis.get(EYE_STATE.format(slug=camera))
    try:
        return frozenset(str(one) for one in json.loads(state or b"{}").get("presences", ()))
    except ValueError:
        return frozenset()
