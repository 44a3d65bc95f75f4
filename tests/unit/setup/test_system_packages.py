"""What the tests want of the system, and who says so."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.system import require

PROJECT = Path(__file__).resolve().parents[3]
SCRIPT = PROJECT / "tools" / "system-packages.sh"


def program(folder: Path, name: str, text: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


@pytest.fixture
def debian(tmp_path: Path) -> Path:
    """A folder of programs like Debian's, where nothing is installed and apt-get writes down what it is asked."""
    folder = tmp_path / "programs"
    program(folder, "dpkg-query", f"[ -e {tmp_path}/installed ] && echo installed || exit 1")
    program(folder, "apt-get", f'echo "$*" >> {tmp_path}/asked; touch {tmp_path}/installed')
    program(folder, "id", "echo 0")
    return folder


def run(folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": f"{folder}:/usr/bin:/bin", **environ}
    return subprocess.run([SCRIPT], env=env, capture_output=True, text=True)


def test_root_on_debian_gets_what_is_missing(debian: Path, tmp_path: Path) -> None:
    done = run(debian)
    assert done.returncode == 0
    update, install = (tmp_path / "asked").read_text().splitlines()
    assert update == "update"
    assert install.startswith("install --yes --no-install-recommends gir1.2-gst-rtsp-server-1.0 ")
    assert install.endswith(" postgresql chromium")


def test_nothing_is_asked_for_when_all_is_there(debian: Path, tmp_path: Path) -> None:
    (tmp_path / "installed").touch()
    done = run(debian)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    assert not (tmp_path / "asked").exists()


def test_others_are_told_the_command(debian: Path, tmp_path: Path) -> None:
    program(debian, "id", "echo 1000")
    done = run(debian)
    assert done.returncode == 0
    assert re.search(r"they want: sudo apt-get install --yes .* postgresql chromium$", done.stderr.strip())
    assert not (tmp_path / "asked").exists()


def test_where_nothing_may_be_left_out_it_is_a_failure(debian: Path) -> None:
    program(debian, "id", "echo 1000")
    assert run(debian, ARGUS_CI="1").returncode == 1


def test_a_failing_installation_says_why(debian: Path) -> None:
    program(debian, "apt-get", "echo E: no network; exit 100")
    done = run(debian)
    assert done.returncode == 0
    assert done.stderr.startswith("E: no network\nsystem-packages: they could not be installed")
    assert run(debian, ARGUS_CI="1").returncode == 1


def outcome(condition: object, environ: dict[str, str]) -> str:
    """What becomes of a test that requires PostgreSQL, with the reason it gives."""
    try:
        require("postgresql", condition, environ=environ)
    except pytest.skip.Exception as skipped:
        return f"skipped: {skipped}"
    except pytest.fail.Exception as failed:
        return f"failed: {failed}"
    return "goes on"


def test_a_test_whose_package_is_here_goes_on() -> None:
    assert [outcome(SCRIPT, environ) for environ in ({}, {"ARGUS_CI": "1"})] == ["goes on", "goes on"]


def test_a_test_whose_package_is_missing_is_skipped_with_the_command() -> None:
    said = outcome(None, {"ARGUS_CI": ""})
    assert said == "skipped: needs what the system package postgresql brings: apt-get install postgresql"


def test_a_missing_package_is_a_failure_where_nothing_may_be_left_out() -> None:
    assert outcome(None, {"ARGUS_CI": "1"}).startswith("failed: needs what the system package postgresql brings")
