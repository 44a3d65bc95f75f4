"""When a rule is awake: weekly windows of wall-clock time in a time zone."""

from __future__ import annotations

from datetime import datetime, time
from functools import lru_cache
from typing import Annotated, Any, Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, field_validator

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = get_args(Day)


def _clock(value: Any) -> Any:
    # People write the end of a day as 24:00; on the clock that is the 00:00 that follows.
    return "00:00" if value == "24:00" else value


ClockTime = Annotated[time, BeforeValidator(_clock), PlainSerializer(lambda at: at.strftime("%H:%M"), when_used="json")]


class Window(BaseModel):
    """From `start` to before `end` on each of `days` (none: every day), by the clock on the wall.

    An `end` not after `start` lies on the next day, so 22:00–06:00 goes over midnight and 00:00–24:00 is a whole
    day; `days` are those on which the window starts.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    days: tuple[Day, ...] = ()
    start: ClockTime = Field(alias="from")
    end: ClockTime = Field(alias="to")

    @field_validator("start", "end")
    @classmethod
    def _wall_clock(cls, at: time) -> time:
        if at.tzinfo is not None:
            raise ValueError("must be a time of day without an offset; the schedule's time zone applies")
        return at

    def holds(self, day: int, clock: time) -> bool:
        """Whether the wall-clock time on the weekday (0: Monday) lies inside."""
        if self.start < self.end:
            return self.start <= clock < self.end and self._on(day)
        return (clock >= self.start and self._on(day)) or (clock < self.end and self._on(day - 1))

    def _on(self, weekday: int) -> bool:
        return not self.days or DAYS[weekday % 7] in self.days


class Schedule(BaseModel):
    """Awake inside any of the windows. Wall-clock time: a window inside the hour that daylight saving skips does
    not happen that day, one inside the hour that is repeated happens twice."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    timezone: str = "UTC"
    windows: tuple[Window, ...] = Field(min_length=1)

    @field_validator("timezone")
    @classmethod
    def _known(cls, name: str) -> str:
        try:
            _zone(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"{name[:64]!r} is not an IANA time zone such as Europe/Paris") from None
        return name

    def awake(self, at: datetime) -> bool:
        """Whether the aware time `at` lies inside a window."""
        day, clock = _wall_clock(self.timezone, at)
        for window in self.windows:  # noqa: SIM110 – a plain loop: this runs for every rule on every message
            if window.holds(day, clock):
                return True
        return False


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


@lru_cache(maxsize=256)
def _wall_clock(timezone: str, at: datetime) -> tuple[int, time]:
    # Cached because all rules of a camera are asked about the same moment.
    local = at.astimezone(_zone(timezone))
    return local.weekday(), local.time()
