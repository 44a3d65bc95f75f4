from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.gateway.server import Server, start_server
from tests.processes import Processes
from tests.unit.gateway.fixtures import api, api_settings, template
from tests.unit.gateway.installation import Template

__all__ = ["api", "api_settings", "template"]


@pytest.fixture
def server(
    processes: Processes, tmp_path: Path, redis_url: str, template: Template, wait_until: Callable[..., object]
) -> Server:
    """A gateway of two workers on a free port."""
    template.copy_to(tmp_path / "data" / "argus.db")
    started = start_server(processes, tmp_path, redis_url, template.keys)
    started.wait_until_it_answers(wait_until)
    return started
