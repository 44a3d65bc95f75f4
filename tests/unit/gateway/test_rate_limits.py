from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from redis import Redis
from werkzeug.test import TestResponse

from services.gateway.dialect import load_dialects
from services.gateway.soft_redis import SoftRedis
from shared.settings import Settings
from shared.settings.sections import GatewaySettings
from tests.unit.gateway.installation import PASSWORD, SNAPSHOT, Api, Template, basic, open_api
from tests.unit.gateway.test_dialects import Other

OpenLimited = Callable[..., Api]


@pytest.fixture
def limited(tmp_path: Path, redis_url: str, template: Template) -> Iterator[OpenLimited]:
    """Opens a gateway with the given settings of its section; whatever is not given has no limit."""
    opened: list[Api] = []

    def begin(*, redis: str = redis_url, dialects: Any = None, **limits: object) -> Api:
        gateway = GatewaySettings.model_validate(
            {"rate_limit_key": 0, "rate_limit_basic": 0, "rate_limit_address": 0, **limits}
        )
        url = template.copy_to(tmp_path / f"{len(opened)}" / "argus.db")
        settings = Settings(data_dir=tmp_path, redis_url=redis, database_url=url, gateway=gateway)
        opened.append(open_api(settings, template.keys, dialects=dialects))
        return opened[-1]

    yield begin
    for api in opened:
        api.opened.close()


def _left(answer: TestResponse) -> tuple[int, int, int]:
    """The status, the limit and what is left of it."""
    return answer.status_code, int(answer.headers["X-RateLimit-Limit"]), int(answer.headers["X-RateLimit-Remaining"])


def _statuses(ask: Callable[[], TestResponse], *, times: int) -> list[int]:
    return [ask().status_code for _ in range(times)]


def test_without_settings_a_key_has_a_thousand_an_hour_and_a_password_a_hundred() -> None:
    settings = GatewaySettings()
    assert (settings.rate_limit_key, settings.rate_limit_basic) == ("1000 per hour", "100 per hour")


def test_a_key_may_ask_as_often_as_its_limit_says(limited: OpenLimited) -> None:
    api = limited(rate_limit_key=3)
    began = int(time.time())
    assert [_left(api.get("/cameras")) for _ in range(4)] == [(200, 3, 2), (200, 3, 1), (200, 3, 0), (429, 3, 0)]
    assert _left(api.get("/cameras", who="bob")) == (200, 3, 2)
    reset = int(api.get("/cameras").headers["X-RateLimit-Reset"])
    assert began + 3600 <= reset <= int(time.time()) + 3601


def test_who_asks_too_often_is_told_how_often_and_when(limited: OpenLimited) -> None:
    api = limited(rate_limit_key="1 per 2 hours")
    api.get("/cameras")
    answer = api.get("/cameras")
    assert answer.json is not None
    wait_s = int(answer.headers["Retry-After"])
    assert 7190 < wait_s <= 7201
    assert answer.json["error"] == "rate_limit_exceeded"
    said = answer.json["message"]
    assert said == f"No more than 1 requests per 7200 seconds are allowed; try again in {wait_s} s"
    assert set(answer.json) == {"error", "message", "timestamp"}
    assert int(answer.headers["X-RateLimit-Reset"]) - int(time.time()) == pytest.approx(wait_s, abs=2)


@pytest.mark.parametrize("path", ["/cameras", "/visionflow/cameras", "/securevision/events"])
def test_the_wait_is_the_same_in_the_message_and_in_the_header(limited: OpenLimited, path: str) -> None:
    api = limited(rate_limit_address="1 per 3 hours")
    api.get(path, who=None)
    answer = api.get(path, who=None)
    assert answer.status_code == 429
    wait_s = int(answer.headers["Retry-After"])
    assert wait_s > 60
    said = answer.get_data(as_text=True)
    assert f"{wait_s} s" in said or f"{wait_s} 秒" in said


