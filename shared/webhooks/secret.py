"""The signing secret of a webhook, as Standard Webhooks (https://www.standardwebhooks.com) writes it."""

from __future__ import annotations

import base64
import secrets

PREFIX = "whsec_"

_BYTES = 24


def new_signing_secret() -> str:
    """`whsec_` and the base64 of 192 random bits."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_BYTES)).decode()
