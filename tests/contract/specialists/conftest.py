"""Every specialist of the catalogue, opened as a worker opens it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import pytest
from redis import Redis

from services.modules.bench import Bench
from services.modules.examination import examine
from services.modules.memory import Memory
from services.modules.specialist import Specialist, Tools
from services.modules.specialists import CATALOGUE
from shared.db.engine import connect, read_sessions
from shared.db.migrate import upgrade
from shared.domain.errors import UserError
from shared.media import MediaStore
from shared.modules.order import ModuleOrder, PictureRef, new_job_id
from shared.settings.modules import ModulesSettings
from shared.weights.registry import load_registry
from shared.weights.store import WeightsStore
from tests.conftest import SHARED

WEIGHTS = SHARED / "assets" / "models"


@dataclass
class Opened:
    """One specialist and the ways to it."""

    name: str
    bench: Bench
    media: MediaStore
    shares: list[float] = field(default_factory=list)

    @property
    def specialist(self) -> Specialist:
        return self.bench.take(self.name)

    def look(self, *photos: bytes, **values: Any) -> dict[str, Any]:
        """The checked finding about these picture files, one after the other."""
        refs = []
        for number, photo in enumerate(photos):
            path = f"jobs/{number}"
            self.media.write(path, photo)
            refs.append(PictureRef(path=path, at=f"2026-01-15T10:30:{number:02d}Z"))  # type: ignore[arg-type]
        scope = min(self.specialist.manifest.scopes)
        defaults = {"scope": scope, "at": "2026-01-15T10:30:45Z", "pictures": tuple(refs)}
        order = ModuleOrder(job_id=new_job_id(), module=self.name, **{**defaults, **values})  # type: ignore[arg-type]
        memory = Memory(Redis())  # orders of no camera ask for nothing
        return examine(order, bench=self.bench, media=self.media, memory=memory, progress=self.shares.append)


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Tools:
    cv2.setNumThreads(1)
    engine = connect(f"sqlite:///{tmp_path_factory.mktemp('database') / 'argus.db'}")
    upgrade(engine)
    return Tools(WeightsStore(WEIGHTS, load_registry()), read_sessions(engine), state=lambda _slug: None)


@pytest.fixture(scope="module", params=sorted(CATALOGUE))
def opened(request: pytest.FixtureRequest, tools: Tools, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    """Opened once per module of tests; skips with the reason where it cannot run here."""
    bench = Bench(ModulesSettings(), tools)
    try:
        bench.take(request.param)
    except UserError as error:
        pytest.skip(f"{request.param} cannot run here: {error}")
    media: Path = tmp_path_factory.mktemp("media")
    yield Opened(request.param, bench, MediaStore.open(str(media)))
    bench.close()
