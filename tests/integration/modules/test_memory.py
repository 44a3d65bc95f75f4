"""What a specialist remembers of a camera's scene, in a real Redis."""

from __future__ import annotations

from typing import Any

import pytest
from redis import Redis

from services.modules.memory import Memory
from shared.domain.errors import Transient
from shared.modules.order import ModuleOrder, PictureRef
from tests.integration.modules.conftest import AT


def order(**said: Any) -> ModuleOrder:
    defaults = {"module": "camera_health", "scope": "scene", "camera": "yard", "look": 1, "at": AT}
    return ModuleOrder(job_id="job-1", pictures=(PictureRef(path="scenes/1.jpg"),), **{**defaults, **said})


def test_a_look_finds_what_the_last_one_at_the_camera_kept(redis: Redis) -> None:
    Memory(redis).keep(order(), b"first")
    Memory(redis).keep(order(), b"second")
    assert Memory(redis).recall(order()) == b"second"
    assert Memory(redis).recall(order(camera="door")) is None
    assert Memory(redis).recall(order(module="fire_smoke")) is None
    assert 0 < redis.ttl("modules:memory:yard:camera_health") <= 30 * 86_400  # type: ignore[operator]


@pytest.mark.parametrize("said", [{"look": 0}, {"camera": None}, {"scope": "object"}, {"presence_id": "presence-1"}])
def test_what_is_no_look_of_argus_own_at_a_scene_is_not_remembered(redis: Redis, said: dict[str, Any]) -> None:
    Memory(redis).keep(order(), b"usual")
    Memory(redis).keep(order(**said), b"another")
    assert Memory(redis).recall(order()) == b"usual"


def test_somebody_who_asks_by_hand_has_it_compared_with_what_is_known(redis: Redis) -> None:
    Memory(redis).keep(order(), b"usual")
    assert Memory(redis).recall(order(look=0)) == b"usual"


def test_without_redis_the_job_may_be_done_later() -> None:
    away = Memory(Redis(port=1, socket_timeout=0.2, socket_connect_timeout=0.2))
    with pytest.raises(Transient):
        away.recall(order())
    with pytest.raises(Transient):
        away.keep(order(), b"usual")
