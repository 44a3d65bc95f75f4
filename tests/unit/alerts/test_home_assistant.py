"""What Home Assistant's documentation demands of a device's discovery message."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.alerts.announcements import Announcements
from services.alerts.broker import BrokerOptions, Message
from services.alerts.camera_roll import Known
from services.alerts.home_assistant import Topics, discovery, discovery_topic, safe

TOPICS = Topics("argus")

# Source: the pages "MQTT", "Binary sensor", "Sensor", "Event" and "Image" (integrations using MQTT) of Home Assistant's
# documentation: what a component must say, and what it may.
REQUIRED = {
    "binary_sensor": {"state_topic"},
    "sensor": {"state_topic"},
    "event": {"state_topic", "event_types"},
    "image": {"image_topic"},
}
COMMON = {"platform", "unique_id", "name", "icon", "entity_category", "device_class", "qos"}
OPTIONAL = {
    "binary_sensor": {"payload_on", "payload_off", "off_delay", "value_template"},
    "sensor": {"value_template", "json_attributes_topic"},
    "event": {"value_template"},
    "image": {"content_type", "image_encoding"},
}
DEVICE_CLASSES = {"binary_sensor": {"connectivity", "motion", "occupancy"}}
TOPIC_MATCHER = re.compile(r"device/[a-zA-Z0-9_-]+/config")


def announced(camera: str = "cam_001", *, labels: tuple[str, ...] = ("person", "car")) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(
        json.dumps(discovery(TOPICS, camera, name="Front door", labels=labels, version="0.1"))
    )
    return made


def test_a_device_says_who_it_is_and_who_tells_of_it() -> None:
    message = announced()
    assert set(message) == {"device", "origin", "availability", "components"}
    assert message["device"]["identifiers"] == ["argus_cam_001"]
    assert message["device"]["name"] == "Front door"
    assert message["origin"]["name"] == "Argus"
    assert message["availability"] == [{"topic": "argus/bridge/status"}]


@pytest.mark.parametrize("key", sorted(announced()["components"]))
def test_each_entity_has_what_its_platform_demands_and_nothing_it_does_not_know(key: str) -> None:
    entity = announced()["components"][key]
    platform = entity["platform"]
    assert REQUIRED[platform] <= set(entity)
    assert set(entity) <= REQUIRED[platform] | OPTIONAL[platform] | COMMON
    assert entity.get("device_class") in {None, *DEVICE_CLASSES.get(platform, ())}
    assert entity["unique_id"] == f"argus_cam_001_{key}"


def test_ids_stay_when_a_camera_is_renamed_or_sees_something_new() -> None:
    before, after = announced(labels=("person",)), announced(labels=("person", "dog"))
    ids = {key: entity["unique_id"] for key, entity in before["components"].items()}
    assert ids.items() <= {key: entity["unique_id"] for key, entity in after["components"].items()}.items()
    assert before["device"]["identifiers"] == after["device"]["identifiers"]


def test_no_two_entities_share_an_id() -> None:
    ids = [
        entity["unique_id"]
        for camera in ("cam_001", "cam_002")
        for entity in announced(camera, labels=("person", "cell phone", "cell_phone"))["components"].values()
    ]
    assert len(set(ids)) == len(ids)


@given(st.text(max_size=80))
def test_any_name_is_one_level_of_a_topic_and_a_valid_id(name: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,80}", safe(name))
    assert TOPIC_MATCHER.fullmatch(discovery_topic(TOPICS, name, prefix="x").removeprefix("x/"))


@given(st.text(max_size=80), st.text(max_size=80))
def test_different_names_stay_different(one: str, other: str) -> None:
    assert (safe(one) == safe(other)) == (one == other)


def test_a_camera_is_announced_once_and_again_when_something_is_new() -> None:
    told = Announcements(TOPICS, prefix="homeassistant", version="0.1")
    assert len(told.seen("cam_001", name="Door", label="person")) == 1
    assert told.seen("cam_001", name="Door", label="person") == []
    assert len(told.seen("cam_001", name="Door", label="dog")) == 1
    assert len(told.changes([Known("cam_001", "Front door", frozenset({"car"}))])) == 1
    (again,) = _after_forgetting(told)
    assert {"detected_person", "detected_dog", "detected_car"} <= set(json.loads(again.payload)["components"])


def _after_forgetting(told: Announcements) -> list[Message]:
    told.forget()
    return told.changes([Known("cam_001", "Front door", frozenset())])


def test_an_old_event_does_not_bring_back_a_cameras_old_name() -> None:
    told = Announcements(TOPICS, prefix="homeassistant", version="0.1")
    told.changes([Known("cam_001", "New name", frozenset({"person"}))])
    assert told.seen("cam_001", name="Old name", label="person") == []


def test_a_camera_that_is_gone_is_taken_away_until_that_has_arrived() -> None:
    told = Announcements(TOPICS, prefix="homeassistant", version="0.1")
    told.changes([Known("cam_001", "Door")])
    assert {message.payload for message in told.changes([])} == {b""}
    assert told.changes([]) != []
    told.settled([])
    assert told.changes([]) == []


@pytest.mark.parametrize(
    "url", ["http://broker", "mqtt://", "mqtt://user:secret@broker", "mqtt://broker/topic", "mqtt://broker:99999"]
)
def test_a_url_that_leads_to_no_broker_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="url"):
        BrokerOptions(url=url)


def test_the_port_is_that_of_the_scheme_unless_it_is_named() -> None:
    assert BrokerOptions(url="mqtt://broker").port == 1883
    assert BrokerOptions(url="mqtts://broker").port == 8883
    assert BrokerOptions(url="mqtts://[::1]:9001").port == 9001
