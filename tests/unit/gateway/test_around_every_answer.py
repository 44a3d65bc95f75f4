from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest
from redis import Redis
from sqlalchemy import func, select

from services.gateway.idempotency import Recorded, Replays
from services.gateway.problem import Refusal
from services.gateway.soft_redis import SoftRedis
from shared.db.tables import ApiKey, Camera
from shared.settings import Settings
from tests.conftest import wait_until
from tests.unit.gateway.installation import PASSWORD, RTSP, START, Api, Template, basic, open_api

BODY = {"name": "a", "rtsp_url": RTSP}


def test_every_answer_carries_an_id_and_keeps_a_decent_one(api: Api) -> None:
    made = api.get("/cameras").headers["X-Request-ID"]
    assert len(made) == 32
    assert api.get("/x", headers={"X-Request-ID": "abc-1.2_3"}).headers["X-Request-ID"] == "abc-1.2_3"
    assert api.get("/x", headers={"X-Request-ID": "a b<script>"}).headers["X-Request-ID"] != "a b<script>"


@pytest.mark.parametrize("path", ["/health", "/cameras", "/nothing", "/docs", "/metrics"])
def test_every_answer_has_the_security_headers(api: Api, path: str) -> None:
    headers = api.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "unsafe-inline" not in headers["Content-Security-Policy"].split("script-src")[-1].split(";")[0]


def test_json_is_compressed_for_those_who_can_read_it(api: Api) -> None:
    for number in range(30):
        api.add_event(at=START + timedelta(seconds=number))
    plain = api.get("/events", headers={"Accept-Encoding": "identity"})
    packed = api.get("/events", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Vary"] == "Accept-Encoding"
    assert int(packed.headers["Content-Length"]) == len(packed.data) < len(plain.data) / 3
    assert json.loads(gzip.decompress(packed.data)) == plain.json
    refused = api.get("/events", headers={"Accept-Encoding": "gzip;q=0"})
    assert "Content-Encoding" not in refused.headers


def test_head_and_options_are_answered(api: Api) -> None:
    head = api.ask("HEAD", "/cameras")
    assert (head.status_code, head.data) == (200, b"")
    options = api.ask("OPTIONS", "/cameras", who=None)
    assert options.status_code == 200
    assert "POST" in options.headers["Allow"]
    assert "Access-Control-Allow-Origin" not in options.headers


@pytest.fixture
def open_to_app(tmp_path: Path, redis_url: str, template: Template) -> Iterator[Api]:
    url = template.copy_to(tmp_path / "argus.db")
    settings = Settings.model_validate(
        {
            "data_dir": tmp_path,
            "redis_url": redis_url,
            "database_url": url,
            "gateway": {"cors_origins": ["https://app.example.com"]},
        }
    )
    opened = open_api(settings, template.keys)
    yield opened
    opened.opened.close()


def test_only_named_origins_may_read_from_a_browser(open_to_app: Api) -> None:
    known = {"Origin": "https://app.example.com"}
    assert open_to_app.get("/cameras", headers=known).headers["Access-Control-Allow-Origin"] == known["Origin"]
    preflight = open_to_app.ask("OPTIONS", "/cameras", who=None, headers=known)
    assert "X-API-Key" in preflight.headers["Access-Control-Allow-Headers"]
    assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
    answer = open_to_app.get("/cameras", headers={"Origin": "https://evil.example.com"})
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert "Origin" in answer.headers["Vary"]


def test_the_same_order_sent_twice_is_carried_out_once(api: Api) -> None:
    key = {"Idempotency-Key": "order-1"}
    first, second = api.post("/cameras", BODY, headers=key), api.post("/cameras", BODY, headers=key)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.data == second.data
    with api.session() as session:
        assert session.scalar(select(func.count()).select_from(Camera)) == 1
    other = api.post("/cameras", {**BODY, "name": "b"}, headers=key)
    assert other.status_code == 409
    assert api.post("/cameras", BODY, who="bob", headers=key).status_code == 201
    assert api.post("/webhooks", {"url": "https://example.com/"}, headers=key).status_code == 409


def test_a_key_that_is_shown_once_lies_sealed_in_the_memory_of_answers(api: Api, redis: Redis) -> None:
    headers = {"Idempotency-Key": "k", **basic("alice", PASSWORD)}
    first = api.post("/auth/keys", {"name": "a"}, who=None, headers=headers).json
    assert first is not None
    assert api.post("/auth/keys", {"name": "a"}, who=None, headers=headers).json == first
    (stored,) = redis.scan_iter("gateway:idempotency:*")
    assert first["key"].encode() not in (redis.get(stored) or b"")
    assert 86_000 < redis.ttl(stored) <= 86_400
    with api.session() as session:
        assert session.scalar(select(func.count()).select_from(ApiKey).where(ApiKey.name == "a")) == 1


def test_a_refused_order_may_be_mended_under_the_same_key(api: Api) -> None:
    key = {"Idempotency-Key": "order-2"}
    assert api.post("/cameras", {**BODY, "rtsp_url": "x"}, headers=key).status_code == 400
    assert api.post("/cameras", BODY, headers=key).status_code == 201
    api.post("/cameras", {**BODY, "id": "c1"})
    again = {"Idempotency-Key": "order-3"}
    assert api.post("/cameras", {**BODY, "id": "c1"}, headers=again).status_code == 409
    api.delete("/cameras/c1")
    assert api.post("/cameras", {**BODY, "id": "c1"}, headers=again).status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 256, "a b", "é"])
