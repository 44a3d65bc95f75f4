"""The programs on SecureVision's page listen to its stream as they stand there."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import SHARED
from tests.integration.gateway.listening import Site
from tests.system import require

PAGE = SHARED / "contracts" / "securevision.txt"
# How deep each line of the page's Python program stands: the page has lost it.
DEPTHS = (0, 0, 0, 0, 1, 1, 2, 2, 3, 4, 4, 4, 5, 5, 4, 5, 5, 3, 4, 4, 0)


def test_the_pages_python_client_runs_as_it_stands(site: Site, tmp_path: Path) -> None:
    page = _page()
    start = page.index("import asyncio\n")
    lines = page[start : page.index("asyncio.run(stream_events())") + 28].splitlines()
    text = "\n".join("    " * depth + line for depth, line in zip(DEPTHS, lines, strict=True))
    file = tmp_path / "client.py"
    file.write_text(_pointed(text, site))
    _says(site, [sys.executable, "-u", str(file)])


def test_the_pages_javascript_client_runs_as_it_stands(site: Site, tmp_path: Path) -> None:
    require("nodejs", shutil.which("node"))
    page = _page()
    start = page.index("const ws = new WebSocket(")
    text = page[start : page.index("30 seconds", start) + 10]
    file = tmp_path / "client.js"
    file.write_text(_pointed(text, site))
    _says(site, ["node", "--experimental-websocket", str(file)])


def _page() -> str:
    if not PAGE.is_file():
        pytest.skip("the page of the contract is not here")
    return PAGE.read_text(encoding="utf-8")


def _pointed(text: str, site: Site) -> str:
    usual = "ws://localhost:8000/stream"
    assert usual in text
    address = site.server.url.replace("http", "ws")
    return text.replace(usual, f"{address}/securevision/stream?token={site.server.keys['alice']}")


def _says(site: Site, command: list[str]) -> None:
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as client:
        assert client.stdout is not None
        assert "Connected" in client.stdout.readline()
        site.store(kind="face_match", data={"person_name": "Jane Smith", "similarity": 0.9, "bbox": [1, 2, 3, 4]})
        assert "Jane Smith" in client.stdout.readline()
        client.terminate()
