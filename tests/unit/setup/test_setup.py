"""The steps of setup, with real programs in made-up projects."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import psutil
import pytest

from tools.setup.failure import SetupFailure
from tools.setup.install import reason_of
from tools.setup.stamp import fingerprint, is_fresh, remove_stamp, write_stamp
from tools.setup.uv import find_uv, is_recent, unpack
from tools.setup.weights import FALLBACK, run_within, try_weights
from tools.setup.wheels import locked_wheel, this_machine

PROJECT = Path(__file__).resolve().parents[3]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A checkout with a finished environment that holds nothing but a Python."""
    folder = tmp_path / "project"
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / ".venv" / "bin" / "python").symlink_to(sys.executable)
    shutil.copy(PROJECT / "uv.lock", folder)
    shutil.copy(PROJECT / "pyproject.toml", folder)
    shutil.copytree(PROJECT / "tools", folder / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    write_stamp(folder)
    return folder


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_a_finished_environment_is_fresh(project: Path) -> None:
    assert is_fresh(project)


@pytest.mark.parametrize("name", ["uv.lock", "pyproject.toml"])
def test_a_changed_lock_or_project_file_makes_it_stale(project: Path, name: str) -> None:
    with (project / name).open("a") as file:
        file.write("\n")
    assert not is_fresh(project)


def test_another_python_or_another_folder_makes_it_stale(project: Path, tmp_path: Path) -> None:
    assert fingerprint(project, (3, 11)) != fingerprint(project, (3, 12))
    moved = project.rename(tmp_path / "moved")
    assert not is_fresh(moved)


def test_an_environment_whose_python_is_gone_is_stale(project: Path) -> None:
    python = project / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("/nonexistent/python")
    assert not is_fresh(project)


def test_an_unfinished_setup_is_stale(project: Path) -> None:
    remove_stamp(project)
    assert not is_fresh(project)
    shutil.rmtree(project / ".venv")
    assert not is_fresh(project)


def test_setup_of_a_fresh_environment_says_and_does_nothing(project: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "tools.setup", "--if-stale"], cwd=project, capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_setup_that_reaches_no_registry_ends_in_one_line(project: Path, tmp_path: Path) -> None:
    environ = {"PATH": "/nonexistent", "HOME": str(tmp_path), "UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple"}
    environ |= {"PIP_NO_INDEX": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "tools.setup"], cwd=project, capture_output=True, text=True, env=environ
    )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "uv cannot be had: 127.0.0.1 cannot be reached" in done.stderr
    assert not is_fresh(project)


def test_setup_refuses_arguments_it_does_not_know(project: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "tools.setup", "--fast"], cwd=project, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == "setup: unknown arguments; usage: python3 -m tools.setup [--if-stale]\n"


@pytest.mark.parametrize(
    ("says", "recent"),
    [("uv 0.13.8 (x86_64)", True), ("uv 1.0.0", True), ("uv 0.8.22", False), ("something else", False)],
)
def test_only_a_recent_uv_is_used(tmp_path: Path, says: str, recent: bool) -> None:  # noqa: FBT001 (a table)
    assert is_recent(script(tmp_path / "uv", f"echo '{says}'")) is recent


def test_a_uv_that_does_not_run_is_not_used(tmp_path: Path) -> None:
    assert not is_recent(tmp_path / "uv")
    assert not is_recent(script(tmp_path / "broken", "echo uv 0.13.0; exit 1"))


def test_the_uv_on_path_comes_first(project: Path, tmp_path: Path) -> None:
    uv = script(tmp_path / "bin" / "uv", "echo uv 0.13.0")
    assert find_uv(project, {"PATH": str(uv.parent)}) == uv


def test_an_old_uv_on_path_gives_way_to_the_projects_own(project: Path, tmp_path: Path) -> None:
    old = script(tmp_path / "bin" / "uv", "echo uv 0.1.0")
    wheel = locked_wheel(project / "uv.lock", "uv", this_machine())
    assert wheel
    own = script(project / ".tools" / f"uv-{wheel.version}" / "uv", f"echo uv {wheel.version}")
    assert find_uv(project, {"PATH": str(old.parent)}) == own


def test_uv_is_unpacked_ready_to_run(tmp_path: Path) -> None:
    wheel = tmp_path / "uv-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("uv/__init__.py", "")
        archive.writestr("uv-1.data/scripts/uvx", "no")
        archive.writestr("uv-1.data/scripts/uv", "#!/bin/sh\necho uv 0.13.0\n")
    unpack(wheel, tmp_path / "uv")
    assert is_recent(tmp_path / "uv")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["uv", wheel.name]


def test_a_wheel_without_uv_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.whl", "w") as archive:
        archive.writestr("x.py", "")
    with pytest.raises(SetupFailure, match="has no uv in it"):
        unpack(tmp_path / "x.whl", tmp_path / "uv")


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (["Downloading a", "error: Failed to fetch: `https://x`", "  Caused by: dns error"],
         "Failed to fetch: `https://x`; dns error"),
        (["  × Failed to download `a==1`", "  ╰─▶ Request failed"], "Failed to download `a==1`; Request failed"),
        (["something", "else"], "something; else"),
        ([], "uv gave no reason"),
    ],
)  # fmt: skip
def test_uvs_reason_becomes_one_line(said: list[str], reason: str) -> None:
    assert reason_of([line.strip() for line in said]) == reason


def test_weights_that_come_are_announced(project: Path) -> None:
    script(project / ".venv" / "bin" / "argus", '[ "$*" = "models pull --default --timeout 8" ]')
    assert try_weights(project, {"PATH": "/usr/bin:/bin"}) == "the default weights are here"


def test_weights_that_do_not_come_say_what_falls_back_to_what(project: Path) -> None:
    script(project / ".venv" / "bin" / "argus", "echo 'argus: no network' >&2; exit 2")
    assert try_weights(project, dict(os.environ)) == f"no default weights (no network): {FALLBACK}"


def test_a_missing_command_does_not_stop_setup(project: Path) -> None:
    assert try_weights(project, dict(os.environ)).startswith("no default weights (No such file")


def test_weights_that_hang_are_ended_with_all_they_started(project: Path, tmp_path: Path) -> None:
    script(project / ".venv" / "bin" / "argus", f"sleep 60 & echo $! > {tmp_path}/pid; wait")
    assert try_weights(project, dict(os.environ), limit_s=0.5) == (
        f"the default weights did not come within 0.5 s: {FALLBACK}"
    )
    left = int((tmp_path / "pid").read_text())
    until = time.monotonic() + 5
    while psutil.pid_exists(left) and psutil.Process(left).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_command_that_ends_in_time_gives_its_status_and_words(tmp_path: Path) -> None:
    assert run_within(["/bin/sh", "-c", "echo hello; exit 3"], 5, cwd=tmp_path, environ={}) == (3, "hello\n")
