"""Signatures as Standard Webhooks (https://www.standardwebhooks.com) has them. Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from shared.webhooks.secret import PREFIX


def sign(secret: str, *, message_id: str, timestamp_s: int, body: bytes) -> str:
    """The `webhook-signature` header: `v1,` and the base64 HMAC-SHA256 of id, time and body."""
    signed = f"{message_id}.{timestamp_s}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(signing_key(secret), signed, hashlib.sha256).digest()).decode()


def signing_key(secret: str) -> bytes:
    """The key in a `whsec_…` secret; any other text is its own key."""
    if secret.startswith(PREFIX):
        try:
            return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
        except binascii.Error:
            pass
    return secret.encode()
