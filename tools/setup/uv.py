"""Finding uv: on PATH, in the project, from its locked wheel, or by pip."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

from tools.setup.failure import SetupFailure
from tools.setup.registry import download_wheel
from tools.setup.wheels import Wheel, locked_wheel, this_machine

OLDEST = (0, 9)
_ANSWER_S = 20


def find_uv(project: Path, environ: Mapping[str, str], index: str | None = None) -> Path:
    """A uv that understands the project's uv.lock, fetched into `.tools` when the machine has none:
    from its locked address, or from the registry `index`, or by pip.

    Raises `SetupFailure` with every reason why there is none.
    """
    wheel = locked_wheel(project / "uv.lock", "uv", this_machine())
    on_path = shutil.which("uv", path=environ.get("PATH"))
    if on_path and is_recent(Path(on_path)):
        return Path(on_path)
    own = project / ".tools" / f"uv-{wheel.version if wheel else 'latest'}" / "uv"
    if is_recent(own):
        return own
    return _fetch(wheel, own, index)


def is_recent(uv: Path) -> bool:
    """Whether the program at `uv` runs and is new enough."""
    try:
        done = subprocess.run([uv, "--version"], capture_output=True, text=True, timeout=_ANSWER_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    match = re.match(r"uv (\d+)\.(\d+)", done.stdout)
    return done.returncode == 0 and match is not None and (int(match[1]), int(match[2])) >= OLDEST


def unpack(wheel_file: Path, target: Path) -> None:
    """Put the program of a uv wheel at `target`, whole or not at all."""
    with zipfile.ZipFile(wheel_file) as archive:
        name = next((name for name in archive.namelist() if re.search(r"\.data/scripts/uv(\.exe)?$", name)), None)
        if name is None:
            raise SetupFailure(f"{wheel_file.name} has no uv in it")
        fresh = target.with_name(f"{target.name}.{os.getpid()}")
        with archive.open(name) as source, fresh.open("wb") as copy:
            shutil.copyfileobj(source, copy)
    fresh.chmod(0o755)
    fresh.replace(target)


def _fetch(wheel: Wheel | None, target: Path, index: str | None) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    reason = "uv.lock has no uv for this platform"
    if wheel:
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            file = Path(folder) / wheel.file
            try:
                download_wheel(wheel, file, index)
                unpack(file, target)
            except SetupFailure as failure:
                reason = str(failure)
            else:
                return target
    if _by_pip(wheel, target):
        return target
    raise SetupFailure(
        f"uv cannot be had: {reason} – check the network, set UV_DEFAULT_INDEX to a registry that is reachable, "
        "or install uv"
    )


def _by_pip(wheel: Wheel | None, target: Path) -> bool:
    """pip knows configuration files that nobody else reads; try it where it is there."""
    if importlib.util.find_spec("pip") is None:
        return False
    wanted = f"uv=={wheel.version}" if wheel else "uv"
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", folder, wanted]
        done = subprocess.run(command, capture_output=True, check=False)
        found = Path(folder) / "bin" / "uv"
        if done.returncode or not found.is_file():
            return False
        found.replace(target)
    return True
