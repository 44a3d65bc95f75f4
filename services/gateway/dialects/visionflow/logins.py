"""/login, /token/refresh, /logout"""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, Field

from services.gateway.auth.caller import current_caller
from services.gateway.auth.principal import Principal
from services.gateway.dialects.visionflow import login_pages
from services.gateway.dialects.visionflow.answers import success
from services.gateway.dialects.visionflow.errors import REFUSALS, SECURITY
from services.gateway.dialects.visionflow.words import say
from services.gateway.endpoint import endpoint
from services.gateway.gateway import Gateway
from services.gateway.http.answers import Answer
from services.gateway.usecases import logins
from shared.accounts.roles import Scope

api = APIBlueprint("logins", __name__, abp_tags=[Tag(name="Accounts")], abp_responses=REFUSALS)


class LoginBody(BaseModel):
    username: str = Field(max_length=256, examples=["john_doe"])
    password: str = Field(max_length=1024, examples=["secure_password_123"])


class RefreshBody(BaseModel):
    refresh_token: str = Field(max_length=4096, examples=["eyJhbGciOiJIUzI1NiJ9…"])


class LoggedIn(BaseModel):
    status: str = Field(examples=["success"])
    message: str = Field(examples=["Login successful"])
    account_uuid: str = Field(examples=["550e8400-e29b-41d4-a716-446655440000"])
    access_token: str = Field(description="for `Authorization: Bearer`, 15 minutes")
    refresh_token: str = Field(description="for `/token/refresh`, once, within 30 days")


class Refreshed(BaseModel):
    access_token: str
    refresh_token: str = Field(description="takes the place of the one that was sent, which is used up")


class Said(BaseModel):
    status: str = Field(examples=["success"])
    message: str


@api.get("/login", responses={"200": {"content": {"text/html": {}}}})
@endpoint(scope=None)
def login_page(gateway: Gateway) -> Response:
    """The page on which people log in, and out again.

    It leaves a cookie with the browser, by which it may also ask for pictures and streams.
    """
    return login_pages.shown(gateway)


@api.post("/login", responses={"200": LoggedIn})
@endpoint(scope=None, refuses=(401,))
def log_in(gateway: Gateway, body: LoginBody) -> dict[str, Any]:
    """Log in with user name and password."""
    login = login_pages.logged_in(gateway, username=body.username, password=body.password)
    return {
        "status": "success",
        "message": say("login_successful"),
        "account_uuid": login.account_uuid,
        "access_token": login.access_token,
        "refresh_token": login.refresh_token,
    }


@api.post("/token/refresh", responses={"200": Refreshed})
@endpoint(scope=None, refuses=(401,))
def refresh(gateway: Gateway, body: RefreshBody) -> dict[str, Any]:
    """Get the next pair of tokens.

    A refresh token is good once. One that is sent again ends the whole login: somebody else has it.
    """
    login = logins.renew(gateway, body.refresh_token, address=current_caller().address)
    return {"access_token": login.access_token, "refresh_token": login.refresh_token}


@api.post("/logout", responses={"200": Said}, security=SECURITY)
@endpoint(scope=Scope.READ)
def log_out(gateway: Gateway, principal: Principal) -> Answer:
    """End the login of this token: neither it nor the refresh token is good any more."""
    logins.log_out(gateway, principal)
    return success(words="logged_out")


class MediaToken(BaseModel):
    """`media_token` goes into an address as `?token=`: of pictures, streams and pages alone."""

    status: str = Field(examples=["success"])
    media_token: str
    expires_in: int = Field(examples=[300], description="seconds")


@api.post("/media_token", responses={"200": MediaToken}, security=SECURITY)
@endpoint(scope=Scope.READ)
def mint_media_token(gateway: Gateway, principal: Principal) -> Answer:
    """A short-lived token for what cannot send headers, such as an `<img>`."""
    token, seconds = logins.media_token(gateway, principal)
    return success(media_token=token, expires_in=seconds)
