"""What an operator gets wrong is told in one line that names the field, the reason and the remedy."""

from __future__ import annotations

import os
import re
import socket
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from services.cli.check import State
from services.cli.checks import data_dir
from services.cli.folders import Folders, exclusive, prepare
from shared.domain.errors import UserError
from tests.conftest import PROJECT
from tests.processes import Processes
from tests.unit.cli.conftest import Argus, Outcome


def _is_one_line(outcome: Outcome, *parts: str) -> None:
    assert outcome.status == 2, outcome
    assert outcome.out == ""
    assert outcome.err.startswith("argus: ")
    assert outcome.err.count("\n") == 1, outcome.err
    for part in parts:
        assert re.search(part, outcome.err), outcome.err


@pytest.mark.parametrize(
    ("arguments", "environment", "parts"),
    [
        (["up"], {"ARGUS_GATEWAY__PROT": "1"}, ["ARGUS_GATEWAY__PROT: unknown setting", "ARGUS_GATEWAY__PORT"]),
        (["up"], {"ARGUS_REDIS": "x"}, ["ARGUS_REDIS: unknown setting", "ARGUS_REDIS_URL"]),
        (["up"], {"ARGUS_GATEWAY__PORT": "99999"}, ["gateway.port: ", "65535"]),
        (["up"], {"ARGUS_DATABASE_URL": "nonsense"}, ["database_url: is not a database URL", "sqlite:///"]),
        (["up"], {"ARGUS_DATABASE_URL": "mysql://x/y"}, ["database_url: mysql is not supported"]),
        (["up"], {"ARGUS_REDIS_URL": "redis://127.0.0.1:1/0"}, ["redis_url: the server does not answer", "unset it"]),
        (["up"], {"ARGUS_REDIS_URL": "nonsense"}, ["redis_url: .*redis://"]),
        (["up"], {"ARGUS_SECRET_KEY": "short"}, ["secret_key: is not a Fernet key"]),
        (["up"], {"ARGUS_ADMIN_PASSWORD": "x"}, ["password: is shorter than 8"]),
        (["up"], {"ARGUS_GATEWAY__HOST": "no.such.host.invalid"}, ["gateway.port: .*is no address of this machine"]),
        (["up", "--only", "eyes"], {}, ["--only: 'eyes' is no service", "did you mean 'eye'"]),
        (["up", "--config", "missing.yaml"], {}, ["missing.yaml: cannot be read: No such file"]),
        (["--config", "missing.yaml", "up"], {}, ["missing.yaml: cannot be read: No such file"]),
        (["doctor"], {"ARGUS_EYE__MODLE": "x"}, ["ARGUS_EYE__MODLE: unknown setting", "ARGUS_EYE__MODEL"]),
        (["user", "passwd", "nobody", "--password-stdin"], {}, ["username: no account is called nobody"]),
        (["user", "add", "a:b", "--password-stdin"], {}, ["username: is not a user name"]),
        (["user", "add", "alice"], {}, ["password: there is no terminal", "--password-stdin"]),
        (["camera", "probe", "rtsp://127.0.0.1:9/x"], {"ARGUS_SHRADS": "1"}, ["^argus: ARGUS_SHRADS: unknown setting"]),
        (["key", "create", "--name", "x"], {}, ["there is no administrator yet", "argus user add"]),
        (["key", "revoke", "99"], {}, ["key: there is no key 99"]),
        (["camera", "remove", "cam_404"], {}, ["camera: there is no camera 'cam_404'"]),
        (["camera", "enable", "../x"], {}, ["camera: there is no such camera"]),
        (["webhook", "remove", "7"], {}, ["webhook: there is no webhook 7"]),
        (["webhook", "add", "--name", "x", "--url", "http://127.0.0.1/x"], {}, ["url: 127.0.0.1 is not a public"]),
        (["webhook", "add", "--name", "x", "--url", "ftp://a/b"], {}, ["url: scheme 'ftp' is not allowed"]),
    ],
)
def test_a_mistake_is_one_clear_line(
    argus: Argus, arguments: list[str], environment: dict[str, str], parts: list[str]
) -> None:
    _is_one_line(argus(*arguments, stdin="correct horse\n", **environment), *parts)


@pytest.mark.parametrize(
    ("url", "part"),
    [
        ("gopher://host/x", "unsupported scheme 'gopher'"),
        ("rtsp://", "has no valid host"),
        ("just-a-name", "has no scheme"),
        ("rtsp://host:99999/x", "has no valid port"),
        ("file:///etc/passwd", "the file is outside the permitted folders"),
        ("", "is empty"),
    ],
)
def test_a_camera_address_that_cannot_work_is_refused_and_not_stored(argus: Argus, url: str, part: str) -> None:
    assert argus("user", "add", "boss", "--role", "admin", "--password-stdin", stdin="correct horse\n").status == 0
    _is_one_line(argus("camera", "add", "--url", url), f"url: {part}")
    assert argus("camera", "list", "--json").out.strip() == "[]"


