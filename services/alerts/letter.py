"""A notice in somebody's language, as plain text: what every channel gives its form to. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Final

from services.alerts.labels import label_in_words
from services.alerts.notice import Notice
from services.alerts.one_line import one_line
from services.alerts.part_words import in_words, turn_of
from services.alerts.report import report_lines, report_text
from services.alerts.wording import SOURCE_LANGUAGE, Wording, marked, marked_in, wording
from shared.domain.recipient import VERIFICATION, Language, Press

LATE_AFTER_S: Final = 600.0
"""A notice this old says so: what happened then may be over."""

TITLE_LENGTH: Final = 120

_HOURS_FROM_S, _DAYS_FROM_S = 2 * 3600, 2 * 86_400
_SEVERITIES: Final = {
    2: marked_in("severity", "moderate"),
    3: marked_in("severity", "high"),
    4: marked_in("severity", "very high"),
    5: marked_in("severity", "critical"),
}
"""The least severity goes without saying."""
_THREATS: Final = {
    0: marked_in("threat", "none"),
    1: marked_in("threat", "low"),
    2: marked_in("threat", "high"),
    3: marked_in("threat", "act now"),
}
_VERDICTS: Final = {
    "confirmed": marked("Confirmed"),
    "rejected": marked("Judged a false alarm"),
    "unverified": marked("Not verified"),
}
_BUTTONS: Final[tuple[tuple[Press, str], ...]] = (
    ("confirm", marked("Confirm")),
    ("false_alarm", marked("False alarm")),
    ("mute", marked("Mute 1 h")),
    ("acknowledge", marked("Acknowledge")),
)
_FAULTS: Final = {
    "auth_failed": marked("it refuses the user name or the password"),
    "not_found": marked("there is no such stream"),
    "timeout": marked("no answer in time"),
    "unsupported_codec": marked("its codec is not supported"),
    "network": marked("the network fails"),
    "stalled": marked("the stream stands still"),
    "tls": marked("the encrypted connection fails"),
    "invalid_url": marked("its address is wrong"),
    "ended": marked("the stream has ended"),
}


@dataclass(frozen=True, slots=True)
class Button:
    """An answer that is offered."""

    press: Press
    text: str


@dataclass(frozen=True, slots=True)
class Letter:
    """What to say, line by line; nothing in it is escaped for any channel, and no line holds control characters.

    `title` is one line of at most 120 characters. `photo` is relative to the media store, `link` leads to the event.
    `language` is the one it is written in, as `shared.domain.recipient` has it.
    """

    title: str
    lines: tuple[str, ...]
    photo: str | None = None
    link: str | None = None
    buttons: tuple[Button, ...] = ()
    language: str = "en"


def letter(
    notice: Notice, *, language: Language, now: datetime, public_url: str | None = None, zone: tzinfo = UTC
) -> Letter:
    """The notice in words, times by the clock in `zone`. A language that is not known: in English."""
    words = wording(language)
    about_event = notice.kind == "detection" and not notice.test
    title = one_line(_title(notice, words))
    return Letter(
        title=_cut(title),
        lines=tuple(filter(None, map(one_line, _lines(notice, words, title=title, now=now, zone=zone)))),
        photo=notice.snapshot,
        link=f"{public_url.rstrip('/')}/events/{notice.event_id}" if public_url and about_event else None,
        buttons=tuple(Button(press, words.gettext(text)) for press, text in _BUTTONS) if about_event else (),
        language=words.language,
    )


def _title(notice: Notice, words: Wording) -> str:
    text = notice.text.partition("\n")[0]
    if notice.test:
        return words.gettext("Test alert: %(text)s") % {"text": text}
    if notice.kind == "camera_down":
        return words.gettext("%(camera)s gives no pictures") % {"camera": notice.camera_name}
    if notice.kind == "camera_up":
        return words.gettext("%(camera)s gives pictures again") % {"camera": notice.camera_name}
    if notice.label == VERIFICATION:
        return words.gettext("Please confirm this address")
    if notice.kind == "system":
        return words.gettext("System: %(text)s") % {"text": _of_a_part(notice, text, words)}
    if notice.kind == "report":
        return words.gettext("Daily report")
    if notice.kind == "digest":
        what = words.ngettext("%(count)d more event", "%(count)d more events", notice.count) % {"count": notice.count}
    else:
        what = _seen(notice, words)
    if not notice.camera_name or (notice.kind == "digest" and not notice.camera):
        return what[:1].upper() + what[1:]
    return words.gettext("%(camera)s: %(what)s") % {"camera": notice.camera_name, "what": what}


def _of_a_part(notice: Notice, text: str, words: Wording) -> str:
    """The text, in the reader's words if it is Argus's own."""
    found = turn_of(notice.label)
    if found is None or in_words(*found, wording(SOURCE_LANGUAGE)) != text:
        return text
    return in_words(*found, words)


def _seen(notice: Notice, words: Wording) -> str:
    """What was detected, and where."""
    seen = label_in_words(notice.label, words)
    if notice.zones:
        where = words.ngettext("%(label)s in %(zones)s", "%(label)s in %(zones)s", len(notice.zones))
        seen = where % {"label": seen, "zones": words.listing(notice.zones)}
    found = _found(notice)
    return words.gettext("%(what)s: %(found)s") % {"what": seen, "found": found} if found else seen


def _found(notice: Notice) -> str:
    """What the event's English text says beyond label and zones, in the words of whoever found it."""
    plain = f"{notice.label} in {', '.join(notice.zones)}" if notice.zones else notice.label
    return "" if notice.text == plain else notice.text.removeprefix(f"{plain}: ")


