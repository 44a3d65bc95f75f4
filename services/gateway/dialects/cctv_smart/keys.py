"""/auth/keys"""

from __future__ import annotations

from typing import Any

from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, Field

from services.gateway.auth.principal import Principal
from services.gateway.dialects.cctv_smart.errors import REFUSALS, SECURITY
from services.gateway.endpoint import endpoint
from services.gateway.gateway import Gateway
from services.gateway.http.answers import Answer
from services.gateway.http.timestamps import whole_seconds, whole_seconds_or_none
from services.gateway.usecases import keys as usecases
from shared.accounts.keys import MAX_TTL_DAYS, count_keys, list_keys
from shared.accounts.roles import Scope
from shared.db.accounts import ApiKey

api = APIBlueprint("keys", __name__, abp_tags=[Tag(name="Keys")], abp_security=SECURITY, abp_responses=REFUSALS)


class NewKeyBody(BaseModel):
    """Without `scopes` the key may do what the asker may; without `ttl_days` it does not end."""

    name: str = Field(min_length=1, max_length=128, examples=["my_app"])
    ttl_days: int | None = Field(default=None, ge=1, le=MAX_TTL_DAYS, examples=[365])
    scopes: list[Scope] | None = Field(default=None, min_length=1, max_length=3, examples=[["read"]])


class KeysQuery(BaseModel):
    limit: int = Field(default=50, ge=1, le=500)
    offset: int = Field(default=0, ge=0, le=1_000_000)


class KeyPath(BaseModel):
    id: int = Field(ge=1, le=2**31 - 1)


class KeyShown(BaseModel):
    id: int
    name: str
    prefix: str = Field(examples=["sk-0x7f8a9"])
    scopes: list[str]
    username: str
    created_at: str
    expires_at: str | None
    last_used_at: str | None


class KeyCreated(BaseModel):
    """`key` is shown here and never again."""

    key: str = Field(examples=["sk-0x7f8a9b1c2d3e4f5g6h7i"])
    created_at: str = Field(examples=["2025-01-15T10:30:00Z"])
    expires_at: str | None = Field(examples=["2026-01-15T10:30:00Z"])
    id: int
    name: str
    scopes: list[str]


class KeyList(BaseModel):
    keys: list[KeyShown]
    count: int
    total: int


@api.post("/auth/keys", responses={"201": KeyCreated})
@endpoint(scope=Scope.READ)
def make_key(gateway: Gateway, principal: Principal, body: NewKeyBody) -> Answer:
    """Make an API key for one's own account.

    Ask with user name and password, or with a key of scope `admin`.
    """
    made = usecases.make_key(gateway, principal, name=body.name, scopes=body.scopes, ttl_days=body.ttl_days)
    shown = {
        "key": made.text,
        "created_at": whole_seconds(made.row.created_at),
        "expires_at": whole_seconds_or_none(made.row.expires_at),
        "id": made.row.id,
        "name": made.row.name,
        "scopes": made.row.scopes,
    }
    return Answer(shown, status=201)


@api.get("/auth/keys", responses={"200": KeyList})
@endpoint(scope=Scope.READ)
def get_keys(gateway: Gateway, principal: Principal, query: KeysQuery) -> dict[str, Any]:
    """The keys of one's account, newest first; an administrator sees everybody's. Keys themselves are not shown."""
    owner = None if Scope.ADMIN in principal.scopes else principal.account_id
    with gateway.reads() as session:
        page = list_keys(session, account_id=owner, limit=query.limit, offset=query.offset)
        total = count_keys(session, account_id=owner)
    shown = [_shown(key, username) for key, username in page]
    return {"keys": shown, "count": len(shown), "total": total}


@api.delete("/auth/keys/<int:id>", responses={"204": None})
@endpoint(scope=Scope.READ)
def end_key(gateway: Gateway, principal: Principal, path: KeyPath) -> Answer:
    """End a key at once. A key may end itself; to end others takes a password or scope `admin`."""
    usecases.end_key(gateway, principal, path.id)
    return Answer(None, status=204)


def _shown(key: ApiKey, username: str) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "prefix": key.prefix,
        "scopes": key.scopes,
        "username": username,
        "created_at": whole_seconds(key.created_at),
        "expires_at": whole_seconds_or_none(key.expires_at),
        "last_used_at": whole_seconds_or_none(key.last_used_at),
    }
