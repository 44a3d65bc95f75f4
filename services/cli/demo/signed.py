"""The receiving side of Standard Webhooks: is this request what the sender signed, and fresh?

Written apart from the sending side on purpose, so that the one checks the other.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping

PREFIX = "whsec_"
TOLERANCE_S = 300
"""A request whose time is further off than this may be an old one played again."""


class Refusal(Exception):
    """A request that is not to be trusted; the text says why."""


def verify(secret: str | None, *, headers: Mapping[str, str], body: bytes, now_s: float) -> bool:
    """True when one of the signatures is right; False when there is no secret to check with.

    `headers` have lower-case names. Raises Refusal for a header that is missing or strange, a time that is
    more than `TOLERANCE_S` away from `now_s`, or a signature that does not fit.
    """
    if secret is None:
        return False
    message_id, timestamp, signatures = (
        _header(headers, name) for name in ("webhook-id", "webhook-timestamp", "webhook-signature")
    )
    if not (timestamp.isascii() and timestamp.isdecimal()):
        raise Refusal("webhook-timestamp is not a number of seconds")
    if abs(int(timestamp) - now_s) > TOLERANCE_S:
        raise Refusal("webhook-timestamp is too far from now")
    signed = f"{message_id}.{timestamp}.".encode() + body
    right = base64.b64encode(hmac.new(_key(secret), signed, hashlib.sha256).digest())
    for signature in signatures.split():
        version, _, value = signature.partition(",")
        if version == "v1" and hmac.compare_digest(value.encode(), right):
            return True
    raise Refusal("no signature fits")


def _header(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name, "")
    if not value:
        raise Refusal(f"{name} is missing")
    return value


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise Refusal("the receiver's own secret is not whsec_<base64>") from None