def _lines(notice: Notice, words: Wording, *, title: str, now: datetime, zone: tzinfo) -> Iterator[str]:
    if notice.label == VERIFICATION:
        yield words.gettext("Argus is to send alerts to this address. It will, once you have said that it is yours.")
        return
    yield words.moment(notice.captured_at, zone)
    yield from _late(notice.age_s(now), words)
    yield from _so_far(notice, words, zone=zone)
    if notice.held:
        yield from _held_back(notice, words)
    elif notice.facts is not None:
        yield report_text(notice.facts, words)
        yield from report_lines(notice.facts, words)
    elif notice.kind in ("digest", "report", "system"):
        told_in_title = notice.kind == "system"
        yield from notice.text.splitlines()[1 if told_in_title else 0 :]
    if notice.facts is None:
        yield from notice.details
    if notice.kind == "camera_down":
        yield _reason(notice, words)
    yield from _verdict(notice, words)
    if notice.kind == "detection" and not notice.test:
        yield from _facts(notice, words, title=title)


def _held_back(notice: Notice, words: Wording) -> Iterator[str]:
    """The most frequent of what a digest stands for, with the camera where there are several, and how many are left."""
    for group in notice.held:
        one = notice.model_copy(update={**group.model_dump(exclude={"count"}), "held": ()})
        what = _title(one, words)
        if group.kind == "detection" and notice.camera:
            what = _seen(one, words)
        yield f"{group.count} × {what}"
    if (left := notice.count - sum(group.count for group in notice.held)) > 0:
        yield words.ngettext("%(count)d more event", "%(count)d more events", left) % {"count": left}


def _so_far(notice: Notice, words: Wording, *, zone: tzinfo) -> Iterator[str]:
    """How many events of an incident the notice stands for by now."""
    if notice.latest is None:
        return
    text = words.ngettext(
        "%(count)d event so far, the latest at %(time)s: %(camera)s",
        "%(count)d events so far, the latest at %(time)s: %(camera)s",
        notice.count,
    )
    time = words.moment(notice.latest.at, zone)
    yield text % {"count": notice.count, "time": time, "camera": notice.latest.camera_name}


def _facts(notice: Notice, words: Wording, *, title: str) -> Iterator[str]:
    yield words.gettext("Confidence: %(percent)s") % {"percent": words.percent(notice.confidence)}
    if (severity := _SEVERITIES.get(min(notice.severity, max(_SEVERITIES)))) is not None:
        yield words.gettext("Severity: %(word)s") % {"word": words.pgettext(*severity)}
    if notice.zones and len(title) > TITLE_LENGTH:
        # Where it happened must not be lost with the end of the title.
        zones = words.ngettext("Zone: %(zones)s", "Zones: %(zones)s", len(notice.zones))
        yield zones % {"zones": words.listing(notice.zones)}
    if notice.rules:
        rules = words.ngettext("Rule: %(rules)s", "Rules: %(rules)s", len(notice.rules))
        yield rules % {"rules": words.listing(notice.rules)}


def _verdict(notice: Notice, words: Wording) -> Iterator[str]:
    verdict = words.gettext(_VERDICTS[notice.verdict]) if notice.verdict else ""
    if verdict and notice.ai_response:
        yield words.gettext("%(verdict)s: %(reason)s") % {"verdict": verdict, "reason": notice.ai_response}
    else:
        yield verdict or notice.ai_response or ""
    if (threat := _THREATS.get(-1 if notice.threat_level is None else notice.threat_level)) is not None:
        yield words.gettext("Threat level: %(word)s") % {"word": words.pgettext(*threat)}


def _reason(notice: Notice, words: Wording) -> str:
    """Why a camera gives no pictures: what its event's English text says after the first colon that ends the name."""
    said = notice.text.removeprefix(f"{notice.camera_name} gives no pictures").removeprefix(": ")
    reason = words.gettext(_FAULTS[said]) if said in _FAULTS else said
    return words.gettext("Reason: %(reason)s") % {"reason": reason} if reason else ""


def _late(age_s: float, words: Wording) -> Iterator[str]:
    if age_s <= LATE_AFTER_S:
        return
    if age_s < _HOURS_FROM_S:
        count = round(age_s / 60)
        text = words.ngettext("This happened %(count)d minute ago.", "This happened %(count)d minutes ago.", count)
    elif age_s < _DAYS_FROM_S:
        count = round(age_s / 3600)
        text = words.ngettext("This happened %(count)d hour ago.", "This happened %(count)d hours ago.", count)
    else:
        count = round(age_s / 86_400)
        text = words.ngettext("This happened %(count)d day ago.", "This happened %(count)d days ago.", count)
    yield text % {"count": count}


def _cut(line: str) -> str:
    return line if len(line) <= TITLE_LENGTH else line[: TITLE_LENGTH - 1] + "…"
