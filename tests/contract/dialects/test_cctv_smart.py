"""The native dialect answers as its contract shows: every field, of the same type and form, from the same order."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis import Redis

from services.alerts.channel import Receipt
from shared.domain.camera import CameraState, CameraStatus
from shared.messages.camera_status import status_fields
from shared.messages.topics import CAMERA_STATUS
from tests.conftest import SHARED
from tests.contract.dialects.cctv_smart import CAMERA, PAIRS, UUID, Pair
from tests.unit.alerts.channel_on_hand import ChannelOnHand
from tests.unit.gateway.alert_worker import alert_worker
from tests.unit.gateway.installation import JPEG, PASSWORD, SNAPSHOT, Api, basic

PAGE = SHARED / "contracts" / "cctv-smart.txt"
AT = datetime(2025, 1, 15, 10, 30, 45, tzinfo=UTC)

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
# Fields whose values are the installation's own: only their form is the contract's.
_OWN = {"timestamp", "updated_at", "created_at", "expires_at", "key", "photo", "total", "count", "message", "rtsp_url"}
_OWN |= {"status:healthy", "components.ollama", "confidence", "alerts_sent"}


@pytest.fixture
def world(api: Api, redis: Redis, redis_url: str) -> Iterator[Api]:
    """The world of the contract's examples."""
    for body in (_camera("cam_002"), _camera("cam_001", zones=CAMERA["zones"], resolution="1920x1080")):
        assert api.post("/cameras", body).status_code in (201, 409)
    status = CameraStatus(
        CameraState.STREAMING, AT, fps=25, width=1920, height=1080, last_frame_at=AT.replace(second=15)
    )
    redis.hset(CAMERA_STATUS.format(slug="cam_001"), mapping=status_fields(status))  # type: ignore[arg-type]
    api.opened.gateway.media.write(SNAPSHOT, JPEG)
    uuid = api.add_event(
        at=AT,
        uuid=UUID,
        track_id=1,
        box=[100, 150, 200, 400],
        snapshot=SNAPSHOT,
        ai_response="Personne suspecte détectée à l'entrée",
        modules_triggered=["pose"],
        module_results={"pose": {"keypoints": [], "person_action": "standing"}},
        rules=["rule_001"],
    )
    api.add_delivery(uuid, channel="telegram")
    api.add_delivery(uuid, channel="email")
    for number in range(3):
        api.add_event(at=AT - timedelta(minutes=number + 1))
    with alert_worker(redis_url, api.opened.gateway.reads, _channels(api.account_id("alice"))):
        yield api


def _channels(account_id: int) -> dict[str, ChannelOnHand]:
    """The channels of the contract's example."""
    return {
        "telegram": ChannelOnHand({"chat": account_id}, lambda _: Receipt({"message_id": 12345})),
        "email": ChannelOnHand({"anna": account_id, "otto": account_id}),
        "physical": ChannelOnHand({"roof": account_id}, lambda _: Receipt({"device": "siren"})),
    }


def _camera(slug: str, **values: Any) -> dict[str, Any]:
    return {"id": slug, "name": CAMERA["name"], "rtsp_url": CAMERA["rtsp_url"], **values}


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.section)
def test_the_answer_has_every_field_of_the_contract(world: Api, pair: Pair) -> None:
    if pair.method == "POST" and pair.path == "/cameras":
        world.delete("/cameras/cam_002")
    credentials: dict[str, Any] = {"who": "alice"}
    if pair.path == "/auth/keys":
        credentials = {"who": None, "headers": basic("alice", PASSWORD)}
    answer = world.ask(pair.method, pair.path, **credentials, **({"json": pair.body} if pair.body is not None else {}))
    assert answer.status_code == pair.status, answer.text
    if pair.answer is None:
        assert answer.data == b""
        return
    assert answer.content_type == "application/json"
    _compare(pair.answer, answer.json, pair.section)


@pytest.mark.parametrize("pair", [pair for pair in PAIRS if pair.method == "GET"], ids=lambda pair: pair.section)
def test_basic_authentication_serves_as_well_as_a_key(world: Api, pair: Pair) -> None:
    answer = world.ask(pair.method, pair.path, who=None, headers=basic("alice", PASSWORD))
    assert answer.status_code == pair.status


def test_the_error_example_names_the_field_as_the_contract_does(world: Api) -> None:
    answer = world.post("/cameras", {"rtsp_url": "rtsp://192.168.1.101/"})
    assert answer.json is not None
    assert answer.json["message"] == "Field 'name' is required"
    assert set(answer.json) == {"error", "message", "timestamp"}


@pytest.mark.parametrize(
    ("status", "method", "path", "kwargs"),
    [
        (400, "GET", "/events?limit=abc", {}),
        (401, "GET", "/cameras", {"who": None}),
        (403, "DELETE", "/cameras/cam_001", {"who": "eve"}),
        (404, "GET", "/cameras/nowhere", {}),
        (409, "POST", "/cameras", {"json": _camera("cam_001")}),
    ],
)
def test_the_error_codes_are_the_contracts(
    world: Api, status: int, method: str, path: str, kwargs: dict[str, Any]
) -> None:
    answer = world.ask(method, path, **kwargs)
    assert answer.status_code == status
    _compare(PAIRS[-1].answer, answer.json, str(status), names_only=True)


def test_the_recorded_pairs_are_the_contracts_own_examples() -> None:
    if not PAGE.is_file():
        pytest.skip("the contract's page is not here (../shared/contracts)")
    page = PAGE.read_text(encoding="utf-8")
    examples = [_example(text) for text in re.findall(r"\njson\n(\{.*?\n\})\n", page, re.DOTALL)]
    for pair in PAIRS:
        assert pair.section in page
        if pair.answer is not None:
            assert any(_same_shape(example, pair.answer) for example in examples), pair.section


def _example(text: str) -> Any:
    try:
        return json.loads(text.replace("[...]", "[]"))
    except ValueError:
        return None


def _same_shape(example: Any, recorded: Any) -> bool:
    return isinstance(example, dict) and list(example) == list(recorded)


def _compare(expected: Any, found: Any, place: str, *, names_only: bool = False) -> None:
    """Every field of the contract in `found`, with its type, its form, and its value where it is not the site's own."""
    if isinstance(expected, dict):
        assert isinstance(found, dict), place
        names = [name for name in found if name in expected]
        assert names == list(expected), f"{place}: {sorted(set(expected) - set(found))} missing or out of order"
        for name, value in expected.items():
            _compare(value, found[name], f"{place}.{name}", names_only=names_only)
    elif isinstance(expected, list):
        assert isinstance(found, list), place
        for ours in found[:1] if expected else []:
            _compare(expected[0], ours, f"{place}[]", names_only=names_only)
    else:
        _compare_value(expected, found, place, names_only=names_only)


def _compare_value(expected: Any, found: Any, place: str, *, names_only: bool) -> None:
    name = place.rpartition(".")[2].removesuffix("[]")
    assert _kind(found) == _kind(expected), f"{place}: {found!r} is not like {expected!r}"
    if isinstance(expected, str) and _TIME.fullmatch(expected):
        assert _TIME.fullmatch(found), f"{place}: {found!r} is not written like {expected!r}"
    own = name in _OWN or f"{name}:{expected}" in _OWN or any(place.endswith(each) for each in _OWN if "." in each)
    if not (own or names_only):
        assert found == expected, place


def _kind(value: Any) -> str:
    return "number" if isinstance(value, (int, float)) and not isinstance(value, bool) else type(value).__name__
