"""What a mail server's refusals mean for a delivery. Pure.

What the server has against *us* – the connection, the certificate, the password, the sender – an operator can mend,
and nothing may be lost until then: `Transient`. What it has for good against the *recipient* or the *message* is
`Permanent`.
"""

from __future__ import annotations

import re
from typing import Final, Literal

from shared.domain.errors import Permanent, Transient

Stage = Literal["greeting", "login", "sender", "recipient", "message"]

MEND_S: Final = 300.0
"""How long to leave a server alone that refuses us: many lock out who tries again and again."""

_SAID: Final = 300
_TOO_LARGE: Final = 552
_GREYLISTED: Final = frozenset({450, 451})
# Greylisting takes from one to five minutes almost everywhere, and trying sooner starts it anew in some places.
_GREYLIST_FIRST_S, _GREYLIST_S = 60.0, 300.0
_LONGEST_WAIT_S: Final = 3600.0
_WAIT = re.compile(r"(?<![\d.:])(\d{1,5})\s*(s|sec|secs|second|seconds|m|min|mins|minute|minutes)\b", re.IGNORECASE)
_CLOCK_WAIT = re.compile(r"\b(\d{2}):(\d{2}):(\d{2})\b")


def refused(stage: Stage, code: int, text: str, *, attempt: int) -> Transient | Permanent:
    """The error that a reply of 4xx or 5xx at this stage of the dialog stands for."""
    reason = f"{_AT[stage]}: {code} {said(text)}".strip()
    if 500 <= code < 600:
        if stage in ("recipient", "message") or code == _TOO_LARGE:
            return Permanent(reason)
        return Transient(reason, retry_after_s=MEND_S)
    if stage == "login":
        return Transient(reason, retry_after_s=MEND_S)
    wait_s = asked_wait_s(text)
    if wait_s is None and code in _GREYLISTED:
        wait_s = _GREYLIST_FIRST_S if attempt <= 1 else _GREYLIST_S
    return Transient(reason, retry_after_s=wait_s)


def said(text: str) -> str:
    """A server's words on one line, printable and not too long."""
    line = " ".join(text.encode("utf-8", "replace").decode("utf-8", "replace").split())
    return "".join(each for each in line if each.isprintable())[:_SAID]


def asked_wait_s(text: str) -> float | None:
    """The wait that the reply names (`try again in 300 seconds`, `retry in 00:04:57`), at most an hour."""
    if found := _WAIT.search(text):
        wait_s = float(found[1]) * (60 if found[2].lower().startswith("m") else 1)
    elif found := _CLOCK_WAIT.search(text):
        wait_s = int(found[1]) * 3600.0 + int(found[2]) * 60 + int(found[3])
    else:
        return None
    return min(wait_s, _LONGEST_WAIT_S)


_AT: Final[dict[Stage, str]] = {
    "greeting": "the mail server refuses the connection",
    "login": "the mail server refuses user name or password",
    "sender": "the mail server refuses the sender",
    "recipient": "the mail server refuses the recipient",
    "message": "the mail server refuses the message",
}
