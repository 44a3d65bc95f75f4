"""The supervisor over real processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.conftest import PROJECT, wait_until
from tests.processes import Processes

# Ends in its own way: says so, and only then is gone.
POLITE = "trap 'echo bye-$SERVICE; exit 0' TERM; echo up-$SERVICE; while :; do sleep 0.02; done"
STUBBORN = "trap '' TERM; echo up-$SERVICE; while :; do sleep 0.05; done"


class Run:
    """A supervisor under test and what it printed."""

    def __init__(self, processes: Processes, folder: Path, *services: str) -> None:
        self.processes = processes
        self.output = folder / "output.jsonl"
        command = [sys.executable, "-m", "tests.integration.cli.supervised", *services]
        self.process: subprocess.Popen[bytes] = processes.start(command, cwd=PROJECT, output=self.output)

    def records(self) -> list[dict[str, Any]]:
        text = self.output.read_text() if self.output.exists() else ""
        return [json.loads(line) for line in text.splitlines() if line.startswith("{")]

    def events(self, event: str) -> list[dict[str, Any]]:
        return [record for record in self.records() if record["event"] == event]

    def wait_for(self, event: str, count: int = 1) -> None:
        wait_until(lambda: len(self.events(event)) >= count, 10, f"{count} x {event} in {self.output.read_text()}")

    def end(self, number: signal.Signals = signal.SIGINT) -> tuple[int, float]:
        """Signal the supervisor; its exit status and how long it took."""
        started = time.monotonic()
        self.process.send_signal(number)
        return self.process.wait(15), time.monotonic() - started

    def nothing_is_left(self, deadline_s: float = 5.0) -> None:
        wait_until(lambda: not self.processes.alive(), deadline_s, f"all to end: {self.processes.described()}")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_every_service_and_the_status_is_zero(
    processes: Processes, tmp_path: Path, number: signal.Signals
) -> None:
    run = Run(processes, tmp_path, f"a={POLITE}", f"b={POLITE}")
    run.wait_for("up-a")
    run.wait_for("up-b")
    status, took_s = run.end(number)
    assert status == 0
    assert took_s < 10  # a tenth of a second on a machine that does nothing else
    assert run.events("bye-a")
    assert run.events("bye-b")
    run.nothing_is_left()


def test_a_service_that_crashes_is_started_again_with_growing_pauses(processes: Processes, tmp_path: Path) -> None:
    run = Run(processes, tmp_path, "bad=echo here; exit 3", f"good={POLITE}")
    run.wait_for("here", 4)
    pauses = [record["restart_in_s"] for record in run.events("service_ended")[:4]]
    assert pauses == [0.1, 0.2, 0.4, 0.4][: len(pauses)]
    assert run.events("service_ended")[0]["status"] == "exit 3"
    assert len(run.events("up-good")) == 1
    run.end()


def test_a_service_that_is_killed_comes_back(processes: Processes, tmp_path: Path) -> None:
    run = Run(processes, tmp_path, f"a={POLITE}")
    run.wait_for("up-a")
    os.kill(run.events("service_started")[0]["pid"], signal.SIGKILL)
    run.wait_for("up-a", 2)
    assert run.events("service_ended")[0]["status"] == "SIGKILL"
    run.end()


def test_what_a_killed_service_started_dies_with_it(processes: Processes, tmp_path: Path) -> None:
    run = Run(processes, tmp_path, "a=sleep 77 & echo up-a; wait")
    run.wait_for("up-a")
    sleeper = next(p for p in processes.alive() if p.cmdline()[:1] == ["sleep"])
    os.kill(run.events("service_started")[0]["pid"], signal.SIGKILL)
    wait_until(lambda: not _lives(sleeper), 30, "the grandchild to end")
    run.end()


def test_a_service_that_ends_well_is_started_again_at_once(processes: Processes, tmp_path: Path) -> None:
    run = Run(processes, tmp_path, f"a=if [ -e {tmp_path}/once ]; then {POLITE}; fi; touch {tmp_path}/once")
    run.wait_for("up-a")
    assert run.events("service_ended")[0]["restart_in_s"] == 0
    run.end()


def test_restarts_that_were_ordered_are_no_crashes_however_many(processes: Processes, tmp_path: Path) -> None:
    run = Run(processes, tmp_path, "a=echo up-a; sleep 1.2; exit 0")
    run.wait_for("service_ended", 4)
    assert [record["restart_in_s"] for record in run.events("service_ended")[:4]] == [0, 0, 0, 0]
    assert {record["level"] for record in run.events("service_ended")} == {"info"}
    run.end()


def test_a_service_that_ends_well_at_once_again_and_again_is_held_back(processes: Processes, tmp_path: Path) -> None:
    run = Run(processes, tmp_path, "a=exit 0")
    run.wait_for("service_ended", 3)
    assert [record["restart_in_s"] for record in run.events("service_ended")[:3]] == [0, 0.2, 0.4]
    run.end()


def test_services_wait_for_the_gate_and_the_gate_ends_last(processes: Processes, tmp_path: Path) -> None:
    gate = tmp_path / "open"
    run = Run(processes, tmp_path, f"store!{gate}={POLITE}", f"a={POLITE}", f"b={POLITE}")
    run.wait_for("up-store")
    time.sleep(0.3)  # long enough for a service that does not wait to have started
    assert not run.events("up-a")
    gate.touch()
    run.wait_for("up-a")
    run.wait_for("up-b")
    run.end()
    goodbyes = [record["event"] for record in run.records() if record["event"].startswith("bye-")]
    assert sorted(goodbyes[:2]) == ["bye-a", "bye-b"]
    assert goodbyes[2:] == ["bye-store"]


def test_a_service_deaf_to_sigterm_is_killed_in_time(processes: Processes, tmp_path: Path) -> None:
    run = Run(processes, tmp_path, f"store!/={STUBBORN}", f"a={STUBBORN}")
    run.wait_for("up-a")
    status, took_s = run.end()
    assert status == 0
    assert took_s < 10  # five on a machine that does nothing else
    assert {record["name"] for record in run.events("service_killed")} == {"store", "a"}
    run.nothing_is_left()


def test_a_second_interrupt_kills_at_once(processes: Processes, tmp_path: Path) -> None:
    run = Run(processes, tmp_path, f"a={STUBBORN}")
    run.wait_for("up-a")
    run.process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    status, took_s = run.end()
    assert status == 130
    assert took_s < 2  # those who are deaf get longer after the first
    run.nothing_is_left()


def test_a_killed_supervisor_leaves_nothing_behind(processes: Processes, tmp_path: Path) -> None:
    run = Run(processes, tmp_path, f"store!/={POLITE}", f"a={STUBBORN} & wait", f"b={POLITE}")
    run.wait_for("up-b")
    run.wait_for("up-a")
    run.process.kill()
    run.process.wait(30)
    run.nothing_is_left()


def test_a_killed_supervisor_and_guard_still_end_the_services(processes: Processes, tmp_path: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux tells a child that its parent died")
    run = Run(processes, tmp_path, f"a={POLITE}")
    run.wait_for("up-a")
    guard = next(p for p in processes.alive() if p.cmdline()[-1].endswith("guard.py"))
    guard.kill()
    run.process.kill()
    run.process.wait(30)
    run.nothing_is_left()


def test_a_service_that_refuses_its_settings_ends_all_with_its_reason(processes: Processes, tmp_path: Path) -> None:
    run = Run(processes, tmp_path, f"a={POLITE}", "b=echo 'eye.backend: no GPU'; exit 2")
    assert run.process.wait(10) == 2
    assert run.events("service_refused_to_start")[0]["reason"] == "eye.backend: no GPU"
    run.nothing_is_left()


def test_a_command_that_does_not_exist_is_told_and_tried_again(processes: Processes, tmp_path: Path) -> None:
    run = Run(processes, tmp_path, "a=exec /no/such/command")
    run.wait_for("service_ended", 2)
    assert run.events("service_ended")[0]["status"] == "exit 127"
    run.end()


def test_a_long_line_without_end_does_not_stop_the_supervisor(processes: Processes, tmp_path: Path) -> None:
    run = Run(processes, tmp_path, f"a=head -c 300000 /dev/zero | tr '\\0' x; {POLITE}")
    wait_until(lambda: any("up-a" in record["event"] for record in run.records()), 10, "the line after the long one")
    status, _ = run.end()
    assert status == 0


def _lives(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
