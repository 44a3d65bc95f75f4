"""What specialists there are and what they want to be shown, as the workers told it last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from redis import Redis

from shared.modules.roster import ModuleInfo, Roster, modules_of


@dataclass(frozen=True, slots=True)
class Workforce:
    """`known` are all that were ever told of; `living` those of workers that live, `ready` whether all have told."""

    known: Mapping[str, ModuleInfo] = field(default_factory=dict)
    living: Mapping[str, ModuleInfo] = field(default_factory=dict)
    any_worker: bool = False
    ready: bool = False


class KnownModules:
    """Read by many threads, refreshed by one."""

    def __init__(self, redis: Redis) -> None:
        self._roster = Roster(redis)
        self._now = Workforce()

    @property
    def now(self) -> Workforce:
        """As last read; nobody at all before the first time."""
        return self._now

    @property
    def known(self) -> Mapping[str, ModuleInfo]:
        """As last read; nothing at all before the first time."""
        return self._now.known

    def refresh(self) -> Workforce:
        """Read it again. Raises `redis.exceptions.RedisError`, and what was known stays."""
        workers = self._roster.workers()
        self._now = Workforce(
            known=self._roster.known(),
            living=modules_of(workers),
            any_worker=bool(workers),
            ready=any(worker.ready for worker in workers),
        )
        return self._now
