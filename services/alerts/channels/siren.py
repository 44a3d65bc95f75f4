"""Switching on sirens, lamps and locks, and surely off again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, ClassVar, Final, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy.orm import Session

from services.alerts.broker import BrokerOptions
from services.alerts.broker_link import BrokerLink
from services.alerts.channel import Parcel, Receipt
from services.alerts.device_http import DeviceHttp
from services.alerts.policy import Recipient
from services.alerts.pulses import Pulses
from services.alerts.stored_recipients import stored_recipient, stored_recipients
from services.alerts.switch import Device, Switch, Wires, open_switch
from services.alerts.switching_off import SwitchingOff
from shared.db.engine import SessionFactory
from shared.db.secrets import SecretBox
from shared.domain.errors import Permanent, Transient, UserError
from shared.net import Poster
from shared.recipients.addresses import PhysicalAddress
from shared.recipients.switch_offs import SwitchOffs
from shared.settings import Settings
from shared.streams import connect

NAME: Final = "physical"
SOUNDS_FOR: Final = frozenset({"detection", "camera_down"})
"""What a device is switched on for: a camera that works again, a digest or a report is no reason."""
NO_REDIS: Final = "redis://127.0.0.1:1"
"""Where nobody answers: what is used where no Redis is known, as when only the settings are checked."""


class SirenOptions(BaseModel):
    """The channel's own settings. Devices stand in the own network; other addresses must be allowed on purpose."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    timeout_s: float = Field(default=5.0, gt=0, le=30)
    late_after_s: float = Field(default=120.0, gt=0, le=86_400)
    allow_private: bool = True
    allow_public: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """A device as it was when the address was read; `disarms` is None when Redis did not say."""

    recipient: str
    device: Device
    disarms: int | None


class SirenChannel:
    """Switches a device on for as long as its pulse is.

    Switching off is scheduled before anything is switched on, and stays scheduled until it has happened, whatever ends
    meanwhile. A device that says that it has a timer of its own is left to that.
    """

    settings_type: ClassVar[type[BaseModel]] = SirenOptions
    can_amend: ClassVar[bool] = False

    def __init__(
        self,
        redis: Redis,
        box: SecretBox,
        *,
        options: SirenOptions,
        wires: Wires,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._redis = redis
        self._box = box
        self._options = options
        self._wires = wires
        self._now = now
        self._lock = threading.Lock()
        self._switches: dict[str, Switch] = {}
        self._closed = False
        self._offs = SwitchOffs(redis)
        self._ends = SwitchingOff(self._offs, box, self._switch, timeout_s=options.timeout_s)
        self._pulses = Pulses(self._offs, box, self._switch, timeout_s=options.timeout_s, wake=self._ends.wake)

    @classmethod
    def open(cls, settings: Settings, options: Any, box: SecretBox) -> Self:
        chosen: SirenOptions = options
        private, public = chosen.allow_private, chosen.allow_public
        poster = Poster(allow_private=private, allow_public=public, timeout_s=chosen.timeout_s)
        http = DeviceHttp(poster, allow_private=private, allow_public=public)
        wires = Wires(http=http, broker=BrokerLink(BrokerOptions.of(settings)))
        return cls(connect(settings.redis_url or NO_REDIS), box, options=chosen, wires=wires)

    @property
    def timeout_s(self) -> float:
        return self._options.timeout_s

    def recipients(self, session: Session) -> list[Recipient]:
        return [
            replace(each, events=each.events & SOUNDS_FOR, has_digests=False)
            for each in stored_recipients(session, NAME)
        ]

    def address(self, session: Session, recipient: str, *, decided_at: datetime) -> Target:
        disarms = self._disarms(recipient)  # before the row: a disarming in between is noticed by `send`
        row = stored_recipient(session, recipient, channel=NAME, decided_at=decided_at)
        if row.muted_until is not None and row.muted_until > self._now():
            raise Permanent("the device is muted")
        try:
            address = PhysicalAddress.model_validate(row.address)
            secret = None if row.secret_encrypted is None else self._box.open(row.secret_encrypted)
        except (ValidationError, UserError) as error:
            raise Permanent(f"what is stored of the device cannot be used: {type(error).__name__}") from None
        return Target(recipient, Device(row.name, address, secret), disarms)

    def send(self, address: Any, parcel: Parcel) -> Receipt:
        target: Target = address
        if parcel.notice.kind not in SOUNDS_FOR:
            return Receipt({"skipped": f"nothing is switched on for a {parcel.notice.kind}"})
        late_s = parcel.notice.age_s(self._now())
        if late_s > self._options.late_after_s:
            raise Permanent(f"too late to sound: it happened {late_s / 60:.0f} minutes ago")
        if target.disarms is None:
            raise Transient("whether the device is disarmed is not known: Redis does not answer")
        try:
            by_itself = self._pulses.begin(target.recipient, target.device, disarms=target.disarms)
        except RedisError as error:
            raise Transient(f"switching off cannot be made sure: {type(error).__name__}") from error
        place = target.device.address
        detail = {"device": target.device.name, "kind": place.kind, "pulse_s": place.pulse_s}
        return Receipt({**detail, "switched_off_by": "device" if by_itself else "argus"})

    def abort(self) -> None:
        self._wires.http.abort()
        self._wires.broker.abort()

    def close(self) -> None:
        self._closed = True
        self._ends.wake()
        with self._lock:
            for switch in self._switches.values():
                switch.close()
        self._wires.http.close()
        self._wires.broker.close()
        self._redis.close()

    def tend(self, sessions: SessionFactory, stop: threading.Event) -> None:
        """Switch off what is due, whoever switched it on."""
        self._ends.run(lambda: stop.is_set() or self._closed)

    def _disarms(self, recipient: str) -> int | None:
        try:
            return self._offs.disarms(recipient)
        except RedisError:
            return None

    def _switch(self, kind: str) -> Switch:
        with self._lock:
            if kind not in self._switches:
                self._switches[kind] = open_switch(kind, self._wires)
            return self._switches[kind]
