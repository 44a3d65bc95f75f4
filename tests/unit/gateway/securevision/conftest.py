from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from werkzeug.test import TestResponse

from shared.settings import Settings
from shared.settings.securevision import SecureVisionSettings
from tests.unit.gateway.installation import Api, Template, open_api


class Client:
    """Asks the dialect, with an account's key or another text as a Bearer token."""

    def __init__(self, api: Api) -> None:
        self.api = api

    def get(self, path: str, *, who: str | None = "alice", **more: Any) -> TestResponse:
        return self.ask("GET", path, who=who, **more)

    def post(self, path: str, *, who: str | None = "alice", **more: Any) -> TestResponse:
        return self.ask("POST", path, who=who, **more)

    def ask(self, method: str, path: str, *, who: str | None = "alice", token: str | None = None, **more: Any) -> Any:
        text = token or (self.api.keys[who] if who else None)
        headers = {"Authorization": f"Bearer {text}"} if text else {}
        headers |= more.pop("headers", {})
        return self.api.ask(method, f"/securevision{path}", who=None, headers=headers, **more)


@pytest.fixture
def client(api: Api) -> Client:
    return Client(api)


@pytest.fixture
def told(request: pytest.FixtureRequest, api_settings: Settings, template: Template) -> Iterator[Client]:
    """A client of a gateway with the settings that the test is parametrised with."""
    settings = api_settings.model_copy(update={"securevision": SecureVisionSettings(**request.param)})
    api = open_api(settings, template.keys)
    yield Client(replace(api))
    api.opened.close()
