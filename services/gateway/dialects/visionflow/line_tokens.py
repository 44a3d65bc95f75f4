"""/line_tokens"""

from __future__ import annotations

import re
from typing import Annotated, Any

from flask_openapi3 import APIBlueprint, Tag
from pydantic import AfterValidator, BaseModel, Field

from services.gateway.auth.principal import Principal
from services.gateway.dialects.visionflow.answers import success
from services.gateway.dialects.visionflow.errors import REFUSALS, SECURITY
from services.gateway.dialects.visionflow.recipient_body import (
    NewRecipientBody,
    RecipientAdded,
    RecipientChangeBody,
    RecipientPath,
    RecipientRemoved,
    RecipientShown,
    RecipientsQuery,
    account_uuids,
    listed,
    named_here,
    owned,
    recipient_document,
    removed,
)
from services.gateway.endpoint import endpoint
from services.gateway.gateway import Gateway
from services.gateway.http.answers import Answer
from services.gateway.http.timestamps import whole_seconds
from services.gateway.usecases import recipients as usecases
from services.gateway.usecases.line_tokens import check_line_token
from shared.accounts.roles import Scope
from shared.db.recipients import RecipientRow
from shared.recipients.registry import RecipientChange

api = APIBlueprint("line_tokens", __name__, abp_tags=[Tag(name="LINE")], abp_security=SECURITY, abp_responses=REFUSALS)

_CHANNEL = "line"
_USUAL_NAME = "LINE"
_MASK = "***"
_VISIBLE = re.compile(r"[\x21-\x7e]+")


def _fit_for_a_header(token: str) -> str:
    # It is sent to LINE in a header, which holds nothing else; what LINE cannot be asked about is no fault of LINE's.
    if not _VISIBLE.fullmatch(token):
        raise ValueError("must be visible ASCII characters without spaces")
    return token


Token = Annotated[
    str,
    Field(
        min_length=8,
        max_length=1000,
        json_schema_extra={"pattern": f"^{_VISIBLE.pattern}$"},
        examples=["AbCdEf1234567890GhIjKl1234567890"],
        description="a channel access token of the Messaging API",
    ),
    AfterValidator(_fit_for_a_header),
]
To = Annotated[str, Field(min_length=1, max_length=64, description="a user, group or room; none: all who follow")]


class NewLineTokenBody(NewRecipientBody):
    """A LINE account that tells people. LINE Notify has ended: the token is one of the Messaging API."""

    token: Token
    to: To | None = None

    def change(self) -> RecipientChange:
        address = {"to": self.to} if self.to is not None else {}
        return self.stored(address=address, usual_name=_USUAL_NAME, secret=self.token)


class LineTokenChangeBody(RecipientChangeBody):
    """What to change; everything left out stays."""

    token: Token | None = None
    to: To | None = None

    def change(self) -> RecipientChange:
        return self.stored(address={"to": self.to} if self.to is not None else None, secret=self.token)


class LineTokenShown(RecipientShown):
    """`token` is masked. `last_used` is when something last arrived by it."""

    token: str = Field(examples=["***"])
    to: str | list[str] | None
    last_used: str | None = Field(examples=["2024-01-20T16:30:00Z"])


class LineTokenList(BaseModel):
    status: str = Field(examples=["success"])
    data: list[LineTokenShown]
    total: int


class LineTokenAdded(RecipientAdded):
    name: str
    token_verified: bool


class LineTokenWritten(BaseModel):
    status: str = Field(examples=["success"])
    message: str = Field(examples=["LINE Token 新增成功"])
    data: LineTokenAdded


class LineTokenChanged(BaseModel):
    status: str = Field(examples=["success"])
    message: str = Field(examples=["LINE Token 更新成功"])
    data: LineTokenShown


@api.get("/line_tokens", responses={"200": LineTokenList})
@endpoint(scope=Scope.READ)
def list_tokens(gateway: Gateway, principal: Principal, query: RecipientsQuery) -> Answer:
    """The LINE accounts that tell people, newest first."""
    rows, total, uuids = listed(gateway, principal, _CHANNEL, query)
    return success([_document(row, uuids) for row in rows], total=total)


@api.post("/line_tokens", responses={"201": LineTokenWritten})
@endpoint(scope=Scope.WRITE)
def add_token(gateway: Gateway, principal: Principal, body: NewLineTokenBody) -> Answer:
    """Add a LINE account. LINE is asked whose token it is: an unknown one is refused; 503 when LINE is silent."""
    check_line_token(gateway, body.token)
    with named_here():
        row = usecases.add(gateway, principal, _CHANNEL, body.change())
    added = {
        "id": row.id,
        "name": row.name,
        "token_verified": row.verified_at is not None,
        "created_at": whole_seconds(row.created_at),
    }
    return success(added, words="line_added", status=201)


@api.patch("/line_tokens/<int:recipient_id>", responses={"200": LineTokenChanged})
@endpoint(scope=Scope.WRITE)
def change_token(gateway: Gateway, principal: Principal, path: RecipientPath, body: LineTokenChangeBody) -> Answer:
    """Change a LINE account; what is left out stays."""
    owned(gateway, principal, path.recipient_id, channel=_CHANNEL)
    if body.token is not None:
        check_line_token(gateway, body.token)
    with named_here():
        row = usecases.change(gateway, principal, path.recipient_id, body.change(), channel=_CHANNEL)
    return success(_document(row, account_uuids(gateway, [row])), words="line_changed")


@api.delete("/line_tokens/<int:recipient_id>", responses={"200": RecipientRemoved})
@endpoint(scope=Scope.WRITE)
def remove_token(gateway: Gateway, principal: Principal, path: RecipientPath) -> Answer:
    """Delete a LINE account; what it told stays on record."""
    return removed(gateway, principal, path, channel=_CHANNEL, words="line_removed")


def _document(row: RecipientRow, uuids: dict[int, str]) -> dict[str, Any]:
    return recipient_document(row, uuids, {"token": _MASK, "to": row.address.get("to")}, told_as="last_used")
