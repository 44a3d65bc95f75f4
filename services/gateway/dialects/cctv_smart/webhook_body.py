"""Webhooks as clients write and read them."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field, ValidationInfo

from services.gateway.http.timestamps import whole_seconds
from shared.db.deliveries import Webhook
from shared.domain.errors import UserError
from shared.domain.webhook import WebhookAuth, WebhookEvent
from shared.net import parse_target
from shared.webhooks.registry import WebhookChange

MASK = "***"

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")


def _address(text: str, info: ValidationInfo) -> str:
    allowed = bool(info.context and info.context["gateway"].settings.alerts.webhook_allow_private)
    try:
        parse_target(text, allow_private=allowed)
    except UserError as error:
        raise ValueError(f"{error.reason} – {error.remedy}" if error.remedy else error.reason) from None
    return text


def _header_name(text: str) -> str:
    if text and not _HEADER_NAME.fullmatch(text):
        raise ValueError("must be a header's name")
    return text


def _one_line(text: str) -> str:
    if any(ord(char) < 0x20 or ord(char) == 0x7F for char in text):
        raise ValueError("must not hold control characters")
    return text


Url = Annotated[
    str,
    Field(max_length=2048, examples=["https://your-app.com/cctv/alert"], json_schema_extra={"format": "webhook-url"}),
    AfterValidator(_address),
]
HeaderName = Annotated[
    str,
    Field(max_length=64, json_schema_extra={"pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]{0,64}$"}),
    AfterValidator(_header_name),
]
Token = Annotated[
    str, Field(max_length=1024, json_schema_extra={"pattern": r"^[^\x00-\x1f\x7f]*$"}), AfterValidator(_one_line)
]


class WebhookChangeBody(BaseModel):
    """What to change; everything left out, and a masked `token` or `secret`, stays.

    With `auth_type` basic the token is `user:password`; with header, `auth_name` is the header's name. Requests are
    signed as Standard Webhooks when there is a `secret`.
    """

    name: Annotated[str, Field(min_length=1, max_length=128)] | None = None
    url: Url | None = None
    events: Annotated[list[WebhookEvent], Field(min_length=1, max_length=4)] | None = None
    auth_type: WebhookAuth | None = None
    auth_name: HeaderName | None = None
    token: Token | None = None
    secret: Token | None = None
    enabled: bool | None = None

    def change(self) -> WebhookChange:
        return WebhookChange(
            name=self.name,
            url=self.url,
            events=tuple(self.events) if self.events is not None else None,
            auth_type=self.auth_type,
            auth_name=self.auth_name,
            token=None if self.token == MASK else self.token,
            secret=None if self.secret == MASK else self.secret,
            enabled=self.enabled,
        )


class NewWebhookBody(WebhookChangeBody):
    """A webhook to add."""

    name: Annotated[str, Field(min_length=1, max_length=128, examples=["my app"])] = "webhook"
    url: Url
    events: Annotated[list[WebhookEvent], Field(min_length=1, max_length=4)] = ["alert"]


class WebhookShown(BaseModel):
    """`token` and `secret` are shown only as `***`, or null when there is none."""

    id: int
    name: str
    url: str
    events: list[str]
    auth_type: str
    auth_name: str | None
    token: str | None
    secret: str | None
    enabled: bool
    created_at: str
    updated_at: str


class WebhookList(BaseModel):
    webhooks: list[WebhookShown]
    count: int
    total: int


def webhook_document(row: Webhook) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "url": row.url,
        "events": row.events,
        "auth_type": row.auth_type,
        "auth_name": row.auth_name,
        "token": MASK if row.token_encrypted is not None else None,
        "secret": MASK if row.secret_encrypted is not None else None,
        "enabled": row.enabled,
        "created_at": whole_seconds(row.created_at),
        "updated_at": whole_seconds(row.updated_at),
    }
