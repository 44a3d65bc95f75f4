"""Whatever is somebody else's looks as if it did not exist: asked of every route there is, whoever adds one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from services.gateway.auth.caller import PROTECTED
from services.gateway.endpoint import contract_of
from services.gateway.openapi_document import finished_document
from services.gateway.openapi_examples import example_of
from tests.unit.gateway.installation import Api
from tests.unit.gateway.visionflow.flow import Flow, refusal
from tests.unit.gateway.visionflow.test_rectangles import REGION

NOTHING = 2_000_000_000
"""An id that nothing has."""
HIDDEN = ("geheime-kamera", "hidden-host", "secret-place")


def _app(switchboard: Any) -> Flask:
    return next(app.made for prefix, app in switchboard._by_prefix if prefix == "/visionflow")  # type: ignore[no-any-return]


def rules(app: Flask) -> list[tuple[Rule, str]]:
    """Every protected route with each of its methods."""
    found = [
        (rule, method)
        for rule in app.url_map.iter_rules()
        if getattr(app.view_functions[rule.endpoint], PROTECTED, False)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]
    assert len(found) >= 10
    return found


def addressed(app: Flask) -> list[tuple[Rule, str]]:
    return [(rule, method) for rule, method in rules(app) if rule.arguments]


def body_for(app: Flask, rule: Rule, method: str) -> dict[str, Any]:
    """A sound body, from the document's examples."""
    if "body" not in contract_of(app.view_functions[rule.endpoint]).models:
        return {}
    document = finished_document(app)
    path = rule.rule.replace("<int:", "{").replace("<path:", "{").replace("<", "{").replace(">", "}")
    name = document["paths"][path][method.lower()]["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    schemas = document["components"]["schemas"]
    return {"json": example_of({"$ref": name}, schemas).get("example", {})}


def path_of(rule: Rule, value: object) -> str:
    path = rule.rule
    for name in rule.arguments:
        for form in (f"<int:{name}>", f"<path:{name}>", f"<{name}>"):
            path = path.replace(form, str(value))
    return path


@pytest.fixture
def app(api: Api) -> Flask:
    return _app(api.client.application)


@pytest.fixture
def bobs(flow: Flow) -> int:
    """Bob has one of everything, each of the lowest ids there are."""
    area = {**REGION, "name": HIDDEN[0]}
    return flow.camera(
        who="bob",
        name=HIDDEN[0],
        location=HIDDEN[2],
        stream_url=f"rtsp://u:p@{HIDDEN[1]}/x",
        detection_areas=[area],
    )


def told(answer: TestResponse, value: object) -> tuple[int, str, dict[str, str]]:
    """All that the asker can see of an answer, with the id he asked for made the same."""
    own = {"X-Request-ID", "X-RateLimit-Remaining", "X-RateLimit-Reset", "Content-Length", "Date"}
    headers = {name: text for name, text in answer.headers if name not in own}
    return answer.status_code, answer.text.replace(str(value), "ID"), headers


def test_what_is_anothers_answers_like_what_is_not_there(flow: Flow, app: Flask, bobs: int) -> None:
    for rule, method in addressed(app):
        kwargs = body_for(app, rule, method)
        theirs = flow.ask(method, path_of(rule, bobs), **kwargs)
        nobodys = flow.ask(method, path_of(rule, NOTHING), **kwargs)
        assert told(theirs, bobs) == told(nobodys, NOTHING), f"{method} {rule.rule}"
        assert theirs.status_code in (403, 404), f"{method} {rule.rule}: {theirs.status_code}"
    assert flow.get(f"/cameras/{bobs}", who="bob").status_code == 200, "and bob's are untouched"
    regions = (flow.get(f"/rectangles/{bobs}", who="bob").json or {})["data"]["regions"]
    assert [region["name"] for region in regions] == [HIDDEN[0]]


def test_a_body_that_is_wrong_is_told_before_anything_of_whose_it_is(flow: Flow, app: Flask, bobs: int) -> None:
    for rule, method in addressed(app):
        if not body_for(app, rule, method):
            continue
        theirs = flow.ask(method, path_of(rule, bobs), json={"name": 7, "regions": 7})
        nobodys = flow.ask(method, path_of(rule, NOTHING), json={"name": 7, "regions": 7})
        assert told(theirs, bobs) == told(nobodys, NOTHING), f"{method} {rule.rule}"


def test_nothing_of_anothers_is_in_any_answer(flow: Flow, app: Flask, bobs: int) -> None:
    for rule, method in rules(app):
        for value in (bobs, 1, HIDDEN[0]):
            answer = flow.ask(method, path_of(rule, value), **body_for(app, rule, method))
            for word in HIDDEN:
                assert word not in answer.text, f"{method} {rule.rule}"
                assert word not in json.dumps(dict(answer.headers)), f"{method} {rule.rule}"
            if rule.rule == "/logout":
                flow.logins.pop("alice")


def test_every_route_wants_a_token(flow: Flow, app: Flask, bobs: int) -> None:
    for rule, method in rules(app):
        path = path_of(rule, bobs)
        assert refusal(flow.ask(method, path, who=None)) == (401, "AUTH_REQUIRED"), f"{method} {rule.rule}"
        for headers in ({"X-API-Key": flow.api.keys["bob"]}, {"Authorization": "Basic Ym9iOmNvcnJlY3Q="}):
            assert refusal(flow.ask(method, path, who=None, headers=headers)) == (401, "AUTH_REQUIRED")
        wrong = flow.ask(method, path, who=None, headers={"Authorization": "Bearer e30.e30.e30"})
        assert refusal(wrong) == (401, "INVALID_TOKEN")


def test_a_viewer_writes_nowhere(flow: Flow, app: Flask, bobs: int) -> None:
    for rule, method in rules(app):
        if method == "GET" or rule.rule == "/logout" or _reads(app, rule):
            continue
        answer = flow.ask(method, path_of(rule, bobs), who="eve", **body_for(app, rule, method))
        assert refusal(answer) == (403, "INSUFFICIENT_PERMISSIONS"), f"{method} {rule.rule}"


def _reads(app: Flask, rule: Rule) -> bool:
    return contract_of(app.view_functions[rule.endpoint]).scope == "read"


def test_an_administrator_sees_all(flow: Flow, bobs: int) -> None:
    assert flow.get(f"/cameras/{bobs}", who="boss").status_code == 200
    assert (flow.get("/cameras", who="boss").json or {})["total"] == 1


def lists(app: Flask) -> Iterator[str]:
    for rule, method in rules(app):
        if method == "GET" and not rule.arguments:
            yield rule.rule


def test_lists_hold_ones_own_things_alone(flow: Flow, app: Flask, bobs: int) -> None:
    for path in lists(app):
        answer = flow.get(path)
        assert answer.status_code == 200, path
        assert (answer.json or {}).get("data") in ([], {}), path
