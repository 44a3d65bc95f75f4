"""`argus demo` as a newcomer meets it: one command, and within moments events, delivered alerts, and lines to type."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import wait_until
from tests.processes import Processes
from tests.running import RunningArgus


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningArgus]:
    """A demo whose favourite port is taken by somebody else."""
    processes = Processes()
    folder = tmp_path_factory.mktemp("demo")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        argus = RunningArgus(
            processes, folder, "demo", environment={"ARGUS_GATEWAY__PORT": str(taken.getsockname()[1])}
        )
        try:
            argus.wait_ready()
            argus.url = argus.find(r"Argus is ready at (\S+)")[1]
            yield argus
        finally:
            processes.end_all()


def test_a_taken_port_makes_the_demo_take_another(demo: RunningArgus) -> None:
    assert demo.url.startswith("http://127.0.0.1:")
    assert not demo.url.endswith(demo.environment["ARGUS_GATEWAY__PORT"])


def test_events_appear_and_every_alert_is_delivered_with_a_good_signature(demo: RunningArgus) -> None:
    def told() -> bool:
        return len(re.findall(r"  EVENT  person at ", demo.text)) >= 2 and demo.text.count("✓ signed") >= 2

    wait_until(told, 240, f"events and alerts; printed were: {demo.text[-2000:]}")
    print(demo.find(r"the first event, [\d.]+ s after the start")[0])
    assert "refused" not in demo.text


def test_the_printed_lines_work_as_typed(demo: RunningArgus, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed: apt-get install curl")
    wait_until(lambda: "-o event.jpg" in demo.text, 120, "the line for the first event's picture")
    lines = re.findall(r"^  (curl .*)$", demo.text, re.MULTILINE)
    assert len(lines) == 5
    for line in lines:
        typed = subprocess.run(["/bin/bash", "-c", line], cwd=tmp_path, capture_output=True, timeout=30, check=True)
        if "-o event.jpg" in line:
            assert (tmp_path / "event.jpg").read_bytes().startswith(b"\xff\xd8\xff")
            continue
        answer = json.loads(typed.stdout)
        if "/health" in line:
            assert answer["components"]["database"] == "ok"
        elif "/events" in line:
            assert answer["events"][0]["detection_type"] == "person"
        else:
            assert len(answer["cameras"]) == 2


def test_an_interrupt_ends_the_demo_soon_and_leaves_nothing(demo: RunningArgus) -> None:
    status, took_s = demo.stop()
    print(f"stopped in {took_s:.1f} s")
    assert status == 0
    assert took_s < 10  # five at most on a machine that does nothing else
    assert demo.processes.described() == []


def test_a_second_demo_starts_afresh_with_the_clips_of_the_first(demo: RunningArgus) -> None:
    clips = {path: path.stat().st_mtime_ns for path in (demo.data / "demo" / "clips").glob("*.mp4")}
    key = (demo.data / "demo" / "secret.key").read_text()
    demo.output.unlink()
    demo.start("demo")
    demo.wait_ready()
    assert {path: path.stat().st_mtime_ns for path in clips} == clips
    assert (demo.data / "demo" / "secret.key").read_text() != key
    assert "drawing" not in demo.text
    assert demo.stop()[0] == 0
