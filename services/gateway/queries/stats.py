"""What the system is at: the machine's load, queues, streams, and since when which service lives."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from redis import Redis

from services.gateway.queries.machine import CpuGauge, cpu_cores, cpu_temperature, disk, gpu, memory
from services.gateway.queries.probes import Probe, Probes, Remembered
from shared.jobs import QUEUE_GEMMA, QUEUE_MODULES, QUEUE_MODULES_GPU
from shared.messages.topics import LIVENESS, TOPICS, Topic
from shared.observability.gpu import GpuDriver

FRESH_FOR_S = 1.0

_QUEUES = {"queue_gemma": (QUEUE_GEMMA,), "queue_modules": (QUEUE_MODULES, QUEUE_MODULES_GPU)}
# Not frames: looking at their newest entry would fetch a picture per shard.
_BACKLOGS = tuple(topic for topic in TOPICS if topic.consumers and not topic.droppable)


@dataclass(frozen=True, slots=True)
class Alive:
    """A living instance of a service; `started_at` is Unix time, in seconds."""

    service: str
    instance: str
    started_at: float


@dataclass(frozen=True, slots=True)
class Backlog:
    """How far the slowest consumer of a topic is behind: messages read and not yet done with, over all shards, and
    the seconds between the newest message and the newest one that was read, in the worst shard."""

    unacknowledged: int = 0
    lag_s: float = 0.0


@dataclass(frozen=True, slots=True)
class BrokerStats:
    """What Redis knows: jobs that wait by queue, backlogs by topic, and who lives."""

    queues: Mapping[str, int]
    backlogs: Mapping[str, Backlog]
    services: tuple[Alive, ...] = field(default=())


class SystemStats:
    """Looks at everything at once, at most once a second, and never waits long for any of it."""

    def __init__(
        self,
        *,
        data_dir: Path,
        redis: Redis,
        shards: int,
        deadline_s: float,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._cpu = CpuGauge()
        self._gpu = GpuDriver()
        self._wall = wall
        probes: dict[str, Probe] = {
            "cpu": self._cpu.percent,
            "temperature": cpu_temperature,
            "memory": memory,
            "gpu": self._gpu.gpus,
            "disk": lambda: disk(data_dir),
            "broker": lambda: broker_stats(redis, shards=shards),
        }
        self._probes = Probes(probes, deadline_s=deadline_s)
        self._latest = Remembered(self._look, fresh_for_s=FRESH_FOR_S)

    def now(self) -> dict[str, Any]:
        """The state about a second ago at most, in the order of the contract; None for what does not answer."""
        return self._latest()

    def sample(self) -> None:
        """Note the load of the processors; to be called every few seconds by one thread."""
        self._cpu.sample()

    def close(self) -> None:
        self._probes.close()

    def _look(self) -> dict[str, Any]:
        answers = self._probes.ask()
        broker: BrokerStats | None = answers["broker"]
        now = self._wall()
        return {
            "cpu": {"percent": answers["cpu"], "cores": cpu_cores(), "temp_celsius": answers["temperature"]},
            "memory": answers["memory"] or _UNKNOWN,
            "gpu": gpu(answers["gpu"] or ()),
            "disk": answers["disk"] or _UNKNOWN,
            "redis": {"connected": broker is not None, **(broker.queues if broker else dict.fromkeys(_QUEUES))},
            "uptime_hours": _hours(now - _up_since(broker)),
            "services": [
                {"service": each.service, "instance": each.instance, "uptime_hours": _hours(now - each.started_at)}
                for each in (broker.services if broker else ())
            ],
            "streams": {
                name: {"unacknowledged": backlog.unacknowledged, "lag_seconds": round(backlog.lag_s, 3)}
                for name, backlog in (broker.backlogs if broker else {}).items()
            },
        }


_UNKNOWN: dict[str, Any] = {"used_gb": None, "total_gb": None, "percent": None}


def broker_stats(redis: Redis, *, shards: int) -> BrokerStats:
    """Ask Redis in a few round trips. Raises `redis.exceptions.RedisError`."""
    # redis-py annotates the replies of every protocol at once; ours are those of RESP2, in bytes.
    keys: list[Any] = list(redis.scan_iter(match=LIVENESS.format(service="*", instance="*"), count=1000))
    names = [name for names in _QUEUES.values() for name in names]
    streams = [(topic, stream) for topic in _BACKLOGS for stream in _streams(topic, shards)]
    pipe: Any = redis.pipeline(transaction=False)
    for name in names:
        pipe.llen(name)
    for key in keys:
        pipe.hgetall(key)
    for _, stream in streams:
        pipe.xinfo_groups(stream)
        pipe.xrevrange(stream, count=1)
    # A stream that nobody has written to yet answers with an error, as does a key of another kind.
    replies = iter(pipe.execute(raise_on_error=False))
    lengths = {name: next(replies) for name in names}
    return BrokerStats(
        queues={field: sum(_count(lengths[name]) for name in names) for field, names in _QUEUES.items()},
        services=_sorted(_alive(next(replies)) for _ in keys),
        backlogs=_backlogs((topic, _backlog(next(replies), next(replies))) for topic, _ in streams),
    )


def _streams(topic: Topic, shards: int) -> list[str]:
    return [topic.stream(shard) for shard in range(shards)] if topic.sharded else [topic.stream()]


def _alive(reply: object) -> Alive | None:
    """None for what ended meanwhile, or is no sign of life."""
    if not isinstance(reply, Mapping):
        return None
    try:
        return Alive(
            service=reply[b"service"].decode(),
            instance=reply[b"instance"].decode(),
            started_at=float(reply[b"started_at"]),
        )
    except (KeyError, ValueError):
        return None


def _backlogs(found: Iterable[tuple[Topic, Backlog]]) -> dict[str, Backlog]:
    """One per topic, over its shards."""
    joined = {topic.name: Backlog() for topic in _BACKLOGS}
    for topic, shard in found:
        so_far = joined[topic.name]
        joined[topic.name] = Backlog(so_far.unacknowledged + shard.unacknowledged, max(so_far.lag_s, shard.lag_s))
    return joined


def _backlog(groups: Any, newest: Any) -> Backlog:
    """Of one stream. Its ids begin with the time they were written, in milliseconds."""
    if not isinstance(groups, list) or not groups:
        return Backlog()
    newest_ms = _milliseconds(newest[0][0]) if isinstance(newest, list) and newest else 0
    # The length of what is not read yet is only told by later servers than the embedded one.
    read_ms = min(_milliseconds(group["last-delivered-id"]) for group in groups)
    return Backlog(
        unacknowledged=max(_count(group["pending"]) for group in groups),
        lag_s=max(0, newest_ms - read_ms) / 1000 if read_ms else 0.0,
    )


def _milliseconds(entry_id: bytes) -> int:
    return int(entry_id.partition(b"-")[0])


def _sorted(found: Iterable[Alive | None]) -> tuple[Alive, ...]:
    return tuple(sorted((each for each in found if each is not None), key=lambda each: (each.service, each.instance)))


def _count(reply: object) -> int:
    return reply if isinstance(reply, int) else 0


def _up_since(broker: BrokerStats | None) -> float:
    """Since when the oldest of the living services lives: one that restarts alone does not set the time back.

    While Redis is away, only this process is known of.
    """
    own = psutil.Process().create_time()
    return min([own, *(each.started_at for each in (broker.services if broker else ()))])


def _hours(seconds: float) -> float:
    return round(max(0.0, seconds) / 3600, 2)
