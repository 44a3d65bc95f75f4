"""The composition root of the processes that look: without Celery, which only the worker needs."""

from __future__ import annotations

from collections.abc import Mapping

import cv2

from services.modules.bench import Bench
from services.modules.specialist import Tools
from shared.db.engine import connect as connect_database
from shared.db.engine import read_sessions
from shared.messages.topics import EYE_STATE
from shared.settings import Settings
from shared.streams import connect
from shared.weights.store import open_store


def build_bench(settings: Settings, *, dead: Mapping[str, str] | None = None) -> Bench:
    """The specialists of one process, none opened yet. Caps the threads of OpenCV in this process."""
    cv2.setNumThreads(settings.modules.threads)
    return Bench(settings.modules, build_tools(settings), dead=dead)


def build_tools(settings: Settings) -> Tools:
    """What specialists may use. Connects to nothing yet."""
    redis = connect(settings.known_redis_url)

    def state(slug: str) -> bytes | None:
        found: bytes | None = redis.get(EYE_STATE.format(slug=slug))  # type: ignore[assignment]
        return found

    return Tools(
        weights=open_store(settings),
        sessions=read_sessions(connect_database(settings.effective_database_url, pool_size=2)),
        state=state,
        threads=settings.modules.threads,
    )
