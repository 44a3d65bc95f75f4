"""What recipients answer by the links in their messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from services.gateway.gateway import Gateway
from shared.accounts.audit import Actor
from shared.domain.errors import NotFound
from shared.recipients.answering import Answerer, answerer_of, carry_out
from shared.recipients.links import Link


@dataclass(frozen=True, slots=True)
class Asked:
    """What a link is about, in the recipient's language (None: not known). `is_new` False: it was done before."""

    link: Link
    text: str
    who: str
    language: str | None
    is_new: bool = True


def look(gateway: Gateway, token: str) -> Asked:
    """What would be done. Changes nothing. Raises `UserError`, `LinkExpired` among them, and `NotFound`."""
    link = gateway.links.read(token)
    with gateway.reads() as session:
        return _asked(link, answerer_of(session, link))


def press(gateway: Gateway, token: str, *, address: str) -> Asked:
    """Do it, once. Raises as above."""
    link = gateway.links.read(token)
    with gateway.writing() as session:
        answerer = answerer_of(session, link, for_update=True)
        actor, action = _actor(answerer, address), f"link.{link.press}"
        outcome = carry_out(session, link, answerer, actor=actor, action=action, now=gateway.now())
        asked = _asked(link, answerer, is_new=outcome == "done")
    if outcome in ("event gone", "several events"):
        raise NotFound("token", "there is no event any more that the link is about")
    return asked


def _actor(answerer: Answerer, address: str) -> Actor:
    return Actor(principal=f"link of {answerer.name}", account_id=answerer.account_id, address=address)


def _asked(link: Link, answerer: Answerer, *, is_new: bool = True) -> Asked:
    row, notice = answerer.recipient, answerer.alert.notice
    told: list[Any] = [notice.get("camera_name"), notice.get("text")]
    return Asked(
        link=link,
        text=": ".join(str(part) for part in told if part) if link.press != "verify" else "",
        who=answerer.name,
        language=row.language if row is not None else None,
        is_new=is_new,
    )
