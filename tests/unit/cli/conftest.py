"""Running `argus` in this process: its own environment, what it printed, how it ended."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from services.cli.main import main


@dataclass(frozen=True, slots=True)
class Outcome:
    status: int
    out: str
    err: str


Argus = Callable[..., Outcome]


@pytest.fixture
def argus(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> Argus:
    """`argus("camera", "list", stdin="…", ARGUS_X="…")` in a data dir of the test's own."""

    def run(*arguments: str, stdin: str = "", **environment: str) -> Outcome:
        with monkeypatch.context() as context:
            for name in list(os.environ):
                if name.startswith("ARGUS_"):
                    context.delenv(name)
            for name, value in (_defaults(tmp_path) | environment).items():
                context.setenv(name, value)
            context.setattr(sys, "stdin", io.StringIO(stdin))
            context.chdir(tmp_path)
            with pytest.raises(SystemExit) as ended:
                main(list(arguments))
        captured = capfd.readouterr()
        status = ended.value.code
        return Outcome(status if isinstance(status, int) else 0, captured.out, captured.err)

    return run


def _defaults(folder: Path) -> dict[str, str]:
    # The usual ports may be taken by an Argus at work on this machine.
    ports = {"ARGUS_GATEWAY__PORT": "1024", "ARGUS_GATEWAY__DIALECT_PORTS": ","}
    return {"ARGUS_DATA_DIR": str(folder / "data"), "ARGUS_CONFIG": "", **ports}
