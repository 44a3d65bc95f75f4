"""The daily report in words, and when it is due. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_MOST = 12


@dataclass(frozen=True, slots=True)
class Day:
    """The time from one report to the next; `date` is the local one on which it ends."""

    date: date
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class DayFacts:
    """What a day brought. `down_s` is by camera and counts only what lies in that day; `still_down` are down now."""

    events: int
    cameras: Mapping[str, int]
    labels: Mapping[str, int]
    rules: Mapping[str, int]
    verdicts: Mapping[str, int]
    down_s: Mapping[str, float]
    still_down: frozenset[str]
    dead: int
    disk_free: int
    disk_total: int


def day_due(now: datetime, *, at: str, timezone: str, late: timedelta) -> Day | None:
    """The day whose report should have been made by now, unless that is too long ago.

    `at` is wall-clock time: where it is skipped or repeated by daylight saving, the day is an hour shorter or longer.
    """
    zone, clock = ZoneInfo(timezone), time.fromisoformat(at)
    today = now.astimezone(zone).date()
    for day in (today, today - timedelta(days=1)):
        until = _instant(day, clock, zone)
        if until <= now <= until + late:
            return Day(day, _instant(day - timedelta(days=1), clock, zone), until)
    return None


def report_text(day: Day, facts: DayFacts) -> str:
    """The report in one line."""
    parts = [_number(facts.events, "event")]
    if facts.down_s:
        parts.append(f"{_number(len(facts.down_s), 'camera')} down at times")
    if facts.dead:
        parts.append(f"{_number(facts.dead, 'message')} not delivered")
    return f"daily report of {day.date:%Y-%m-%d}: {', '.join(parts)}"


def report_lines(facts: DayFacts) -> tuple[str, ...]:
    """The report's particulars, one line each; what there is none of is left out."""
    lines = [
        f"{name}: {_listed(counts)}"
        for name, counts in (
            ("Cameras", facts.cameras),
            ("Seen", facts.labels),
            ("Rules", facts.rules),
            ("Judged", facts.verdicts),
        )
        if counts
    ]
    for camera, seconds in sorted(facts.down_s.items(), key=lambda item: -item[1])[:_MOST]:
        lines.append(f"Down: {camera} for {_duration(seconds)}{', and still is' * (camera in facts.still_down)}")
    if facts.dead:
        lines.append(f"Not delivered: {facts.dead}")
    if facts.disk_total:
        share = 100 * facts.disk_free / facts.disk_total
        lines.append(f"Disk: {facts.disk_free / 2**30:.1f} GiB free ({share:.0f} %)")
    return tuple(lines)


def _instant(day: date, clock: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)


def _listed(counts: Mapping[str, int]) -> str:
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    shown = [f"{name} {count}" for name, count in ranked[:_MOST]]
    rest = sum(count for _, count in ranked[_MOST:])
    return ", ".join([*shown, f"others {rest}"] if rest else shown)


def _duration(seconds: float) -> str:
    minutes = max(1, round(seconds / 60))
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
