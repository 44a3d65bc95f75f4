"""The environment from the lock file."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.setup.failure import SetupFailure
from tools.setup.registry import uv_environment

EXTRAS = ("postgres",)
_LAST_WORDS = 6


def install(
    uv: Path, project: Path, environ: Mapping[str, str], index: str | None = None, *, python: str = sys.executable
) -> None:
    """Make `.venv` exactly what uv.lock says, with `python`, from the registry `index` when there is one.

    Raises `SetupFailure` with uv's reason in one line.
    """
    env = uv_environment(environ, project, index)
    extras = [word for extra in EXTRAS for word in ("--extra", extra)]
    if index is None:
        _run([uv, "sync", "--frozen", *extras, "--python", python], project, env)
        return
    # A lock file holds addresses at the public registry, and uv goes to those; an own registry has the same files
    # elsewhere. So: the same versions by name, and the same checksums.
    venv_python = project / ".venv" / "bin" / "python"
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder) / "requirements.txt"
        _run([uv, "export", "--frozen", "--quiet", *extras, "--no-emit-project", "-o", listed], project, env)
        _run([uv, "venv", "--clear", "--quiet", "--python", python, ".venv"], project, env)
        _run([uv, "pip", "sync", "--require-hashes", "--python", venv_python, listed], project, env)
        _run([uv, "pip", "install", "--no-deps", "--python", venv_python, "--editable", "."], project, env)


def _run(command: Sequence[str | Path], project: Path, env: Mapping[str, str]) -> None:
    """Run uv, pass its lines on while it works, and keep them for the reason if it fails."""
    said: list[str] = []
    process = subprocess.Popen(
        command, cwd=project, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace"
    )
    with process:
        for line in process.stderr or ():
            said.append(line.strip())
            if re.match(r"(Using CPython|Creating|Downloading|Building|Prepared|Installed) ", line.strip()):
                sys.stdout.write(f"  {line.strip()}\n")
                sys.stdout.flush()
    if process.returncode:
        raise SetupFailure(
            f"the dependencies cannot be installed: {reason_of(said)} – check the network, or set UV_DEFAULT_INDEX "
            "to a registry that is reachable"
        )


def reason_of(said: Sequence[str]) -> str:
    """What uv said went wrong, in one line."""
    start = next((at for at, line in enumerate(said) if re.match(r"(error|×)", line)), max(0, len(said) - _LAST_WORDS))
    words = (re.sub(r"^(error:|×|╰─▶|├─▶|│|Caused by:|hint:)\s*", "", line) for line in said[start:])
    return "; ".join(word for word in words if word)[:400] or "uv gave no reason"
