"""`argus up`: every service on this machine, under one supervisor."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import click
from redis.exceptions import RedisError
from sqlalchemy.exc import OperationalError

from services.cli.child import Service
from services.cli.folders import Folders, empty_folder, exclusive, prepare, write_private
from services.cli.installation import at, database_error, now
from services.cli.logview import LogView, is_terminal, may_colour
from services.cli.main import use_config
from services.cli.plan import chosen, plan
from services.cli.ports import check_ports, usual_ports
from services.cli.readiness import Readiness, gateway_url
from services.cli.redis_server import RedisServer, prepare_redis
from services.cli.supervisor import Supervisor
from shared.accounts.users import ensure_admin
from shared.db.engine import connect as connect_database
from shared.db.engine import sessions
from shared.db.migrate import upgrade
from shared.db.secrets import installation_box
from shared.domain.errors import USER_ERROR_STATUS, UserError
from shared.settings import Settings, load_settings
from shared.streams import connect as connect_redis

Say = Callable[[str], None]


@click.command()
@click.option("--only", metavar="SERVICE,…", help="Start these alone: gateway, ingest, eye, brain, alerts, modules.")
@click.option("--config", "config_file", type=click.Path(path_type=Path), help="YAML file of settings [./argus.yaml].")
@click.option("--logs", type=click.Choice(["auto", "short", "json"]), default="auto", help="How services' logs look.")
def up(only: str | None, config_file: Path | None, logs: str) -> int:
    """Run every service on this machine until Ctrl-C.

    Starts an embedded Redis unless ARGUS_REDIS_URL names one, brings the database up to date, makes the first
    administrator, and restarts whatever crashes.

    Example: argus up --only gateway,brain --config /etc/argus.yaml
    """
    if config_file is not None:
        use_config(config_file)
    settings = load_settings()
    services = chosen(only)
    folders = prepare(settings.data_dir)
    short = logs == "short" or (logs == "auto" and (is_terminal(sys.stdout) or settings.log.format == "console"))
    view = LogView(sys.stdout, short=short, colour=may_colour(sys.stdout), now=now)
    with exclusive(folders) as lock:
        ports = usual_ports(settings, environ=os.environ, say=say) if "gateway" in services else {}
        return run(at(settings, folders), folders, view, only=services, lock=lock, say=say, environment=ports)


def say(text: str) -> None:
    """A word to the person at the terminal, apart from the logs."""
    with suppress(OSError):
        click.echo(text, err=True)


@dataclass(frozen=True, slots=True)
class Companions:
    """What runs beside the services: told of the broker's URL, when all are ready, and when all have ended."""

    on_start: Callable[[str], None]
    on_ready: Callable[[float], None]
    on_stop: Callable[[], None]


def run(
    settings: Settings,
    folders: Folders,
    view: LogView,
    *,
    only: Iterable[str],
    lock: int,
    say: Say,
    environment: dict[str, str] | None = None,
    companions: Companions | None = None,
) -> int:
    """Start the services and block until they are stopped; the exit status.

    `settings` has an absolute data dir, whose lock the caller holds as the descriptor `lock`. Raises `UserError`
    for what stands in the way: a port in use, a database from a newer version, a service that refuses its settings.
    """
    if "gateway" in only:
        check_ports(settings)
    with redis_of(settings, folders) as (redis_url, redis_services):
        prepare_database(settings, say=say)
        empty_folder(folders.metrics)
        planned = plan(settings, folders, redis_url=redis_url, only=only)
        services = [_with(service, environment or {}) for service in planned.services]
        write_private(folders.services_file, "\n".join(planned.instances))
        supervisor = Supervisor([*redis_services, *services], view, guard_fds=(lock,))
        readiness = Readiness(
            connect_redis(redis_url, socket_timeout_s=1.0),
            planned.instances,
            gateway=gateway_url(settings.gateway) if "gateway" in only else None,
            on_ready=companions.on_ready if companions else lambda took_s: say(_ready_line(settings, only, took_s)),
            on_slow=lambda missing: say(f"still waiting for: {', '.join(missing)}"),
        )
        readiness.start()
        if companions:
            companions.on_start(redis_url)
        try:
            status = supervisor.run()
        finally:
            readiness.stop()
            if companions:
                companions.on_stop()
        _raise_refusal(supervisor, status)
        return status


def prepare_database(settings: Settings, *, say: Say) -> None:
    """Bring the schema up to date, make the secret key and the first administrator. Raises `UserError`."""
    installation_box(settings)
    engine = connect_database(settings.effective_database_url)
    try:
        upgrade(engine)
        with sessions(engine).begin() as session:
            username, password = ensure_admin(session, settings, now=now())
    except OperationalError as error:
        raise database_error(error) from None
    finally:
        engine.dispose()
    if password is not None:
        say(f"First administrator: {username}   one-time password: {password}   (shown once; 'argus user passwd')")


@contextmanager
def redis_of(settings: Settings, folders: Folders) -> Iterator[tuple[str, list[Service]]]:
    """The broker's URL, and the service that provides it when it is the embedded one.

    Raises `UserError` when the configured one does not answer.
    """
    if settings.redis_url is not None:
        _check_redis(settings.redis_url)
        yield settings.redis_url, []
        return
    server = prepare_redis(folders.redis)
    write_private(folders.redis_url_file, server.url)
    try:
        yield server.url, [_redis_service(server)]
    finally:
        folders.redis_url_file.unlink(missing_ok=True)


def _redis_service(server: RedisServer) -> Service:
    return Service("redis", tuple(server.command), gate=server.answers, last_words=server.last_words)


def _check_redis(url: str) -> None:
    redis = connect_redis(url, socket_timeout_s=2.0)
    try:
        redis.ping()
    except RedisError as error:
        reason = " ".join(str(error).split())[:200]
        remedy = "start that server, correct ARGUS_REDIS_URL, or unset it for the embedded one"
        raise UserError("redis_url", f"the server does not answer: {reason}", remedy=remedy) from None
    finally:
        redis.close()


def _with(service: Service, extra: dict[str, str]) -> Service:
    return replace(service, environment={**service.environment, **extra})


def _ready_line(settings: Settings, only: Iterable[str], took_s: float) -> str:
    what = f"at {gateway_url(settings.gateway)} (API: /docs)" if "gateway" in only else ", ".join(sorted(only))
    return f"Argus is ready {what} after {took_s:.1f} s. Ctrl-C stops it."


def _raise_refusal(supervisor: Supervisor, status: int) -> None:
    if status == USER_ERROR_STATUS and supervisor.refusal:
        raise UserError("", supervisor.refusal)
