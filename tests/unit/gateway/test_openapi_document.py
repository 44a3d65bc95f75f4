from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask_openapi3 import OpenAPI
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from werkzeug.test import Client

from services.gateway.app import application, dialect_app
from services.gateway.bootstrap import build
from services.gateway.dialect import load_dialects
from services.gateway.endpoint import contract_of
from services.gateway.gateway import Gateway
from services.gateway.openapi_examples import example_of
from shared.settings import Settings
from tests.unit.gateway.installation import Api, Template
from tests.unit.gateway.test_dialects import Other

Json = dict[str, Any]

_AT_ALL_TIMES = {"X-Request-ID", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, redis_server_url: str, template: Template) -> Iterator[Gateway]:
    """One that is only asked what it can do: making its document takes longer than all that is asked of it."""
    folder = tmp_path_factory.mktemp("described")
    url = template.copy_to(folder / "argus.db")
    opened = build(Settings(data_dir=folder, redis_url=redis_server_url, database_url=url))
    yield opened.gateway
    opened.close()


@pytest.fixture(scope="module")
def app(gateway: Gateway) -> OpenAPI:
    (native,) = [dialect for dialect in load_dialects() if dialect.prefix == ""]
    return dialect_app(native, gateway)


@pytest.fixture(scope="module")
def document(app: OpenAPI) -> Json:
    return dict(Client(app).get("/openapi.json").json or {})


def _operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def test_nothing_of_older_versions_is_left_in_it(document: Json) -> None:
    def walk(value: Any) -> Iterator[Json]:
        if isinstance(value, dict):
            yield value
            for item in value.values():
                yield from walk(item)
        elif isinstance(value, list):
            for item in value:
                yield from walk(item)

    for part in walk(document):
        assert "nullable" not in part
        assert not isinstance(part.get("exclusiveMinimum"), bool)
        assert not isinstance(part.get("exclusiveMaximum"), bool)
    example = document["components"]["schemas"]["NewCameraBody"]["properties"]["name"]["examples"]
    assert example == ["Parking"]


def test_every_endpoint_is_described(app: OpenAPI, document: Json) -> None:
    described = {operation["operationId"] for _, _, operation in _operations(document)}
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if hasattr(view, "argus_contract"):
            contract_of(view)
            assert view.__name__ in described, rule.rule


def test_every_operation_says_what_it_does_under_a_name_of_its_own(document: Json) -> None:
    names = [operation["operationId"] for _, _, operation in _operations(document)]
    assert len(set(names)) == len(names)
    for _, _, operation in _operations(document):
        assert operation["operationId"].isidentifier()
        assert operation["summary"].strip()
        assert operation["tags"]
        assert "<br" not in operation.get("description", "")


def test_every_answer_names_the_headers_it_carries(document: Json) -> None:
    for path, _, operation in _operations(document):
        for status, response in operation["responses"].items():
            assert set(response["headers"]) >= _AT_ALL_TIMES, path
            assert ("Retry-After" in response["headers"]) == (status in ("429", "503"))
            assert ("WWW-Authenticate" in response["headers"]) == (status == "401")


def test_only_answers_that_an_operation_can_give_are_described(document: Json) -> None:
    operations = {operation["operationId"]: set(operation["responses"]) for _, _, operation in _operations(document)}
    assert operations["get_health"] == {"200", "503"}
    assert operations["list_events"] == {"200", "400", "401", "403", "429", "500", "503"}
    assert operations["add_camera"] >= {"201", "400", "401", "403", "409", "413", "415", "429", "500", "503"}
    assert {"404", "401"} <= operations["get_camera"]
    assert not {"409", "413", "415"} & operations["get_camera"]


def test_credentials_are_asked_for_wherever_they_are_needed(document: Json) -> None:
    for path, _, operation in _operations(document):
        wanted = [] if path == "/health" else [{"api_key": []}, {"basic": []}]
        assert operation["security"] == wanted, path


def test_an_order_may_be_sent_twice_and_the_document_says_how(document: Json) -> None:
    for path, method, operation in _operations(document):
        names = {parameter["name"] for parameter in operation.get("parameters", ())}
        assert ("Idempotency-Key" in names) == (method == "post"), path


def test_examples_of_requests_are_sound(gateway: Gateway, app: OpenAPI, document: Json) -> None:
    resource = Resource.from_contents(document, default_specification=DRAFT202012)
    registry: Registry[Any] = Registry().with_resource("doc:", resource)
    views = {view.__name__: view for view in app.view_functions.values()}
    seen = 0
    for path, method, operation in _operations(document):
        for kind, content in operation.get("requestBody", {}).get("content", {}).items():
            if kind != "application/json":
                continue
            assert "example" in content, f"{method} {path}: a required field has no example"
            reference = content["schema"]["$ref"].removeprefix("#")
            Draft202012Validator({"$ref": f"doc:#{reference}"}, registry=registry).validate(content["example"])
            model = contract_of(views[operation["operationId"]]).models["body"]
            model.model_validate(content["example"], context={"gateway": gateway})
            seen += 1
    assert seen >= 6


def test_a_body_is_required_only_where_something_in_it_is(document: Json) -> None:
    bodies = {operation["operationId"]: operation.get("requestBody") for _, _, operation in _operations(document)}
    assert bodies["add_camera"]["required"] is True
    assert bodies["change_camera"]["required"] is False


def test_the_document_names_the_address_it_was_asked_at(api: Api) -> None:
    both = Client(application(api.opened.gateway, [*load_dialects(), Other()], ports={5099: "other"}))
    assert both.get("/openapi.json").json["servers"] == [{"url": "/"}]  # type: ignore[index]
    assert both.get("/other/openapi.json").json["servers"] == [{"url": "/other"}]  # type: ignore[index]
    assert both.get("/openapi.json", base_url="http://localhost:5099").json["servers"] == [{"url": "/"}]  # type: ignore[index]


def test_an_example_is_left_out_when_something_required_has_none() -> None:
    schema = {"properties": {"a": {"type": "string"}, "b": {"examples": [1]}}, "required": ["a"]}
    assert example_of(schema, {}) == {}
    assert example_of({**schema, "required": ["b"]}, {}) == {"example": {"b": 1}}
    assert example_of({"$ref": "#/components/schemas/X"}, {"X": {"enum": ["p", "q"]}}) == {"example": "p"}


def test_the_root_says_what_this_is_and_where_to_read_on(api: Api) -> None:
    answer = api.get("/", who=None)
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["name"] == "Argus"
    assert answer.json["version"]
    for name in ("docs", "redoc", "openapi", "health", "metrics"):
        assert api.get(answer.json[name], who=None).status_code == 200
    there = Client(application(api.opened.gateway, [*load_dialects(), Other()])).get("/other/").json
    assert there is not None
    assert there["docs"] == "/other/docs"
    assert "health" not in there
