"""`argus up` as an operator uses it: every service, other commands beside it, restarts, and a clean end."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.conftest import wait_until
from tests.processes import Processes
from tests.running import RunningArgus


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningArgus]:
    processes = Processes()
    argus = RunningArgus(processes, tmp_path_factory.mktemp("up"), "up")
    try:
        argus.wait_ready()
        yield argus
    finally:
        processes.end_all()


def test_the_ready_line_names_the_address_that_answers(running: RunningArgus) -> None:
    assert running.find(r"Argus is ready at (\S+)")[1] == running.url
    assert httpx.get(f"{running.url}/health", trust_env=False).status_code == 200


def test_the_first_administrators_password_is_printed_once_and_works(running: RunningArgus) -> None:
    found = running.find(r"First administrator: (\S+)\s+one-time password: (\S+)")
    assert running.text.count("one-time password:") == 1
    answer = httpx.get(f"{running.url}/cameras", auth=(found[1], found[2]), trust_env=False)
    assert answer.status_code == 200


def test_other_commands_find_the_running_installation(running: RunningArgus) -> None:
    url_file = running.data / "run" / "redis.url"
    assert stat.S_IMODE(url_file.stat().st_mode) == 0o600
    added = running.command("camera", "add", "--url", f"file://{running.data}/missing.mp4")
    assert added.returncode == 0
    assert "nothing is running" not in added.stderr

    def tried() -> bool:
        (row,) = running.json("camera", "list")
        return bool(row.get("fault"))

    wait_until(tried, 60, "ingest to have tried the camera")
    assert running.json("camera", "list")[0]["fault"] == "not_found"
    assert running.command("camera", "remove", "cam_001").returncode == 0


def test_the_doctor_sees_every_service(running: RunningArgus) -> None:
    checks = {check["name"]: check for check in running.json("doctor")}
    assert checks["services"]["state"] == "ok"
    assert checks["ports"]["detail"] == f"the gateway answers at {running.url}"
    assert "embedded server" in checks["redis"]["detail"]


def test_a_second_start_in_the_same_data_dir_is_refused(running: RunningArgus) -> None:
    second = running.command("up")
    assert second.returncode == 2
    assert "is in use by a running Argus" in second.stderr


@pytest.mark.parametrize("service", ["gateway", "brain", "redis"])
def test_a_killed_service_is_back_at_work(running: RunningArgus, service: str) -> None:
    before = running.kill(service)
    wait_until(lambda: running.pid_of(service) != before, 60, f"{service} to be started again")

    def works() -> bool:
        checks = {check["name"]: check["state"] for check in running.json("doctor", "--no-cameras")}
        return checks["services"] == checks["ports"] == checks["redis"] == "ok"

    wait_until(works, 120, f"all services to work after {service} was killed")


def test_an_interrupt_ends_everything_soon(running: RunningArgus) -> None:
    status, took_s = running.stop()
    assert status == 0
    assert took_s < 10  # five at most on a machine that does nothing else
    assert running.processes.described() == []
    assert not (running.data / "run" / "redis.url").exists()
    assert running.command("camera", "list").returncode == 0


def test_a_killed_supervisor_leaves_no_process_and_can_be_started_again_at_once(
    processes: Processes, tmp_path: Path
) -> None:
    argus = RunningArgus(processes, tmp_path, "up", "--only", "brain,alerts")
    argus.wait_ready()
    argus.process.kill()
    argus.process.wait(30)
    argus.output.unlink()
    argus.start("up", "--only", "brain,alerts")
    argus.wait_ready()
    assert len({argus.pid_of(name) for name in ("redis", "brain", "alerts")}) == 3
    argus.stop()
    wait_until(lambda: not processes.alive(), 30, f"all to end: {processes.described()}")
