"""Telling an HTTP endpoint."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.alerts.channel import Parcel, Receipt
from services.alerts.notice import Notice
from services.alerts.policy import Recipient
from services.alerts.retry_after import retry_after
from services.alerts.signature import sign
from shared.db.secrets import SecretBox
from shared.db.tables import Webhook
from shared.domain.errors import Permanent, Transient, UserError
from shared.domain.webhook import RESERVED_HEADERS
from shared.net import Poster, Reply, parse_target
from shared.settings import Settings

NAME = "webhook"

_SAID = 200
_TRY_AGAIN = frozenset({408, 425, 429})


class WebhookOptions(BaseModel):
    """The channel's own settings."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    user_agent: str = "Argus/0.1"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where and how to post; the secrets in it are in the clear, never log it."""

    url: str = field(repr=False)
    events: frozenset[str]
    auth_type: str = "none"
    auth_name: str | None = None
    token: str | None = field(default=None, repr=False)
    secret: str | None = field(default=None, repr=False)


class WebhookChannel:
    """Posts each notice as JSON, signed when the webhook has a secret."""

    settings_type: ClassVar[type[BaseModel]] = WebhookOptions
    can_amend: ClassVar[bool] = False

    def __init__(
        self,
        poster: Poster,
        box: SecretBox,
        *,
        options: WebhookOptions,
        timeout_s: float,
        allow_private: bool,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._poster = poster
        self._box = box
        self._options = options
        self._timeout_s = timeout_s
        self._allow_private = allow_private
        self._now = now

    @classmethod
    def open(cls, settings: Settings, options: Any, box: SecretBox) -> Self:
        alerts = settings.alerts
        poster = Poster(
            allow_private=alerts.webhook_allow_private,
            timeout_s=alerts.webhook_timeout_s,
            connections=alerts.concurrency * 2,
        )
        return cls(
            poster,
            box,
            options=options,
            timeout_s=alerts.webhook_timeout_s,
            allow_private=alerts.webhook_allow_private,
        )

    @property
    def timeout_s(self) -> float:
        return self._timeout_s

    def recipients(self, session: Session) -> list[Recipient]:
        rows = session.execute(select(Webhook.id, Webhook.account_id, Webhook.events).where(Webhook.enabled))
        return [Recipient(NAME, str(number), account, frozenset(events)) for number, account, events in rows]

    def address(self, session: Session, recipient: str, *, decided_at: datetime) -> Endpoint:
        row = session.get(Webhook, int(recipient))
        # Numbers of deleted rows may be given out again: a younger webhook is not the one that was meant.
        if row is None or row.created_at > decided_at:
            raise Permanent("the webhook was deleted")
        if not row.enabled:
            raise Permanent("the webhook is disabled")
        return Endpoint(
            url=row.url,
            events=frozenset(row.events),
            auth_type=row.auth_type,
            auth_name=row.auth_name,
            token=self._opened(row.token_encrypted),
            secret=self._opened(row.secret_encrypted),
        )

    def send(self, address: Any, parcel: Parcel) -> Receipt:
        endpoint: Endpoint = address
        try:
            target = parse_target(endpoint.url, allow_private=self._allow_private)
        except UserError as error:
            raise Permanent(str(error)) from None
        body = json.dumps(payload(parcel, endpoint.events), ensure_ascii=False, separators=(",", ":")).encode()
        started = time.monotonic()
        reply = self._poster.post(target, headers=self._headers(endpoint, parcel, body), body=body)
        _judge(reply, endpoint, now=self._now())
        return Receipt({"status": reply.status, "duration_ms": round((time.monotonic() - started) * 1000, 1)})

    def abort(self) -> None:
        self._poster.abort()

    def close(self) -> None:
        self._poster.close()

    def _opened(self, sealed: str | None) -> str | None:
        try:
            return None if sealed is None else self._box.open(sealed)
        except UserError as error:
            raise Permanent(str(error)) from None

    def _headers(self, endpoint: Endpoint, parcel: Parcel, body: bytes) -> dict[str, str]:
        timestamp_s = int(self._now().timestamp())
        headers = {
            "content-type": "application/json",
            "user-agent": self._options.user_agent,
            "webhook-id": parcel.delivery_id,
            "webhook-timestamp": str(timestamp_s),
        }
        if endpoint.secret:
            headers["webhook-signature"] = sign(
                endpoint.secret, message_id=parcel.delivery_id, timestamp_s=timestamp_s, body=body
            )
        return headers | _authorization(endpoint)


def payload(parcel: Parcel, events: frozenset[str]) -> dict[str, Any]:
    """The JSON body. `event_type` is what the receiver subscribed to: a detection, or the alert it led to.

    A test has `test`: true besides, and a uuid at which there is no event.
    """
    notice = parcel.notice
    event_type: str = notice.kind
    if event_type == "detection" and "detection" not in events:
        event_type = "alert"
    return {
        "event_type": event_type,
        "uuid": f"evt-{notice.event_id}",
        "camera_id": notice.camera,
        "detection_type": notice.label,
        "confidence": round(notice.confidence, 4),
        "timestamp": _seconds(notice.captured_at),
        "ai_response": notice.ai_response,
        **({"test": True} if notice.test else {}),
        **_extras(notice),
        "delivery_id": parcel.delivery_id,
        "attempt": parcel.attempt,
    }


def _extras(notice: Notice) -> dict[str, Any]:
    return {
        "camera_name": notice.camera_name,
        "text": notice.text,
        "severity": notice.severity,
        "zones": list(notice.zones),
        "rules_triggered": list(notice.rules),
        "photo_url": f"/events/{notice.event_id}.jpg" if notice.snapshot and not notice.test else None,
        "captured_at": notice.captured_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "trace_id": notice.trace_id,
    }


def _seconds(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _authorization(endpoint: Endpoint) -> dict[str, str]:
    token = endpoint.token or ""
    if endpoint.auth_type == "bearer":
        return {"authorization": f"Bearer {token}"}
    if endpoint.auth_type == "basic":
        return {"authorization": "Basic " + base64.b64encode(token.encode()).decode()}
    if endpoint.auth_type == "header" and endpoint.auth_name:
        name = endpoint.auth_name.lower()
        if name in RESERVED_HEADERS:
            raise Permanent(f"the header {name} cannot carry a token")
        return {name: token}
    return {}


def _judge(reply: Reply, endpoint: Endpoint, *, now: datetime) -> None:
    """Raise what the status means; returns for 2xx."""
    status = reply.status
    if 200 <= status < 300:
        return
    said = " ".join(reply.body.decode("utf-8", "replace").split())
    if endpoint.token:
        said = said.replace(endpoint.token, "***")  # some servers repeat what they were sent
    said = said[:_SAID]
    reason = f"HTTP {status}" + (f": {said}" if said else "")
    if status in _TRY_AGAIN or status >= 500:
        raise Transient(reason, retry_after_s=retry_after(reply.headers, now=now))
    if 300 <= status < 400:
        raise Permanent(f"HTTP {status}: redirects are not followed; change the webhook's URL")
    raise Permanent(reason)
