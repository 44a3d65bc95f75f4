"""Fixtures of the gateway's tests, here and in other folders."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.settings import Settings
from tests.unit.gateway.installation import NO_HURRY, Api, Template, fill, open_api


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    file = tmp_path_factory.mktemp("template") / "argus.db"
    return Template(file, fill(f"sqlite:///{file}"))


@pytest.fixture
def api_settings(tmp_path: Path, redis_url: str, template: Template) -> Settings:
    url = template.copy_to(tmp_path / "data" / "argus.db")
    return Settings(data_dir=tmp_path / "data", redis_url=redis_url, database_url=url, gateway=NO_HURRY)


@pytest.fixture
def api(api_settings: Settings, template: Template) -> Iterator[Api]:
    opened = open_api(api_settings, template.keys)
    yield opened
    opened.opened.close()
