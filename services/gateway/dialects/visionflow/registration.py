"""/register"""

from __future__ import annotations

from typing import Annotated

from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, Field

from services.gateway.auth.caller import current_caller
from services.gateway.dialects.visionflow.errors import REFUSALS, refused
from services.gateway.dialects.visionflow.words import say
from services.gateway.endpoint import endpoint
from services.gateway.gateway import Gateway
from services.gateway.http.answers import Answer
from services.gateway.problem import Refusal
from services.gateway.usecases import registration
from shared.db.accounts import Account
from shared.domain.errors import Conflict
from shared.recipients.email_address import checked_email

api = APIBlueprint("registration", __name__, abp_tags=[Tag(name="Accounts")], abp_responses=REFUSALS)

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


class Registered(BaseModel):
    message: str = Field(examples=["User registered successfully"])
    account_uuid: str = Field(examples=["550e8400-e29b-41d4-a716-446655440000"])
    status: str = Field(examples=["success"])


@api.post("/register", responses={"201": Registered})
@endpoint(scope=None, refuses=(403,))
def register(gateway: Gateway, body: RegisterBody) -> Answer:
    """Make an account for oneself.

    Open for the first one beside the administrator's; after that as the setting `gateway.registration` says.
    """
    account = registered(gateway, body)
    return Answer({"message": say("registered"), "account_uuid": account.uuid, "status": "success"}, status=201)


def registered(gateway: Gateway, body: RegisterBody) -> Account:
    """The new account. Raises `Refusal` in words of this dialect, and `UserError`."""
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
