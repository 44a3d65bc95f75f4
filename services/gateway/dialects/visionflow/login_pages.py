"""Logging in with a browser."""

from __future__ import annotations

from flask import Response, request
from flask_openapi3 import APIBlueprint
from pydantic import BaseModel, Field

from services.gateway.auth.caller import current_caller
from services.gateway.auth.principal import Principal
from services.gateway.auth.tokens import LIFE, TokenUse
from services.gateway.dialects.visionflow.carriers import COOKIE, cookie_of
from services.gateway.dialects.visionflow.errors import error_document, refused
from services.gateway.dialects.visionflow.page import beside, field, form, is_from_here, line, link, page
from services.gateway.dialects.visionflow.words import say
from services.gateway.endpoint import endpoint
from services.gateway.gateway import Gateway
from services.gateway.problem import Refusal
from services.gateway.usecases import logins

api = APIBlueprint("login_pages", __name__, doc_ui=False)


class LoginForm(BaseModel):
    """What the page sends. With `leave`, the browser is logged out."""

    username: str = Field(default="", max_length=256)
    password: str = Field(default="", max_length=1024)
    leave: str = Field(default="", max_length=8)


def logged_in(gateway: Gateway, *, username: str, password: str) -> logins.Login:
    """A new login. Raises `Refusal`, which tells a wrong password from a missing token."""
    try:
        return logins.log_in(gateway, username=username, password=password, address=current_caller().address)
    except Refusal as refusal:
        if refusal.problem.status == 401:
            raise refused(401, "INVALID_CREDENTIALS", "INVALID_CREDENTIALS") from None
        raise


def shown(gateway: Gateway) -> Response:
    """The page: for whoever has logged in, the way out."""
    principal = _visitor(gateway)
    if principal is None:
        return _form(LoginForm())
    leave = form("log_out", '<input type="hidden" name="leave" value="1">')
    return page("log_in", line(say("logged_in_as", username=principal.username)), leave)


@api.post("/login/form")
@endpoint(scope=None)
def login_form(gateway: Gateway, form: LoginForm) -> Response:
    """The page again, with the cookie or without."""
    return _answered(gateway, form)


def _answered(gateway: Gateway, sent: LoginForm) -> Response:
    if not is_from_here(request):
        return page("log_in", line(say("from_elsewhere"), wrong=True), status=403)
    if sent.leave:
        return _left(gateway)
    try:
        login = logged_in(gateway, username=sent.username, password=sent.password)
    except Refusal as refusal:
        message = str(error_document(refusal.problem)["message"])
        return _form(sent, line(message, wrong=True), status=refusal.problem.status)
    response = _back()
    response.set_cookie(
        COOKIE,
        logins.page_token(gateway, login),
        max_age=LIFE[TokenUse.PAGE],
        path=_path(),
        secure=request.is_secure,
        httponly=True,
        samesite="Strict",
    )
    return response


def _left(gateway: Gateway) -> Response:
    principal = _visitor(gateway)
    if principal is not None:
        logins.log_out(gateway, principal)
    response = _back()
    response.delete_cookie(COOKIE, path=_path())
    return response


def _back() -> Response:
    # Relative, wherever a proxy has put it.
    return Response(status=303, headers={"Location": beside("login")})


def _visitor(gateway: Gateway) -> Principal | None:
    credentials = cookie_of(request, current_caller().address)
    try:
        return gateway.authenticator.principal(credentials) if credentials.are_there else None
    except Refusal:
        return None


def _form(sent: LoginForm, *wrong: str, status: int = 200) -> Response:
    asked = form(
        "log_in",
        field("username", fill="username", most=64, value=sent.username),
        field("password", fill="current-password", kind="password"),
    )
    return page("log_in", *wrong, asked, link("register", "register"), status=status)


def _path() -> str:
    return request.script_root or "/"
