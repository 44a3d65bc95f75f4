"""The demo's camera clips: drawn once, kept in the demo's folder, each drawn by a process of its own.

`python -m services.cli.demo_clips SCENE SECONDS FILE` draws one.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from services.cli.leash import leashed
from services.cli.python import PYTHON
from shared.domain.errors import USER_ERROR_STATUS, UserError

# Clips drawn by an older generator are not shown again: raise this when the scenes change.
VERSION = 1
_POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class DemoCamera:
    """A camera of the demo: which scene it sees."""

    name: str
    scene: str
    seconds: float

    def clip(self, folder: Path) -> Path:
        return folder / f"{self.scene}-{self.seconds:g}s-v{VERSION}.mp4"


CAMERAS = (DemoCamera("Entrance", "entrance", 16.0), DemoCamera("Yard", "yard", 14.0))


def prepare_clips(folder: Path, cameras: Sequence[DemoCamera] = CAMERAS) -> list[tuple[DemoCamera, Path]]:
    """The clip of each camera; draws what is not there yet, for a few seconds. Raises `UserError`."""
    folder.mkdir(parents=True, exist_ok=True)
    clips = [(camera, camera.clip(folder)) for camera in cameras]
    missing = [(camera, clip) for camera, clip in clips if not clip.exists()]
    if missing:
        _draw(missing)
    return clips


def _draw(wanted: Sequence[tuple[DemoCamera, Path]]) -> None:
    started = [_start(camera, clip) for camera, clip in wanted]
    try:
        with _progress(len(wanted)) as advance:
            waiting = list(started)
            while waiting:
                time.sleep(_POLL_S)
                ended = [process for process in waiting if process.poll() is not None]
                for process in ended:
                    waiting.remove(process)
                    _check(process)
                    advance()
    finally:
        for process in started:
            if process.poll() is None:
                process.kill()
            process.wait()


def _start(camera: DemoCamera, clip: Path) -> subprocess.Popen[str]:
    arguments = [camera.scene, str(camera.seconds), str(clip)]
    return subprocess.Popen(
        leashed([*PYTHON, "-m", "services.cli.demo_clips", *arguments]),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def _check(process: subprocess.Popen[str]) -> None:
    if process.returncode == 0:
        return
    lines = (process.stderr.read() if process.stderr else "").strip().splitlines()
    reason = lines[-1][:300] if lines else f"status {process.returncode}"
    raise UserError("demo", f"a camera clip could not be drawn: {reason}", remedy="free some disk space and try again")


@contextmanager
def _progress(total: int) -> Iterator[Callable[[], None]]:
    screen = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description} {task.completed}/{task.total}"), TimeElapsedColumn())
    if not screen.is_terminal:
        screen.print(f"drawing {total} demo cameras …", highlight=False)
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as progress:
        task = progress.add_task("drawing demo cameras", total=total)
        yield lambda: progress.advance(task)


def main(arguments: Sequence[str]) -> int:
    """Draw one clip; the exit status."""
    from services.cli.demo.encoder import render
    from services.cli.demo.scenes import scene

    name, seconds, path = arguments
    try:
        render(scene(name, seconds=float(seconds)), Path(path))
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return USER_ERROR_STATUS
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
