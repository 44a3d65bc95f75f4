from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.gateway.listening import Site
from tests.integration.gateway.server import Server, StartServer, start_server
from tests.processes import Processes
from tests.unit.gateway.fixtures import api, api_settings, template
from tests.unit.gateway.installation import Template

__all__ = ["api", "api_settings", "template"]


@pytest.fixture
def start(
    processes: Processes, tmp_path: Path, redis_url: str, template: Template, wait_until: Callable[..., object]
) -> Iterator[StartServer]:
    """Starts gateways of two workers on free ports, over a filled database unless `empty`; stops them at the end."""
    started: list[Server] = []

    def begin(*, empty: bool = False, **more: str) -> Server:
        if not empty:
            template.copy_to(tmp_path / "data" / "argus.db")
        server = start_server(processes, tmp_path, redis_url, template.keys, **more)
        started.append(server)
        server.wait_until_it_answers(wait_until)
        return server

    yield begin
    for server in started:
        server.stop()


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory,
    redis_server_url: str,
    template: Template,
    wait_until: Callable[..., object],
) -> Iterator[Server]:
    """One gateway for all tests of a module that leave it as it was."""
    folder, processes = tmp_path_factory.mktemp("gateway"), Processes()
    template.copy_to(folder / "data" / "argus.db")
    server = start_server(processes, folder, redis_server_url, template.keys)
    server.wait_until_it_answers(wait_until)
    yield server
    server.stop()
    assert processes.end_all() == []


@pytest.fixture(scope="module")
def site(server: Server) -> Iterator[Site]:
    """One gateway for all tests but those that end it."""
    made = Site(server)
    yield made
    made.engine.dispose()


@pytest.fixture
def own(start: StartServer) -> Iterator[Callable[..., Site]]:
    """Starts a gateway of the test's own."""
    made: list[Site] = []

    def begin(*, enabled: bool = True) -> Site:
        made.append(Site(start(ARGUS_SECUREVISION__WS_ENABLED=str(enabled).lower())))
        return made[-1]

    yield begin
    for each in made:
        each.engine.dispose()
