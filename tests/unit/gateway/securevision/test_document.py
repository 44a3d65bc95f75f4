"""What the dialect's description says of it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.gateway.securevision.conftest import Client


@pytest.fixture
def paths(client: Client) -> dict[str, Any]:
    return dict(client.get("/openapi.json", who=None).json["paths"])


def test_the_stream_is_described_with_its_parameters_and_who_may_open_it(paths: dict[str, Any]) -> None:
    stream = paths["/stream"]["get"]
    parameters = {each["name"]: each for each in stream["parameters"]}
    assert {name: (each["in"], each["required"]) for name, each in parameters.items()} == {
        "token": ("query", False),
        "since_id": ("query", False),
    }
    assert parameters["token"]["schema"]["maxLength"] == 1000
    assert parameters["since_id"]["schema"]["maximum"] == 2**31 - 1
    assert stream["security"] == [{"bearer": []}]
    assert set(stream["responses"]) == {"101", "422", "426", "429", "500", "501", "503"}


def test_numbers_are_described_with_their_bounds(paths: dict[str, Any]) -> None:
    parameters = {each["name"]: each["schema"] for each in paths["/events"]["get"]["parameters"]}
    assert (parameters["limit"]["minimum"], parameters["limit"]["maximum"]) == (1, 1000)
    assert (parameters["since"]["minimum"], parameters["since"]["type"]) == (0, "integer")


@pytest.mark.parametrize(
    ("path", "method"),
    [("/events", "get"), ("/faces/{event_id}", "get"), ("/plates/{event_id}", "get"), ("/cleanup", "post")],
)
def test_a_database_that_is_away_is_a_500_that_says_when_to_come_again(
    paths: dict[str, Any], path: str, method: str
) -> None:
    responses = paths[path][method]["responses"]
    assert "503" not in responses
    assert "Retry-After" in responses["500"]["headers"]


def test_health_and_the_places_of_streams_are_a_503_all_the_same(paths: dict[str, Any]) -> None:
    assert "503" in paths["/health"]["get"]["responses"]
    assert "Retry-After" in paths["/stream"]["get"]["responses"]["503"]["headers"]
