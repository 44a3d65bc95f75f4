"""What every channel promises, tried on each channel of the CATALOGUE against a receiver that speaks its protocol."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import pytest
from cryptography.fernet import Fernet

from services.alerts.channel import Channel, Parcel, Receipt, open_channels
from services.alerts.channels import CATALOGUE
from services.alerts.channels.siren import Target
from services.alerts.channels.webhook import Endpoint
from services.alerts.notice import Notice
from services.alerts.switch import Device
from shared.db.secrets import SecretBox
from shared.domain.channel import CHANNELS
from shared.domain.errors import Permanent, Transient
from shared.messages.events import EventRaised
from shared.recipients.addresses import PhysicalAddress
from shared.settings import Settings
from tests.conftest import wait_until
from tests.integration.alerts.devices import Answer as RelayAnswer
from tests.integration.alerts.devices import ShellyGen2
from tests.integration.alerts.holding_proxy import HoldingProxy
from tests.integration.alerts.mosquitto import Ear, Mosquitto
from tests.integration.alerts.receiver import Answer, Receiver

# Of a moment ago: some channels tell of nothing that is long over.
PARCEL = Parcel("delivery-1", 1, Notice.of(EventRaised.example().model_copy(update={"captured_at": datetime.now(UTC)})))


class OtherSide(Protocol):
    """The receiving end of one channel, as the contract needs it.

    `names_a_pause` is whether its protocol can say how long to wait; `settings` are the channel's own.
    """

    names_a_pause: bool
    settings: dict[str, Any]

    def address(self) -> Any: ...
    def accept(self) -> None: ...
    def refuse(self) -> None: ...
    def ask_to_wait(self, seconds: int) -> None: ...
    def hang(self) -> None: ...
    def received(self) -> int: ...
    def close(self) -> None: ...


class HttpSide:
    names_a_pause = True

    def __init__(self) -> None:
        self.settings: dict[str, Any] = {}
        self._receiver = Receiver()

    def address(self) -> Endpoint:
        return Endpoint(url=self._receiver.url("/hook"), events=frozenset({"detection"}))

    def accept(self) -> None:
        self._receiver.answers["/hook"] = Answer()

    def refuse(self) -> None:
        self._receiver.answers["/hook"] = Answer(status=403)

    def ask_to_wait(self, seconds: int) -> None:
        self._receiver.answers["/hook"] = Answer(status=429, headers={"retry-after": str(seconds)})

    def hang(self) -> None:
        self._receiver.answers["/hook"] = Answer(delay_s=60)

    def received(self) -> int:
        return len(self._receiver.requests)

    def close(self) -> None:
        self._receiver.close()


class BrokerSide:
    """A real broker; the proxy before it withholds what no broker withholds when it is asked to."""

    names_a_pause = False

    def __init__(self) -> None:
        self._broker = Mosquitto()
        self._ear = Ear(self._broker, "argus/events/#")
        self._proxy = HoldingProxy(self._broker.port)
        self.settings: dict[str, Any] = {"url": self._proxy.url, "timeout_s": 1.0}

    def address(self) -> str:
        return "broker"

    def accept(self) -> None:
        """It does."""

    def refuse(self) -> None:
        self._broker.deny("argus/#")

    def ask_to_wait(self, seconds: int) -> None:
        self._proxy.busy = True

    def hang(self) -> None:
        self._proxy.holding = True

    def received(self) -> int:
        # What the broker took before the question arrives at the ear before its answer.
        self._ear.say("argus/events/asked", "")
        wait_until(lambda: self._ear.at("argus/events/asked"), what="the broker's answer")
        return len(self._ear.at(f"argus/events/{PARCEL.notice.camera}"))

    def close(self) -> None:
        self._ear.close()
        self._proxy.close()
        self._broker.close()


class RelaySide:
    names_a_pause = True

    def __init__(self) -> None:
        self.settings: dict[str, Any] = {"timeout_s": 1.0, "late_after_s": 86_400}  # the tests before may take long
        self._relay = ShellyGen2()

    def address(self) -> Target:
        place = PhysicalAddress(kind="shelly", url=self._relay.url, pulse_s=600)
        return Target("1", Device("Siren", place), disarms=0)

    def accept(self) -> None:
        self._relay.answer_instead = None

    def refuse(self) -> None:
        self._relay.answer_instead = RelayAnswer(403, "")

    def ask_to_wait(self, seconds: int) -> None:
        self._relay.answer_instead = RelayAnswer(429, "", (("retry-after", str(seconds)),))

    def hang(self) -> None:
        self._relay.hanging = True

    def received(self) -> int:
        return sum(map(self._relay.is_command, list(self._relay.requests)))

    def close(self) -> None:
        self._relay.close()


OTHER_SIDES: dict[str, Callable[[], OtherSide]] = {"mqtt": BrokerSide, "physical": RelaySide, "webhook": HttpSide}


@pytest.fixture(params=sorted(CATALOGUE))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def other_side(name: str) -> Iterator[OtherSide]:
    assert name in OTHER_SIDES, f"write the other side of the channel {name} here"
    made = OTHER_SIDES[name]()
    yield made
    made.close()


@pytest.fixture
def opened(name: str, other_side: OtherSide, tmp_path: Path, redis_url: str) -> Iterator[Callable[..., Channel]]:
    """Opens the channel; `patience` replaces its time-out."""
    made: list[Channel] = []

    def make(*, patience: float = 1.0) -> Channel:
        own = {**other_side.settings, **({"timeout_s": patience} if "timeout_s" in other_side.settings else {})}
        alerts = {"webhook_allow_private": True, "webhook_timeout_s": patience}
        settings = Settings.model_validate(
            {
                "data_dir": tmp_path,
                "redis_url": redis_url,
                "alerts": {"channels": [name], "channel_settings": {name: own}, **alerts},
            }
        )
        made.append(open_channels(settings, SecretBox(Fernet.generate_key().decode()))[name])
        return made[-1]

    yield make
    for channel in made:
        channel.close()


@pytest.fixture
def channel(opened: Callable[..., Channel]) -> Channel:
    return opened()


def test_rules_and_clients_can_name_every_channel() -> None:
    assert set(CATALOGUE) <= set(CHANNELS)


def test_a_notice_that_is_accepted_has_a_receipt_that_can_be_stored(channel: Channel, other_side: OtherSide) -> None:
    other_side.accept()
    receipt = channel.send(other_side.address(), PARCEL)
    assert isinstance(receipt, Receipt)
    assert json.loads(json.dumps(receipt.detail)) == receipt.detail
    assert other_side.received() == 1


def test_a_refusal_is_permanent(channel: Channel, other_side: OtherSide) -> None:
    other_side.refuse()
    with pytest.raises(Permanent):
        channel.send(other_side.address(), PARCEL)


def test_a_request_to_wait_says_how_long(channel: Channel, other_side: OtherSide) -> None:
    other_side.ask_to_wait(7)
    with pytest.raises(Transient) as caught:
        channel.send(other_side.address(), PARCEL)
    assert caught.value.retry_after_s == (7 if other_side.names_a_pause else None)


def test_a_receiver_that_hangs_is_left_after_the_time_out(channel: Channel, other_side: OtherSide) -> None:
    other_side.hang()
    started = time.monotonic()
    with pytest.raises(Transient):
        channel.send(other_side.address(), PARCEL)
    assert time.monotonic() - started < channel.timeout_s + 2


def test_what_is_being_sent_can_be_broken_off(opened: Callable[..., Channel], other_side: OtherSide) -> None:
    patient = opened(patience=30)
    other_side.hang()
    errors: list[Exception] = []

    def send() -> None:
        try:
            patient.send(other_side.address(), PARCEL)
        except Transient as error:
            errors.append(error)

    sender = threading.Thread(target=send)
    sender.start()
    wait_until(lambda: other_side.received() == 1, what="the request")
    patient.abort()
    sender.join(timeout=5)
    assert len(errors) == 1


def test_a_channel_never_sends_twice_by_itself(channel: Channel, other_side: OtherSide) -> None:
    other_side.ask_to_wait(0)
    with pytest.raises(Transient):
        channel.send(other_side.address(), PARCEL)
    assert other_side.received() == 1
