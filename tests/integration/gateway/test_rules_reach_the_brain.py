"""A rule that is added through the API decides of the next presence, and one that is removed of none."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from redis import Redis

from services.brain.bootstrap import Brain, build
from shared.domain.ids import shard_of
from shared.messages.presences import PresenceStarted
from shared.messages.topics import PRESENCES
from shared.settings import Settings
from shared.streams import Publisher
from tests.conftest import wait_until
from tests.integration.gateway.server import Server, StartServer
from tests.unit.gateway.installation import PASSWORD, RTSP

AT_ONCE_S = 20.0
"""Much less than until the brain looks unasked, for machines that are busy."""

DOOR = {"name": "Porte", "points": [[0, 0], [100, 0], [100, 100], [0, 100]]}


@pytest.fixture
def gateway(start: StartServer) -> Server:
    return start()


@pytest.fixture
def brain(gateway: Server, tmp_path: Path, redis_url: str) -> Iterator[Brain]:
    """A brain at work beside the gateway, that looks at the database unasked only once an hour."""
    settings = Settings.model_validate(
        {
            "data_dir": tmp_path / "data",
            "redis_url": redis_url,
            "database_url": f"sqlite:///{tmp_path / 'data' / 'argus.db'}",
            "brain": {"sync_interval_s": 3600},
        }
    )
    made = build(settings, instance="brain-0")
    stop = threading.Event()
    thread = threading.Thread(target=made.run, args=(stop,))
    thread.start()
    wait_until(lambda: made.site.view.rules, 30, "the brain's first look at the rules")
    yield made
    stop.set()
    thread.join(timeout=30)
    assert not thread.is_alive()


def _arrives(redis: Redis, number: int, *, brain: Brain) -> None:
    now = datetime.now(UTC)
    started = PresenceStarted.example().model_copy(
        update={
            "presence_id": f"presence-{number}", "camera": "door", "label": "bear", "zones": (),
            "started_at": now, "last_seen_at": now, "captured_at": now,
        }
    )  # fmt: skip
    Publisher(redis).publish(PRESENCES, started, shard=shard_of("door", brain.settings.shards))


def test_a_rule_counts_from_the_moment_it_is_added_until_it_is_removed(
    gateway: Server, brain: Brain, redis: Redis
) -> None:
    with gateway.client() as client:
        camera = {"id": "door", "name": "Door", "rtsp_url": RTSP, "zones": [DOOR]}
        assert client.post("/cameras", json=camera).status_code == 201
        rule = {"id": "bears", "name": "Bears", "camera_id": "door", "condition": {"labels": ["bear"]}}
        assert client.post("/rules", json=rule).status_code == 201
        wait_until(lambda: "bears" in brain.site.view.rules, AT_ONCE_S, "the brain to know the rule")
        _arrives(redis, 1, brain=brain)
        events = wait_until(lambda: client.get("/events").json()["events"], 30, "the event")
        assert [event["detection_type"] for event in events] == ["bear"]
        event = client.get(f"/events/{events[0]['uuid']}?photo=false").json()
        assert event["rules_triggered"] == ["bears"]

        assert client.put("/rules/bears", json={"condition": {"zone": "Porte"}}).status_code == 200
        wait_until(
            lambda: brain.site.view.rules["bears"].condition.zones() == {"zone": "Porte"},
            AT_ONCE_S,
            "the brain to know the change",
        )
        assert client.delete("/rules/bears").status_code == 204
        wait_until(lambda: "bears" not in brain.site.view.rules, AT_ONCE_S, "the brain to forget the rule")


def test_a_state_counts_from_the_moment_it_is_chosen(gateway: Server, brain: Brain, redis: Redis) -> None:
    with gateway.client() as client:
        assert client.post("/cameras", json={"id": "door", "name": "Door", "rtsp_url": RTSP}).status_code == 201
        rule = {"id": "bears", "name": "Bears", "condition": {"labels": ["bear"]}, "armed": ["night"]}
        assert client.post("/rules", json=rule).status_code == 201
        wait_until(lambda: "bears" in brain.site.view.rules, AT_ONCE_S, "the brain to know the rule")
        assert "bears" not in _awake(brain)
        assert client.put("/arm", json={"state": "night"}).status_code == 200
        wait_until(lambda: "bears" in _awake(brain), AT_ONCE_S, "the rule to wake")
        _arrives(redis, 1, brain=brain)
        events = wait_until(lambda: client.get("/events").json()["events"], 30, "the event")
        assert [event["detection_type"] for event in events] == ["bear"]
        assert client.put("/arm", json={"state": "disarmed"}).status_code == 200
        wait_until(lambda: "bears" not in _awake(brain), AT_ONCE_S, "the rule to fall asleep")


def test_no_rule_is_awake_on_a_camera_that_nobody_is_to_look_at(gateway: Server, brain: Brain) -> None:
    url = f"{gateway.url}/visionflow"
    login = httpx.post(f"{url}/login", json={"username": "alice", "password": PASSWORD}, timeout=20).json()
    with (
        gateway.client() as native,
        httpx.Client(base_url=url, headers={"Authorization": f"Bearer {login['access_token']}"}, timeout=20) as client,
    ):
        assert native.post("/cameras", json={"id": "door", "name": "Door", "rtsp_url": RTSP}).status_code == 201
        camera = client.get("/cameras").json()["data"][0]["id"]
        wait_until(lambda: _awake(brain), AT_ONCE_S, "the brain to know the camera")
        assert client.patch(f"/cameras/{camera}", json={"recognition": False}).status_code == 200
        wait_until(lambda: not _awake(brain), AT_ONCE_S, "its rules to rest")
        assert "door" in brain.site.view.cameras, "it is watched over all the same"
        assert client.patch(f"/cameras/{camera}", json={"recognition": True}).status_code == 200
        wait_until(lambda: _awake(brain), AT_ONCE_S, "its rules to wake")


def _awake(brain: Brain) -> set[str]:
    return {rule.slug for rule in brain.site.view.rules_of.get("door", ())}