def test_after_the_time_that_was_told_the_next_request_is_answered(
    limited: OpenLimited, wait_until: Callable[..., object]
) -> None:
    api = limited(rate_limit_key="2 per 2 seconds")
    assert _statuses(lambda: api.get("/cameras"), times=3) == [200, 200, 429]
    refused = api.get("/cameras")
    due = int(refused.headers["X-RateLimit-Reset"])
    wait_until(lambda: time.time() >= due, 10)
    assert api.get("/cameras").status_code == 200


def test_the_window_slides(limited: OpenLimited, redis: Redis, wait_until: Callable[..., object]) -> None:
    """Two at the end of one stretch and two at the beginning of the next are four within the window."""
    api = limited(rate_limit_key="2 per 3 seconds")
    assert api.get("/cameras").status_code == 200
    began = time.time()
    wait_until(lambda: time.time() >= began + 1.5, 10)
    assert _statuses(lambda: api.get("/cameras"), times=2) == [200, 429]
    wait_until(lambda: time.time() >= began + 3.1, 10)
    # Only the first one has left the window.
    assert _statuses(lambda: api.get("/cameras"), times=2) == [200, 429]
    (name,) = redis.scan_iter("gateway:rate:*")
    assert redis.llen(name) == 2
    assert 0 < redis.pttl(name) <= 3000


def test_a_password_has_a_budget_of_its_own_and_all_requests_of_a_user_draw_on_it(limited: OpenLimited) -> None:
    api = limited(rate_limit_key=9, rate_limit_basic=2)
    headers = basic("alice", PASSWORD)
    assert _left(api.get("/cameras")) == (200, 9, 8)
    assert _left(api.get("/cameras", who=None, headers=headers)) == (200, 2, 1)
    elsewhere = {**headers, "X-Forwarded-For": "203.0.113.9"}
    assert _left(api.get("/events", who=None, headers=elsewhere)) == (200, 2, 0)
    assert _left(api.get("/events", who=None, headers=headers)) == (429, 2, 0)
    assert _left(api.get("/cameras", who=None, headers=basic("bob", PASSWORD))) == (200, 2, 1)
    assert _left(api.get("/cameras")) == (200, 9, 7)


def test_every_answer_to_a_known_caller_tells_what_is_left(limited: OpenLimited) -> None:
    api = limited(rate_limit_key=20)
    event = api.add_event(snapshot=SNAPSHOT)
    asked = [
        (200, api.get("/cameras")),
        (400, api.get("/events?limit=x")),
        (404, api.get("/cameras/none")),
        (404, api.get("/nothing")),
        (405, api.ask("PATCH", "/cameras")),
        (413, api.post("/cameras", data=b"x" * 2_000_000, content_type="application/json")),
        (415, api.post("/cameras", data=b"x", content_type="text/plain")),
        (204, api.delete(f"/webhooks/{_webhook(api)}")),
        (404, api.get(f"/events/{event}.jpg")),
        (403, api.post("/cameras", {"name": "a", "rtsp_url": "rtsp://192.0.2.1/"}, who="eve")),
    ]
    for status, answer in asked:
        assert answer.status_code == status
        assert answer.headers["X-RateLimit-Limit"] == "20", status
        assert int(answer.headers["X-RateLimit-Reset"]) > time.time()
    # One more was asked to have a webhook to remove, one was asked by somebody else.
    assert int(asked[-2][1].headers["X-RateLimit-Remaining"]) == 20 - len(asked)


def _webhook(api: Api) -> int:
    made = api.post("/webhooks", {"url": "https://example.com/"}).json
    assert made is not None
    return int(made["id"])


def test_pictures_and_answers_given_a_second_time_count_too(limited: OpenLimited) -> None:
    api = limited(rate_limit_key=4)
    event = api.add_event(snapshot=SNAPSHOT)
    api.opened.gateway.media.write(SNAPSHOT, b"\xff\xd8")
    tag = api.get(f"/events/{event}.jpg").headers["ETag"]
    assert _left(api.get(f"/events/{event}.jpg", headers={"If-None-Match": tag})) == (304, 4, 2)
    order = {"Idempotency-Key": "k"}
    body = {"name": "a", "rtsp_url": "rtsp://192.0.2.1/"}
    assert [_left(api.post("/cameras", body, headers=order))[2] for _ in range(2)] == [1, 0]


