"""The channel physical and devices that speak their own protocols."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from cryptography.fernet import Fernet
from redis import Redis
from sqlalchemy import Engine

from services.alerts.bootstrap import Alerts
from services.alerts.channel import Channel, Parcel, open_channels
from services.alerts.channels.siren import Target
from services.alerts.notice import Notice
from services.alerts.switch import Device
from services.alerts.tending import start_tending
from shared.db.engine import SessionFactory, sessions
from shared.db.recipients import RecipientRow
from shared.db.secrets import SecretBox
from shared.domain.errors import Permanent, Transient
from shared.messages.events import EventRaised
from shared.messages.topics import SWITCH_OFFS
from shared.recipients.addresses import PhysicalAddress
from shared.recipients.switch_offs import SwitchOffs
from shared.settings import Settings
from tests.conftest import PROJECT, wait_until
from tests.integration.alerts import devices
from tests.integration.alerts.conftest import Desk, event
from tests.integration.alerts.devices import PASSWORD, USER, Answer, Plain, ShellyGen1, ShellyGen2, Tasmota
from tests.integration.alerts.mosquitto import Ear, Mosquitto
from tests.processes import Processes

KEY = Fernet.generate_key().decode()
SECRET = f"{USER}:{PASSWORD}"
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def parcel(**fields: Any) -> Parcel:
    raised = EventRaised.example().model_copy(update={"captured_at": datetime.now(UTC), **fields})
    return Parcel("delivery-1", 1, Notice.of(raised))


def target(secret: str | None = None, *, disarms: int = 0, **address: Any) -> Target:
    device = Device("Yard siren", PhysicalAddress.model_validate({"pulse_s": 0.5, **address}), secret)
    return Target("7", device, disarms)


@pytest.fixture
def open_channel(tmp_path: Path, redis_url: str) -> Iterator[Callable[..., Channel]]:
    """Opens the channel; with `tended`, it also switches off what is due."""
    made: list[Channel] = []
    stop = threading.Event()

    def make(*, tended: bool = False, mqtt: str | None = None, **options: Any) -> Channel:
        settings = Settings.model_validate(
            {
                "data_dir": tmp_path,
                "redis_url": redis_url,
                "alerts": {
                    "channels": ["physical"],
                    "channel_settings": {"physical": {"timeout_s": 2.0, **options}, "mqtt": {"url": mqtt}},
                },
            }
        )
        channels = open_channels(settings, SecretBox(KEY))
        made.extend(channels.values())
        if tended:
            start_tending(channels, None, stop)  # type: ignore[arg-type]
        return channels["physical"]

    yield make
    stop.set()
    for channel in made:
        channel.close()


@pytest.fixture
def channel(open_channel: Callable[..., Channel]) -> Channel:
    return open_channel(tended=True)


@pytest.fixture
def place() -> Iterator[Callable[..., Any]]:
    """Places devices."""
    made: list[devices.Device] = []

    def make(kind: type[devices.Device], *, password: bool = False) -> devices.Device:
        made.append(kind(password=password))
        return made[-1]

    yield make
    for device in made:
        device.close()


@pytest.mark.parametrize("secret", [None, SECRET])
@pytest.mark.parametrize(("kind", "model"), [("shelly", ShellyGen1), ("shelly", ShellyGen2), ("tasmota", Tasmota)])
def test_a_device_with_a_timer_switches_itself_off(
    channel: Channel, place: Callable[..., Any], kind: str, model: type[devices.Device], secret: str | None
) -> None:
    device = place(model, password=secret is not None)
    receipt = channel.send(target(secret, kind=kind, url=device.url), parcel())
    assert receipt.detail == {
        "device": "Yard siren",
        "kind": kind,
        "pulse_s": 0.5,
        "switched_off_by": "device",
    }
    wait_until(lambda: not device.on, what="the device's timer")
    assert device.states() == [(True, "request"), (False, "timer")]


def test_a_device_that_has_switched_itself_off_is_left_alone(
    channel: Channel, place: Callable[..., Any], redis: Redis
) -> None:
    device = place(ShellyGen2)
    channel.send(target(kind="shelly", url=device.url), parcel())
    wait_until(lambda: not redis.exists(SWITCH_OFFS), what="the device to be forgotten")
    assert device.states() == [(True, "request"), (False, "timer")]


@pytest.mark.parametrize("model", [ShellyGen1, ShellyGen2])
def test_a_wrong_password_is_permanent_and_nothing_is_asked_for_ever(
    channel: Channel, place: Callable[..., Any], redis: Redis, model: type[devices.Device]
) -> None:
    device = place(model, password=True)
    with pytest.raises(Permanent, match="refuses the user name or password"):
        channel.send(target("admin:wrong", kind="shelly", url=device.url), parcel())
    wait_until(lambda: not redis.exists(SWITCH_OFFS), what="the end of the attempt to switch off")
    assert device.switched == []


def test_a_relay_that_is_not_there_is_permanent(channel: Channel, place: Callable[..., Any]) -> None:
    for model in (ShellyGen1, ShellyGen2):
        with pytest.raises(Permanent):
            channel.send(target(kind="shelly", url=place(model).url, relay=3), parcel())
    with pytest.raises(Permanent, match="does not know PulseTime3"):
        channel.send(target(kind="tasmota", url=place(Tasmota).url, relay=2), parcel())


def test_a_device_that_is_something_else_is_permanent(channel: Channel, place: Callable[..., Any]) -> None:
    with pytest.raises(Permanent):
        channel.send(target(kind="shelly", url=place(Tasmota).url), parcel())


def test_a_device_without_a_timer_is_switched_off_by_argus(
    open_channel: Callable[..., Channel], place: Callable[..., Any]
) -> None:
    # What is scheduled before it is on lasts as long as switching may take besides: it is not that which counts.
    device, channel = place(Plain), open_channel(tended=True, timeout_s=20.0)
    address = target(kind="http", url=f"{device.url}/on", off_url=f"{device.url}/off")
    assert channel.send(address, parcel()).detail["switched_off_by"] == "argus"
    wait_until(lambda: len(device.switched) == 2, what="the switch-off")
    (on_at, _, _), (off_at, on, _) = device.switched
    assert not on
    assert 0.4 <= off_at - on_at < 10


def test_a_relay_that_confirms_no_timer_is_switched_off_by_argus(channel: Channel, place: Callable[..., Any]) -> None:
    class Forgetful(Tasmota):
        def answer(self, path: str, query: dict[str, str], authorization: str, uri: str) -> Answer:
            if query["cmnd"].startswith("PulseTime"):
                return Answer(body={"PulseTime1": {"Set": 0, "Remaining": 0}})
            return super().answer(path, query, authorization, uri)

    device = place(Forgetful)
    assert channel.send(target(kind="tasmota", url=device.url), parcel()).detail["switched_off_by"] == "argus"
    wait_until(lambda: device.states() == [(True, "request"), (False, "request")], what="the switch-off")


def test_a_device_that_does_not_answer_its_switch_off_is_asked_until_it_does(
    channel: Channel, place: Callable[..., Any], redis: Redis
) -> None:
    class Busy(Plain):
        def answer(self, path: str, query: dict[str, str], authorization: str, uri: str) -> Answer:
            if path == "/off" and self.requests.count("/off") == 1:
                return Answer(500, "busy")
            return super().answer(path, query, authorization, uri)

    device = place(Busy)
    channel.send(target(kind="http", url=f"{device.url}/on", off_url=f"{device.url}/off"), parcel())
    wait_until(lambda: not device.on, 20, "the second try")
    assert device.requests == ["/on", "/off", "/off"]
    wait_until(lambda: not redis.exists(SWITCH_OFFS), what="its end")


def test_switching_off_is_certain_before_anything_is_switched_on(
    open_channel: Callable[..., Channel], place: Callable[..., Any], redis: Redis
) -> None:
    known: list[int] = []

    class Watching(Plain):
        def answer(self, path: str, query: dict[str, str], authorization: str, uri: str) -> Answer:
            known.append(redis.exists(SWITCH_OFFS))
            return super().answer(path, query, authorization, uri)

    device = place(Watching)
    open_channel().send(target(kind="http", url=f"{device.url}/on", off_url=f"{device.url}/off"), parcel())
    assert known == [1]


def test_a_device_that_answers_too_late_is_switched_off_all_the_same(
    channel: Channel, place: Callable[..., Any]
) -> None:
    device = place(Plain)
    device.hanging = True
    with pytest.raises(Transient):
        channel.send(target(kind="http", url=f"{device.url}/on", off_url=f"{device.url}/off"), parcel())
    device.hanging = False
    device.released.set()
    wait_until(lambda: (False, "request") in device.states(), what="the switch-off")


def test_what_is_too_late_does_not_sound(channel: Channel, place: Callable[..., Any]) -> None:
    device = place(ShellyGen1)
    address = target(kind="shelly", url=device.url)
    with pytest.raises(Permanent, match="too late to sound: it happened 3 minutes ago"):
        channel.send(address, parcel(captured_at=datetime.now(UTC) - timedelta(minutes=3)))
    assert device.requests == []
    channel.send(address, parcel(captured_at=datetime.now(UTC) - timedelta(minutes=1)))


def test_a_camera_that_works_again_is_no_reason_to_sound(channel: Channel, place: Callable[..., Any]) -> None:
    device = place(ShellyGen1)
    receipt = channel.send(target(kind="shelly", url=device.url), parcel(kind="camera_up"))
    assert "skipped" in receipt.detail
    assert device.requests == []


def test_addresses_outside_the_own_network_must_be_allowed(
    open_channel: Callable[..., Channel], place: Callable[..., Any]
) -> None:
    with pytest.raises(Permanent, match="not of the own network"):
        open_channel().send(target(kind="shelly", url="http://93.184.216.34"), parcel())
    with pytest.raises(Permanent, match="not a public address"):
        open_channel(allow_private=False, allow_public=True).send(
            target(kind="shelly", url=place(ShellyGen1).url), parcel()
        )
    with pytest.raises(Permanent, match=r"169\.254\.169\.254"):
        open_channel().send(target(kind="shelly", url="http://169.254.169.254"), parcel())


def test_a_redirect_is_not_followed(channel: Channel, place: Callable[..., Any]) -> None:
    device, elsewhere = place(Plain), place(Plain)
    device.answer_instead = Answer(302, "", (("location", f"{elsewhere.url}/on"),))
    with pytest.raises(Permanent, match="redirects are not followed"):
        channel.send(target(kind="http", url=f"{device.url}/on", off_url=f"{device.url}/off"), parcel())
    assert elsewhere.requests == []


def test_without_redis_nothing_is_switched_on(tmp_path: Path, place: Callable[..., Any]) -> None:
    device = place(ShellyGen1)
    settings = Settings.model_validate({"data_dir": tmp_path, "alerts": {"channels": ["physical"]}})
    channel = open_channels(settings, SecretBox(KEY))["physical"]
    with pytest.raises(Transient):
        channel.send(target(kind="shelly", url=device.url), parcel())
    assert device.requests == []
    channel.close()


# Disarming.


def test_disarming_switches_off_what_sounds(channel: Channel, place: Callable[..., Any], redis: Redis) -> None:
    plain, shelly = place(Plain), place(ShellyGen2)
    channel.send(target(kind="http", url=f"{plain.url}/on", off_url=f"{plain.url}/off", pulse_s=600), parcel())
    assert SwitchOffs(redis).disarm("7")
    wait_until(lambda: not plain.on, what="the siren to be still")
    again = target(kind="shelly", url=shelly.url, pulse_s=600, disarms=1)
    assert channel.send(again, parcel()).detail["switched_off_by"] == "device"
    SwitchOffs(redis).disarm("7")
    wait_until(lambda: not shelly.on, what="the siren with a timer to be still")


def test_a_device_disarmed_after_its_address_was_read_is_not_switched_on(
    channel: Channel, place: Callable[..., Any], redis: Redis
) -> None:
    device = place(ShellyGen1)
    SwitchOffs(redis).disarm("7")
    with pytest.raises(Transient, match="disarmed"):
        channel.send(target(kind="shelly", url=device.url), parcel())
    assert device.requests == []


def test_a_device_disarmed_while_it_is_switched_on_is_switched_off(
    open_channel: Callable[..., Channel], place: Callable[..., Any], redis: Redis
) -> None:
    class Slow(Plain):
        def answer(self, path: str, query: dict[str, str], authorization: str, uri: str) -> Answer:
            if path == "/on":
                SwitchOffs(redis).disarm("7")
                wait_until(lambda: "/off" in self.requests, what="a switch-off that overtakes")
            return super().answer(path, query, authorization, uri)

    device, channel = place(Slow), open_channel(tended=True, timeout_s=20.0)
    with pytest.raises(Transient, match="disarmed"):
        channel.send(target(kind="http", url=f"{device.url}/on", off_url=f"{device.url}/off", pulse_s=600), parcel())
    wait_until(lambda: len(device.switched) == 3 and not device.on, what="the last word")


# Recipients of the database.


def add_siren(factory: SessionFactory, **fields: Any) -> str:
    now = datetime.now(UTC)
    values: dict[str, Any] = {
        "account_id": None,
        "channel": "physical",
        "name": "Yard siren",
        "notification_types": ["alerts", "system_status"],
        "verified_at": now,
        "created_at": now - timedelta(seconds=1),
        "updated_at": now,
        **fields,
    }
    with factory.begin() as session:
        row = RecipientRow(**values)
        session.add(row)
        session.flush()
        return str(row.id)


def test_a_disarmed_device_has_no_address(channel: Channel, engine: Engine) -> None:
    factory, now = sessions(engine), datetime.now(UTC)
    address = {"kind": "shelly", "url": "http://192.168.1.9"}
    armed = add_siren(factory, address=address, secret_encrypted=SecretBox(KEY).seal(SECRET))
    disabled = add_siren(factory, address=address, enabled=False)
    muted = add_siren(factory, address=address, muted_until=now + timedelta(hours=1))
    with factory() as session:
        assert channel.address(session, armed, decided_at=now).device.secret == SECRET
        with pytest.raises(Permanent, match="disabled"):
            channel.address(session, disabled, decided_at=now)
        with pytest.raises(Permanent, match="muted"):
            channel.address(session, muted, decided_at=now)
        assert {each.id for each in channel.recipients(session)} == {armed, muted}
        assert channel.recipients(session)[0].events == {"detection", "camera_down"}


@pytest.fixture
def start_worker(desk: Desk, processes: Processes, tmp_path: Path) -> Callable[..., subprocess.Popen[bytes]]:
    """Start a worker process on the desk's stores."""
    settings = desk.settings
    env = {
        "ARGUS_DATA_DIR": str(settings.data_dir),
        "ARGUS_REDIS_URL": str(settings.redis_url),
        "ARGUS_DATABASE_URL": str(settings.database_url),
        "ARGUS_ALERTS__CHANNELS": "physical",
    }

    def start() -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "services.alerts.worker"]
        return processes.start(command, env=env, cwd=PROJECT, output=tmp_path / "worker.log")

    return start


