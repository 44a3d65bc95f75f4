"""From settings to a running gateway."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from services.gateway.app import application
from services.gateway.bootstrap import build
from services.gateway.dialect import Dialect, load_dialects
from services.gateway.dialect_ports import served_ports
from services.gateway.grace import Grace
from services.gateway.heart import Heart
from services.gateway.restarts import follow_restarts
from services.gateway.serve import serve
from shared.accounts.users import ensure_admin
from shared.db.engine import sessions
from shared.db.migrate import upgrade
from shared.observability import configure_logging
from shared.observability.instance import instance_name
from shared.settings import Settings
from shared.streams import connect


def start(settings: Settings) -> None:
    """Check and prepare everything, then serve. Raises `UserError` before anything listens."""
    configure_logging(settings.log, service="gateway")
    ports = served_ports(settings.gateway.dialect_ports, main_port=settings.gateway.port)
    prepare(settings)
    dialects, instance, grace = load_dialects(), instance_name("gateway"), Grace()

    def application_of_worker() -> Any:
        return worker(settings, dialects, ports, instance=instance, grace=grace)

    serve(settings, ports=ports, application=application_of_worker, grace=grace)


def prepare(settings: Settings) -> None:
    """Bring the database to this version and see that there is an administrator."""
    opened = build(settings)
    try:
        upgrade(opened.engine)
        with sessions(opened.engine).begin() as session:
            username, password = ensure_admin(session, settings, now=datetime.now(UTC))
    finally:
        opened.close()
    if password is not None:
        line = f"argus gateway: created the administrator {username!r} with the one-time password {password}"
        print(line, file=sys.stderr)  # noqa: T201 – shown once, and never to a log


def worker(
    settings: Settings, dialects: Sequence[Dialect], ports: Mapping[int, str], *, instance: str, grace: Grace
) -> Any:
    """The WSGI app of one worker process, with connections and threads of its own."""
    opened = build(settings)
    redis = connect(settings.known_redis_url)
    configure_logging(settings.log, service="gateway", redis=redis)
    Heart(opened.gateway, redis, instance=instance).start()
    follow_restarts(redis, grace, master_pid=os.getppid())
    return application(opened.gateway, dialects, ports=ports)
