"""The channel mqtt and a real broker."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from redis import Redis
from sqlalchemy import Engine

from services.alerts.channel import Channel, Parcel, open_channels
from services.alerts.notice import Notice
from services.alerts.tending import Tending, start_tending
from shared.db.engine import read_sessions, sessions
from shared.db.secrets import SecretBox
from shared.db.tables import Account, Camera, Event
from shared.domain.camera import CameraState, CameraStatus
from shared.domain.errors import Permanent, Transient
from shared.jobs import DELIVER, celery_app
from shared.media import MediaStore
from shared.messages.camera_status import status_fields
from shared.messages.events import EventRaised
from shared.messages.topics import CAMERA_STATUS
from shared.settings import Settings
from tests.conftest import PROJECT, wait_until
from tests.integration.alerts.conftest import Desk, event
from tests.integration.alerts.holding_proxy import HoldingProxy
from tests.integration.alerts.mosquitto import PASSWORD, USER, Ear, Mosquitto
from tests.processes import Processes

NOW = datetime.now(UTC)
CONFIG = "homeassistant/device/argus_cam_001/config"
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def parcel(number: int = 1, **fields: Any) -> Parcel:
    event = EventRaised.example().model_copy(update={"event_id": f"event-{number}", "captured_at": NOW, **fields})
    return Parcel(f"delivery-{number}", 1, Notice.of(event))


@pytest.fixture
def broker() -> Iterator[Mosquitto]:
    made = Mosquitto()
    yield made
    made.close()


@pytest.fixture
def ear(broker: Mosquitto) -> Iterator[Ear]:
    made = Ear(broker)
    yield made
    made.close()


@pytest.fixture
def open_channel(tmp_path: Path) -> Iterator[Callable[..., Channel]]:
    """Opens the channel on a broker, with further settings of its own."""
    made: list[Channel] = []

    def make(broker: Mosquitto, *, redis_url: str | None = None, **options: Any) -> Channel:
        values = {"url": broker.url, "timeout_s": 5.0, **options}
        settings = Settings.model_validate(
            {
                "data_dir": tmp_path,
                "redis_url": redis_url,
                "alerts": {"channels": ["mqtt"], "channel_settings": {"mqtt": values}},
            }
        )
        made.append(open_channels(settings, SecretBox(Fernet.generate_key().decode()))["mqtt"])
        return made[-1]

    yield make
    for channel in made:
        channel.close()


def test_an_event_is_published_with_the_states_it_changes(
    broker: Mosquitto, ear: Ear, open_channel: Callable[..., Channel], tmp_path: Path
) -> None:
    MediaStore.open((tmp_path / "media").as_uri()).write("snapshots/cam_001/2026/01/15/7d3c.jpg", b"\xff\xd8picture")
    receipt = open_channel(broker).send("broker", parcel())
    assert receipt.detail["topic"] == "argus/events/cam_001"
    wait_until(lambda: ear.at("argus/events/cam_001"), what="the event")
    event = json.loads(ear.at("argus/events/cam_001")[0])
    assert (event["event_type"], event["uuid"], event["text"]) == ("detection", "evt-event-1", "person in Door")
    assert ear.at("argus/camera/cam_001/detected/person") == [b"ON"]
    assert ear.at("argus/camera/cam_001/snapshot") == [b"\xff\xd8picture"]
    assert json.loads(ear.at("argus/camera/cam_001/last_event")[0]) == event
    order = [message.topic for message in ear.heard]
    assert order.index(CONFIG) < order.index("argus/camera/cam_001/detected/person") < order.index(order[-1])


def test_what_describes_now_is_kept_for_those_who_come_later_and_what_happened_is_not(
    broker: Mosquitto, open_channel: Callable[..., Channel]
) -> None:
    open_channel(broker).send("broker", parcel())
    late = Ear(broker)
    wait_until(lambda: late.at(CONFIG) and late.at("argus/camera/cam_001/last_event"), what="what was kept")
    late.say("over", "")  # comes after everything that was kept
    wait_until(lambda: late.at("over"), what="all of it")
    assert not late.at("argus/events/cam_001")
    assert not late.at("argus/camera/cam_001/detected/person")
    late.close()


def test_a_camera_that_fails_is_offline_until_it_works_again(
    broker: Mosquitto, ear: Ear, open_channel: Callable[..., Channel]
) -> None:
    channel = open_channel(broker)
    channel.send("broker", parcel(1, kind="camera_down", label=""))
    channel.send("broker", parcel(2, kind="camera_up", label=""))
    wait_until(lambda: len(ear.at("argus/camera/cam_001/status")) == 2, what="both states")
    assert ear.at("argus/camera/cam_001/status") == [b"offline", b"online"]


def test_a_test_alert_changes_no_camera(broker: Mosquitto, ear: Ear, open_channel: Callable[..., Channel]) -> None:
    sent = parcel()
    notice = sent.notice.model_copy(update={"test": True, "camera": "test"})
    open_channel(broker).send("broker", Parcel("delivery-1", 1, notice))
    wait_until(lambda: ear.at("argus/events/test"), what="the test")
    assert json.loads(ear.at("argus/events/test")[0])["test"] is True
    assert not ear.under("argus/camera/")
    assert not ear.under("homeassistant/")


def test_a_slug_and_a_label_cannot_leave_their_topic(
    broker: Mosquitto, ear: Ear, open_channel: Callable[..., Channel]
) -> None:
    open_channel(broker).send("broker", parcel(camera="../+/#", label="a/b c"))
    wait_until(lambda: ear.under("argus/events/"), what="the event")
    assert all(message.topic.count("/") <= 4 for message in ear.heard)
    assert not any(set(message.topic) & set("+#. ") for message in ear.heard)


def test_without_discovery_nothing_is_announced(
    broker: Mosquitto, ear: Ear, open_channel: Callable[..., Channel]
) -> None:
    open_channel(broker, discovery=False, base_topic="home/argus").send("broker", parcel())
    wait_until(lambda: ear.at("home/argus/events/cam_001"), what="the event")
    assert not ear.under("homeassistant/")


def test_bad_credentials_are_said_so_and_may_be_mended(open_channel: Callable[..., Channel]) -> None:
    broker = Mosquitto(password=True)
    try:
        with pytest.raises(Transient, match=r"refuses the user name or password.*alerts.channel_settings.mqtt"):
            open_channel(broker, username=USER, password="wrong").send("broker", parcel())
        open_channel(broker, username=USER, password=PASSWORD).send("broker", parcel())
    finally:
        broker.close()


def test_an_encrypted_connection_checks_the_certificate(open_channel: Callable[..., Channel]) -> None:
    broker = Mosquitto(tls=True)
    try:
        open_channel(broker, ca_file=broker.certificate).send("broker", parcel())
        with pytest.raises(Transient, match="certificate"):
            open_channel(broker).send("broker", parcel())
    finally:
        broker.close()


def test_a_topic_that_may_not_be_written_is_refused_for_good(
    broker: Mosquitto, ear: Ear, open_channel: Callable[..., Channel]
) -> None:
    broker.deny("argus/events/#")
    with pytest.raises(Permanent, match="refuses to take argus/events/cam_001"):
        open_channel(broker).send("broker", parcel())
    assert not ear.at("argus/events/cam_001")


def test_a_broker_that_is_away_is_not_waited_for(broker: Mosquitto, open_channel: Callable[..., Channel]) -> None:
    broker.kill()
    channel = open_channel(broker)
    with pytest.raises(Transient, match="cannot be reached"):
        channel.send("broker", parcel())
    started = time.monotonic()
    with pytest.raises(Transient):
        channel.send("broker", parcel())
    assert time.monotonic() - started < 4.5  # the time-out is five


def test_a_broker_that_hangs_is_left_after_the_time_out(
    broker: Mosquitto, open_channel: Callable[..., Channel]
) -> None:
    channel = open_channel(broker, timeout_s=0.5)
    broker.freeze()
    with pytest.raises(Transient, match="in time"):
        channel.send("broker", parcel())
    broker.thaw()
    wait_until(lambda: _taken(channel), 30, "the broker to be found again")


def test_a_broker_of_the_protocols_version_before_is_spoken_to_in_that(
    broker: Mosquitto, ear: Ear, open_channel: Callable[..., Channel]
) -> None:
    proxy = HoldingProxy(broker.port)
    proxy.old = True
    channel = open_channel(broker, url=proxy.url)
    wait_until(lambda: _taken(channel), what="the older version")
    wait_until(lambda: ear.at("argus/events/cam_001"), what="the event")
    proxy.close()


def _taken(channel: Channel) -> bool:
    try:
        return bool(channel.send("broker", parcel()))
    except Transient:
        return False


def test_what_is_in_flight_when_the_broker_goes_away_is_known_to_be_undone_at_once(
    broker: Mosquitto, open_channel: Callable[..., Channel]
) -> None:
    proxy = HoldingProxy(broker.port)
    channel = open_channel(broker, url=proxy.url, timeout_s=30.0)
    channel.send("broker", parcel(1))
    proxy.holding = True
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(channel.send, "broker", parcel(2))
        wait_until(lambda: proxy.withheld, what="an acknowledgement that is withheld")
        proxy.close()
        with pytest.raises(Transient, match="went away"):
            sending.result(timeout=20)


def test_a_burst_over_a_broker_that_is_killed_loses_nothing(
    broker: Mosquitto, ear: Ear, open_channel: Callable[..., Channel]
) -> None:
    channel, acknowledged = open_channel(broker), []
    failed = threading.Event()

    def deliver(number: int) -> None:
        # As the courier does: again until it is acknowledged. The ear has to hear, since a killed broker forgets it.
        until = time.monotonic() + 60
        while time.monotonic() < until:
            ear.wait()
            try:
                channel.send("broker", parcel(number))
            except Transient:
                failed.set()
                time.sleep(0.05)
            else:
                return acknowledged.append(number)
        return None

    with ThreadPoolExecutor(8) as pool:
        for number in range(300):
            pool.submit(deliver, number)
        wait_until(lambda: len(acknowledged) > 50, 20, "the first of the burst")
        broker.kill()
        wait_until(failed.is_set, what="a delivery that failed")
        broker.start()
    assert sorted(acknowledged) == list(range(300))
    expected = {f"delivery-{number}" for number in range(300)}
    wait_until(lambda: expected <= _deliveries(ear), 30, "every event")


def _deliveries(ear: Ear) -> set[str]:
    return {json.loads(payload)["delivery_id"] for payload in ear.at("argus/events/cam_001")}


def test_processes_do_not_end_each_others_connection(
    broker: Mosquitto, ear: Ear, open_channel: Callable[..., Channel]
) -> None:
    channels = [open_channel(broker) for _ in range(3)]
    for number in range(30):
        channels[number % 3].send("broker", parcel(number))
    wait_until(lambda: len(ear.at("argus/events/cam_001")) == 30, what="the events")
    assert (broker.folder / "log").read_text().count("as argus-") == 3


def test_argus_is_online_while_any_of_its_processes_is(
    broker: Mosquitto, ear: Ear, open_channel: Callable[..., Channel]
) -> None:
    first, second = open_channel(broker), open_channel(broker)
    first.send("broker", parcel(1))
    second.send("broker", parcel(2))
    first.close()
    wait_until(lambda: ear.at("argus/bridge/status")[-2:] == [b"offline", b"online"], what="the other to speak up")
    second.close()
    wait_until(lambda: ear.at("argus/bridge/status")[-1] == b"offline", what="the good-bye")


def test_without_a_url_there_is_nobody_to_tell_and_no_library_is_loaded(tmp_path: Path) -> None:
    program = """