@pytest.fixture
def desk(make_desk: Callable[..., Desk], redis_url: str, database_url: str) -> Desk:
    return make_desk(redis_url, database_url, channels=["physical"])


@on_sqlite
def test_a_siren_is_still_although_the_worker_that_switched_it_on_was_killed(
    desk: Desk,
    service: Alerts,
    publish: Callable[..., None],
    start_worker: Callable[..., subprocess.Popen[bytes]],
    place: Callable[..., Any],
) -> None:
    device = place(Plain)
    urls = {"url": f"{device.url}/on", "off_url": f"{device.url}/off"}
    add_siren(desk.sessions, address={"kind": "http", **urls, "pulse_s": 3.0})
    first = start_worker()
    publish(event(captured_at=datetime.now(UTC), channels=("physical",)))
    wait_until(lambda: desk.deliveries() and desk.delivery().state == "sent", 60, "the delivery")
    assert device.on
    first.send_signal(signal.SIGKILL)
    first.wait(10)
    time.sleep(max(0.0, 3.5 - (time.monotonic() - device.switched[0][0])))  # its time is over, and nobody is there
    assert device.on
    start_worker()
    wait_until(lambda: not device.on, 60, "the switch-off, late")
    assert desk.delivery().receipt["switched_off_by"] == "argus"


