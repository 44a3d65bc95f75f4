"""Every service process refuses settings it cannot work with in one line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SERVICES = ("alerts", "brain", "eye", "gateway", "ingest")


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_without_redis_ends_with_status_2_and_one_line(service: str, tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ARGUS_")}
    ended = subprocess.run(
        [sys.executable, "-m", f"services.{service}"],
        env={**environment, "ARGUS_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 2, ended.stderr
    assert ended.stderr == (f"argus {service}: redis_url: is not set – start with `argus up`, or set ARGUS_REDIS_URL\n")
