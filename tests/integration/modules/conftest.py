"""Workers in processes of their own, and orders for them."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from PIL import Image
from redis import Redis
from sqlalchemy import Engine

from services.cli.redis_server import prepare_redis, start_redis, stop_redis
from shared.db.engine import connect
from shared.db.migrate import upgrade
from shared.jobs import celery_app
from shared.media import MediaStore
from shared.modules.book import JobBook, JobRecord
from shared.modules.enqueue import enqueue
from shared.modules.order import ModuleOrder, PictureRef, new_job_id
from shared.modules.roster import Roster, WorkerInfo
from shared.modules.uploads import upload_path
from shared.settings import Settings
from tests.conftest import PROJECT, wait_until
from tests.processes import Processes

AT = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)
SLOW_S = 120.0
"""Far beyond what it takes: a busy machine opens models slowly."""


def picture(width: int = 64, height: int = 48) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(out, "JPEG")
    return out.getvalue()


@dataclass
class Shop:
    """The stores that workers and askers share."""

    settings: Settings
    redis: Redis
    engine: Engine
    media: MediaStore
    book: JobBook
    roster: Roster
    app: Celery

    def order(self, do: str = "look", *, module: str = "tester", **values: Any) -> ModuleOrder:
        """An order for the tester, with a picture of its own in the store."""
        job_id = new_job_id()
        path = upload_path(job_id, datetime.now(UTC))
        self.media.write(path, picture())
        options = {"do": do, **values.pop("options", {})}
        defaults = {"pictures": (PictureRef(path=path),), "scope": "scene", "at": AT, "account_id": 1}
        return ModuleOrder(job_id=job_id, module=module, options=options, **{**defaults, **values})

    def enqueue(self, order: ModuleOrder) -> int:
        return enqueue(self.app, self.book, order, bound=100)

    def ask(self, do: str = "look", **values: Any) -> str:
        order = self.order(do, **values)
        self.enqueue(order)
        return order.job_id

    def record(self, job_id: str) -> JobRecord:
        record = self.book.get(job_id)
        assert record is not None
        return record

    def ended(self, job_id: str) -> JobRecord:
        wait_until(lambda: self.record(job_id).status in ("completed", "failed"), SLOW_S, f"the end of {job_id}")
        return self.record(job_id)

    def worker(self) -> WorkerInfo:
        """The one living worker, once its specialists are open."""
        return wait_until(lambda: next((w for w in self.roster.workers() if w.ready), None), SLOW_S, "a worker")


@pytest.fixture
def shop(tmp_path: Path, redis_url: str) -> Iterator[Shop]:
    """Stores of one test's own."""
    with open_shop(tmp_path, redis_url) as opened:
        yield opened


@pytest.fixture(scope="module")
def busy_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Stores with one worker, shared by the tests that neither stop it nor count what is there."""
    folder = tmp_path_factory.mktemp("busy shop")
    server = prepare_redis(folder / "redis", durable=False)
    child = start_redis(server)
    started = Processes()
    with open_shop(folder, server.url) as opened:
        # Who breaks off needs a moment to say so, and is not to be killed over it on a busy machine.
        worker = run_worker(opened, started, time_limit_s="3", kill_after_s="3")
        yield opened
        end_worker(worker)
    assert started.end_all() == []
    stop_redis(child)


@contextmanager
def open_shop(folder: Path, redis_url: str) -> Iterator[Shop]:
    url = f"sqlite:///{folder / 'argus.db'}"
    settings = Settings(data_dir=folder / "data", redis_url=redis_url, database_url=url)
    redis, engine = Redis.from_url(redis_url), connect(url)
    upgrade(engine)
    yield Shop(
        settings=settings,
        redis=redis,
        engine=engine,
        media=MediaStore.open(settings.effective_media_url),
        book=JobBook(redis, now=lambda: datetime.now(UTC), worker="test"),
        roster=Roster(redis),
        app=celery_app(redis_url),
    )
    engine.dispose()
    redis.close()


def run_worker(shop: Shop, processes: Processes, **extra: str) -> subprocess.Popen[bytes]:
    """Start a worker process, with settings as `time_limit_s="2"`."""
    env = {
        "ARGUS_DATA_DIR": str(shop.settings.data_dir),
        "ARGUS_REDIS_URL": str(shop.settings.redis_url),
        "ARGUS_DATABASE_URL": str(shop.settings.database_url),
        "ARGUS_MODULES__ENABLED": "tester",
        "ARGUS_INSTANCE": "modules-worker-0",
        **{f"ARGUS_MODULES__{name.upper()}": value for name, value in extra.items()},
    }
    command = [sys.executable, "-m", "tests.integration.modules.worker_program"]
    return processes.start(command, env=env, cwd=PROJECT)


def end_worker(worker: subprocess.Popen[bytes]) -> None:
    """Stop a worker, and wait until the processes that look for it are gone too."""
    if worker.poll() is None:
        worker.terminate()
    worker.wait(SLOW_S)


StartWorker = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start_worker(shop: Shop, processes: Processes) -> Iterator[StartWorker]:
    """Start a worker process of the test's own."""
    started = []

    def start(**extra: str) -> subprocess.Popen[bytes]:
        started.append(run_worker(shop, processes, **extra))
        return started[-1]

    yield start
    for worker in started:
        end_worker(worker)
    wait_until(lambda: not processes.alive(), SLOW_S, "the processes to end")
