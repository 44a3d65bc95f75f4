"""Where each channel reaches its recipients, as clients write it: what `shared.recipients.addresses` takes, exactly."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field, Tag

from shared.domain.errors import UserError
from shared.net import parse_target
from shared.recipients.addresses import MAX_MULTICAST
from shared.recipients.email_address import checked_email

_WHOLE: Final = 2**53 - 1


def _device_url(text: str) -> str:
    try:
        parse_target(text, allow_private=True)
    except UserError as error:
        raise ValueError(
            "holds credentials: put them into `secret`" if "cred" in error.reason else error.reason
        ) from None
    return text


DeviceUrl = Annotated[
    str,
    Field(max_length=2048, examples=["http://192.168.1.60"], json_schema_extra={"format": "webhook-url"}),
    AfterValidator(_device_url),
]
Pulse = Annotated[float, Field(ge=0.2, le=600, allow_inf_nan=False)]
Relay = Annotated[int, Field(ge=0, le=15)]
Payload = Annotated[str, Field(max_length=256)]


class AddressBody(BaseModel):
    """The base of all; what is not known is refused."""

    model_config = ConfigDict(extra="forbid")


class EmailAddressBody(AddressBody):
    """A mailbox."""

    email: Annotated[
        str,
        Field(max_length=254, examples=["ada@example.org"], json_schema_extra={"format": "mailbox"}),
        checked_email,
    ]


class TelegramAddressBody(AddressBody):
    """A chat's number, or the @name of a public channel; `thread_id` is a topic of a forum."""

    chat_id: (
        Annotated[int, Field(ge=-_WHOLE, le=_WHOLE)] | Annotated[str, Field(pattern="^@[A-Za-z][A-Za-z0-9_]{3,31}$")]
    ) = Field(examples=[-1001234567890])
    thread_id: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None


class LineAddressBody(AddressBody):
    """A user, group or room, or a list of users; without `to`, everybody who follows the official account."""

    to: (
        Annotated[str, Field(pattern="^[UCR][0-9a-f]{32}$")]
        | Annotated[
            list[Annotated[str, Field(pattern="^U[0-9a-f]{32}$")]], Field(min_length=1, max_length=MAX_MULTICAST)
        ]
        | None
    ) = None


class ShellyBody(AddressBody):
    """A relay of Shelly, generation 1 or 2, switched on for `pulse_s` seconds."""

    kind: Literal["shelly"]
    url: DeviceUrl
    relay: Relay = 0
    pulse_s: Pulse = 10.0


class TasmotaBody(AddressBody):
    """A relay with Tasmota."""

    kind: Literal["tasmota"]
    url: DeviceUrl
    relay: Relay = 0
    pulse_s: Pulse = 10.0


class HttpDeviceBody(AddressBody):
    """Anything that is switched on and off by calling two addresses."""

    kind: Literal["http"]
    url: DeviceUrl
    off_url: DeviceUrl
    pulse_s: Pulse = 10.0


class MqttDeviceBody(AddressBody):
    """A device that listens on the broker of the channel mqtt."""

    kind: Literal["mqtt"]
    topic: Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f+#]{1,255}$", examples=["siren/set"])]
    payload_on: Payload = "ON"
    payload_off: Payload = "OFF"
    pulse_s: Pulse = 10.0


class GpioBody(AddressBody):
    """A pin of the machine on which the alert worker runs."""

    kind: Literal["gpio"]
    line: Annotated[int, Field(ge=0, le=1023, examples=[17])]
    chip: Annotated[str, Field(pattern=r"^/dev/gpiochip[0-9]{1,3}$")] = "/dev/gpiochip0"
    active_low: bool = False
    pulse_s: Pulse = 10.0


PhysicalAddressBody = Annotated[
    ShellyBody | TasmotaBody | HttpDeviceBody | MqttDeviceBody | GpioBody,
    Field(discriminator="kind"),
]


def _channel_of(value: Any) -> str:
    """The channel whose address this is, by the fields that no other has."""
    if isinstance(value, BaseModel):
        value = value.model_dump(exclude_none=True)
    names = set(value) if isinstance(value, dict) else set()
    if "kind" in names:
        return "physical"
    if names & {"chat_id", "thread_id"}:
        return "telegram"
    return "email" if "email" in names else "line"


AnyAddress = Annotated[
    Annotated[EmailAddressBody, Tag("email")]
    | Annotated[TelegramAddressBody, Tag("telegram")]
    | Annotated[LineAddressBody, Tag("line")]
    | Annotated[PhysicalAddressBody, Tag("physical")],
    Discriminator(_channel_of),
]


def channel_of(address: AddressBody) -> str:
    """The channel whose address this is."""
    return _channel_of(address)


def address_values(address: AddressBody) -> dict[str, Any]:
    """The JSON that is stored."""
    return address.model_dump(mode="json", exclude_none=True)
