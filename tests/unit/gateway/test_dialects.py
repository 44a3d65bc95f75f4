from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

import pytest
from flask import Request
from flask_openapi3 import APIBlueprint, Info
from pydantic import BaseModel
from werkzeug.test import Client

from services.gateway.app import application
from services.gateway.auth.authenticator import Credentials
from services.gateway.auth.principal import Principal
from services.gateway.dialect import SecuritySchemes, load_dialects
from services.gateway.dialect_ports import PLANNED, served_ports
from services.gateway.dialects import CATALOGUE
from services.gateway.endpoint import endpoint
from services.gateway.gateway import Gateway
from services.gateway.problem import Problem
from shared.accounts.roles import Scope
from shared.domain.errors import UserError
from shared.settings import Settings
from tests.unit.gateway.installation import Api, Template, open_api

other_api = APIBlueprint("other", __name__)


@other_api.get("/hello")
@endpoint(scope=None)
def hello(gateway: Gateway) -> dict[str, Any]:
    """Greets."""
    return {"hello": gateway.now().year}


@other_api.get("/broken")
@endpoint(scope=None)
def broken() -> dict[str, Any]:
    """Fails."""
    raise RuntimeError("the password is hunter2")


@other_api.get("/whoami")
@endpoint(scope=Scope.READ)
def whoami(principal: Principal) -> dict[str, Any]:
    """Tells who asks."""
    return {"name": principal.username}


class Wish(BaseModel):
    colour: str


@other_api.post("/wishes")
@endpoint(scope=None)
def wish(body: Wish) -> dict[str, Any]:
    """Takes a wish."""
    return {"colour": body.colour}


class OtherError(BaseModel):
    failure: str
    number: int


class Other:
    """A dialect with another prefix and other words."""

    name = "other"
    prefix = "/other"
    info = Info(title="Other", version="1")
    security_schemes: ClassVar[SecuritySchemes] = {}
    error_model = OtherError
    invalid_status = 422
    unreachable_status = 503
    shapes = ()

    def blueprints(self) -> Sequence[APIBlueprint]:
        return (other_api,)

    def credentials(self, request: Request, address: str) -> Credentials:
        """The key is in the query, of all places."""
        return Credentials(address=address, key=request.args.get("whoami"))

    def envelope(self, problem: Problem, *, now: datetime) -> Mapping[str, Any]:
        return {"failure": problem.message, "number": problem.status}


@pytest.fixture
def both(api_settings: Settings, template: Template) -> Iterator[Api]:
    api = open_api(api_settings, template.keys, dialects=[*load_dialects(), Other()])
    yield api
    api.opened.close()


@pytest.mark.parametrize(("path", "status"), [("/x", 404), ("/hello", 405), ("/broken", 500)])
def test_errors_are_in_the_words_of_the_dialect_whose_prefix_was_asked(both: Api, path: str, status: int) -> None:
    method = "POST" if status == 405 else "GET"
    answer = both.ask(method, f"/other{path}", who=None)
    assert answer.status_code == status
    assert answer.json is not None
    assert set(answer.json) == {"failure", "number"}
    assert answer.json["number"] == status
    native = both.ask("GET", "/x", who=None)
    assert native.json is not None
    assert set(native.json) == {"error", "message", "timestamp"}


def test_an_unforeseen_error_tells_the_request_and_nothing_else(both: Api) -> None:
    answer = both.get("/other/broken", headers={"X-Request-ID": "req-7"})
    assert answer.json == {"failure": "Something went wrong on our side (request req-7)", "number": 500}


def test_a_prefix_is_a_whole_part_of_the_address(both: Api) -> None:
    assert both.get("/other/hello").json == {"hello": 2026}
    assert both.get("/otherhello").json != {"hello": 2026}
    for bare in ("/other", "/other/"):
        answer = both.get(bare)
        assert answer.json is not None
        assert answer.json["name"] == "Other"


def test_a_dialect_says_where_credentials_are_carried(both: Api, template: Template) -> None:
    key = template.keys["alice"]
    assert both.get(f"/other/whoami?whoami={key}", who=None).json == {"name": "alice"}
    assert both.get("/other/whoami", who=None, headers={"X-API-Key": key}).status_code == 401
    assert both.get(f"/cameras?whoami={key}", who=None).status_code == 401


