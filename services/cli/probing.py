"""Opening a camera once, in a process of its own: a decoder that hangs or crashes takes nothing with it."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from typing import Any

from services.cli.python import PYTHON

_EXTRA_S = 5.0
"""What the process may take beyond the camera's own time: starting Python and its libraries."""


@dataclass(frozen=True, slots=True)
class Probed:
    """What was learned. `report` is the JSON of `python -m services.ingest.probe`."""

    ok: bool
    detail: str
    report: dict[str, Any]


def probe_url(url: str, *, timeout_s: float) -> Probed:
    """Ask ingest's probe about the address. Blocks for `timeout_s` and a little more at most."""
    command = [*PYTHON, "-m", "services.ingest.probe", "-", "--json", "--timeout", str(timeout_s)]
    try:
        done = subprocess.run(
            command,
            input=url + "\n",  # not an argument: it holds the camera's password
            capture_output=True,
            text=True,
            timeout=timeout_s + _EXTRA_S,
            check=False,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
    except subprocess.TimeoutExpired:
        return _failed("timeout", f"no answer within {timeout_s:.0f} s")
    try:
        report = json.loads(done.stdout)
    except ValueError:
        lines = (done.stderr or done.stdout).strip().splitlines()
        return _failed("probe_failed", lines[-1][:300] if lines else f"the probe ended with status {done.returncode}")
    return _read(report)


def _read(report: dict[str, Any]) -> Probed:
    if report.get("ok"):
        parts = [
            str(report.get("codec", "")),
            f"{report.get('width', '?')}×{report.get('height', '?')}",
            f"{float(report.get('fps') or 0):.3g} frames/s",
        ]
        return Probed(ok=True, detail=", ".join(part for part in parts if part), report=report)
    fault = str(report.get("fault") or "failed")
    return Probed(ok=False, detail=f"{fault}: {report.get('detail') or 'no reason given'}", report=report)


def _failed(fault: str, detail: str) -> Probed:
    return Probed(ok=False, detail=f"{fault}: {detail}", report={"ok": False, "fault": fault, "detail": detail})
