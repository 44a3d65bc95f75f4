"""/recipients"""

from __future__ import annotations

from typing import Any, Literal

from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, Field

from services.gateway.auth.principal import Principal
from services.gateway.dialects.cctv_smart.alert_tests import ChannelTried
from services.gateway.dialects.cctv_smart.errors import REFUSALS, SECURITY
from services.gateway.dialects.cctv_smart.recipient_body import (
    MuteBody,
    NewRecipientBody,
    RecipientChangeBody,
    RecipientList,
    RecipientShown,
    RecipientTestBody,
    recipient_document,
)
from services.gateway.endpoint import endpoint
from services.gateway.gateway import Gateway
from services.gateway.http.answers import Answer
from services.gateway.queries.recipients import recipients_page
from services.gateway.usecases import recipients as usecases
from shared.accounts.roles import Scope
from shared.recipients.registry import recipient_numbered

api = APIBlueprint(
    "recipients", __name__, abp_tags=[Tag(name="Recipients")], abp_security=SECURITY, abp_responses=REFUSALS
)


class RecipientsQuery(BaseModel):
    channel: Literal["email", "telegram", "line", "physical"] | None = None
    limit: int = Field(default=50, ge=1, le=500)
    offset: int = Field(default=0, ge=0, le=1_000_000)


class RecipientPath(BaseModel):
    id: int = Field(ge=1, le=2**31 - 1)


@api.get("/recipients", responses={"200": RecipientList})
@endpoint(scope=Scope.READ)
def list_recipients(gateway: Gateway, principal: Principal, query: RecipientsQuery) -> dict[str, Any]:
    """The recipients one may see, newest first."""
    with gateway.reads() as session:
        rows, total = recipients_page(
            session,
            account_id=principal.visible_account,
            channel=query.channel,
            limit=query.limit,
            offset=query.offset,
        )
    return {"recipients": [recipient_document(row) for row in rows], "count": len(rows), "total": total}


@api.get("/recipients/<int:id>", responses={"200": RecipientShown})
@endpoint(scope=Scope.READ)
def get_recipient(gateway: Gateway, principal: Principal, path: RecipientPath) -> dict[str, Any]:
    """One recipient."""
    with gateway.reads() as session:
        return recipient_document(recipient_numbered(session, path.id, account_id=principal.visible_account))


@api.post("/recipients", responses={"201": RecipientShown})
@endpoint(scope=Scope.WRITE)
def add_recipient(gateway: Gateway, principal: Principal, body: NewRecipientBody) -> Answer:
    """Add a recipient. An administrator's is told of every camera, anybody else's of the own ones.

    Only an administrator may add devices.
    """
    new = body.root
    return Answer(recipient_document(usecases.add(gateway, principal, new.channel, new.change())), status=201)


@api.put("/recipients/<int:id>", responses={"200": RecipientShown})
@endpoint(scope=Scope.WRITE)
def change_recipient(
    gateway: Gateway, principal: Principal, path: RecipientPath, body: RecipientChangeBody
) -> dict[str, Any]:
    """Change a recipient; what is left out stays. Another mailbox has to be verified anew."""
    changed = usecases.change(gateway, principal, path.id, body.change(), channel=body.channel)
    return recipient_document(changed)


@api.delete("/recipients/<int:id>", responses={"204": None})
@endpoint(scope=Scope.WRITE)
def remove_recipient(gateway: Gateway, principal: Principal, path: RecipientPath) -> Answer:
    """Remove a recipient; what it was told stays on record."""
    usecases.remove(gateway, principal, path.id)
    return Answer(None, status=204)


@api.post("/recipients/<int:id>/test", responses={"200": ChannelTried})
@endpoint(scope=Scope.WRITE)
def test_recipient(
    gateway: Gateway, principal: Principal, path: RecipientPath, body: RecipientTestBody
) -> dict[str, Any]:
    """Really send it a test alert now, and say how that went.

    Counts among the five test alerts that an account may send in a minute. One that is muted is told all the same.
    """
    outcome = usecases.try_out(gateway, principal, path.id, message=body.message)
    return outcome.model_dump(exclude_none=True, mode="json")


@api.post("/recipients/<int:id>/mute", responses={"200": RecipientShown})
@endpoint(scope=Scope.WRITE)
def mute_recipient(gateway: Gateway, principal: Principal, path: RecipientPath, body: MuteBody) -> dict[str, Any]:
    """Tell it nothing for some minutes, whatever the severity; 0 ends that. What comes meanwhile waits for a digest."""
    return recipient_document(usecases.mute(gateway, principal, path.id, minutes=body.minutes))


@api.post("/recipients/<int:id>/verify", responses={"202": RecipientShown})
@endpoint(scope=Scope.WRITE)
def verify_recipient(gateway: Gateway, principal: Principal, path: RecipientPath) -> Answer:
    """Send the mail again that asks whose mailbox it is. The link in it is good for seven days."""
    return Answer(recipient_document(usecases.verify(gateway, principal, path.id)), status=202)
