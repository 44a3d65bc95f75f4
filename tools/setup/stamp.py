"""Whether the environment is still the one the project wants."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

_VERSION = "1"  # raise it when setup itself begins to do something else


def fingerprint(project: Path, python: tuple[int, int] = sys.version_info[:2]) -> str:
    """What the environment depends on: the lock, the project file, Python's version, and the folder it stands in."""
    digest = hashlib.sha256(f"{_VERSION} {python} {project.resolve()}".encode())
    for name in ("pyproject.toml", "uv.lock"):
        digest.update(hashlib.sha256((project / name).read_bytes()).digest())
    return digest.hexdigest()


def is_fresh(project: Path) -> bool:
    """Whether setup ran to its end for exactly this project and its Python is still there."""
    try:
        written = _stamp(project).read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        return False
    return written == fingerprint(project) and (project / ".venv" / "bin" / "python").exists()


def write_stamp(project: Path) -> None:
    """Remember that setup ran to its end."""
    _stamp(project).write_text(fingerprint(project), encoding="ascii")


def remove_stamp(project: Path) -> None:
    """Forget it: from now until the end the environment is in between."""
    _stamp(project).unlink(missing_ok=True)


def _stamp(project: Path) -> Path:
    return project / ".venv" / ".argus-setup"
