"""A page that names its parts relative to its own address has one address."""

from __future__ import annotations

import pytest

from tests.unit.gateway.installation import Api


@pytest.mark.parametrize("prefix", ["", "/securevision", "/visionflow"])
@pytest.mark.parametrize("page", ["docs", "redoc"])
def test_a_slash_at_the_end_of_a_page_leads_to_the_address_without(api: Api, prefix: str, page: str) -> None:
    answer = api.get(f"{prefix}/{page}/?a=%2F&b", who=None)
    assert (answer.status_code, answer.headers["Location"]) == (308, f"{prefix}/{page}?a=%2F&b")
    assert api.get(f"{prefix}/{page}/", who=None).headers["Location"] == f"{prefix}/{page}"
    assert api.get(f"{prefix}/{page}", who=None).status_code == 200


@pytest.mark.parametrize("prefix", ["", "/securevision", "/visionflow"])
def test_the_root_of_a_dialect_is_no_such_page(api: Api, prefix: str) -> None:
    assert api.get(f"{prefix}/", who=None).status_code == 200


def test_the_page_of_areas_has_one_address_as_well(api: Api) -> None:
    answer = api.get("/visionflow/snapshot_ui/7/?x=1")
    assert (answer.status_code, answer.headers["Location"]) == (308, "/visionflow/snapshot_ui/7?x=1")


@pytest.mark.parametrize("path", ["//evil.example/docs/", "/docs//", "//docs/", "/\\evil.example/docs/"])
def test_no_address_leads_to_another_server(api: Api, path: str) -> None:
    answer = api.get("/", who=None, environ_overrides={"PATH_INFO": path})
    assert answer.headers.get("Location") in (None, "/docs")
