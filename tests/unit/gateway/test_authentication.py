from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from argon2 import PasswordHasher
from redis import Redis
from sqlalchemy import select, update

from services.gateway.auth.password_cache import PasswordCache
from shared.accounts.passwords import use_hasher
from shared.db.tables import Account, ApiKey
from shared.settings import Settings
from tests.unit.gateway.installation import PASSWORD, START, Api, Template, basic, open_api


def test_a_key_and_a_password_both_open_the_api(api: Api) -> None:
    assert api.get("/cameras").status_code == 200
    assert api.get("/cameras", who=None, headers=basic("alice", PASSWORD)).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-API-Key": ""},
        {"X-API-Key": "sk-wrong"},
        {"X-API-Key": "é" * 5000},
        {"Authorization": "Basic"},
        {"Authorization": "Basic !!!"},
        {"Authorization": "Bearer sk-abc"},
        {"Authorization": "Digest username=alice"},
        basic("alice", "wrong password"),
        basic("alice", "x" * 10_000),
        basic("nobody", PASSWORD),
        basic("n" * 5000, PASSWORD),
        basic("al\0ice", PASSWORD),
        basic("", ""),
    ],
)
def test_anything_else_is_a_401_that_says_how_to_ask(api: Api, headers: dict[str, str]) -> None:
    answer = api.get("/cameras", who=None, headers=headers)
    assert answer.status_code == 401
    assert answer.json is not None
    assert answer.json["error"] == "unauthorized"
    assert answer.headers["WWW-Authenticate"].startswith("Basic")


def test_a_wrong_key_is_not_rescued_by_a_right_password(api: Api) -> None:
    answer = api.get("/cameras", who=None, headers={"X-API-Key": "sk-x", **basic("alice", PASSWORD)})
    assert answer.status_code == 401


def test_an_expired_key_opens_nothing(api: Api) -> None:
    made = api.post("/auth/keys", {"name": "short", "ttl_days": 1}, who=None, headers=basic("alice", PASSWORD)).json
    assert made is not None
    assert api.get("/cameras", who=None, headers={"X-API-Key": made["key"]}).status_code == 200
    api.clock.forward(days=1)
    assert api.get("/cameras", who=None, headers={"X-API-Key": made["key"]}).status_code == 401


def test_a_disabled_account_is_shut_out_at_once(api: Api) -> None:
    assert api.get("/cameras", who=None, headers=basic("alice", PASSWORD)).status_code == 200
    with api.session() as session:
        session.execute(update(Account).where(Account.username == "alice").values(enabled=False))
        session.commit()
    assert api.get("/cameras", who=None, headers=basic("alice", PASSWORD)).status_code == 401
    assert api.get("/cameras").status_code == 401


def test_a_changed_password_ends_the_old_one_at_once(api: Api) -> None:
    assert api.get("/cameras", who=None, headers=basic("alice", PASSWORD)).status_code == 200
    with api.session() as session:
        other = session.scalar(select(Account.password_hash).where(Account.username == "bob"))
        session.execute(update(Account).where(Account.username == "alice").values(password_hash=f"{other}x"))
        session.commit()
    assert api.get("/cameras", who=None, headers=basic("alice", PASSWORD)).status_code == 401


def test_a_viewer_reads_and_writes_nothing(api: Api) -> None:
    assert api.get("/cameras", who="eve").status_code == 200
    body = {"name": "a", "rtsp_url": "rtsp://192.0.2.1/"}
    answer = api.post("/cameras", body, who="eve")
    assert answer.status_code == 403
    assert answer.json is not None
    assert answer.json["error"] == "forbidden"


def test_credentials_are_asked_for_before_anything_that_was_sent_is_looked_at(api: Api) -> None:
    assert api.post("/cameras", {"name": 3}, who=None).status_code == 401
    assert api.get("/events?limit=x", who=None).status_code == 401