def test_a_request_over_the_limit_changes_nothing(limited: OpenLimited) -> None:
    api = limited(rate_limit_key=1)
    api.get("/cameras")
    assert api.post("/cameras", {"name": "a", "rtsp_url": "rtsp://192.0.2.1/"}).status_code == 429
    assert api.get("/cameras", who="boss").json == {"cameras": [], "count": 0, "total": 0}


def test_nobody_uses_up_the_budget_of_a_key_or_user_that_he_is_not(limited: OpenLimited) -> None:
    api = limited(rate_limit_key=2, rate_limit_basic=2, rate_limit_address=100)
    for _ in range(4):
        wrong = api.keys["alice"][:-1] + ("x" if api.keys["alice"][-1] != "x" else "y")
        assert _left(api.get("/cameras", who=None, headers={"X-API-Key": wrong}))[:2] == (401, 100)
        assert _left(api.get("/cameras", who=None, headers=basic("alice", "wrong password")))[:2] == (401, 100)
    assert _left(api.get("/cameras")) == (200, 2, 1)
    elsewhere = {**basic("alice", PASSWORD), "X-Forwarded-For": "203.0.113.9"}
    assert _left(api.get("/cameras", who=None, headers=elsewhere)) == (200, 2, 1)


def test_an_address_without_credentials_has_a_budget_that_stops_no_one_else(limited: OpenLimited) -> None:
    api = limited(rate_limit_address=2, rate_limit_key=5)
    assert [_left(api.get("/cameras", who=None))[0] for _ in range(3)] == [401, 401, 429]
    assert _left(api.get("/nothing", who=None)) == (429, 2, 0)
    assert _left(api.get("/cameras")) == (200, 5, 4)
    there = {"X-Forwarded-For": "203.0.113.9"}
    assert _left(api.get("/cameras", who=None, headers=there)) == (401, 2, 1)


def test_one_host_is_one_address_in_the_newer_internet(limited: OpenLimited) -> None:
    api = limited(rate_limit_address=2)
    same = [{"X-Forwarded-For": f"2001:db8:0:1::{end}"} for end in ("1", "2", "ffff")]
    assert [api.get("/cameras", who=None, headers=header).status_code for header in same] == [401, 401, 429]
    other = {"X-Forwarded-For": "2001:db8:0:2::1"}
    assert api.get("/cameras", who=None, headers=other).status_code == 401


@pytest.mark.parametrize("path", ["/health", "/metrics"])
def test_whoever_watches_the_system_is_never_turned_away(limited: OpenLimited, path: str) -> None:
    api = limited(rate_limit_address=1, rate_limit_key=1)
    assert _left(api.get(path, who=None)) == (200, 1, 1)
    assert _statuses(lambda: api.get("/cameras", who=None), times=2) == [401, 429]
    assert _statuses(lambda: api.get("/cameras"), times=2) == [200, 429]
    assert _left(api.get(path, who=None)) == (200, 1, 0)
    assert api.get(path).status_code == 200


def test_a_browser_that_asks_whether_it_may_ask_is_not_counted(limited: OpenLimited) -> None:
    api = limited(rate_limit_address=1, cors_origins=["https://app.example.com"])
    for _ in range(3):
        answer = api.ask("OPTIONS", "/cameras", who=None, headers={"Origin": "https://app.example.com"})
        assert answer.status_code == 200
    assert "X-RateLimit-Reset" in answer.headers["Access-Control-Expose-Headers"]


