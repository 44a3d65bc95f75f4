"""The daily report in words, and when it is due. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from services.alerts.labels import label_in_words
from services.alerts.wording import Wording, marked_in

_MOST = 12
_VERDICTS = {
    "confirmed": marked_in("verdict", "confirmed"),
    "rejected": marked_in("verdict", "false alarm"),
    "unverified": marked_in("verdict", "not verified"),
}


@dataclass(frozen=True, slots=True)
class Day:
    """The time from one report to the next; `date` is the local one on which it ends."""

    date: date
    since: datetime
    until: datetime


class DayFacts(BaseModel):
    """What a day brought. `down_s` is by camera and counts only what lies in that day; `still_down` are down now."""

    model_config = ConfigDict(frozen=True)

    date: date
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


def report_text(facts: DayFacts, words: Wording) -> str:
    """The report in one line."""
    parts = [words.ngettext("%(count)d event", "%(count)d events", facts.events) % {"count": facts.events}]
    if count := len(facts.down_s):
        down = words.ngettext("%(count)d camera down at times", "%(count)d cameras down at times", count)
        parts.append(down % {"count": count})
    if count := facts.dead:
        dead = words.ngettext("%(count)d message not delivered", "%(count)d messages not delivered", count)
        parts.append(dead % {"count": count})
    return words.gettext("daily report of %(date)s: %(what)s") % {
        "date": facts.date.isoformat(),
        "what": ", ".join(parts),
    }


def report_lines(facts: DayFacts, words: Wording) -> tuple[str, ...]:
    """The report's particulars, one line each; what there is none of is left out."""
    groups = (
        (words.gettext("Cameras: %(list)s"), facts.cameras, _as_it_is),
        (words.gettext("Seen: %(list)s"), facts.labels, label_in_words),
        (words.gettext("Rules: %(list)s"), facts.rules, _as_it_is),
        (words.gettext("Judged: %(list)s"), facts.verdicts, _verdict_in_words),
    )
    lines = [line % {"list": _listed(counts, named, words)} for line, counts, named in groups if counts]
    for camera, seconds in sorted(facts.down_s.items(), key=lambda item: -item[1])[:_MOST]:
        down = words.gettext("Down: %(camera)s for %(time)s")
        if camera in facts.still_down:
            down = words.gettext("Down: %(camera)s for %(time)s, and still is")
        lines.append(down % {"camera": camera, "time": _duration(seconds, words)})
    if facts.dead:
        lines.append(words.gettext("Not delivered: %(count)d") % {"count": facts.dead})
    if facts.disk_total:
        share = f"{100 * facts.disk_free / facts.disk_total:.0f} %"
        free = f"{facts.disk_free / 2**30:.1f} GiB"
        lines.append(words.gettext("Disk: %(free)s free (%(share)s)") % {"free": free, "share": share})
    return tuple(lines)


def _instant(day: date, clock: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)


def _listed(counts: Mapping[str, int], named: Callable[[str, Wording], str], words: Wording) -> str:
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    shown = [f"{named(name, words)} {count}" for name, count in ranked[:_MOST]]
    rest = sum(count for _, count in ranked[_MOST:])
    return ", ".join([*shown, words.gettext("others %(count)d") % {"count": rest}] if rest else shown)


def _as_it_is(name: str, _: Wording) -> str:
    return name


def _verdict_in_words(verdict: str, words: Wording) -> str:
    return words.pgettext(*_VERDICTS[verdict]) if verdict in _VERDICTS else verdict


def _duration(seconds: float, words: Wording) -> str:
    minutes = max(1, round(seconds / 60))
    if minutes < 60:
        return words.gettext("%(minutes)d min") % {"minutes": minutes}
    return words.gettext("%(hours)d h %(minutes)02d min") % {"hours": minutes // 60, "minutes": minutes % 60}
