"""Set Argus up: uv, `.venv` from uv.lock, the default weights. Needs Python 3.11 to 3.13 and nothing else.

python3 -m tools.setup              always
python3 -m tools.setup --if-stale   only when the environment is missing or older than the project
"""

import sys
from pathlib import Path

# Before anything newer is imported: this must be readable for an old Python.
if not (3, 11) <= sys.version_info[:2] <= (3, 13):
    sys.exit(
        f"setup: Python 3.11, 3.12 or 3.13 is needed, this is {sys.version_info[0]}.{sys.version_info[1]}"
        " – install one, or name it: make setup PYTHON=python3.12"
    )

import os
import time

from tools.setup.failure import SetupFailure
from tools.setup.install import install
from tools.setup.registry import own_index
from tools.setup.stamp import is_fresh, remove_stamp, write_stamp
from tools.setup.uv import find_uv
from tools.setup.weights import try_weights
from tools.setup.wheels import locked_registry


def main(arguments: list[str]) -> int:
    """Set up the project this file belongs to; the exit status."""
    project = Path(__file__).resolve().parents[2]
    if arguments == ["--if-stale"] and is_fresh(project):
        return 0
    if arguments not in ([], ["--if-stale"]):
        return _fail("unknown arguments; usage: python3 -m tools.setup [--if-stale]")
    try:
        _set_up(project)
    except SetupFailure as failure:
        return _fail(str(failure))
    except OSError as error:
        return _fail(f"{error.filename or project}: {error.strerror} – make room, or give this user write permission")
    except KeyboardInterrupt:
        return _fail("stopped; 'make setup' starts again")
    return 0


def _set_up(project: Path) -> None:
    began = time.monotonic()
    _say("setting up Argus; the first time this downloads some 250 MB")
    remove_stamp(project)
    index = own_index(os.environ, locked_registry(project / "uv.lock"))
    uv = find_uv(project, os.environ, index)
    _say(f"using {uv}")
    install(uv, project, os.environ, index)
    _say(try_weights(project, os.environ))
    write_stamp(project)
    _say(f"done in {time.monotonic() - began:.0f} s; Argus is in {project / '.venv'}")


def _say(line: str) -> None:
    sys.stdout.write(f"setup: {line}\n")
    sys.stdout.flush()


def _fail(line: str) -> int:
    sys.stdout.flush()
    sys.stderr.write(f"setup: {line}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
