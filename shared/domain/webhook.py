"""What a webhook can be told of, and how it can log in at its receiver."""

from __future__ import annotations

from typing import Final, Literal

WebhookEvent = Literal["detection", "alert", "camera_down", "camera_up"]
WebhookAuth = Literal["none", "bearer", "basic", "header"]

RESERVED_HEADERS: Final = frozenset(
    {
        *("host", "connection", "content-length", "content-type", "transfer-encoding", "te", "trailer", "upgrade"),
        *("expect", "keep-alive", "webhook-id", "webhook-timestamp", "webhook-signature"),
    }
)
"""Headers, in lower case, that say how a request is sent or what it holds: none of them can carry a token."""
