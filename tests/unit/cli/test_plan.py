"""Which processes are started."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from services.cli.folders import Folders
from services.cli.plan import SERVICES, plan
from services.cli.python import PYTHON
from shared.settings import Settings

OPENAI = {"judge": {"kind": "openai", "settings": {"openai": {"url": "http://h/v1", "model": "m"}}}}


@pytest.mark.parametrize(
    ("given", "only", "started"),
    [
        ({}, SERVICES, False),
        ({"ollama": {"url": "http://127.0.0.1:11434"}}, SERVICES, True),
        (OPENAI, SERVICES, True),
        (OPENAI, ("gateway",), False),
    ],
)
def test_the_judges_worker_is_started_where_there_is_a_judge(
    tmp_path: Path, *, given: dict[str, object], only: tuple[str, ...], started: bool
) -> None:
    settings = Settings.model_validate({"data_dir": tmp_path, **given})
    planned = plan(settings, Folders(tmp_path), redis_url="redis://127.0.0.1:1/0", only=only)
    assert ("judge-worker" in planned.instances) is started
    assert ("brain" in planned.instances) is ("brain" in only)


def test_nothing_is_imported_from_the_folder_in_which_argus_is_started(tmp_path: Path) -> None:
    planned = plan(Settings(data_dir=tmp_path), Folders(tmp_path), redis_url="redis://127.0.0.1:1/0", only=SERVICES)
    assert {service.command[: len(PYTHON)] for service in planned.services} == {PYTHON}
    (tmp_path / "pydantic.py").write_text("raise SystemExit('imported')\n", encoding="utf-8")
    theirs = planned.services[0].environment["PYTHONSAFEPATH"]
    for command, environment in ((PYTHON, {}), (PYTHON[:1], {"PYTHONSAFEPATH": theirs})):
        done = subprocess.run(
            [*command, "-c", "import pydantic"],
            cwd=tmp_path,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
