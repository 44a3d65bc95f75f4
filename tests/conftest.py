"""Fixtures for every test: a real Redis, real databases, settings in a folder of their own, and processes.

Redis is one server per test run, flushed before each test that uses it. `database_url` runs a test once on SQLite
and once on PostgreSQL.
"""

from __future__ import annotations

import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
import sqlalchemy
from argon2 import PasswordHasher
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from redis import Redis
from sqlalchemy import Engine

from services.cli.redis_server import prepare_redis, start_redis, stop_redis
from shared.accounts.passwords import use_hasher
from shared.db.engine import connect
from shared.db.migrate import upgrade
from shared.settings import Settings
from shared.settings.retention import RetentionSettings
from tests.postgres import postgres_cluster, postgres_folder
from tests.processes import Processes

T = TypeVar("T")

PROJECT = Path(__file__).resolve().parent.parent
SHARED = PROJECT.parent / "shared"

# CI tries the same examples every time: whether a change is taken must not be chance. At a desk new ones are tried.
# How long an example takes, and how long it takes to draw, says something of the machine and nothing of the code.
hypothesis_settings.register_profile(
    "argus",
    derandomize="ARGUS_CI" in os.environ,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
hypothesis_settings.load_profile("argus")

# What a password costs to check is measured in nobody's test; what it costs outside of tests has a test of its own.
use_hasher(PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))


def wait_until(condition: Callable[[], T], deadline_s: float = 30.0, what: str = "the condition") -> T:
    """Poll until `condition` gives something true, and return that. Fails the test past the deadline."""
    until = time.monotonic() + deadline_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > until:
            pytest.fail(f"waited {deadline_s:g} s in vain for {what}; the last answer was {value!r}")
        time.sleep(0.02)


@pytest.fixture(name="wait_until", scope="session")
def _wait_until() -> Callable[..., object]:
    """`wait_until(condition, deadline_s, what)` without an import."""
    return wait_until


@pytest.fixture(scope="session")
def redis_server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of this test run's Redis."""
    server = prepare_redis(tmp_path_factory.mktemp("redis"), durable=False)
    child = start_redis(server)
    yield server.url
    stop_redis(child)


@pytest.fixture
def redis_url(redis_server_url: str) -> str:
    """The URL of an empty Redis."""
    client = Redis.from_url(redis_server_url)
    client.flushall()
    client.close()
    return redis_server_url


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    """A connection to an empty Redis: bytes in, bytes out."""
    client = Redis.from_url(redis_url)
    yield client
    client.close()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL prefix of a PostgreSQL cluster; skips with the reason where there is none."""
    programs = postgres_folder() or _installed_postgres()
    if programs is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    with postgres_cluster(programs) as url:
        yield url


def _installed_postgres() -> Path | None:
    try:
        from tests.system import require
    except ImportError:
        return None
    require("postgresql")
    return postgres_folder()


@pytest.fixture(scope="session")
def postgres(postgres_url: str) -> Iterator[Engine]:
    """The cluster as its administrator, with a migrated database called `migrated` to copy."""
    admin = sqlalchemy.create_engine(f"{postgres_url}/postgres", isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql("CREATE DATABASE migrated")
    _migrate(f"{postgres_url}/migrated")
    yield admin
    admin.dispose()


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a migrated SQLite database to copy."""
    file = tmp_path_factory.mktemp("migrated") / "argus.db"
    _migrate(f"sqlite:///{file}")
    return file


def _migrate(url: str) -> None:
    made = connect(url)
    upgrade(made)
    made.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database of its own, once on SQLite and once on PostgreSQL.

    It is empty, unless the test takes `engine` too: then it is a copy of one that was migrated, once per test run.
    """
    migrated = "engine" in request.fixturenames
    if request.param == "sqlite":
        file = tmp_path / "argus.db"
        if migrated:
            shutil.copyfile(request.getfixturevalue("migrated_sqlite"), file)
        yield f"sqlite:///{file}"
        return
    server, admin = request.getfixturevalue("postgres_url"), request.getfixturevalue("postgres")
    name = f"test_{uuid.uuid4().hex}"
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}" + (" TEMPLATE migrated" if migrated else ""))
    yield f"{server}/{name}"
    with admin.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of an empty SQLite database, for tests that need no second database."""
    return f"sqlite:///{tmp_path / 'argus.db'}"


@pytest.fixture
def settings(tmp_path: Path, redis_url: str, database_url: str) -> Settings:
    """Settings of an installation in a folder of its own.

    It keeps events for ever: the days that tests tell of are long past, and whoever starts tidies up.
    """
    return Settings(
        data_dir=tmp_path / "data",
        redis_url=redis_url,
        database_url=database_url,
        retention=RetentionSettings(events_days=0),
    )


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on a migrated, empty database."""
    made = connect(database_url)
    yield made
    made.dispose()


@pytest.fixture
def processes() -> Iterator[Processes]:
    """Starts processes; at the end kills what is left and fails when that was more than what the test started."""
    started = Processes()
    yield started
    left = started.end_all()
    if left:
        pytest.fail("left behind: " + "; ".join(left))
