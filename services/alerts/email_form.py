"""A letter as an e-mail. Pure: the picture's bytes and the time are handed in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any, Final

from services.alerts.channel import Parcel
from services.alerts.email_headers import block, folded, mailbox, text
from services.alerts.email_html import html_of
from services.alerts.letter import Letter
from services.alerts.wording import wording

# Seven bits: no server on the way has to know anything newer.
_POLICY: Final = SMTP.clone(cte_type="7bit", utf8=False)
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")
_MESSAGE_ID = re.compile(r"<[A-Za-z0-9._-]{1,128}@[A-Za-z0-9.-]{1,253}>")


@dataclass(frozen=True, slots=True)
class Sender:
    """Whom the messages come from; both addresses are ASCII. `unsubscribe` is a mailbox that takes people off."""

    address: str
    name: str = ""
    unsubscribe: str | None = None

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class Reader:
    """Whom a message goes to. `unsubscribe_url` takes a POST that takes this one off.

    `answers` are what can be answered, by the address that does it; `verify_url` is where the mailbox is confirmed.
    """

    address: str
    name: str = ""
    unsubscribe_url: str | None = None
    answers: tuple[tuple[str, str], ...] = ()
    verify_url: str | None = None


def email_of(
    letter: Letter, parcel: Parcel, *, sender: Sender, reader: Reader, now: datetime, picture: bytes | None = None
) -> bytes:
    """The message as it travels: text and HTML of the letter, with the picture (a JPEG) inside.

    All messages of one event make one thread.
    """
    words = wording(letter.language)
    link_text = words.gettext("Open the event")
    if reader.verify_url is not None:
        link_text, letter = words.gettext("Confirm this address"), replace(letter, link=reader.verify_url)
    footer = words.gettext("Argus sends this to %(address)s. Whoever runs it can change what you are told, and when.")
    footer %= {"address": reader.address}
    headers = [
        ("From", mailbox(sender.name, sender.address)),
        ("To", mailbox(reader.name, reader.address)),
        ("Subject", text(f"Re: {letter.title}" if parcel.amends is not None else letter.title)),
        ("Date", format_datetime(now)),
        *_thread_headers(parcel, domain=sender.domain),
        *_ways_out(sender, reader),
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "All"),
        ("X-Argus-Delivery", _safe(parcel.delivery_id)),
        ("Content-Language", letter.language),
    ]
    body = EmailMessage(policy=_POLICY)
    body.set_content(_plain(letter, link_text=link_text, footer=footer, answers=reader.answers))
    picture_id = f"snapshot.{_safe(parcel.delivery_id)}@{sender.domain}" if picture else None
    html = html_of(letter, picture=picture_id, link_text=link_text, footer=footer, answers=reader.answers)
    body.add_alternative(html, subtype="html")
    if picture:
        _html_part(body).add_related(
            picture, "image", "jpeg", cid=f"<{picture_id}>", filename="snapshot.jpg", disposition="inline"
        )
    return block(headers) + body.as_bytes()


def message_id(delivery_id: str, domain: str) -> str:
    """The same for every attempt at the delivery: whoever gets two can tell that they are one."""
    return f"<{_safe(delivery_id)}@{domain}>"


def _thread_headers(parcel: Parcel, *, domain: str) -> Iterator[tuple[str, str]]:
    yield "Message-ID", message_id(parcel.delivery_id, domain)
    # Mail programs put together what has a common ancestor; that the ancestor never was does not matter to them.
    ancestors = [f"<event-{_safe(parcel.notice.event_id)}@{domain}>"]
    told = _told_before(parcel.amends)
    if told:
        ancestors.append(told)
        yield "In-Reply-To", told
    yield "References", folded(ancestors)


def _ways_out(sender: Sender, reader: Reader) -> Iterator[tuple[str, str]]:
    ways = []
    if reader.unsubscribe_url:
        ways.append(f"<{reader.unsubscribe_url}>")
        yield "List-Unsubscribe-Post", "List-Unsubscribe=One-Click"
    if sender.unsubscribe:
        ways.append(f"<mailto:{sender.unsubscribe}?subject=unsubscribe>")
    if ways:
        yield "List-Unsubscribe", ", ".join(ways)


def _told_before(receipt: Mapping[str, Any] | None) -> str | None:
    """The Message-ID in the receipt of what is amended."""
    told = (receipt or {}).get("message_id")
    return told if isinstance(told, str) and _MESSAGE_ID.fullmatch(told) else None


def _safe(name: str) -> str:
    return _UNSAFE.sub("-", name)


def _html_part(body: EmailMessage) -> EmailMessage:
    part = body.get_body(("html",))
    assert isinstance(part, EmailMessage)  # noqa: S101 – it was added a moment ago; for the type checker
    return part


def _plain(letter: Letter, *, link_text: str, footer: str, answers: Sequence[tuple[str, str]]) -> str:
    parts = [letter.title, "", *letter.lines]
    if letter.link:
        parts += ["", f"{link_text}: {letter.link}"]
    parts += [f"{text}: {address}" for text, address in answers]
    return "\n".join([*parts, "", "-- ", footer, ""])
