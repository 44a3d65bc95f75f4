"""Registering with a browser."""

from __future__ import annotations

from flask import Response, request
from flask_openapi3 import APIBlueprint
from pydantic import BaseModel, Field, ValidationError

from services.gateway.dialects.visionflow.errors import SaidProblem, error_document
from services.gateway.dialects.visionflow.page import field, form, is_from_here, line, link, page
from services.gateway.dialects.visionflow.registration import RegisterBody, api, registered
from services.gateway.dialects.visionflow.words import say
from services.gateway.endpoint import endpoint
from services.gateway.gateway import Gateway
from services.gateway.problem import Refusal, problem_of
from services.gateway.usecases import registration
from shared.domain.errors import UserError

pages = APIBlueprint("registration_pages", __name__, doc_ui=False)


class RegisterForm(BaseModel):
    """The same from the page; what is wrong is told there."""

    username: str = Field(default="", max_length=1024)
    email: str = Field(default="", max_length=1024)
    password: str = Field(default="", max_length=1024)


@api.get("/register", responses={"200": {"content": {"text/html": {}}}})
@endpoint(scope=None)
def registration_page(gateway: Gateway) -> Response:
    """The page on which people register."""
    if not registration.is_open(gateway):
        return page("register", line(say("registration_closed")), link("login", "log_in"))
    return _form(RegisterForm())


@pages.post("/register/form")
@endpoint(scope=None)
def registration_form(gateway: Gateway, form: RegisterForm) -> Response:
    """The page again, with what came of it."""
    return _answered(gateway, form)


def _answered(gateway: Gateway, sent: RegisterForm) -> Response:
    if not is_from_here(request):
        return page("register", line(say("from_elsewhere"), wrong=True), status=403)
    try:
        registered(gateway, RegisterBody.model_validate(sent.model_dump()))
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
        field("password", fill="new-password", kind="password", words="new_password"),
    )
    return page("register", *wrong, asked, link("login", "log_in"), status=status)
