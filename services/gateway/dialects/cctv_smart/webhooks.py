"""/webhooks"""

from __future__ import annotations

from typing import Any

from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, Field

from services.gateway.auth.principal import Principal
from services.gateway.dialects.cctv_smart.errors import REFUSALS, SECURITY
from services.gateway.dialects.cctv_smart.webhook_body import (
    NewWebhookBody,
    WebhookChangeBody,
    WebhookList,
    WebhookShown,
    webhook_document,
)
from services.gateway.endpoint import endpoint
from services.gateway.gateway import Gateway
from services.gateway.http.answers import Answer
from services.gateway.queries.webhooks import webhooks_page
from services.gateway.usecases import webhooks as usecases
from shared.accounts.roles import Scope
from shared.webhooks.registry import webhook_numbered

api = APIBlueprint("webhooks", __name__, abp_tags=[Tag(name="Webhooks")], abp_security=SECURITY, abp_responses=REFUSALS)


class WebhooksQuery(BaseModel):
    limit: int = Field(default=50, ge=1, le=500)
    offset: int = Field(default=0, ge=0, le=1_000_000)


class WebhookPath(BaseModel):
    id: int = Field(ge=1, le=2**31 - 1)


@api.get("/webhooks", responses={"200": WebhookList})
@endpoint(scope=Scope.READ)
def list_webhooks(gateway: Gateway, principal: Principal, query: WebhooksQuery) -> dict[str, Any]:
    """The webhooks one may see, newest first."""
    with gateway.reads() as session:
        rows, total = webhooks_page(
            session, account_id=principal.visible_account, limit=query.limit, offset=query.offset
        )
    return {"webhooks": [webhook_document(row) for row in rows], "count": len(rows), "total": total}


@api.get("/webhooks/<int:id>", responses={"200": WebhookShown})
@endpoint(scope=Scope.READ)
def get_webhook(gateway: Gateway, principal: Principal, path: WebhookPath) -> dict[str, Any]:
    """One webhook."""
    with gateway.reads() as session:
        return webhook_document(webhook_numbered(session, path.id, account_id=principal.visible_account))


@api.post("/webhooks", responses={"201": WebhookShown})
@endpoint(scope=Scope.WRITE)
def add_webhook(gateway: Gateway, principal: Principal, body: NewWebhookBody) -> Answer:
    """Add a webhook. An administrator's is told of every camera, anybody else's of the own ones."""
    return Answer(webhook_document(usecases.add(gateway, principal, body.change())), status=201)


@api.put("/webhooks/<int:id>", responses={"200": WebhookShown})
@endpoint(scope=Scope.WRITE)
def change_webhook(
    gateway: Gateway, principal: Principal, path: WebhookPath, body: WebhookChangeBody
) -> dict[str, Any]:
    """Change a webhook; what is left out stays."""
    return webhook_document(usecases.change(gateway, principal, path.id, body.change()))


@api.delete("/webhooks/<int:id>", responses={"204": None})
@endpoint(scope=Scope.WRITE)
def remove_webhook(gateway: Gateway, principal: Principal, path: WebhookPath) -> Answer:
    """Remove a webhook; what it was told stays on record."""
    usecases.remove(gateway, principal, path.id)
    return Answer(None, status=204)
