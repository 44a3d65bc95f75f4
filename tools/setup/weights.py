"""The default weights: a bonus of setup, never a condition."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

FALLBACK = "people are found by OpenCV's built-in HOG until 'argus models pull --default' succeeds"


def try_weights(project: Path, environ: Mapping[str, str], limit_s: float = 10.0) -> str:
    """Pull the default weights within `limit_s`, and say in one line what came of it."""
    argus = str(project / ".venv" / "bin" / "argus")
    command = [argus, "models", "pull", "--default", "--timeout", f"{limit_s * 0.8:g}"]
    returncode, said = run_within(command, limit_s, cwd=project, environ=environ)
    if returncode == 0:
        return "the default weights are here"
    if returncode is None:
        return f"the default weights did not come within {limit_s:g} s: {FALLBACK}"
    reason = said.strip().splitlines()[-1].removeprefix("argus: ") if said.strip() else f"exit status {returncode}"
    return f"no default weights ({reason}): {FALLBACK}"


def run_within(
    command: Sequence[str], limit_s: float, *, cwd: Path, environ: Mapping[str, str]
) -> tuple[int | None, str]:
    """The exit status and output of `command`; None when it had to be ended, with all it started, after `limit_s`."""
    try:
        process = subprocess.Popen(
            command, cwd=cwd, env=dict(environ), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        return 127, str(error.strerror)
    with process:
        try:
            said, _ = process.communicate(timeout=limit_s)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            return None, ""
    return process.returncode, said
