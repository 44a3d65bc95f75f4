"""The native dialect answers as its contract shows: every field, of the same type and form, in the same order."""

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
from tests.contract.dialects.world import GIVEN, prepare
from tests.unit.gateway.installation import PASSWORD, Api, basic

PAGE = SHARED / "contracts" / "cctv-smart.txt"
PAIRS = load_pairs(Path(__file__).parent / "cctv_smart")
LIMITS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")


@pytest.fixture
def answered(api: Api, api_settings: Settings, redis: Redis, pair: Pair) -> Iterator[TestResponse]:
    """The answer to the pair's request, in the world it is about."""
    prepare(api, redis)
    world = GIVEN[pair.given](api, redis, api_settings) if pair.given is not None else nullcontext(api)
    with world as gateway:
        yield ask(gateway, pair)


def ask(api: Api, pair: Pair) -> TestResponse:
    how, _, name = pair.who.partition(" of ")
    headers = {**pair.request.get("headers", {}), **(basic(name, PASSWORD) if how == "password" else {})}
    body = {"json": pair.request["body"]} if "body" in pair.request else {}
    who = name if how == "key" else None
    return api.ask(pair.request["method"], pair.request["path"], who=who, headers=headers, **body)


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_the_answer_is_the_contracts(answered: TestResponse, pair: Pair) -> None:
    assert answered.status_code == pair.status, answered.text
    for name, value in pair.headers.items():
        found = answered.headers[name]
        assert found.isdigit() if name in ("X-RateLimit-Reset", "Retry-After") else found == value, name
    if pair.request["path"] != "/health" and pair.given != "a database that is away":
        assert all(answered.headers[name].isdigit() for name in LIMITS)
    if pair.body is None:
        assert answered.data == b""
    else:
        compare(pair, answered.json)
    if pair.status >= 400:
        assert list(answered.json or ()) == ["error", "message", "timestamp"]


READS = [pair for pair in PAIRS if pair.request["method"] == "GET" and pair.status == 200 and pair.who != "nobody"]


@pytest.mark.parametrize("pair", READS, ids=lambda pair: pair.name)
def test_a_password_serves_as_well_as_a_key(api: Api, redis: Redis, api_settings: Settings, pair: Pair) -> None:
    prepare(api, redis)
    world = GIVEN[pair.given](api, redis, api_settings) if pair.given is not None else nullcontext(api)
    with world as gateway:
        name = pair.who.removeprefix("key of ")
        answer = gateway.ask("GET", pair.request["path"], who=None, headers=basic(name, PASSWORD))
    assert answer.status_code == pair.status


def test_every_endpoint_and_every_example_of_the_contract_is_recorded() -> None:
    if not PAGE.is_file():
        pytest.skip("the contract's page is not here (../shared/contracts)")
    page = PAGE.read_text(encoding="utf-8")
    endpoints = re.findall(r"^(\d+\. .+)\n\n(GET|POST|PUT|DELETE) (\S+)$", page, re.MULTILINE)
    assert len(endpoints) == 16
    for section, method, path in endpoints:
        form = re.compile(re.sub(r"\{\w+\}", "[^/?]+", path) + r"(\?.*)?")
        assert any(
            pair.section == section and pair.request["method"] == method and form.fullmatch(pair.request["path"])
            for pair in PAIRS
        ), section
    for pair in PAIRS:
        assert pair.section in page, pair.name
    examples = [example for text in re.findall(r"\njson\n(\{.*?\n\})\n", page, re.DOTALL) if (example := _parsed(text))]
    for example in examples:
        assert any(_same_shape(example, recorded) for recorded in _recorded()), example


def test_every_code_of_the_contracts_table_is_recorded() -> None:
    if not PAGE.is_file():
        pytest.skip("the contract's page is not here (../shared/contracts)")
    table = PAGE.read_text(encoding="utf-8").partition("Codes d'Erreur")[2].partition("Exemple d'Erreur")[0]
    codes = {int(code) for code in re.findall(r"^(\d{3})[A-Z]", table, re.MULTILINE)}
    assert codes == {400, 401, 403, 404, 409, 500, 503}
    assert codes | {429} == {pair.status for pair in PAIRS if pair.status >= 400}


def _recorded() -> Iterator[Any]:
    for pair in PAIRS:
        yield from (part for part in (pair.body, pair.request.get("body")) if part is not None)


def _parsed(text: str) -> Any:
    example = json.loads(text.replace("[...]", "[]"))
    # What the system sends to others is not in the pairs.
    return None if "event_type" in example else example


def _same_shape(example: Any, recorded: Any) -> bool:
    return isinstance(example, dict) and list(example) == list(recorded)
