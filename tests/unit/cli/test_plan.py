"""Which processes are started."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.cli.folders import Folders
from services.cli.plan import SERVICES, plan
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
