"""The fixtures of this test-suite keep their promises."""

from __future__ import annotations

import sys
import time

import pytest
from redis import Redis
from sqlalchemy import Engine, inspect

from shared.settings import Settings
from tests.conftest import wait_until
from tests.processes import Processes


@pytest.mark.parametrize("turn", [1, 2])
def test_redis_is_empty_at_the_start_of_each_test(redis: Redis, turn: int) -> None:
    assert redis.dbsize() == 0
    redis.set("left over", turn)


def test_the_engine_is_migrated_on_every_database(engine: Engine) -> None:
    assert "events" in inspect(engine).get_table_names()


def test_settings_point_into_a_folder_of_their_own(settings: Settings, redis_url: str) -> None:
    assert settings.redis_url == redis_url
    assert not settings.data_dir.exists()


def test_an_orphan_of_a_started_process_is_found_and_ended(processes: Processes) -> None:
    script = "import subprocess,sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])"
    child = processes.start([sys.executable, "-c", script])
    child.wait(10)
    assert len(processes.alive()) == 1
    told = processes.end_all()
    assert len(told) == 1
    assert "time.sleep(60)" in told[0]
    assert processes.alive() == []


def test_waiting_in_vain_fails_with_what_was_waited_for() -> None:
    started = time.monotonic()
    with pytest.raises(pytest.fail.Exception, match=r"waited 0.1 s in vain for the moon"):
        wait_until(lambda: False, 0.1, "the moon")
    assert time.monotonic() - started < 5