import sys
from cryptography.fernet import Fernet
from services.alerts.channel import open_channels
from services.alerts.tending import start_tending
from shared.db.secrets import SecretBox
from shared.settings import Settings
import subprocess
import sys
import threading
settings = Settings.model_validate({"data_dir": sys.argv[1], "alerts": {"channels": ["mqtt"]}})
channels = open_channels(settings, SecretBox(Fernet.generate_key().decode()))
assert channels["mqtt"].recipients(None) == []
channels["mqtt"].tend(None, threading.Event())
for channel in channels.values():
    channel.close()
assert not [name for name in sys.modules if name.startswith("paho")], "the library was loaded"
assert threading.active_count() == 1
"""
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True)


@pytest.fixture
def tended(
    broker: Mosquitto, engine: Engine, redis_url: str, redis: Redis, open_channel: Callable[..., Channel]
) -> Iterator[Engine]:
    """The channel keeps the broker up to date about two cameras, one of which is down."""
    with sessions(engine).begin() as session:
        session.add(Account(id=1, username="anna", password_hash="x", role="admin", created_at=NOW))
        session.flush()
        for slug, name in (("cam_001", "Front door"), ("cam_002", "Yard")):
            session.add(
                Camera(
                    slug=slug,
                    account_id=1,
                    name=name,
                    url_encrypted="x",
                    url_masked="x",
                    created_at=NOW,
                    updated_at=NOW,
                )
            )
        session.add(_event("cam_001", "dog"))
    status = CameraStatus(state=CameraState.STREAMING, since=NOW)
    redis.hset(CAMERA_STATUS.format(slug="cam_001"), mapping=status_fields(status))
    redis.hset(CAMERA_STATUS.format(slug="cam_002"), mapping=status_fields(status, told_down_since=NOW))
    channel = open_channel(broker, redis_url=redis_url)
    assert isinstance(channel, Tending)
    stop = threading.Event()
    start_tending({"mqtt": channel}, read_sessions(engine), stop)
    yield engine
    stop.set()


@on_sqlite
def test_events_reach_the_broker_through_the_service_and_a_worker(
    broker: Mosquitto,
    ear: Ear,
    make_desk: Callable[..., Desk],
    redis_url: str,
    database_url: str,
    processes: Processes,
    tmp_path: Path,
) -> None:
    own = {"mqtt": {"url": broker.url}}
    desk = make_desk(redis_url, database_url, channels=["webhook", "mqtt", "physical"], channel_settings=own)
    env = {
        "ARGUS_DATA_DIR": str(desk.settings.data_dir),
        "ARGUS_REDIS_URL": redis_url,
        "ARGUS_DATABASE_URL": database_url,
        "ARGUS_ALERTS__CHANNELS": "webhook,mqtt,physical",
        "ARGUS_ALERTS__CHANNEL_SETTINGS": json.dumps(own),
    }
    command = [sys.executable, "-m", "services.alerts.worker"]
    processes.start(command, env=env, cwd=PROJECT, output=tmp_path / "worker.log")
    wait_until(lambda: ear.at("argus/bridge/status") == [b"online"], 60, "the worker to say that it is there")
    desk.tell(event(channels=("mqtt",)))
    for delivery in desk.deliveries():
        celery_app(redis_url).send_task(DELIVER, (delivery.id,))
    wait_until(lambda: desk.delivery().state == "sent", 30, "the delivery")
    wait_until(lambda: ear.at("argus/events/cam_001"), what="the event")
    assert json.loads(ear.at("argus/events/cam_001")[0])["delivery_id"] == desk.delivery().id
    assert desk.delivery().receipt["topic"] == "argus/events/cam_001"


def _event(camera: str, label: str) -> Event:
    return Event(
        uuid="0b1f0000-0000-4000-8000-000000000001",
        account_id=1,
        camera_slug=camera,
        label=label,
        confidence=0.9,
        started_at=NOW,
        occurred_at=NOW,
        stored_at=NOW,
    )


def test_cameras_and_what_was_seen_there_appear_by_themselves(tended: Engine, ear: Ear) -> None:
    wait_until(lambda: ear.at(CONFIG) and ear.at(CONFIG.replace("001", "002")), what="the cameras")
    config = json.loads(ear.at(CONFIG)[-1])
    assert config["device"]["name"] == "Front door"
    assert "detected_dog" in config["components"]
    states = ("argus/camera/cam_001/status", "argus/camera/cam_002/status")
    wait_until(lambda: all(ear.at(topic) for topic in states), what="the states")
    assert ear.at("argus/camera/cam_001/status") == [b"online"]
    assert ear.at("argus/camera/cam_002/status") == [b"offline"]


@on_sqlite
def test_cameras_are_announced_again_when_home_assistant_is_born(tended: Engine, ear: Ear) -> None:
    wait_until(lambda: ear.at(CONFIG), what="the first announcement")
    ear.say("homeassistant/status", "online")
    wait_until(lambda: len(ear.at(CONFIG)) == 2, what="the second announcement")


@on_sqlite
def test_cameras_are_announced_again_to_a_broker_that_forgot_them(broker: Mosquitto, tended: Engine, ear: Ear) -> None:
    wait_until(lambda: ear.at(CONFIG), what="the first announcement")
    broker.kill()
    ear.heard.clear()
    broker.start()
    wait_until(lambda: ear.at(CONFIG) and ear.at("argus/bridge/status"), 20, "the second announcement")


@on_sqlite
def test_a_camera_that_is_deleted_disappears(tended: Engine, ear: Ear) -> None:
    gone = CONFIG.replace("001", "002")
    wait_until(lambda: ear.at(gone), what="the camera")
    with sessions(tended).begin() as session:
        session.delete(session.query(Camera).filter_by(slug="cam_002").one())
    ear.say("homeassistant/status", "online")  # looks at the cameras at once
    for topic in (gone, "argus/camera/cam_002/status"):
        wait_until(lambda topic=topic: ear.at(topic)[-1:] == [b""], what=f"the end of {topic}")  # type: ignore[misc]
