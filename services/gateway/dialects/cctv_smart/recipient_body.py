"""Recipients as clients write and read them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, RootModel

from services.gateway.dialects.cctv_smart.recipient_address import (
    AddressBody,
    AnyAddress,
    EmailAddressBody,
    LineAddressBody,
    PhysicalAddressBody,
    TelegramAddressBody,
    address_values,
    channel_of,
)
from services.gateway.dialects.cctv_smart.recipient_refusal import ByOwnFields
from services.gateway.dialects.cctv_smart.webhook_body import MASK, Token
from services.gateway.http.fields import Name
from services.gateway.http.timestamps import whole_seconds, whole_seconds_or_none
from shared.db.recipients import RecipientRow
from shared.domain.recipient import Language, NotificationType
from shared.recipients.checks import MAX_AFTER_S, MAX_NAMES
from shared.recipients.registry import CLEARABLE, MAX_MUTE_MINUTES, RecipientChange
from shared.rules.registry import MAX_COOLDOWN_S, MAX_SEVERITY
from shared.rules.schedule import Schedule

NotificationTypes = Annotated[list[NotificationType], Field(min_length=1, max_length=3, examples=[["alerts"]])]
Slugs = Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=MAX_NAMES)]
Severity = Annotated[int, Field(ge=0, le=MAX_SEVERITY)]
Cooldown = Annotated[float, Field(ge=0, le=MAX_COOLDOWN_S, allow_inf_nan=False)]
After = Annotated[float, Field(ge=0, le=MAX_AFTER_S, allow_inf_nan=False)]


class QuietHours(Schedule):
    """When only what is urgent is told at once; everything else comes as one digest afterwards."""

    timezone: str = Field(
        default="UTC", max_length=64, examples=["Europe/Paris"], json_schema_extra={"format": "time-zone"}
    )


class RecipientFields(BaseModel):
    """What every channel's recipients have.

    `cameras` and `rules` are those it is told of (none: all), `min_severity` the least that is told. In `quiet` hours
    and for `cooldown_s` seconds after the last notice, what is less severe than `urgent_severity` waits for a digest.
    `after_s`: told only when nobody has acknowledged the alert for so long.
    """

    name: Name | None = None
    notification_types: NotificationTypes | None = None
    cameras: Slugs | None = None
    rules: Slugs | None = None
    min_severity: Severity | None = None
    urgent_severity: Severity | None = None
    language: Language | None = None
    quiet: QuietHours | None = None
    cooldown_s: Cooldown | None = None
    after_s: After | None = None
    enabled: bool | None = None

    def change(self) -> RecipientChange:
        address: AddressBody | None = getattr(self, "address", None)
        secret: str | None = getattr(self, "secret", None)
        return RecipientChange(
            name=self.name,
            address=address_values(address) if address is not None else None,
            secret=None if secret == MASK else secret,
            notification_types=_tuple(self.notification_types),
            cameras=_tuple(self.cameras),
            rules=_tuple(self.rules),
            min_severity=self.min_severity,
            urgent_severity=self.urgent_severity,
            language=self.language,
            quiet=self.quiet.model_dump(mode="json", by_alias=True) if self.quiet is not None else None,
            cooldown_s=self.cooldown_s,
            after_s=self.after_s,
            enabled=self.enabled,
            cleared=tuple(name for name in CLEARABLE if name in self.model_fields_set and getattr(self, name) is None),
        )


class RecipientChangeBody(RecipientFields, ByOwnFields):
    """What to change; everything left out, and a masked `secret`, stays.

    An `address` is replaced as a whole, by one of the same channel. `quiet` or `urgent_severity` null: there is none.
    """

    address: AnyAddress | None = None
    secret: Token | None = None

    @property
    def channel(self) -> str | None:
        """That of the new address."""
        return channel_of(self.address) if self.address is not None else None


class NewEmailRecipient(RecipientFields):
    """A mailbox. Alerts are sent there once somebody has followed the link in the mail that is sent first."""

    channel: Literal["email"]
    name: Name = Field(examples=["Ada"])
    address: EmailAddressBody


class NewTelegramRecipient(RecipientFields):
    """A chat. `secret` is the token of a bot of its own, where the channel's is not the one."""

    channel: Literal["telegram"]
    name: Name = Field(examples=["Night watch"])
    address: TelegramAddressBody
    secret: Token | None = None


class NewLineRecipient(RecipientFields):
    """Somebody on LINE. `secret` is the channel access token of the Messaging API."""

    channel: Literal["line"]
    name: Name = Field(examples=["Family"])
    address: LineAddressBody
    secret: Token | None = None


class NewPhysicalRecipient(RecipientFields):
    """A siren, lamp or lock. `secret` is `user:password` where the device wants it."""

    channel: Literal["physical"]
    name: Name = Field(examples=["Siren"])
    address: PhysicalAddressBody
    secret: Token | None = None


NewRecipient = NewEmailRecipient | NewTelegramRecipient | NewLineRecipient | NewPhysicalRecipient


class NewRecipientBody(RootModel[Annotated[NewRecipient, Field(discriminator="channel")]], ByOwnFields):
    """A recipient to add; `channel` says which fields `address` has."""


class MuteBody(BaseModel):
    """For how long nothing is told; 0 ends a mute."""

    minutes: Annotated[int, Field(ge=0, le=MAX_MUTE_MINUTES, examples=[60])]


class RecipientTestBody(BaseModel):
    message: str = Field(default="Test Argus", min_length=1, max_length=1000, examples=["Can you read this?"])


class RecipientShown(BaseModel):
    """A recipient. `secret` is shown only as `***`. Without `verified_at` it is told nothing yet."""

    id: int
    channel: str
    name: str
    address: dict[str, Any]
    secret: str | None
    notification_types: list[str]
    cameras: list[str]
    rules: list[str]
    min_severity: int
    urgent_severity: int | None
    language: str
    quiet: dict[str, Any] | None
    cooldown_s: float
    after_s: float
    enabled: bool
    verified_at: str | None
    muted_until: str | None
    last_told_at: str | None
    created_at: str
    updated_at: str


class RecipientList(BaseModel):
    recipients: list[RecipientShown]
    count: int
    total: int


def recipient_document(row: RecipientRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "channel": row.channel,
        "name": row.name,
        "address": row.address,
        "secret": MASK if row.secret_encrypted is not None else None,
        "notification_types": row.notification_types,
        "cameras": row.cameras,
        "rules": row.rules,
        "min_severity": row.min_severity,
        "urgent_severity": row.urgent_severity,
        "language": row.language,
        "quiet": row.quiet,
        "cooldown_s": row.cooldown_s,
        "after_s": row.after_s,
        "enabled": row.enabled,
        "verified_at": whole_seconds_or_none(row.verified_at),
        "muted_until": whole_seconds_or_none(row.muted_until),
        "last_told_at": whole_seconds_or_none(row.last_told_at),
        "created_at": whole_seconds(row.created_at),
        "updated_at": whole_seconds(row.updated_at),
    }


def _tuple(names: list[Any] | None) -> tuple[str, ...] | None:
    return tuple(names) if names is not None else None
