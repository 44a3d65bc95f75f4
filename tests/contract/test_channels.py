"""What every channel promises, tried on each channel of the CATALOGUE against a receiver that speaks its protocol."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from services.alerts.channel import Channel, Receipt, open_channels
from services.alerts.channels import CATALOGUE
from shared.db.secrets import SecretBox
from shared.domain.channel import CHANNELS
from shared.domain.errors import Permanent, Transient
from shared.settings import Settings
from tests.conftest import PROJECT, wait_until
from tests.contract.other_sides import OTHER_SIDES, PARCEL, OtherSide


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


_LIBRARIES = ("aiohttp", "aiosmtplib", "babel", "gpiod", "linebot", "paho", "telegram")
_OPENS_ALL = f"""
import sys, tempfile, threading
from cryptography.fernet import Fernet
from services.alerts.channel import open_channels
from services.alerts.channels import CATALOGUE
from shared.db.secrets import SecretBox
from shared.settings import Settings

settings = Settings.model_validate({{"data_dir": tempfile.mkdtemp(), "alerts": {{"channels": list(CATALOGUE)}}}})
channels = open_channels(settings, SecretBox(Fernet.generate_key().decode()))
print([name for name in {_LIBRARIES} if name in sys.modules], threading.active_count())
for channel in channels.values():
    channel.abort()
    channel.close()
"""


def test_a_channel_that_nobody_uses_loads_no_library_and_starts_nothing() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", _OPENS_ALL], cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.stdout == "[] 1\n", ended.stderr
