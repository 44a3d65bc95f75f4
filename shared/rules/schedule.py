"""When a rule is awake: weekly windows of wall-clock time in a time zone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Annotated, Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)

from shared.rules.as_new import is_new

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = get_args(Day)
MAX_WINDOWS = 64


_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?")


def _clock(value: object) -> object:
    if isinstance(value, time):
        return value
    # People write the end of a day as 24:00; on the clock that is the 00:00 that follows.
    if value == "24:00":
        return time(0)
    if not (isinstance(value, str) and _CLOCK.fullmatch(value)):
        # Without quotes YAML reads 22:00 as 22 times sixty.
        such = "in quotes, such as '22:00'" if isinstance(value, int | float) else "such as 22:00"
        raise ValueError(f"must be a time of day {such}; the schedule's time zone applies")
    return time.fromisoformat(value)


def _written(at: time) -> str:
    return at.isoformat("seconds" if at.second else "minutes")


ClockTime = Annotated[
    time,
    BeforeValidator(_clock),
    PlainSerializer(_written, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": rf"^({_CLOCK.pattern}|24:00)$", "examples": ["22:00"]}),
]


class Window(BaseModel):
    """From `start` to before `end` on each of `days` (none: every day), by the clock on the wall.

    An `end` not after `start` lies on the next day, so 22:00–06:00 goes over midnight and 00:00–24:00 is a whole
    day; `days` are those on which the window starts.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    days: tuple[Day, ...] = Field(default=(), max_length=len(DAYS))
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

    timezone: str = Field(
        default="UTC", max_length=64, examples=["Europe/Paris"], json_schema_extra={"format": "time-zone"}
    )
    windows: tuple[Window, ...] = Field(max_length=MAX_WINDOWS, json_schema_extra={"minItems": 1})

    @field_validator("timezone")
    @classmethod
    def _known(cls, name: str, info: ValidationInfo) -> str:
        try:
            _zone(name)
            is_known = not is_new(info) or name in _names()
        except (ZoneInfoNotFoundError, ValueError, OSError):
            is_known = False
        if not is_known:
            raise ValueError(f"{name!r} is not an IANA time zone such as Europe/Paris")
        return name

    @field_validator("windows")
    @classmethod
    def _some(cls, windows: tuple[Window, ...]) -> tuple[Window, ...]:
        if not windows:
            raise ValueError("must hold at least one window")
        return windows

    def awake(self, at: datetime) -> bool:
        """Whether the aware time `at` lies inside a window."""
        day, clock = _wall_clock(self.timezone, at)
        for window in self.windows:  # noqa: SIM110 – a plain loop: this runs for every rule on every message
            if window.holds(day, clock):
                return True
        return False

    def wall_clock(self, at: datetime) -> datetime:
        """The aware time `at` as clocks on the wall show it."""
        return at.astimezone(_zone(self.timezone))

    def asleep_from(self, at: datetime) -> datetime | None:
        """The first moment from the aware time `at` on, in UTC, that lies inside no window; None when there is none.

        Right over changes of daylight saving, which can cut a window short, end it late, or bring it twice.
        """
        if not self.awake(at):
            return at.astimezone(UTC)
        return next((moment for moment in self._ends_after(at) if not self.awake(moment)), None)

    def _ends_after(self, at: datetime) -> Iterator[datetime]:
        """Every moment of more than a week from then on at which it can fall asleep, in order."""
        zone, first = _zone(self.timezone), at.astimezone(_zone(self.timezone)).date()
        days = [first + timedelta(days=number) for number in range(_WEEK_AND_MORE)]
        ends = {window.end for window in self.windows}
        found = {moment for day in days for end in ends for moment in _moments(day, end, zone)}
        found.update(moment for day in days if (moment := _clock_change(day, zone)) is not None)
        return (moment for moment in sorted(found) if moment > at)


# The windows of a week come again, and the days at both ends are cut.
_WEEK_AND_MORE = 9


def _moments(day: date, clock: time, zone: ZoneInfo) -> Iterator[datetime]:
    """When the clock shows that time on that day: twice when the hour is repeated."""
    for fold in (0, 1):
        yield datetime.combine(day, clock.replace(fold=fold), zone).astimezone(UTC)


def _clock_change(day: date, zone: ZoneInfo) -> datetime | None:
    """When the zone's clock is set on that day, to the second; None on all other days."""
    start, end = (datetime.combine(each, time(0), zone).astimezone(UTC) for each in (day, day + timedelta(days=1)))
    offset = start.astimezone(zone).utcoffset()
    if end.astimezone(zone).utcoffset() == offset:
        return None
    before, after = int(start.timestamp()), int(end.timestamp())
    while after - before > 1:
        middle = (before + after) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return datetime.fromtimestamp(after, UTC)


@lru_cache(maxsize=1)
def _names() -> frozenset[str]:
    """The zones that are called so everywhere. A machine's own is read like one, and is another on the next machine."""
    return frozenset(available_timezones()) - {"localtime", "posixrules"}


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


@lru_cache(maxsize=256)
def _wall_clock(timezone: str, at: datetime) -> tuple[int, time]:
    # Cached because all rules of a camera are asked about the same moment.
    local = at.astimezone(_zone(timezone))
    return local.weekday(), local.time()