def test_a_malformed_idempotency_key_is_refused(api: Api, key: str) -> None:
    assert api.post("/cameras", BODY, headers={"Idempotency-Key": key}).status_code == 400


def test_a_second_try_waits_for_the_first_and_then_gives_up(api: Api, redis: Redis) -> None:
    waits: list[float] = []
    replays = Replays(SoftRedis(redis), api.opened.gateway.box, sleep=waits.append)
    inner: list[Refusal] = []

    def slow() -> Recorded:
        with pytest.raises(Refusal) as caught:
            replays.once("k", who="1", what=b"x", carry_out=slow)
        inner.append(caught.value)
        return Recorded(201, "application/json", b"{}")

    assert replays.once("k", who="1", what=b"x", carry_out=slow).status == 201
    assert inner[0].problem.status == 409
    assert sum(waits) == pytest.approx(5.0)


def test_a_second_try_is_carried_out_as_soon_as_the_first_is_refused(api: Api, redis: Redis) -> None:
    begun, ended = Event(), Event()

    def refused_at_last(_: float) -> None:
        begun.set()
        assert ended.wait(30)

    replays = Replays(SoftRedis(redis), api.opened.gateway.box, sleep=refused_at_last)

    def first() -> Recorded:
        assert begun.wait(30)
        return Recorded(409, "application/json", b"{}")

    def try_first() -> None:
        assert replays.once("k", who="1", what=b"x", carry_out=first).status == 409
        ended.set()

    with ThreadPoolExecutor(1) as pool:
        trying = pool.submit(try_first)
        wait_until(lambda: next(redis.scan_iter("gateway:idempotency:*"), None) is not None)
        second = replays.once("k", who="1", what=b"x", carry_out=lambda: Recorded(201, "application/json", b"{}"))
        trying.result()
    assert second.status == 201


def test_a_redis_that_is_away_is_not_asked_again_for_a_moment() -> None:
    now, asked = 0.0, 0

    def ask(_: Redis) -> str:
        nonlocal asked
        asked += 1
        raise ConnectionError

    soft = SoftRedis(Redis(), pause_s=1.0, monotonic=lambda: now)
    for moment in (0.0, 0.5, 0.9, 1.0):
        now = moment
        assert soft.attempt(ask, otherwise="none", purpose="test") == "none"
    assert asked == 2


def test_without_a_database_everything_but_health_says_503_in_the_envelope(tmp_path: Path, redis_url: str) -> None:
    nowhere = "postgresql+psycopg://nobody:x@127.0.0.1:1/none"
    api = open_api(Settings(data_dir=tmp_path, redis_url=redis_url, database_url=nowhere), {"alice": "sk-x"})
    for answer in (api.get("/cameras"), api.get("/events"), api.post("/cameras", BODY)):
        assert answer.status_code == 503
        assert answer.json is not None
        assert answer.json["error"] == "service_unavailable"
        assert answer.headers["Retry-After"] == "1"
        assert "nobody" not in answer.text
    health = api.get("/health")
    assert health.status_code == 503
    assert health.json is not None
    assert (health.json["status"], health.json["components"]["database"]) == ("unhealthy", "unavailable")
    api.opened.close()


def test_metrics_name_routes_and_not_addresses(api: Api) -> None:
    api.get("/cameras/secret-name")
    text = api.get("/metrics", who=None).text
    assert 'argus_http_requests_total{dialect="cctv_smart",method="GET",route="/cameras/<id>",status="404"}' in text
    assert "secret-name" not in text
