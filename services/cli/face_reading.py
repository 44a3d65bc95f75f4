"""Asking the process that reads faces."""

from __future__ import annotations

import base64
import json
import os
import queue
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from services.cli.python import PYTHON
from shared.domain.errors import UserError
from shared.people.faces import NewFace

_READY_WITHIN_S = 120.0
_ANSWER_WITHIN_S = 120.0


@dataclass(frozen=True, slots=True)
class FoundFace:
    """A face on a photo. `resembles` is the (number, name) of the person it would be taken for."""

    bbox: tuple[int, int, int, int]
    quality: float
    complaints: tuple[str, ...]
    resembles: tuple[int, str] | None
    new: NewFace

    @property
    def area(self) -> int:
        x1, y1, x2, y2 = self.bbox
        return (x2 - x1) * (y2 - y1)


class FaceProcess:
    """The running process; make it with `face_process`. Every method raises `UserError` when it cannot answer."""

    def __init__(self, requests: IO[str], answers: queue.Queue[str | None]) -> None:
        self._requests = requests
        self._answers = answers
        self.recogniser = str(self._answer(_READY_WITHIN_S)["recogniser"])

    def faces(self, photo: Path, *, account_id: int) -> Sequence[FoundFace]:
        """Every face on a photo, the largest first."""
        told = self._ask({"photo": str(photo.resolve()), "account_id": account_id})
        return [self._found(face) for face in told["faces"]]

    def vector(self, crop: str, *, bbox: Sequence[int], landmarks: Mapping[str, Sequence[int]]) -> bytes:
        """The vector of a face that was kept."""
        told = self._ask({"crop": crop, "bbox": list(bbox), "landmarks": dict(landmarks)})
        return base64.b64decode(told["vector"])

    def _found(self, told: dict[str, Any]) -> FoundFace:
        known = told["resembles"]
        x1, y1, x2, y2 = told["crop_bbox"]
        new = NewFace(
            crop=base64.b64decode(told["crop"]),
            bbox=(x1, y1, x2, y2),
            landmarks={name: (x, y) for name, (x, y) in told["crop_landmarks"].items()},
            quality=told["quality"],
            recogniser=self.recogniser,
            vector=base64.b64decode(told["vector"]),
        )
        left, top, right, bottom = told["bbox"]
        return FoundFace(
            bbox=(left, top, right, bottom),
            quality=told["quality"],
            complaints=tuple(told["complaints"]),
            resembles=(known["person_id"], known["name"]) if known else None,
            new=new,
        )

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        try:
            self._requests.write(json.dumps(request) + "\n")
            self._requests.flush()
        except OSError:
            raise _died() from None
        return self._answer(_ANSWER_WITHIN_S)

    def _answer(self, within_s: float) -> dict[str, Any]:
        try:
            line = self._answers.get(timeout=within_s)
        except queue.Empty:
            raise UserError("faces", f"were not read within {within_s:.0f} s", remedy="try a smaller photo") from None
        if line is None:
            raise _died()
        told: dict[str, Any] = json.loads(line)
        if "error" in told:
            wrong = told["error"]
            raise UserError(wrong["field"], wrong["reason"], remedy=wrong["remedy"])
        return told


@contextmanager
def face_process() -> Iterator[FaceProcess]:
    """Start the process and end it. Raises `UserError` when faces cannot be read here; blocks while it loads."""
    child = subprocess.Popen(
        [*PYTHON, "-m", "services.modules.enrolment"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    answers: queue.Queue[str | None] = queue.Queue()
    try:
        if child.stdin is None or child.stdout is None:
            raise _died()
        threading.Thread(target=_listen, args=(child.stdout, answers), name="faces", daemon=True).start()
        yield FaceProcess(child.stdin, answers)
    finally:
        child.kill()
        child.communicate()


def _listen(told: IO[str], answers: queue.Queue[str | None]) -> None:
    try:
        for line in told:
            answers.put(line)
    except ValueError:
        pass  # closed: the process was ended
    answers.put(None)


def _died() -> UserError:
    remedy = "see what 'python -m services.modules.enrolment' says"
    return UserError("faces", "the process that reads them ended", remedy=remedy)
