"""Metrics of one process, and of all processes of a machine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from prometheus_client import REGISTRY, Counter

from services.cli.redis_server import free_port
from shared.observability.metrics import CONTENT_TYPE, exposition, serve
from shared.settings.sections import MetricsSettings

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def counter() -> Counter:
    return Counter("argus_test_alone", "Alone.", registry=REGISTRY)


def run(service: str, folder: Path | None) -> str:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    env.pop("PROMETHEUS_MULTIPROC_DIR", None)
    if folder is not None:
        env["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    command = [sys.executable, "-m", "tests.unit.shared.metrics_process", service]
    return subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_a_process_tells_its_own_metrics_and_serves_them_on_its_port(counter: Counter) -> None:
    counter.inc()
    assert b"argus_test_alone_total 1.0" in exposition()
    import random

    port = free_port(random.Random())
    serve(MetricsSettings(port=port))
    answer = httpx.get(f"http://127.0.0.1:{port}/metrics")
    assert "argus_test_alone_total 1.0" in answer.text
    assert answer.headers["content-type"].split(";")[0] == CONTENT_TYPE.split(";")[0]


def test_without_a_port_nothing_is_served() -> None:
    serve(MetricsSettings())


def test_processes_that_share_a_folder_are_told_together(tmp_path: Path) -> None:
    assert 'argus_test_frames_total{service="ingest"} 3.0' in run("ingest", tmp_path)
    told = run("eye", tmp_path)
    assert 'argus_test_frames_total{service="ingest"} 3.0' in told, "of a process that has ended"
    assert 'argus_test_frames_total{service="eye"} 3.0' in told


def test_processes_without_a_folder_tell_only_of_themselves(tmp_path: Path) -> None:
    assert "ingest" not in run("eye", None)
