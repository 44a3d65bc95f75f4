"""The client snippets at the end of VisionFlow's contract run as they are, but for where they ask."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.conftest import SHARED
from tests.integration.gateway.server import Server, StartServer, free_port
from tests.unit.gateway.installation import PASSWORD

PAGE = SHARED / "contracts" / "visionflow.txt"
CAMERA = {
    "name": "側門攝影機",
    "stream_url": "rtsp://u:p@camera2.example.com:554/stream",
    "recognition": True,
    "location": "側門入口",
    "model_name": "yolo_v11_detect",
}
HERE = "http://localhost:5000"


@pytest.fixture
def page() -> str:
    if not PAGE.is_file():
        pytest.skip("the contract's page is not here (../shared/contracts)")
    return PAGE.read_text(encoding="utf-8")


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def gateway(start: StartServer, port: int) -> Server:
    return start(ARGUS_GATEWAY__DIALECT_PORTS=f"visionflow={port}")


@pytest.fixture
def token(gateway: Server, port: int) -> str:
    """Logged in at the dialect's own port, at its root."""
    body = {"username": "alice", "password": PASSWORD}
    return str(httpx.post(f"http://127.0.0.1:{port}/login", json=body, timeout=20).json()["access_token"])


def run(*command: str, script: str, folder: Path, token: str) -> list[dict[str, object]]:
    """What the script printed, a JSON value per line."""
    file = folder / "client"
    file.write_text(script, encoding="utf-8")
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONIOENCODING": "utf-8",
        "TOKEN": token,
        "CAMERA": json.dumps(CAMERA),
    }
    done = subprocess.run([*command, str(file)], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def check(added: dict[str, object], listed: dict[str, object]) -> None:
    assert (added["status"], added["message"]) == ("success", "攝影機新增成功")
    assert (listed["status"], listed["total"]) == ("success", 1)
    assert listed["data"] == [added["data"]]


def test_the_python_client_runs_unchanged(page: str, gateway: Server, port: int, token: str, tmp_path: Path) -> None:
    snippet = page[page.index("import requests\n") : page.index("📚 完整 API 文檔")]
    assert HERE in snippet
    script = f"""{indented(snippet.replace(HERE, f"http://127.0.0.1:{port}"))}
import json, os
headers["Authorization"] = f"Bearer {{os.environ['TOKEN']}}"
print(json.dumps(add_camera(json.loads(os.environ["CAMERA"]))))
print(json.dumps(get_cameras()))
"""
    check(*run(sys.executable, script=script, folder=tmp_path, token=token))


def test_the_javascript_client_runs_unchanged(
    page: str, gateway: Server, port: int, token: str, tmp_path: Path
) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not here (apt-get install nodejs)")
    snippet = page[page.index("// 設定基本配置") : page.index("import requests\n")]
    assert HERE in snippet
    script = f"""globalThis.localStorage = {{ getItem: (name) => name === "access_token" ? process.env.TOKEN : null }};
{snippet.replace(HERE, f"http://127.0.0.1:{port}")}
(async () => {{
  console.log(JSON.stringify(await addCamera(JSON.parse(process.env.CAMERA))));
  console.log(JSON.stringify(await getCameras()));
}})();
"""
    check(*run(node, script=script, folder=tmp_path, token=token))


def indented(snippet: str) -> str:
    """The page has lost the blanks at the beginning of lines: those within functions and brackets get theirs back."""
    lines, is_within, depth = [], False, 0
    for text in snippet.splitlines():
        is_head = text.startswith("def ")
        if depth == 0 and (is_head or text.startswith("#") or not text):
            is_within = False
        lines.append(text if is_head or not is_within else f"    {text}")
        is_within = is_within or is_head
        depth += len(re.findall(r"[({\[]", text)) - len(re.findall(r"[)}\]]", text))
    return "\n".join(lines)
