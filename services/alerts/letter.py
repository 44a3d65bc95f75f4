"""A notice in somebody's language, as plain text: what every channel gives its form to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from services.alerts.notice import Notice
from shared.domain.recipient import Language, Press

LATE_AFTER_S: Final = 600.0
"""A notice this old says so: what happened then may be over."""


@dataclass(frozen=True, slots=True)
class Button:
    """An answer that is offered."""

    press: Press
    text: str


@dataclass(frozen=True, slots=True)
class Letter:
    """What to say, line by line; nothing in it is escaped for any channel.

    `title` is one line of at most 120 characters. `photo` is relative to the media store, `link` leads to the event.
    """

    title: str
    lines: tuple[str, ...]
    photo: str | None = None
    link: str | None = None
    buttons: tuple[Button, ...] = ()


def letter(notice: Notice, *, language: Language, now: datetime, public_url: str | None = None) -> Letter:
    """The notice in words."""
    title = f"{notice.camera_name}: {notice.text}"
    lines = [f"{notice.captured_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"]
    lines.extend(notice.details)
    if notice.ai_response:
        lines.append(notice.ai_response)
    if notice.age_s(now) > LATE_AFTER_S:
        lines.append(f"This happened {notice.age_s(now) / 60:.0f} minutes ago.")
    about_event = notice.kind == "detection" and not notice.test
    link = f"{public_url.rstrip('/')}/events/{notice.event_id}" if public_url and about_event else None
    buttons = (
        (Button("confirm", "Confirm"), Button("false_alarm", "False alarm"), Button("mute", "Mute 1 h"))
        if about_event
        else ()
    )
    return Letter(_cut(title), tuple(lines), notice.snapshot, link, buttons)


def _cut(title: str, most: int = 120) -> str:
    line = " ".join(title.split())
    return line if len(line) <= most else line[: most - 1] + "…"
