"""A gateway asked in this process, and ingest at work on real cameras beside it."""

from __future__ import annotations

import io
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray
from werkzeug.test import TestResponse

from services.ingest.bootstrap import build
from shared.settings import Settings
from tests.unit.gateway.installation import Api

Picture = NDArray[np.uint8]


@dataclass
class Watched:
    """Cameras are added and asked for through the API alone."""

    api: Api
    settings: Settings
    _running: list[tuple[threading.Event, threading.Thread]] = field(default_factory=list)

    def start(self) -> None:
        """Run ingest on threads of this process."""
        service, stop = build(self.settings, instance="ingest-0"), threading.Event()
        thread = threading.Thread(target=service.run, args=(stop,), daemon=True)
        thread.start()
        self._running.append((stop, thread))

    def stop(self) -> None:
        for stop, _ in self._running:
            stop.set()
        for _, thread in self._running:
            thread.join(10)
        self._running.clear()

    def add(self, slug: str, url: str) -> None:
        self.api.clock.at = datetime.now(UTC)
        answer = self.api.post("/cameras", {"id": slug, "name": slug, "rtsp_url": url})
        assert answer.status_code == 201, answer.text

    def shown(self, slug: str) -> dict[str, Any]:
        """The camera as the API shows it now."""
        self.api.clock.at = datetime.now(UTC)
        answer = self.api.get(f"/cameras/{slug}")
        assert answer.json is not None
        return dict(answer.json)

    def status(self, slug: str) -> str:
        return str(self.shown(slug)["status"])

    def snapshot(self, slug: str, **kwargs: Any) -> TestResponse:
        query = "&".join(f"{name}={value}" for name, value in kwargs.items())
        return self.api.get(f"/cameras/{slug}/snapshot.jpg?{query}")


def timed(ask: Any, *args: Any, **kwargs: Any) -> tuple[TestResponse, float]:
    """An answer, and how long it took, seconds."""
    began = time.monotonic()
    answer = ask(*args, **kwargs)
    return answer, time.monotonic() - began


def picture_of(content: bytes) -> Picture:
    """A decoded picture, height × width × RGB."""
    return _pictures(io.BytesIO(content))[0]


def pictures_in(path: str, *, most: int = 200) -> list[Picture]:
    """The first pictures of a clip."""
    return _pictures(path, most=most)


def _pictures(place: Any, *, most: int = 1) -> list[Picture]:
    with av.open(place, "r") as container:
        frames = islice(container.decode(video=0), most)
        return [np.asarray(frame.to_ndarray(format="rgb24"), np.uint8) for frame in frames]


def difference(a: Picture, b: Picture) -> float:
    """The mean difference of two pictures of one size, 0 … 255."""
    assert a.shape == b.shape
    return float(np.abs(a.astype(np.int16) - b.astype(np.int16)).mean())