def test_failed_logins_are_slowed_down_per_user_and_address(api: Api) -> None:
    for _ in range(5):
        assert api.get("/cameras", who=None, headers=basic("alice", "wrong password")).status_code == 401
    answer = api.get("/cameras", who=None, headers=basic("alice", PASSWORD))
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) >= 1
    elsewhere = {"X-Forwarded-For": "203.0.113.9", **basic("alice", PASSWORD)}
    assert api.get("/cameras", who=None, headers=elsewhere).status_code == 200
    assert api.get("/cameras", who=None, headers=basic("bob", PASSWORD)).status_code == 200
    assert api.get("/cameras").status_code == 200


def test_each_further_failure_doubles_the_wait(api: Api, redis: Redis) -> None:
    backoff = api.opened.gateway.authenticator._backoff
    waits = []
    for _ in range(9):
        backoff.failed("alice", "10.0.0.1")
        waits.append(backoff.wait_s("alice", "10.0.0.1"))
    assert waits == [0, 0, 0, 0, 1, 2, 4, 8, 16]
    assert not any(b"alice" in key for key in redis.scan_iter())


def test_without_redis_people_still_get_in(tmp_path: Path, template: Template) -> None:
    url = template.copy_to(tmp_path / "argus.db")
    api = open_api(Settings(data_dir=tmp_path, redis_url="redis://127.0.0.1:1/0", database_url=url), template.keys)
    assert api.get("/cameras", who=None, headers=basic("alice", PASSWORD)).status_code == 200
    assert api.get("/cameras").status_code == 200
    assert api.post("/cameras", {"name": "a", "rtsp_url": "rtsp://192.0.2.1/"}).status_code == 201
    assert api.get("/cameras/cam_001").status_code == 200
    api.opened.close()


def test_the_forwarded_address_is_believed_only_from_a_trusted_proxy(api: Api) -> None:
    for _ in range(5):
        api.get(
            "/cameras",
            who=None,
            headers={"X-Forwarded-For": "203.0.113.7, 127.0.0.1", **basic("bob", "wrong password")},
        )
    from_there = {"X-Forwarded-For": "203.0.113.7", **basic("bob", PASSWORD)}
    assert api.get("/cameras", who=None, headers=from_there).status_code == 429
    outside = {"REMOTE_ADDR": "198.51.100.1"}
    assert api.get("/cameras", who=None, headers=from_there, environ_overrides=outside).status_code == 200


def test_the_time_of_last_use_is_noted(api: Api) -> None:
    api.get("/cameras")
    with api.session() as session:
        used = session.scalars(select(ApiKey.last_used_at).where(ApiKey.last_used_at.is_not(None))).all()
    assert used == [START]


class CountingHasher(PasswordHasher):
    """Checks passwords cheaply, and counts how often."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=64, parallelism=1)
        self.checked = 0

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
        self.checked += 1
        return super().verify(hash, password)


@pytest.fixture
def hasher() -> Iterator[CountingHasher]:
    counting = CountingHasher()
    use_hasher(counting)
    yield counting
    use_hasher(PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))


def test_a_hundred_requests_with_a_right_password_are_one_hash(api: Api, hasher: CountingHasher) -> None:
    for _ in range(100):
        assert api.get("/cameras", who=None, headers=basic("alice", PASSWORD)).status_code == 200
    assert hasher.checked == 1


def test_every_wrong_password_is_a_hash_until_it_has_to_wait(api: Api, hasher: CountingHasher) -> None:
    """Wrong ones are never remembered, for a name that exists or not, and who has to wait costs nothing."""
    for name in ("alice", "nobody"):
        before = hasher.checked
        for _ in range(20):
            api.get("/cameras", who=None, headers=basic(name, "wrong password"))
        assert hasher.checked - before == 5


def test_a_key_costs_no_hash_of_a_password(api: Api, hasher: CountingHasher) -> None:
    assert api.get("/cameras").status_code == 200
    assert api.get("/cameras", who=None, headers={"X-API-Key": "sk-wrong"}).status_code == 401
    assert hasher.checked == 0


def test_a_password_is_remembered_for_a_minute_and_only_for_its_hash() -> None:
    now = 0.0
    cache = PasswordCache(ttl_s=60, monotonic=lambda: now)
    cache.remember("hash", "password")
    assert cache.knows("hash", "password")
    assert not cache.knows("hash", "passwore")
    assert not cache.knows("hash2", "password")
    now = 60.0
    assert not cache.knows("hash", "password")
