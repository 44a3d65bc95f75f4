"""Nothing connects, opens, starts or writes at import: what a process does, its composition root does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PROJECT

PROGRAM = Path(__file__).with_name("watched_imports.py")


def imported(folder: Path, *packages: str, path: Path = PROJECT) -> dict[str, object]:
    """What importing the packages did, in a process whose working directory is `folder`."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ARGUS_", "PROMETHEUS_"))}
    ended = subprocess.run(
        [sys.executable, "-B", PROGRAM, *packages],
        cwd=folder,
        env={**environment, "PYTHONPATH": str(path)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stderr
    report: dict[str, object] = json.loads(ended.stdout)
    return report


@pytest.fixture
def closed(tmp_path: Path) -> Path:
    """A folder nobody but root can write to."""
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o555)
    return folder


def test_every_module_is_imported_without_doing_anything(closed: Path) -> None:
    report = imported(closed, "shared", "services")
    assert report["seen"] == []
    assert int(str(report["modules"])) > 250
    assert list(closed.iterdir()) == []


@pytest.mark.parametrize(
    ("code", "seen"),
    [
        ("import socket; socket.create_connection(('127.0.0.1', 9))", "socket."),
        ("open('trace', 'w')", "open 'trace'"),
        ("import sqlite3; sqlite3.connect('argus.db')", "sqlite3.connect"),
        ("import subprocess; subprocess.run(['true'])", "subprocess.Popen"),
        ("import threading; threading.Thread(target=threading.Event().wait, daemon=True).start()", "started a thread"),
    ],
)
def test_a_module_that_does_something_is_found(tmp_path: Path, closed: Path, code: str, seen: str) -> None:
    (tmp_path / "busy").mkdir()
    (tmp_path / "busy" / "__init__.py").write_text("")
    (tmp_path / "busy" / "at_once.py").write_text(code)
    report = imported(closed, "busy", path=tmp_path)
    assert f"busy.at_once: {seen}" in str(report["seen"])