# A switch behind the MQTT broker, and one at a GPIO line.


def test_a_switch_behind_the_broker_is_switched_on_and_off(open_channel: Callable[..., Channel]) -> None:
    broker = Mosquitto()
    ear = Ear(broker)
    try:
        address = target(kind="mqtt", topic="zigbee2mqtt/siren/set", payload_on="on!", payload_off="off!")
        receipt = open_channel(tended=True, mqtt=broker.url).send(address, parcel())
        assert receipt.detail["switched_off_by"] == "argus"
        wait_until(lambda: ear.at("zigbee2mqtt/siren/set") == [b"on!", b"off!"], what="both messages")
        assert not any(message.retain for message in ear.heard)
    finally:
        ear.close()
        broker.close()


def test_a_switch_behind_a_broker_that_is_not_configured_is_permanent(channel: Channel) -> None:
    with pytest.raises(Permanent, match=r"alerts\.channel_settings\.mqtt\.url"):
        channel.send(target(kind="mqtt", topic="siren/set"), parcel())


def test_gpio_says_what_to_install(channel: Channel) -> None:
    with pytest.raises(Permanent, match=r"install argus\[gpio\]"):
        channel.send(target(kind="gpio", line=17), parcel())


class Chip:
    """Stands in for the kernel's chip: no machine of the tests has one. One holder per line, as the kernel has it."""

    def __init__(self) -> None:
        self.values: list[tuple[int, str]] = []
        self.held: set[int] = set()

    def library(self) -> ModuleType:
        """A module with the part of gpiod 2's API that is used."""
        chip = self

        class Request:
            def __init__(self, offset: int) -> None:
                self._offset = offset

            def set_value(self, line: int, value: str) -> None:
                assert line == self._offset
                if line not in chip.held:
                    raise OSError(1, "Operation not permitted")
                chip.values.append((line, value))

            def release(self) -> None:
                chip.held.discard(self._offset)

        class LineSettings:
            def __init__(self, *, direction: str, active_low: bool, output_value: str) -> None:
                assert direction == "output"
                self.output_value = output_value

        def request_lines(path: str, config: dict[int, LineSettings], consumer: str) -> Request:
            assert (path, consumer) == ("/dev/gpiochip0", "argus")
            ((offset, wanted),) = config.items()
            if offset in chip.held:
                raise OSError(16, "Device or resource busy")
            chip.held.add(offset)
            chip.values.append((offset, wanted.output_value))
            return Request(offset)

        gpiod, line = ModuleType("gpiod"), ModuleType("gpiod.line")
        line.Direction = type("Direction", (), {"OUTPUT": "output"})  # type: ignore[attr-defined]
        line.Value = type("Value", (), {"ACTIVE": "on", "INACTIVE": "off"})  # type: ignore[attr-defined]
        gpiod.line, gpiod.LineSettings, gpiod.request_lines = line, LineSettings, request_lines  # type: ignore[attr-defined]
        return gpiod


