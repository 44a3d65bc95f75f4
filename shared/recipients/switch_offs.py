"""Devices that are to be switched off: remembered in Redis, so that no process that ends leaves one on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from redis import Redis

from shared.messages.topics import DEVICES_DISARMED, SWITCH_OFF_HOW, SWITCH_OFFS

# Times are Redis' own: the clocks of hosts may differ.
_NOW = "local t = redis.call('TIME') local now = t[1] * 1000 + math.floor(t[2] / 1000) "
_SCHEDULE: Final = (
    _NOW
    + """
    if (redis.call('HGET', KEYS[3], ARGV[1]) or '0') ~= ARGV[4] then return 0 end
    redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
    redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
    return 1
    """
)
_TAKE: Final = (
    _NOW
    + """
    local taken = {}
    for _, name in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[2])) do
        redis.call('ZADD', KEYS[1], now + ARGV[1], name)
        local disarms = redis.call('HGET', KEYS[3], name) or '0'
        table.insert(taken, {name, redis.call('HGET', KEYS[2], name) or '', disarms, now + ARGV[1]})
    end
    local next = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
    return {taken, next[2] and math.max(0, next[2] - now) or -1}
    """
)
_DONE: Final = """
    if tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or -1) ~= tonumber(ARGV[2]) then return 0 end
    redis.call('ZREM', KEYS[1], ARGV[1])
    redis.call('HDEL', KEYS[2], ARGV[1])
    return 1
    """
_AGAIN: Final = (
    _NOW
    + """
    if tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or -1) ~= tonumber(ARGV[2]) then return 0 end
    redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
    return 1
    """
)
_DISARM: Final = """
    redis.call('HINCRBY', KEYS[3], ARGV[1], 1)
    return redis.call('ZADD', KEYS[1], 'XX', 'CH', 0, ARGV[1])
    """


@dataclass(frozen=True, slots=True)
class SwitchOff:
    """A device to be switched off now, held by whoever took it until `lease`.

    `how` is what was scheduled, `disarms` how many times the recipient had been disarmed when this was taken.
    """

    recipient: str
    how: str
    disarms: int
    lease: int


class SwitchOffs:
    """One pending switch-off per recipient. Thread-safe; every method raises `redis.exceptions.RedisError`."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._scripts: dict[str, Any] = {}

    def disarms(self, recipient: str) -> int:
        """How many times the device was disarmed so far: `schedule` wants to be told."""
        count: Any = self._redis.hget(DEVICES_DISARMED, recipient)
        return int(count or 0)

    def schedule(self, recipient: str, how: str, *, after_s: float, disarms: int) -> bool:
        """Have the device switched off after that time, in place of what was scheduled before.

        False, and nothing changed, when it was disarmed more often than `disarms`: it must not be switched on.
        """
        return bool(self._run(_SCHEDULE, recipient, how, round(after_s * 1000), disarms))

    def disarm(self, recipient: str) -> bool:
        """Switch the device off as soon as a worker can, if it is on; whether it is.

        Call it after the recipient was disabled, muted or deleted and that is committed. Whoever is about to switch
        the device on meanwhile does not, or takes it back.
        """
        return bool(self._run(_DISARM, recipient))

    def take(self, *, lease_s: float, limit: int) -> tuple[list[SwitchOff], float | None]:
        """What is to be switched off now, and the seconds until the next is (None: there is no other).

        Each is due again after `lease_s`, unless it is `done` or put off by `again`.
        """
        taken, next_ms = self._run(_TAKE, round(lease_s * 1000), limit)
        due = [SwitchOff(name.decode(), how.decode(), int(count), int(lease)) for name, how, count, lease in taken]
        return due, None if next_ms < 0 else next_ms / 1000

    def done(self, switch_off: SwitchOff) -> bool:
        """The device is off; False when it was switched on again meanwhile, and stays scheduled."""
        return bool(self._run(_DONE, switch_off.recipient, switch_off.lease))

    def again(self, switch_off: SwitchOff, *, after_s: float) -> bool:
        """Try again after that time; False when something else was scheduled meanwhile."""
        return bool(self._run(_AGAIN, switch_off.recipient, switch_off.lease, round(after_s * 1000)))

    def _run(self, script: str, *arguments: str | int) -> Any:
        if script not in self._scripts:
            self._scripts[script] = self._redis.register_script(script)
        return self._scripts[script](keys=[SWITCH_OFFS, SWITCH_OFF_HOW, DEVICES_DISARMED], args=list(arguments))
