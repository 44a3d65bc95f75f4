"""/email_recipients"""

from __future__ import annotations

from typing import Annotated, Any

from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, Field

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
from shared.accounts.roles import Scope
from shared.db.recipients import RecipientRow
from shared.recipients.email_address import checked_email
from shared.recipients.registry import RecipientChange

api = APIBlueprint(
    "email_recipients", __name__, abp_tags=[Tag(name="E-mail")], abp_security=SECURITY, abp_responses=REFUSALS
)

_CHANNEL = "email"
Email = Annotated[
    str,
    Field(min_length=3, max_length=254, json_schema_extra={"format": "mailbox"}, examples=["manager@company.com"]),
    checked_email,
]


class NewEmailBody(NewRecipientBody):
    """A mailbox. It is sent a link, and is told nothing else before somebody has followed it."""

    email: Email

    def change(self) -> RecipientChange:
        return self.stored(address={"email": self.email}, usual_name=self.email)


class EmailChangeBody(RecipientChangeBody):
    """What to change; everything left out stays. Another mailbox is verified anew."""

    email: Email | None = None

    def change(self) -> RecipientChange:
        return self.stored(address={"email": self.email} if self.email is not None else None)


class EmailShown(RecipientShown):
    """`last_notification` is when something last arrived there."""

    email: str = Field(examples=["security@company.com"])
    last_notification: str | None = Field(examples=["2024-01-20T16:30:00Z"])


class EmailList(BaseModel):
    status: str = Field(examples=["success"])
    data: list[EmailShown]
    total: int


class EmailAdded(RecipientAdded):
    email: str
    verification_sent: bool


class EmailWritten(BaseModel):
    status: str = Field(examples=["success"])
    message: str = Field(examples=["郵件接收者新增成功"])
    data: EmailAdded


class EmailChanged(BaseModel):
    status: str = Field(examples=["success"])
    message: str = Field(examples=["郵件接收者更新成功"])
    data: EmailShown


@api.get("/email_recipients", responses={"200": EmailList})
@endpoint(scope=Scope.READ)
def list_emails(gateway: Gateway, principal: Principal, query: RecipientsQuery) -> Answer:
    """The mailboxes that are told, newest first."""
    rows, total, uuids = listed(gateway, principal, _CHANNEL, query)
    return success([_document(row, uuids) for row in rows], total=total)


@api.post("/email_recipients", responses={"201": EmailWritten})
@endpoint(scope=Scope.WRITE)
def add_email(gateway: Gateway, principal: Principal, body: NewEmailBody) -> Answer:
    """Add a mailbox. `verification_sent` tells whether it is sent a link, which it needs to be told anything else."""
    with named_here():
        row = usecases.add(gateway, principal, _CHANNEL, body.change())
    asked = row.verified_at is None and gateway.settings.gateway.public_url is not None
    added = {
        "id": row.id,
        "email": row.address["email"],
        "verification_sent": asked,
        "created_at": whole_seconds(row.created_at),
    }
    return success(added, words="email_added", status=201)


@api.patch("/email_recipients/<int:recipient_id>", responses={"200": EmailChanged})
@endpoint(scope=Scope.WRITE)
def change_email(gateway: Gateway, principal: Principal, path: RecipientPath, body: EmailChangeBody) -> Answer:
    """Change a mailbox; what is left out stays."""
    owned(gateway, principal, path.recipient_id, channel=_CHANNEL)
    with named_here():
        row = usecases.change(gateway, principal, path.recipient_id, body.change(), channel=_CHANNEL)
    return success(_document(row, account_uuids(gateway, [row])), words="email_changed")


@api.delete("/email_recipients/<int:recipient_id>", responses={"200": RecipientRemoved})
@endpoint(scope=Scope.WRITE)
def remove_email(gateway: Gateway, principal: Principal, path: RecipientPath) -> Answer:
    """Delete a mailbox; what it was told stays on record."""
    return removed(gateway, principal, path, channel=_CHANNEL, words="email_removed")


def _document(row: RecipientRow, uuids: dict[int, str]) -> dict[str, Any]:
    return recipient_document(row, uuids, {"email": row.address["email"]}, told_as="last_notification")
