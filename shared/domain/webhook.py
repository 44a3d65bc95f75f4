"""What a webhook can be told of, and how it can log in at its receiver."""

from __future__ import annotations

from typing import Literal

WebhookEvent = Literal["detection", "alert", "camera_down", "camera_up"]
WebhookAuth = Literal["none", "bearer", "basic", "header"]
