"""VisionFlow's dialect answers as its contract shows: every field, of the same type and form, in the same order."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from werkzeug.test import TestResponse

from shared.settings import Settings
from tests.conftest import SHARED
from tests.contract.dialects.pairs import Pair, compare, load_pairs
from tests.contract.dialects.visionflow_world import GIVEN, prepare
from tests.unit.gateway.installation import Api
from tests.unit.gateway.visionflow.flow import Flow

PAGE = SHARED / "contracts" / "visionflow.txt"
PAIRS = load_pairs(Path(__file__).parent / "visionflow")
BESIDES = {"CONFLICT", "CAMERA_NOT_FOUND", "METHOD_NOT_ALLOWED", "INVALID_CREDENTIALS", "SERVICE_UNAVAILABLE"}
"""Codes that the contract's table does not have."""


@pytest.fixture
def answered(api: Api, api_settings: Settings, redis: Redis, pair: Pair) -> Iterator[TestResponse]:
    """The answer to the pair's request, in the world it is about."""
    flow = prepare(api, redis)
    world = GIVEN[pair.given](flow, api_settings) if pair.given is not None else nullcontext(flow)
    with world as gateway:
        yield ask(gateway, pair)


def ask(flow: Flow, pair: Pair) -> TestResponse:
    body = pair.request.get("body")
    if body and str(body.get("refresh_token", "")).startswith("REFRESH TOKEN OF "):
        body = {"refresh_token": flow.login(body["refresh_token"].rpartition(" ")[2])["refresh_token"]}
    who = pair.who.removeprefix("token of ") if pair.who != "nobody" else None
    sent = {"json": body} if body is not None else {}
    headers = pair.request.get("headers", {})
    return flow.ask(pair.request["method"], pair.request["path"], who=who, headers=headers, **sent)


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_the_answer_is_the_contracts(answered: TestResponse, pair: Pair) -> None:
    assert answered.status_code == pair.status, answered.text
    for name, value in pair.headers.items():
        found = answered.headers[name]
        assert found.isdigit() if name == "Retry-After" else found == value, name
    compare(pair, answered.json)


def test_every_code_of_the_contracts_table_is_recorded() -> None:
    recorded = {pair.body["error_code"]: pair.status for pair in PAIRS if "error_code" in pair.body}
    if PAGE.is_file():
        page = PAGE.read_text(encoding="utf-8")
        table = dict(re.findall(r"^([A-Z_]+) \|\n(\d{3}) \|", page, re.MULTILINE))
        assert len(table) == 7
        assert {code: status for code, status in recorded.items() if code not in BESIDES} == {
            code: int(status) for code, status in table.items()
        }
    assert BESIDES - {"CONFLICT"} <= set(recorded)


def test_every_example_of_the_contract_is_recorded() -> None:
    if not PAGE.is_file():
        pytest.skip("the contract's page is not here (../shared/contracts)")
    page = PAGE.read_text(encoding="utf-8")
    for pair in PAIRS:
        assert pair.section in page, pair.name
    examples = list(_examples(page.partition("// 設定基本配置")[0]))
    assert len(examples) >= 29
    recorded = [part for pair in PAIRS for part in (pair.body, pair.request.get("body")) if part is not None]
    for example in examples:
        assert any(_is_part(example, each) for each in recorded), example


def _examples(page: str) -> Iterator[dict[str, Any]]:
    """Every JSON object of the page that is in no other."""
    at = page.find("{\n")
    while at >= 0:
        example, end = json.JSONDecoder().raw_decode(page, at)
        yield example
        at = page.find("{\n", end)


def _is_part(example: dict[str, Any], recorded: Any) -> bool:
    """Whether the recorded one has every field of the example, or is an answer with more of them."""
    return isinstance(recorded, dict) and set(example) <= set(recorded)