def test_all_dialects_draw_on_one_budget(limited: OpenLimited, template: Template) -> None:
    unknown = f"/other/unknown?whoami={template.keys['alice']}"
    api = limited(rate_limit_key=2, rate_limit_address=9, dialects=[*load_dialects(), Other()])
    assert _left(api.get("/cameras")) == (200, 2, 1)
    assert _left(api.get(unknown)) == (404, 2, 0)
    answer = api.get(unknown)
    assert answer.status_code == 429
    assert answer.json is not None
    assert set(answer.json) == {"failure", "number"}
    assert _left(api.get("/other/hello", who=None)) == (200, 9, 8)
    assert _left(api.get("/other/broken", who=None)) == (500, 9, 7)


def test_where_there_is_no_limit_nothing_is_counted_or_told(limited: OpenLimited, redis: Redis) -> None:
    api = limited()
    answer = api.get("/cameras")
    assert answer.status_code == 200
    assert "X-RateLimit-Limit" not in answer.headers
    assert not list(redis.scan_iter("gateway:rate:*"))


def test_without_redis_everybody_is_within_the_limit_and_the_log_says_so_once(
    limited: OpenLimited, capfd: pytest.CaptureFixture[str]
) -> None:
    api = limited(redis="redis://127.0.0.1:1/0", rate_limit_key=2)
    for _ in range(20):
        assert _left(api.get("/cameras")) == (200, 2, 2)
    said = capfd.readouterr()
    assert (said.out + said.err).count("redis_unavailable") == 1


def test_a_redis_that_comes_back_is_asked_again() -> None:
    now = 0.0
    answers = iter([ConnectionError, ConnectionError, "back", "here"])

    def ask(_: Redis) -> str:
        answer = next(answers)
        if isinstance(answer, str):
            return answer
        raise answer

    soft = SoftRedis(Redis(), pause_s=1.0, monotonic=lambda: now)

    def found_at(moment: float) -> str:
        nonlocal now
        now = moment
        return soft.attempt(ask, otherwise="away", purpose="test")

    found = [found_at(moment) for moment in (0.0, 0.5, 1.0, 1.5, 2.0, 2.0)]
    assert found == ["away", "away", "away", "away", "back", "here"]


def test_only_one_request_waits_for_a_redis_that_hangs() -> None:
    """Whoever asks while another finds out whether it is back, is answered without it."""
    now, inner = 0.0, []

    def hang(_: Redis) -> str:
        inner.append(soft.attempt(hang, otherwise="away", purpose="test") if len(inner) < 3 else "")
        raise ConnectionError

    soft = SoftRedis(Redis(), pause_s=1.0, monotonic=lambda: now)
    with pytest.raises(StopIteration):
        soft.attempt(lambda _: next(iter(())), otherwise="", purpose="test")
    soft.attempt(_refuse, otherwise="away", purpose="test")
    now = 1.0
    assert soft.attempt(hang, otherwise="away", purpose="test") == "away"
    assert inner == ["away"]


def _refuse(_: Redis) -> str:
    raise ConnectionError


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("1000 per hour", "1000 per hour"),
        (1000, "1000 per hour"),
        ("250", "250 per hour"),
        ("10/second", "10 per second"),
        ("500 per 15 minutes", "500 per 15 minute"),
        (" 5 PER 1 Day ", "5 per day"),
        ("", ""),
        ("0", ""),
        (0, ""),
        (None, ""),
        ("0 per hour", ""),
    ],
)
def test_a_limit_is_written_as_people_write_it(written: object, meant: str) -> None:
    assert GatewaySettings.model_validate({"rate_limit_key": written}).rate_limit_key == meant


@pytest.mark.parametrize(
    "wrong", ["often", "-1", "1.5 per hour", "10 per fortnight", "10 per 0 hours", 1_000_000, True]
)
def test_what_is_no_limit_is_refused_with_what_would_be_one(wrong: object) -> None:
    with pytest.raises(ValidationError, match="such as '1000 per hour'") as caught:
        GatewaySettings.model_validate({"rate_limit_basic": wrong})
    assert caught.value.errors()[0]["loc"] == ("rate_limit_basic",)