@pytest.fixture
def chip(monkeypatch: pytest.MonkeyPatch) -> Chip:
    made = Chip()
    monkeypatch.setitem(sys.modules, "gpiod", made.library())
    return made


def test_a_gpio_line_is_held_while_it_is_on(chip: Chip, channel: Channel) -> None:
    address = target(kind="gpio", line=17, pulse_s=2.0)
    assert channel.send(address, parcel()).detail["switched_off_by"] == "argus"
    assert chip.held == {17}
    wait_until(lambda: chip.values == [(17, "on"), (17, "off")], what="the switch-off")
    wait_until(lambda: not chip.held, what="the line to be given back")


def test_the_process_that_holds_a_line_switches_it_off_and_another_only_when_that_is_gone(
    chip: Chip, open_channel: Callable[..., Channel]
) -> None:
    holder = open_channel()
    holder.send(target(kind="gpio", line=17), parcel())
    open_channel(tended=True)
    time.sleep(1.0)  # the other one's tries, all in vain
    assert chip.values == [(17, "on")]
    chip.held.clear()  # what the kernel does when the holder is killed
    wait_until(lambda: chip.values[-1] == (17, "off"), what="the other to switch it off")


def test_a_worker_that_ends_leaves_no_line_on(chip: Chip, open_channel: Callable[..., Channel]) -> None:
    channel = open_channel()
    channel.send(target(kind="gpio", line=17, pulse_s=600), parcel())
    channel.close()
    assert chip.values[-1] == (17, "off")
