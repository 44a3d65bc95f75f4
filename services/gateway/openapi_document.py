"""The API's description in OpenAPI 3.1, finished: what an operation can really answer, with headers and examples."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from flask_openapi3 import OpenAPI
from flask_openapi3.models.schema import Schema
from flask_openapi3.utils import parse_rule
from pydantic import BaseModel
from werkzeug.routing import Rule

from services.gateway.endpoint import Contract, contract_of
from services.gateway.openapi_examples import example_of
from services.gateway.openapi_shapes import REFERENCE, Shape, shaped
from services.gateway.rate_limits import PROBES

Json = dict[str, Any]

_HEADERS: Json = {
    "X-Request-ID": {"description": "what the logs call this request", "schema": {"type": "string"}},
    "X-RateLimit-Limit": {
        "description": "requests allowed within the window; absent where there is no limit",
        "schema": {"type": "integer", "minimum": 1},
    },
    "X-RateLimit-Remaining": {
        "description": "requests left at this moment",
        "schema": {"type": "integer", "minimum": 0},
    },
    "X-RateLimit-Reset": {
        "description": "when the oldest counted request leaves the window; seconds since 1970",
        "schema": {"type": "integer", "minimum": 0},
    },
    "Retry-After": {"description": "seconds to wait", "schema": {"type": "integer", "minimum": 1}},
    "WWW-Authenticate": {"description": "how to bring credentials", "schema": {"type": "string"}},
}
_EVERYWHERE = ("X-Request-ID", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
_BESIDES = {"401": ("WWW-Authenticate",), "429": ("Retry-After",), "503": ("Retry-After",)}
_IDEMPOTENCY_KEY: Json = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "an order sent again under the same key within 24 h is carried out once",
    "schema": {"type": "string", "pattern": "^[\\x21-\\x7e]{1,255}$"},
}


def finished_document(app: OpenAPI, shapes: Iterable[Shape] = (), *, unreachable_status: int = 503) -> Json:
    """The document of one dialect with its `shapes`, without the address it is served at.

    `unreachable_status` is how it says that the database or Redis does not answer, and when to try again.
    """
    document: Json = _plain(app.api_doc)
    # Of two rules for one address the first one answers.
    routes = reversed(_routes(app))
    views = {(parse_rule(rule.rule), method): app.view_functions[rule.endpoint] for rule, method in routes}
    # The library's own way of writing them leaves out what it does not know.
    dumped = {name: _dumped(schema) for name, schema in app.components_schemas.items()}
    schemas: Json = _plain(shaped(dumped, shapes))
    document["components"]["schemas"] = schemas
    for path, item in document["paths"].items():
        for method, operation in item.items():
            view = views[path, method]
            item[method] = _finished(operation, path, method, view, schemas)
            _add_headers(item[method]["responses"], unreachable_status)
    document["components"]["headers"] = _HEADERS
    return document


def _routes(app: OpenAPI) -> list[tuple[Rule, str]]:
    return [(rule, method.lower()) for rule in app.url_map.iter_rules() for method in rule.methods or ()]


def _finished(operation: Json, path: str, method: str, view: Callable[..., Any], schemas: Json) -> Json:
    contract = contract_of(view)
    finished = {**operation, "operationId": view.__name__, "security": operation.get("security", [])}
    summary, _, description = (inspect.getdoc(view) or "").partition("\n")
    finished["summary"] = summary
    finished.pop("description", None)
    if description.strip():
        finished["description"] = description.strip()
    if parameters := _parameters(contract, method):
        finished["parameters"] = parameters
    if {"body", "form"} & set(contract.models):
        finished["requestBody"] = _request_body(contract, schemas)
    possible = _possible(path, method, contract)
    finished["responses"] = {
        status: response
        for status, response in sorted(operation["responses"].items())
        if status not in _CONDITIONAL or status in possible
    }
    return finished


# Refusals that depend on what an operation takes; every other documented answer is possible.
_CONDITIONAL = frozenset({"400", "422", "401", "403", "404", "409", "413", "415", "429"})


def _possible(path: str, method: str, contract: Contract) -> set[str]:
    possible = {str(status) for status in contract.refuses} | (set() if path in PROBES else {"429"})
    if contract.models or (method == "post" and contract.scope is not None):
        possible |= {"400", "422"}  # a dialect has one of the two
    if contract.scope is not None:
        possible |= {"401", "403"}
    if "path" in contract.models or {"body", "form"} & set(contract.models):
        possible.add("404")
    if method in ("post", "put", "patch"):
        possible |= {"409", "413"}
    if {"body", "form"} & set(contract.models):
        possible.add("415")
    return possible


def _parameters(contract: Contract, method: str) -> list[Json]:
    models = {"query": contract.reads, **contract.models}
    found = [each for place in ("path", "query") for each in _parameters_in(place, models.get(place))]
    return [*found, _IDEMPOTENCY_KEY] if method == "post" and contract.scope is not None else found


def _parameters_in(place: str, model: type[BaseModel] | None) -> list[Json]:
    if model is None:
        return []
    schema = model.model_json_schema(ref_template=REFERENCE)
    found = []
    for name, field in schema.get("properties", {}).items():
        parameter: Json = {"name": name, "in": place, "required": name in schema.get("required", ())}
        parameter |= {key: field.pop(key) for key in ("description", "example") if key in field}
        found.append(parameter | {"schema": _plain(_without_null(field))})
    return found


def _without_null(field: Json) -> Json:
    # Left out is what an address has for null: nothing that is sent means it.
    if field.get("default", 0) is not None:
        return field
    parts = [part for part in field["anyOf"] if part != {"type": "null"}]
    rest = {key: value for key, value in field.items() if key not in ("anyOf", "default")}
    return {**rest, **parts[0]} if len(parts) == 1 else {**rest, "anyOf": parts}


def _dumped(schema: Schema) -> Json:
    return schema.model_dump(mode="json", by_alias=True, exclude_unset=True, warnings=False)


def _add_headers(responses: Json, unreachable_status: int) -> None:
    besides = {str(unreachable_status): ("Retry-After",), **_BESIDES}
    for status, response in responses.items():
        names = (*_EVERYWHERE, *besides.get(status, ()))
        headers = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
        responses[status] = {**response, "headers": {**headers, **response.get("headers", {})}}


def _request_body(contract: Contract, schemas: Mapping[str, Json]) -> Json:
    content: Json = {}
    required = True
    if "body" in contract.models:
        model = contract.models["body"]
        schema = {"$ref": f"#/components/schemas/{model.__name__}"}
        content["application/json"] = {"schema": schema} | example_of(schema, schemas)
        required = any(field.is_required() for field in model.model_fields.values())
    if "form" in contract.models:
        name = contract.models["form"].__name__
        content["multipart/form-data"] = {"schema": {"$ref": f"#/components/schemas/{name}"}}
        required = True  # one of the two, and neither can be empty
    return {"content": content, "required": required}


def _plain(value: Any) -> Any:
    """A copy, with whole numbers as such."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
