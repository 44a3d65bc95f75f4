from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

import pytest
from flask import Request
from flask_openapi3 import APIBlueprint, Info
from pydantic import BaseModel
from werkzeug.test import TestResponse

from services.gateway.auth.authenticator import Credentials
from services.gateway.auth.request import key_or_password
from services.gateway.dialect import SecuritySchemes
from services.gateway.endpoint import endpoint
from services.gateway.http.form_body import MAX_UPLOAD_BYTES, Upload
from services.gateway.problem import Problem
from shared.accounts.roles import Scope
from shared.settings import Settings
from tests.unit.gateway.installation import Api, Template, open_api

uploads_api = APIBlueprint("uploads", __name__)


class PictureForm(BaseModel):
    photo: Upload
    size: int = 0


class PictureBody(BaseModel):
    path: str


@uploads_api.post("/pictures")
@endpoint(scope=Scope.WRITE)
def take_picture(form: PictureForm) -> dict[str, Any]:
    """Take a file."""
    return {"digest": hashlib.sha256(form.photo).hexdigest(), "size": form.size}


@uploads_api.post("/either")
@endpoint(scope=Scope.WRITE)
def take_either(body: PictureBody | None, form: PictureForm | None) -> dict[str, Any]:
    """Take a file, or say where one is."""
    return {"path": body.path if body is not None else None, "bytes": len(form.photo) if form is not None else None}


class Uploads:
    name = "uploads"
    prefix = ""
    info = Info(title="Uploads", version="1")
    security_schemes: ClassVar[SecuritySchemes] = {}
    error_model = PictureBody
    invalid_status = 400
    unreachable_status = 503
    shapes = ()

    def blueprints(self) -> Sequence[APIBlueprint]:
        return (uploads_api,)

    def credentials(self, request: Request, address: str) -> Credentials:
        return key_or_password(request, address)

    def envelope(self, problem: Problem, *, now: datetime) -> Mapping[str, Any]:
        return {"error": problem.code, "message": problem.message}


@pytest.fixture
def uploads(api_settings: Settings, template: Template) -> Iterator[Api]:
    api = open_api(api_settings, template.keys, dialects=[Uploads()])
    yield api
    api.opened.close()


def _send(api: Api, photo: bytes, *, path: str = "/pictures", headers: Any = None, **texts: Any) -> TestResponse:
    data = {"photo": (io.BytesIO(photo), "../../etc/passwd"), **texts}
    return api.post(path, data=data, content_type="multipart/form-data", headers=headers or {})


def _error(answer: TestResponse) -> tuple[int, str]:
    assert answer.json is not None
    return answer.status_code, answer.json["error"]


def test_a_file_of_eight_mebibytes_arrives_whole(uploads: Api) -> None:
    photo = b"\xff\xd8\0\xff" * (MAX_UPLOAD_BYTES // 4)
    answer = _send(uploads, photo, size="7")
    assert answer.json == {"digest": hashlib.sha256(photo).hexdigest(), "size": 7}


@pytest.mark.parametrize("more", [1, 100_000, 4_000_000])
def test_a_larger_one_is_a_413(uploads: Api, more: int) -> None:
    assert _error(_send(uploads, b"x" * (MAX_UPLOAD_BYTES + more))) == (413, "payload_too_large")


def test_a_text_as_large_as_a_file_is_a_413(uploads: Api) -> None:
    assert _error(_send(uploads, b"x", size="1" * 1_000_000)) == (413, "payload_too_large")


def test_json_has_no_more_room_where_files_are_taken(uploads: Api) -> None:
    answer = uploads.post("/either", {"path": "x" * 1024 * 1024})
    assert _error(answer) == (413, "payload_too_large")


def test_one_way_of_sending_leaves_the_other_out(uploads: Api) -> None:
    assert uploads.post("/either", {"path": "a"}).json == {"path": "a", "bytes": None}
    assert _send(uploads, b"12345", path="/either").json == {"path": None, "bytes": 5}
    assert _error(uploads.post("/either", data=b"x", content_type="text/plain")) == (415, "unsupported_media_type")


def test_what_is_no_form_is_a_415(uploads: Api) -> None:
    assert _error(uploads.post("/pictures", {"photo": "x"})) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({}, "Field 'photo' is required"),
        ({"photo": "text"}, "Field 'photo' must be a file"),
        ({"photo": (io.BytesIO(b""), "a.jpg")}, "Field 'photo' must not be empty"),
        ({"photo": (io.BytesIO(b"x"), "a.jpg"), "size": "seven"}, "Field 'size' "),
        ({"photo": (io.BytesIO(b"x"), "a.jpg"), "size": "\0"}, "Field 'size' holds text that cannot be used"),
    ],
)
def test_a_wrong_field_of_a_form_is_named(uploads: Api, data: dict[str, Any], said: str) -> None:
    answer = uploads.post("/pictures", data=data, content_type="multipart/form-data")
    assert answer.status_code == 400
    assert answer.json is not None
    assert answer.json["message"].startswith(said)


def test_a_broken_form_is_a_400(uploads: Api) -> None:
    for data in (b"", b"garbage", b"--x\r\n", b"--x\r\nContent-Disposition: form-data\r\n\r\n"):
        answer = uploads.post("/pictures", data=data, content_type="multipart/form-data; boundary=x")
        assert answer.status_code == 400, data
    assert uploads.post("/pictures", data=b"x", content_type="multipart/form-data").status_code == 400


def test_nobody_uploads_without_credentials(uploads: Api) -> None:
    data = {"photo": (io.BytesIO(b"x"), "a.jpg")}
    answer = uploads.post("/pictures", data=data, content_type="multipart/form-data", who=None)
    assert answer.status_code == 401


def test_the_same_form_sent_twice_is_one_order(uploads: Api) -> None:
    key = {"Idempotency-Key": "k"}
    # One fixed boundary: clients repeat the same bytes.
    body = b'--x\r\nContent-Disposition: form-data; name="photo"; filename="a"\r\n\r\n%s\r\n--x--\r\n'
    send = {"content_type": "multipart/form-data; boundary=x", "headers": key}
    first = uploads.post("/pictures", data=body % b"one", **send)
    assert first.status_code == 200
    assert uploads.post("/pictures", data=body % b"one", **send).json == first.json
    assert uploads.post("/pictures", data=body % b"two", **send).status_code == 409