@pytest.mark.parametrize("place", ["a file", "below a file", "/proc"])
def test_a_data_dir_that_cannot_be_written_is_told(argus: Argus, tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("in the way")
    folder = {"a file": tmp_path / "file", "below a file": tmp_path / "file" / "x", "/proc": Path("/proc/argus")}[place]
    _is_one_line(argus("up", ARGUS_DATA_DIR=str(folder)), "data_dir: .*cannot be written", "ARGUS_DATA_DIR")


@contextmanager
def rights_of_anybody() -> Iterator[None]:
    """Root may write everywhere, and so cannot be refused."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that anybody may write, on a way that anybody may go."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o777)  # noqa: S103 – a folder of the test's own
        yield Path(name)


@pytest.mark.parametrize("part", ["run", "run/lock", "redis", "argus.db"])
def test_what_another_user_left_in_the_data_dir_is_named(open_folder: Path, part: str) -> None:
    path = open_folder / part
    path.parent.mkdir(mode=0o777, exist_ok=True)
    if part in ("run", "redis"):
        path.mkdir()
    else:
        path.touch()
    path.parent.chmod(0o777)
    path.chmod(0o555 if path.is_dir() else 0o444)
    with rights_of_anybody():
        with pytest.raises(UserError, match=rf"^data_dir: {path} cannot be written: Permission denied – .*ARGUS_DATA"):
            prepare(open_folder)
        check = data_dir(Folders(open_folder))
    assert (check.state, check.detail) == (State.FAIL, f"{path} cannot be written")


def test_a_lock_that_cannot_be_taken_is_told(argus: Argus, tmp_path: Path) -> None:
    (tmp_path / "data" / "run" / "lock").mkdir(parents=True)
    _is_one_line(argus("up"), "data_dir: .*/run/lock cannot be written: Is a directory", "ARGUS_DATA_DIR")


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        yield listener.getsockname()[1]


def test_a_port_in_use_is_named_with_the_way_out(argus: Argus, taken_port: int) -> None:
    outcome = argus("up", ARGUS_GATEWAY__PORT=str(taken_port))
    _is_one_line(outcome, f"gateway.port: 127.0.0.1:{taken_port} is in use", "ARGUS_GATEWAY__PORT")


def test_a_dialect_port_in_use_is_named(argus: Argus, taken_port: int) -> None:
    outcome = argus("up", ARGUS_GATEWAY__DIALECT_PORTS=f"visionflow={taken_port}", ARGUS_GATEWAY__PORT="1024")
    _is_one_line(outcome, f"gateway.dialect_ports.visionflow: 127.0.0.1:{taken_port} is in use")


def test_a_database_from_a_newer_version_is_left_alone(argus: Argus, tmp_path: Path) -> None:
    assert argus("db", "upgrade").status == 0
    file = tmp_path / "data" / "argus.db"
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    before = file.read_bytes()
    outcome = argus("up", ARGUS_GATEWAY__PORT="1024")
    _is_one_line(outcome, r"database: was written by a newer version of Argus \(schema 9999\)")
    assert file.read_bytes() == before


def test_a_second_supervisor_in_one_data_dir_is_refused(argus: Argus, tmp_path: Path) -> None:
    with exclusive(prepare(tmp_path / "data")):
        _is_one_line(argus("up"), r"data_dir: .* is in use by a running Argus \(process \d+\)")


def test_the_demo_refuses_a_folder_that_is_no_demo(argus: Argus, tmp_path: Path) -> None:
    treasure = tmp_path / "data" / "demo" / "treasure.txt"
    treasure.parent.mkdir(parents=True)
    treasure.write_text("not yours")
    _is_one_line(argus("demo"), "demo: .* holds something that is no demo")
    assert treasure.read_text() == "not yours"


def test_a_wrong_setting_leaves_no_data_dir_behind(argus: Argus, tmp_path: Path) -> None:
    argus("up", ARGUS_SHARDS="0")
    assert not Folders(tmp_path / "data").data.exists()


def test_debug_shows_where_it_went_wrong(processes: Processes, tmp_path: Path) -> None:
    def run(*flags: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "services.cli", *flags, "up", "--only", "nothing"]
        env = processes.environment({"ARGUS_DATA_DIR": str(tmp_path)})
        return subprocess.run(command, env=env, cwd=PROJECT, capture_output=True, text=True, check=False)

    plain, debug = run(), run("--debug")
    assert plain.stderr.count("\n") == 1
    assert plain.returncode == 2
    assert "Traceback" in debug.stderr
