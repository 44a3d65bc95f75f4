"""A specialist that does what the order's options say, however bad."""

from __future__ import annotations

import itertools
import os
import signal
import time
import traceback
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Self

from services.modules.specialist import Case, Finding, Manifest, Recognised, Tools
from shared.domain.errors import Permanent, Transient
from shared.settings.section import Section


class TesterSettings(Section):
    """`crash_on_open` ends the process that opens it."""

    crash_on_open: bool = False


class Tester:
    manifest: ClassVar[Manifest] = Manifest(
        name="tester", version="1", summary="does as it is told", scopes=frozenset({"object", "scene"}), max_pictures=4
    )
    settings_type: ClassVar[type[TesterSettings]] = TesterSettings

    @classmethod
    def open(cls, options: Any, tools: Tools) -> Self:
        if options.crash_on_open:
            os.kill(os.getpid(), signal.SIGKILL)
        return cls()

    def examine(self, case: Case) -> Finding:
        act = getattr(self, str(case.options.get("do", "look")))
        answer: Finding = act(case)
        return answer

    def close(self) -> None:
        pass

    def look(self, case: Case) -> Finding:
        sizes = [[picture.bgr.shape[1], picture.bgr.shape[0]] for picture in case.pictures]
        return Finding({"sizes": sizes, "camera": case.camera, "label": case.label, "pid": os.getpid()})

    def read_plate(self, case: Case) -> Finding:
        return Finding({"plates": []}, recognised=(Recognised("plate_read", {"plate_text": "AB123"}),))

    def half(self, case: Case) -> Finding:
        """Half done, until there is a file."""
        case.progress(0.5)
        wait_for(Path(case.options["until"]))
        return Finding({"done": True})

    def crash(self, case: Case) -> Finding:
        """Once for each file that is not there yet."""
        for mark in (Path(name) for name in case.options["once_each"]):
            if not mark.exists():
                mark.touch()
                os.kill(os.getpid(), signal.SIGKILL)
        return Finding({"survived": True})

    def dawdle(self, case: Case) -> Finding:
        until = time.monotonic() + 100
        while time.monotonic() < until:
            time.sleep(0.01)
        return Finding({})

    def misread(self, case: Case) -> Finding:
        """As a library does that takes whatever befalls it for a failure of its own, and tells all of it."""
        try:
            return self.dawdle(case)
        except Exception:  # noqa: BLE001 – as such libraries do
            raise RuntimeError(traceback.format_exc()) from None

    def ramble_on(self, case: Case) -> Finding:
        try:
            return self.blunder(case)
        except ZeroDivisionError:
            raise RuntimeError(traceback.format_exc()) from None

    def hang(self, case: Case) -> Finding:
        """As native code does that never comes back."""
        return Finding({"sum": sum(itertools.repeat(1, 10**13))})

    def blunder(self, case: Case) -> Finding:
        raise ZeroDivisionError("a blunder")

    def refuse(self, case: Case) -> Finding:
        raise Permanent("nothing to be seen")

    def want(self, case: Case) -> Finding:
        raise Transient("something is away")

    def ramble(self, case: Case) -> Finding:
        return Finding({"at": datetime(2026, 1, 1), "value": float("nan")})  # noqa: DTZ001

    def exhaust(self, case: Case) -> Finding:
        raise MemoryError


class Plates:
    """Stands in for `lpr`: the same plate, on the deny list, on every picture."""

    manifest: ClassVar[Manifest] = Manifest(
        name="lpr",
        version="1",
        summary="sees one plate",
        scopes=frozenset({"object"}),
        labels=frozenset({"car"}),
        max_pictures=5,
    )
    settings_type: ClassVar[type[TesterSettings]] = TesterSettings

    @classmethod
    def open(cls, options: Any, tools: Tools) -> Self:
        return cls()

    def examine(self, case: Case) -> Finding:
        plate = {"plate_text": "AB123CD", "confidence": 0.9, "list_match": "deny", "pictures": len(case.pictures)}
        return Finding({"plates": [plate]}, recognised=(Recognised("plate_read", plate),))

    def close(self) -> None:
        pass


class Flames:
    """Stands in for `fire_smoke`: fire on the last picture of every burst."""

    manifest: ClassVar[Manifest] = Manifest(
        name="fire_smoke", version="1", summary="sees fire", scopes=frozenset({"scene"}), max_pictures=8
    )
    settings_type: ClassVar[type[TesterSettings]] = TesterSettings

    @classmethod
    def open(cls, options: Any, tools: Tools) -> Self:
        return cls()

    def examine(self, case: Case) -> Finding:
        times = [picture.at.isoformat() for picture in case.pictures if picture.at]
        fire = {"label": "fire", "confidence": 0.9, "bbox": [4, 5, 20, 30], "frame": len(case.pictures) - 1}
        return Finding({"detections": [fire], "status": "fire", "frames": len(case.pictures), "times": times})

    def close(self) -> None:
        pass


def wait_for(file: Path) -> None:
    until = time.monotonic() + 60
    while not file.exists() and time.monotonic() < until:
        time.sleep(0.01)
