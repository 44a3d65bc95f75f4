"""The contract knows one status for a database that is away: 500. The others' is 503."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from shared.settings import Settings
from tests.unit.gateway.installation import Template, open_api
from tests.unit.gateway.securevision.conftest import Client


@pytest.fixture
def away(api_settings: Settings, template: Template) -> Iterator[Client]:
    """A client of a gateway whose database file was taken away before anybody opened it."""
    file = Path(str(make_url(api_settings.effective_database_url).database))
    api = open_api(api_settings, template.keys)
    api.opened.engine.dispose()
    file.rename(file.with_suffix(".moved"))
    file.mkdir()
    yield Client(api)
    api.opened.close()


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/events"), ("GET", "/events?type=plate_read"), ("GET", "/faces/1"), ("GET", "/plates/1"),
     ("POST", "/cleanup")],
)  # fmt: skip
def test_a_database_that_is_away_is_500_with_a_detail(away: Client, method: str, path: str) -> None:
    answer = away.ask(method, path)
    assert answer.status_code == 500, answer.text
    assert answer.json == {"detail": "The database does not answer; try again in a moment"}
    assert answer.headers["Retry-After"] == "1"


def test_the_root_needs_no_database_and_health_says_so(away: Client) -> None:
    assert away.get("/", who=None).status_code == 200
    answer = away.get("/health", who=None)
    assert (answer.status_code, answer.json["ok"]) == (503, False)
    assert answer.json["recent_events"] == {"total": 0, "face_matches": 0, "plate_reads": 0}


def test_the_native_dialect_goes_on_answering_503(away: Client) -> None:
    answer = away.api.get("/cameras")
    assert (answer.status_code, answer.json["error"]) == (503, "service_unavailable")
