"""What every channel promises, tried on each channel of the CATALOGUE against a receiver that speaks its protocol."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
from cryptography.fernet import Fernet

from services.alerts.channel import Channel, Parcel, Receipt, open_channels
from services.alerts.channels import CATALOGUE
from services.alerts.channels.email import Box
from services.alerts.channels.webhook import Endpoint
from services.alerts.notice import Notice
from shared.db.secrets import SecretBox
from shared.domain.channel import CHANNELS
from shared.domain.errors import Permanent, Transient
from shared.messages.events import EventRaised
from shared.settings import Settings
from tests.conftest import wait_until
from tests.integration.alerts.mail_server import HANG, MailServer
from tests.integration.alerts.receiver import Answer, Receiver

PARCEL = Parcel("delivery-1", 1, Notice.of(EventRaised.example()))


class OtherSide(Protocol):
    """The receiving end of one channel, as the contract needs it; `settings` are what the channel knows of it."""

    def settings(self, *, timeout_s: float) -> dict[str, Any]: ...
    def address(self) -> Any: ...
    def accept(self) -> None: ...
    def refuse(self) -> None: ...
    def ask_to_wait(self, seconds: int) -> None: ...
    def hang(self) -> None: ...
    def received(self) -> int: ...
    def close(self) -> None: ...


class HttpSide:
    def __init__(self) -> None:
        self._receiver = Receiver()

    def settings(self, *, timeout_s: float) -> dict[str, Any]:
        return {"webhook_allow_private": True, "webhook_timeout_s": timeout_s}

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


class SmtpSide:
    def __init__(self) -> None:
        self._server = MailServer()

    def settings(self, *, timeout_s: float) -> dict[str, Any]:
        options = {
            "host": "127.0.0.1",
            "port": self._server.port,
            "security": "plain",
            "from_address": "argus@example.org",
            "timeout_s": timeout_s,
        }
        return {"channel_settings": {"email": options}}

    def address(self) -> Box:
        return Box("ada@example.org")

    def accept(self) -> None:
        self._server.always.clear()

    def refuse(self) -> None:
        self._server.always["RCPT"] = "550 5.1.1 no such user"

    def ask_to_wait(self, seconds: int) -> None:
        self._server.always["RCPT"] = f"451 4.7.1 try again in {seconds} seconds"

    def hang(self) -> None:
        self._server.always["RCPT"] = HANG

    def received(self) -> int:
        return self._server.asked["RCPT"]

    def close(self) -> None:
        self._server.close()


OTHER_SIDES: dict[str, Callable[[], OtherSide]] = {"email": SmtpSide, "webhook": HttpSide}


def opened(name: str, other_side: OtherSide, data_dir: Path, *, timeout_s: float) -> Channel:
    alerts = {"channels": [name], **other_side.settings(timeout_s=timeout_s)}
    settings = Settings.model_validate({"data_dir": data_dir, "alerts": alerts})
    return open_channels(settings, SecretBox(Fernet.generate_key().decode()))[name]


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
def channel(name: str, other_side: OtherSide, tmp_path: Path) -> Iterator[Channel]:
    made = opened(name, other_side, tmp_path, timeout_s=1.0)
    yield made
    made.close()


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
    assert caught.value.retry_after_s == 7


def test_a_receiver_that_hangs_is_left_after_the_time_out(channel: Channel, other_side: OtherSide) -> None:
    other_side.hang()
    started = time.monotonic()
    with pytest.raises(Transient):
        channel.send(other_side.address(), PARCEL)
    assert time.monotonic() - started < channel.timeout_s + 2


def test_what_is_being_sent_can_be_broken_off(name: str, other_side: OtherSide, tmp_path: Path) -> None:
    patient = opened(name, other_side, tmp_path, timeout_s=30.0)
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
    patient.close()


def test_a_channel_never_sends_twice_by_itself(channel: Channel, other_side: OtherSide) -> None:
    other_side.ask_to_wait(0)
    with pytest.raises(Transient):
        channel.send(other_side.address(), PARCEL)
    assert other_side.received() == 1
