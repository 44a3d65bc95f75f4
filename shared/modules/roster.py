"""Which specialists can run now: told by the workers, read by whoever has work for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, ValidationError
from redis import Redis

from shared.messages.topics import MODULE_WORKER, MODULE_WORKERS, MODULES_KNOWN
from shared.modules.order import Scope

FRESH_FOR_S: Final = 15
"""A worker silent for longer is taken for dead."""


class ModuleInfo(BaseModel):
    """One specialist as a worker has it. `reason` and `remedy` say why it cannot run, where it cannot."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    version: str = ""
    summary: str = ""
    scopes: tuple[Scope, ...] = ()
    labels: tuple[str, ...] = ()
    queue: str = "modules"
    max_pictures: int = 1
    cost_ms: int = 0
    available: bool = False
    reason: str = ""
    remedy: str = ""


class WorkerInfo(BaseModel):
    """What a worker tells of itself. `run` is another after every restart, `instance` stays."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    instance: str
    run: str = ""
    queues: tuple[str, ...] = ()
    ready: bool = False
    modules: tuple[ModuleInfo, ...] = ()


class Roster:
    """Raises `redis.exceptions.RedisError` while Redis is away."""

    def __init__(self, redis: Redis) -> None:
        # redis-py annotates the replies of every protocol at once; ours are those of RESP2, in bytes.
        self._redis: Any = redis

    def tell(self, worker: WorkerInfo) -> None:
        """Say that a worker lives and what it can do; to be repeated well within `FRESH_FOR_S`."""
        pipe = self._redis.pipeline()
        pipe.sadd(MODULE_WORKERS, worker.instance)
        pipe.set(MODULE_WORKER.format(instance=worker.instance), worker.model_dump_json(), ex=FRESH_FOR_S)
        if worker.modules:
            pipe.hset(MODULES_KNOWN, mapping={module.name: module.model_dump_json() for module in worker.modules})
        pipe.execute()

    def leave(self, instance: str) -> None:
        """Say that a worker stopped on purpose."""
        pipe = self._redis.pipeline()
        pipe.srem(MODULE_WORKERS, instance)
        pipe.delete(MODULE_WORKER.format(instance=instance))
        pipe.execute()

    def workers(self) -> list[WorkerInfo]:
        """The living ones, by name. Forgets the others."""
        names = sorted(member.decode() for member in self._redis.smembers(MODULE_WORKERS))
        if not names:
            return []
        told = self._redis.mget([MODULE_WORKER.format(instance=name) for name in names])
        gone = [name for name, text in zip(names, told, strict=True) if text is None]
        if gone:
            self._redis.srem(MODULE_WORKERS, *gone)
        return [worker for text in told if text is not None and (worker := _parsed(text)) is not None]

    def known(self) -> dict[str, ModuleInfo]:
        """Each specialist as a worker last told of it, though none may live now: not whether it can run."""
        told = self._redis.hgetall(MODULES_KNOWN)
        return {info.name: info for text in told.values() if (info := _info(text)) is not None}


def modules_of(workers: Sequence[WorkerInfo]) -> dict[str, ModuleInfo]:
    """Each specialist as the worker has it that can best run it."""
    found: dict[str, ModuleInfo] = {}
    for worker in workers:
        for module in worker.modules:
            known = found.get(module.name)
            if known is None or (module.available and not known.available):
                found[module.name] = module
    return found


def _parsed(text: bytes) -> WorkerInfo | None:
    try:
        return WorkerInfo.model_validate_json(text)
    except ValidationError:
        return None


def _info(text: bytes) -> ModuleInfo | None:
    try:
        return ModuleInfo.model_validate_json(text)
    except ValidationError:
        return None
