"""/register"""

from __future__ import annotations

from typing import Annotated, Any

from flask import Response, request
from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, Field, ValidationError

from services.gateway.auth.caller import current_caller
from services.gateway.dialects.visionflow.errors import REFUSALS, SaidProblem, error_document, refused
from services.gateway.dialects.visionflow.page import field, form, is_from_here, line, link, page
from services.gateway.dialects.visionflow.words import say
from services.gateway.endpoint import endpoint
from services.gateway.gateway import Gateway
from services.gateway.http.answers import Answer
from services.gateway.problem import Refusal, problem_of
from services.gateway.usecases import registration
from shared.db.accounts import Account
from shared.domain.errors import Conflict, UserError
from shared.recipients.email_address import checked_email

api = APIBlueprint("registration", __name__, abp_tags=[Tag(name="Accounts")], abp_responses=REFUSALS)

_HTML: dict[str, Any] = {"content": {"text/html": {}}}
_USERNAME = r"^[A-Za-z0-9][A-Za-z0-9._@+\-]{0,63}$"


class RegisterBody(BaseModel):
    """Somebody who wants an account. Everything he adds later is his own."""

    username: str = Field(pattern=_USERNAME, examples=["john_doe"])
    email: Annotated[
        str,
        Field(max_length=254, examples=["john@example.com"], json_schema_extra={"format": "mailbox"}),
        checked_email,
    ]
    password: str = Field(min_length=8, max_length=256, examples=["secure_password_123"])


class RegisterForm(BaseModel):
    """The same from the page; what is wrong is told there."""

    username: str = Field(default="", max_length=1024)
    email: str = Field(default="", max_length=1024)
    password: str = Field(default="", max_length=1024)


class Registered(BaseModel):
    message: str = Field(examples=["User registered successfully"])
    account_uuid: str = Field(examples=["550e8400-e29b-41d4-a716-446655440000"])
    status: str = Field(examples=["success"])


@api.get("/register", responses={"200": _HTML})
@endpoint(scope=None)
def registration_page(gateway: Gateway) -> Response:
    """The page on which people register."""
    if not registration.is_open(gateway):
        return page("register", line(say("registration_closed")), link("login", "log_in"))
    return _form(RegisterForm())


@api.post("/register", responses={"201": Registered})
@endpoint(scope=None)
def register(gateway: Gateway, body: RegisterBody | None, form: RegisterForm | None) -> Answer | Response:
    """Make an account for oneself.

    Open for the first one beside the administrator's; after that as the setting `gateway.registration` says.
    """
    if form is not None:
        return _registered_by_page(gateway, form)
    assert body is not None  # noqa: S101 – for the type checker: one of the two was sent
    account = _register(gateway, body)
    return Answer({"message": say("registered"), "account_uuid": account.uuid, "status": "success"}, status=201)


def _register(gateway: Gateway, body: RegisterBody) -> Account:
    try:
        return registration.register(
            gateway,
            username=body.username,
            email=body.email,
            password=body.password,
            address=current_caller().address,
        )
    except Conflict:
        raise refused(409, "CONFLICT", "name_taken") from None
    except Refusal as refusal:
        if refusal.problem.code == "registration_closed":
            raise refused(403, "INSUFFICIENT_PERMISSIONS", "registration_closed") from None
        raise


def _registered_by_page(gateway: Gateway, sent: RegisterForm) -> Response:
    if not is_from_here(request):
        return page("register", line(say("from_elsewhere"), wrong=True), status=403)
    try:
        _register(gateway, RegisterBody.model_validate(sent.model_dump()))
    except (ValidationError, UserError, Refusal) as error:
        problem = problem_of(error)
        wrong = line(str(error_document(problem)["message"]), wrong=True)
        return _form(sent, wrong, status=problem.status if isinstance(problem, SaidProblem) else 422)
    return page("register", line(say("welcome")), link("login", "log_in"), status=201)


def _form(sent: RegisterForm, *wrong: str, status: int = 200) -> Response:
    asked = form(
        "register",
        field("username", fill="username", most=64, value=sent.username),
        field("email", fill="email", kind="email", most=254, value=sent.email),
        field("password", fill="new-password", kind="password"),
    )
    return page("register", *wrong, asked, link("login", "log_in"), status=status)
