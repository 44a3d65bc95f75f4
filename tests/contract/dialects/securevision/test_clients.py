"""The clients on SecureVision's page work with Argus: only the address and the token are theirs to change."""

from __future__ import annotations

import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from shared.accounts.users import account_named
from shared.db.engine import connect
from tests.contract.dialects.securevision.clients import PAGE, python_client, script_client
from tests.integration.gateway.conftest import start
from tests.integration.gateway.server import Server, StartServer, free_port
from tests.system import require
from tests.unit.gateway.fixtures import template
from tests.unit.gateway.installation import PLATE, recognition

__all__ = ["start", "template"]

STAND_INS = Path(__file__).parent / "stand_ins"
MORE_PYTHON = """
print([event["id"] for event in client.get_events()])
print([event["id"] for event in client.get_events("plate_read", limit=1)])
print(client.cleanup_old_events())
"""
MORE_SCRIPT = """
(async () => {
  console.log((await client.getEvents()).map((event) => event.id).join(','));
  console.log((await client.getEvents({ type: 'plate_read', limit: 1 })).map((event) => event.id).join(','));
  console.log(JSON.stringify(await client.cleanupOldEvents()));
  const stranger = new SecureVisionClient(client.baseUrl, 'sk-wrong');
  await stranger.getEvents().catch((error) => console.log(error.message, JSON.stringify(error.response.data)));
})();
"""


@pytest.fixture
def server(start: StartServer, tmp_path: Path) -> Server:
    """A gateway that has seen a face and a plate of late, and a face too long ago to be kept."""
    if not PAGE.is_file():
        pytest.skip("the contract's page is not here (../shared/contracts)")
    server, now = start(), datetime.now(UTC)
    engine = connect(f"sqlite:///{tmp_path / 'data' / 'argus.db'}")
    with Session(engine) as session:
        alice = account_named(session, "alice").id
        session.add(recognition(account_id=alice, at=now - timedelta(days=40)))
        session.flush()
        session.add(recognition(account_id=alice, at=now - timedelta(seconds=60)))
        session.flush()
        session.add(recognition(account_id=alice, at=now - timedelta(seconds=30), kind="plate_read", data=PLATE))
        session.commit()
    engine.dispose()
    return server


def told(command: list[str], *, cwd: Path, **environment: str) -> list[str]:
    ended = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.splitlines()


def test_the_python_client_works(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "client.py"
    text = python_client(url=f"{server.url}/securevision", token=server.keys["alice"])
    file.write_text(text + MORE_PYTHON, encoding="utf-8")
    assert told([sys.executable, str(file)], cwd=tmp_path, NO_PROXY="*") == [
        "System OK: True",
        "Events/second: 0.01",
        "Face: John Doe (similarity: 0.92)",
        "Plate: ABC1234 (whitelist)",
        "[3, 2, 1]",
        "[3]",
        "{'deleted': 1, 'retention_days': 30}",
    ]


def test_the_javascript_client_works(server: Server, tmp_path: Path) -> None:
    node = shutil.which("node")
    require("nodejs", node)
    file = tmp_path / "client.js"
    text = script_client(url=f"{server.url}/securevision", token=server.keys["alice"])
    file.write_text(text + "\n" + MORE_SCRIPT, encoding="utf-8")
    lines = told([str(node), str(file)], cwd=tmp_path, NODE_PATH=str(STAND_INS))
    # Two programs at once: each one's lines come in order, between those of the other.
    assert [line for line in lines if line.startswith(("System", "Face", "Plate"))] == [
        "System OK: true",
        "Face: John Doe (similarity: 0.92)",
        "Plate: ABC1234 (whitelist)",
    ]
    assert [line for line in lines if not line.startswith(("System", "Face", "Plate"))] == [
        "3,2,1",
        "3",
        '{"deleted":1,"retention_days":30}',
        'Request failed with status code 401 {"detail":"Authentication required"}',
    ]


def test_the_client_works_at_the_root_of_a_port_of_its_own(start: StartServer, tmp_path: Path) -> None:
    if not PAGE.is_file():
        pytest.skip("the contract's page is not here (../shared/contracts)")
    port, token = free_port(), "the-old-systems-token"
    start(SECUREVISION__API__PORT=str(port), SECUREVISION__API__AUTH_TOKEN=token)
    file = tmp_path / "client.py"
    file.write_text(python_client(url=f"http://127.0.0.1:{port}", token=token) + MORE_PYTHON, encoding="utf-8")
    lines = told([sys.executable, str(file)], cwd=tmp_path, NO_PROXY="*")
    assert lines[0] == "System OK: True"
    assert lines[-1] == "{'deleted': 0, 'retention_days': 30}"
