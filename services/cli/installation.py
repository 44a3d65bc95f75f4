"""What a command needs of an installation: settings, database, secrets, and Redis where one is running."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import click
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from services.cli.folders import Folders, prepare
from shared.accounts.audit import Actor
from shared.db.engine import connect as connect_database
from shared.db.engine import sessions
from shared.db.migrate import upgrade
from shared.db.secrets import SecretBox, installation_box
from shared.domain.errors import UserError
from shared.messages.message import Message
from shared.messages.topics import COMMANDS
from shared.settings import Settings, load_settings
from shared.streams import Publisher
from shared.streams import connect as connect_redis

ACTOR = Actor(principal="cli")


@dataclass(frozen=True, slots=True)
class Installation:
    """One installation. Make it with `open_installation`."""

    settings: Settings
    folders: Folders
    engine: Engine = field(repr=False)

    @property
    def box(self) -> SecretBox:
        return installation_box(self.settings)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """One transaction, committed at the end. Raises `UserError` when the database does not answer."""
        try:
            with sessions(self.engine).begin() as session:
                yield session
        except OperationalError as error:
            raise database_error(error) from None

    def redis(self) -> Redis | None:
        """The Redis of the running installation; None when none answers."""
        url = running_redis_url(self.settings, self.folders)
        return None if url is None else answering(url)

    def tell(self, message: Message) -> None:
        """Publish an order to the running services; a word of warning when none runs."""
        redis = self.redis()
        if redis is None:
            warn("nothing is running: the change takes effect at the next 'argus up'")
            return
        try:
            Publisher(redis).publish(COMMANDS, message)
        except RedisError:
            warn("Redis does not answer: running services see the change within ten seconds of its return")
        finally:
            redis.close()


def open_installation(settings: Settings | None = None) -> Installation:
    """The installation of these settings, its database at this version's schema. Raises `UserError`."""
    settings = settings or load_settings()
    folders = prepare(settings.data_dir)
    settings = at(settings, folders)
    engine = connect_database(settings.effective_database_url)
    upgrade(engine)
    return Installation(settings, folders, engine)


def at(settings: Settings, folders: Folders) -> Settings:
    """The same settings with the data dir as an absolute path, as services are told it."""
    return settings.model_copy(update={"data_dir": folders.data})


def running_redis_url(settings: Settings, folders: Folders) -> str | None:
    """The configured server's URL, else that of the embedded one while it runs."""
    if settings.redis_url is not None:
        return settings.redis_url
    try:
        return folders.redis_url_file.read_text(encoding="utf-8").strip() or None
    except OSError:
        return None


def answering(url: str) -> Redis | None:
    """A connection to the server, or None when it does not answer."""
    redis = connect_redis(url, socket_timeout_s=2.0)
    try:
        redis.ping()
    except RedisError:
        redis.close()
        return None
    return redis


def now() -> datetime:
    return datetime.now(UTC)


def warn(text: str) -> None:
    click.echo(f"argus: {text}", err=True)


def database_error(error: OperationalError) -> UserError:
    reason = str(error.orig).splitlines()[0] if error.orig else "unknown reason"
    return UserError("database", f"did not answer: {reason}", remedy="check database_url, then try again")
