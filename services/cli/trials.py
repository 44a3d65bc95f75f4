"""Test alerts sent from the command line: through the alerts service's own channels, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess

from services.cli.installation import Installation
from services.cli.python import PYTHON

_TIMEOUT_S = 60.0


def try_in_own_process(installation: Installation, module: str, number: int) -> dict[str, object]:
    """What `python -m MODULE NUMBER` reports as JSON: `ok`, `detail`, and what the receiver's side said."""
    done = subprocess.run(
        [*PYTHON, "-m", module, str(number)],
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
        env={**os.environ, "ARGUS_DATA_DIR": str(installation.folders.data)},
    )
    try:
        report: dict[str, object] = json.loads(done.stdout)
    except ValueError:
        lines = (done.stderr or done.stdout).strip().splitlines()
        report = {"ok": False, "detail": lines[-1][:300] if lines else f"ended with status {done.returncode}"}
    return report
