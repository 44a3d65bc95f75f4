"""What becomes of tokens: forged, too old, used twice, taken back."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from pydantic import SecretStr
from redis import Redis
from werkzeug.test import TestResponse

from services.gateway.auth.tokens import TokenUse
from shared.accounts.users import account_named, set_password
from shared.db.tables import AuditRow, LoginSession
from shared.settings import Settings
from tests.unit.gateway.installation import Api, Template, open_api
from tests.unit.gateway.visionflow.flow import Flow, refusal

REFUSED = (401, "INVALID_TOKEN")


def with_token(flow: Flow, token: str) -> TestResponse:
    return flow.get("/cameras", who=None, headers={"Authorization": f"Bearer {token}"})


def claims(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    return dict(json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4))))


def signed(flow: Flow, said: dict[str, Any], **kwargs: Any) -> str:
    return jwt.encode(said, flow.api.opened.gateway.box.derived_key("tokens"), **{"algorithm": "HS256", **kwargs})


def unsigned(said: dict[str, Any], algorithm: str) -> str:
    def part(value: object) -> str:
        return urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': algorithm, 'typ': 'JWT'})}.{part(said)}."


def test_the_form_of_a_token_is_what_the_forgeries_start_from(flow: Flow) -> None:
    said = claims(flow.login("alice")["access_token"])
    assert with_token(flow, signed(flow, said)).status_code == 200
    assert len(flow.api.opened.gateway.box.derived_key("tokens")) == 32
    assert said["exp"] - said["iat"] == 15 * 60
    assert "alice" not in json.dumps(said)


@pytest.mark.filterwarnings("ignore:The HMAC key is 32 bytes long")
def test_no_forgery_opens_anything(flow: Flow) -> None:
    token = flow.login("alice")["access_token"]
    said, bob = claims(token), claims(flow.login("bob")["access_token"])
    header, body, signature = token.split(".")
    forged = [
        jwt.encode(said, "k" * 32, algorithm="HS256"),
        signed(flow, said, algorithm="HS512"),
        *(unsigned(said, algorithm) for algorithm in ("none", "None", "NONE", "HS256")),
        f"{header}.{body}.{signature[:-4]}AAAA",
        f"{header}.{body}.",
        f"{header}.{flow.login('bob')['access_token'].split('.')[1]}.{signature}",
        signed(flow, {**said, "iss": "somebody"}),
        signed(flow, {**said, "aud": "others"}),
        # Signed with the key, but for nobody that there is, or for nothing known.
        signed(flow, {**said, "sub": bob["sub"]}),
        signed(flow, {**said, "sid": bob["sid"]}),
        signed(flow, {**said, "use": "all"}),
        signed(flow, {**said, "exp": "never"}),
        signed(flow, {**said, "exp": 1e300}),
        *(signed(flow, {key: value for key, value in said.items() if key != name}) for name in ("exp", "sid", "sub")),
        *(signed(flow, {key: value for key, value in said.items() if key != name}) for name in ("use", "jti", "aud")),
        "x",
        "..",
        "é.é.é",
        "a" * 5000,
    ]
    for each in forged:
        assert refusal(with_token(flow, each)) == REFUSED, each


@pytest.mark.parametrize("use", [use for use in TokenUse if use is not TokenUse.ACCESS])
def test_a_token_is_good_for_its_use_alone(flow: Flow, use: TokenUse) -> None:
    said = claims(flow.login("alice")["access_token"])
    other = flow.api.opened.gateway.tokens.mint(use, account_uuid=said["sub"], session=said["sid"])
    assert refusal(with_token(flow, other)) == REFUSED
    if use is not TokenUse.REFRESH:
        assert refusal(flow.post("/token/refresh", {"refresh_token": other}, who=None)) == REFUSED


def test_an_access_token_is_no_media_token(flow: Flow) -> None:
    camera, login = flow.camera(), flow.login("alice")
    assert refusal(flow.get(f"/mask/{camera}?token={login['access_token']}", who=None)) == REFUSED
    said = claims(login["access_token"])
    media = flow.api.opened.gateway.tokens.mint(TokenUse.MEDIA, account_uuid=said["sub"], session=said["sid"])
    assert flow.get(f"/mask/{camera}?token={media}", who=None).status_code == 200
    assert refusal(flow.get(f"/cameras?token={media}", who=None)) == (401, "AUTH_REQUIRED")


def test_an_access_token_ends_after_a_quarter_of_an_hour_with_some_leeway_for_clocks(flow: Flow) -> None:
    token = flow.login("alice")["access_token"]
    flow.api.clock.forward(minutes=15, seconds=29)
    assert with_token(flow, token).status_code == 200
    flow.api.clock.forward(seconds=1)
    assert refusal(with_token(flow, token)) == REFUSED


def refresh(flow: Flow, token: str) -> TestResponse:
    return flow.post("/token/refresh", {"refresh_token": token}, who=None)


def test_a_refresh_token_gives_the_next_pair(flow: Flow) -> None:
    first = flow.login("alice")
    flow.api.clock.forward(minutes=20)
    answer = refresh(flow, first["refresh_token"])
    assert answer.status_code == 200
    assert answer.json is not None
    assert list(answer.json) == ["access_token", "refresh_token"]
    assert answer.json["refresh_token"] != first["refresh_token"]
    assert with_token(flow, answer.json["access_token"]).status_code == 200
    assert refresh(flow, answer.json["refresh_token"]).status_code == 200


def test_a_refresh_token_used_twice_ends_the_login_for_everybody(flow: Flow) -> None:
    stolen = flow.login("alice")["refresh_token"]
    following = refresh(flow, stolen).json or {}
    assert refusal(refresh(flow, stolen)) == REFUSED
    assert refusal(refresh(flow, following["refresh_token"])) == REFUSED
    assert refusal(with_token(flow, following["access_token"])) == REFUSED
    with flow.api.session() as session:
        assert session.query(AuditRow).filter_by(action="session.reused", principal="alice").count() == 1
    flow.logins.clear()
    assert flow.get("/cameras").status_code == 200, "a new login works"


def test_a_refresh_token_ends_after_thirty_days_and_is_cleared_away(flow: Flow) -> None:
    token = flow.login("alice")["refresh_token"]
    flow.api.clock.forward(days=30, minutes=1)
    assert refusal(refresh(flow, token)) == REFUSED
    flow.logins.clear()
    flow.login("alice")
    with flow.api.session() as session:
        assert session.query(LoginSession).count() == 1


def test_refresh_tokens_are_stored_as_hashes_alone(flow: Flow) -> None:
    token = flow.login("alice")["refresh_token"]
    flow.camera()
    database = flow.api.opened.engine.url.database
    assert database is not None
    files = [Path(database), Path(f"{database}-wal")]
    stored = b"".join(file.read_bytes() for file in files if file.exists())
    assert b"login_sessions" in stored
    assert token.encode() not in stored
    assert token.rpartition(".")[2].encode() not in stored


def test_whoever_logs_out_is_out_at_once_and_for_good(flow: Flow, redis: Redis) -> None:
    login = flow.login("alice")
    other = flow.post("/login", {"username": "alice", "password": "correct horse battery"}, who=None).json or {}
    assert (flow.post("/logout").json or {})["message"] == "已登出"
    assert refusal(with_token(flow, login["access_token"])) == REFUSED
    assert refusal(refresh(flow, login["refresh_token"])) == REFUSED
    assert with_token(flow, other["access_token"]).status_code == 200, "the other login goes on"
    # Redis may lose what it knew: the database knows it too.
    assert redis.exists(f"gateway:revoked:{claims(login['access_token'])['jti']}")
    redis.flushdb()
    assert refusal(with_token(flow, login["access_token"])) == REFUSED


def test_a_token_taken_back_in_redis_is_refused_by_every_worker(flow: Flow, redis: Redis) -> None:
    token = flow.login("alice")["access_token"]
    redis.set(f"gateway:revoked:{claims(token)['jti']}", 1)
    assert refusal(with_token(flow, token)) == REFUSED


@pytest.fixture
def without_redis(api_settings: Settings, template: Template) -> Iterator[Flow]:
    api: Api = open_api(api_settings.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"}), template.keys)
    yield Flow(api)
    api.opened.close()


def test_without_redis_people_log_in_and_out_as_ever(without_redis: Flow) -> None:
    login = without_redis.login("alice")
    assert with_token(without_redis, login["access_token"]).status_code == 200
    assert without_redis.post("/logout").status_code == 200
    assert refusal(with_token(without_redis, login["access_token"])) == REFUSED
    assert refusal(refresh(without_redis, login["refresh_token"])) == REFUSED


def test_a_new_password_ends_the_logins_with_the_old_one(flow: Flow) -> None:
    login = flow.login("alice")
    with flow.api.session() as session:
        set_password(session, username="alice", password="another horse battery")
        session.commit()
    assert refusal(with_token(flow, login["access_token"])) == REFUSED
    assert refusal(refresh(flow, login["refresh_token"])) == REFUSED


def test_a_disabled_account_is_out_at_once_and_a_lesser_role_counts_at_once(flow: Flow) -> None:
    alice, bob = flow.login("alice"), flow.login("bob")
    with flow.api.session() as session:
        account_named(session, "alice").enabled = False
        account_named(session, "bob").role = "viewer"
        session.commit()
    assert refusal(with_token(flow, alice["access_token"])) == REFUSED
    assert refusal(refresh(flow, alice["refresh_token"])) == REFUSED
    headers = {"Authorization": f"Bearer {bob['access_token']}"}
    answer = flow.post("/cameras", {"name": "a", "stream_url": "rtsp://x/y"}, who=None, headers=headers)
    assert refusal(answer) == (403, "INSUFFICIENT_PERMISSIONS")


def test_who_guesses_passwords_is_slowed_down(flow: Flow) -> None:
    answers = [flow.post("/login", {"username": "alice", "password": f"g{n}"}, who=None) for n in range(6)]
    assert refusal(answers[-1]) == (429, "RATE_LIMIT_EXCEEDED")
    assert int(answers[-1].headers["Retry-After"]) >= 1


def test_tokens_do_not_outlive_another_key(flow: Flow, api_settings: Settings, template: Template) -> None:
    token = flow.login("alice")["access_token"]
    key = "0" * 43 + "="
    other = open_api(api_settings.model_copy(update={"secret_key": SecretStr(key)}), template.keys)
    try:
        assert refusal(with_token(Flow(other), token)) == REFUSED
    finally:
        other.opened.close()


def test_times_are_told_by_the_installations_clock(flow: Flow) -> None:
    tokens = flow.api.opened.gateway.tokens
    text = tokens.mint(TokenUse.MEDIA, account_uuid="a", session="s")
    assert tokens.read(text, {TokenUse.MEDIA}).expires_at == flow.api.clock() + timedelta(minutes=5)
