from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError
from redis.retry import Retry

from services.cli.redis_server import RedisServer, prepare_redis, start_redis, stop_redis
from shared.domain.errors import UserError


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    prepared = prepare_redis(tmp_path / "redis")
    child = start_redis(prepared)
    yield prepared
    stop_redis(child)


def test_the_server_answers_as_soon_as_start_returns(server: RedisServer) -> None:
    assert Redis.from_url(server.url).ping()


def test_nobody_without_the_password_is_let_in(server: RedisServer) -> None:
    port = server.url.rsplit(":", 1)[1].split("/")[0]
    with pytest.raises(AuthenticationError):
        Redis(port=int(port), retry=Retry(NoBackoff(), 0)).ping()


def test_the_password_stands_only_in_a_file_that_nobody_else_may_read(server: RedisServer) -> None:
    assert stat.S_IMODE(server.config_file.stat().st_mode) == 0o600
    assert "requirepass" not in " ".join(server.command)
    assert server.url not in repr(server)


def test_what_was_written_outlives_a_restart(tmp_path: Path) -> None:
    prepared = prepare_redis(tmp_path / "redis")
    child = start_redis(prepared)
    Redis.from_url(prepared.url).set("kept", "yes")
    stop_redis(child)
    child = start_redis(prepared)
    try:
        assert Redis.from_url(prepared.url).get("kept") == b"yes"
    finally:
        stop_redis(child)


def test_a_server_that_cannot_start_is_told_in_one_line_with_its_own_reason(
    tmp_path: Path, server: RedisServer
) -> None:
    port = int(server.url.rsplit(":", 1)[1].split("/")[0])
    second = prepare_redis(tmp_path / "second", port=port)
    with pytest.raises(UserError, match=r"^redis: the embedded server ended at start: .*") as told:
        start_redis(second)
    assert "\n" not in str(told.value)


def test_a_folder_that_cannot_be_written_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "redis").write_text("a file in the way")
    with pytest.raises(UserError, match=r"data_dir: .* cannot be written"):
        prepare_redis(tmp_path / "redis")
