"""What specialists remember of cameras' scenes from one look to the next: small, and kept over restarts."""

from __future__ import annotations

from typing import Any, Final

from redis import Redis
from redis.exceptions import RedisError

from shared.domain.errors import Transient
from shared.messages.topics import MODULE_MEMORY
from shared.modules.order import ModuleOrder

MOST_BYTES: Final = 65_536

_FORGET_AFTER_S: Final = 30 * 86_400


class Memory:
    """Only looks at the scene of a camera are remembered, and only those that Argus takes of its own accord: not at
    pictures of presences, which are drawn upon, and not at what somebody sends."""

    def __init__(self, redis: Redis) -> None:
        # redis-py annotates the replies of every protocol at once; ours are those of RESP2, in bytes.
        self._redis: Any = redis

    def recall(self, order: ModuleOrder) -> bytes | None:
        """What was kept for such an order. Raises `Transient`."""
        if order.camera is None or order.scope != "scene":
            return None
        try:
            content: bytes | None = self._redis.get(_key(order))
        except RedisError as error:
            raise Transient(f"what is known of the camera cannot be read ({error})") from None
        return content

    def keep(self, order: ModuleOrder, content: bytes) -> None:
        """Keep it in place of what was kept before. Raises `Transient`."""
        if order.camera is None or order.scope != "scene" or order.look == 0 or order.presence_id is not None:
            return
        try:
            self._redis.set(_key(order), content, ex=_FORGET_AFTER_S)
        except RedisError as error:
            raise Transient(f"what is known of the camera cannot be kept ({error})") from None


def _key(order: ModuleOrder) -> str:
    return MODULE_MEMORY.format(camera=order.camera, module=order.module)