@pytest.mark.parametrize("sent", [{"json": {}}, {"data": "{", "content_type": "application/json"}])
def test_a_dialect_says_with_which_status_it_refuses_what_cannot_be_understood(both: Api, sent: dict[str, Any]) -> None:
    answer = both.ask("POST", "/other/wishes", who=None, **sent)
    assert answer.status_code == 422
    assert answer.json is not None
    assert answer.json["number"] == 422
    assert both.ask("POST", "/cameras", **sent).status_code == 400


def test_a_dialect_lives_at_the_root_of_its_own_port(both: Api) -> None:
    app = application(both.opened.gateway, [*load_dialects(), Other()], ports={5099: "other"})
    there = Client(app).get("/hello", base_url="http://localhost:5099")
    assert there.json == {"hello": 2026}
    missing = Client(app).get("/cameras", base_url="http://localhost:5099")
    assert missing.json is not None
    assert set(missing.json) == {"failure", "number"}
    assert Client(app).get("/health", base_url="http://localhost:8000").status_code == 200


def test_each_dialect_has_a_document_of_its_own(both: Api) -> None:
    native, other = both.get("/openapi.json").json, both.get("/other/openapi.json").json
    assert native is not None
    assert other is not None
    assert set(other["paths"]) == {"/hello", "/broken", "/whoami", "/wishes"}
    assert {"/health", "/cameras", "/cameras/{id}", "/events", "/events/{uuid}", "/auth/keys"} <= set(native["paths"])
    assert "/hello" not in native["paths"]


@pytest.mark.parametrize("page", ["/docs", "/redoc", "/other/docs"])
def test_documentation_needs_nothing_from_elsewhere(both: Api, page: str) -> None:
    answer = both.get(page, who=None)
    assert answer.status_code == 200
    assert "//" not in answer.text.replace("<!doctype", "")
    prefix = page.rpartition("/")[0]
    sources = [part.partition('"')[0] for part in answer.text.split('src="')[1:]]
    sources += [part.partition('"')[0] for part in answer.text.split('href="')[1:]]
    assert sources
    for source in sources:
        assert both.get(f"{prefix}/{source}", who=None).status_code == 200


def test_the_readers_of_the_document_load_no_picture_or_script_from_elsewhere(both: Api) -> None:
    for name in ("swagger-ui.css", "swagger-ui-bundle.js", "redoc.standalone.js"):
        answer = both.get(f"/docs/assets/{name}", who=None)
        assert len(answer.data) > 100_000
        assert not re.search(rb"src:\s*[\"']https?://|url\([\"']?https?://|cdn\.", answer.data), name
        known = both.get(f"/docs/assets/{name}", who=None, headers={"If-None-Match": answer.headers["ETag"]})
        assert (known.status_code, known.data) == (304, b"")
    assert "img-src 'self' data:" in both.get("/redoc", who=None).headers["Content-Security-Policy"]


def test_every_dialect_of_the_catalogue_keeps_the_contract() -> None:
    dialects = load_dialects()
    assert [dialect.name for dialect in dialects] == list(CATALOGUE)
    for dialect in dialects:
        assert dialect.prefix == "" or (dialect.prefix.startswith("/") and not dialect.prefix.endswith("/"))
        body = dialect.envelope(Problem(404, "not_found", "gone"), now=datetime.fromtimestamp(0).astimezone())
        dialect.error_model.model_validate(body)
        assert dialect.blueprints()


def test_two_of_a_kind_are_refused() -> None:
    with pytest.raises(ValueError, match="same name"):
        load_dialects(["cctv_smart", "cctv_smart"])


def test_ports_are_given_to_dialects_that_exist_and_planned_ones_wait() -> None:
    wanted = {"visionflow": 5000, "securevision": 8001, "cctv_smart": 8080}
    waiting = PLANNED - set(CATALOGUE)
    served = {port: name for name, port in wanted.items() if name not in waiting}
    assert served_ports(wanted, main_port=8000) == served
    assert {5000: "visionflow", 8080: "cctv_smart"}.items() <= served.items()


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"visionflo": 5000}, "did you mean 'visionflow'"),
        ({"xyz": 5000}, "known: cctv_smart"),
        ({"cctv_smart": 8000}, "port 8000 is taken"),
    ],
)
def test_a_port_that_cannot_be_served_is_refused_with_a_hint(wanted: dict[str, int], said: str) -> None:
    with pytest.raises(UserError, match=said):
        served_ports(wanted, main_port=8000)
