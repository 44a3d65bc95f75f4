"""/events, /faces and /plates"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, Field, RootModel

from services.gateway.auth.principal import Principal
from services.gateway.dialects.securevision.errors import REFUSALS, SECURITY
from services.gateway.dialects.securevision.numbers import DIGITS, SIGNED_DIGITS
from services.gateway.dialects.securevision.recognition_body import (
    EPOCH,
    FaceMatch,
    PlateRead,
    milliseconds,
    recognition_document,
)
from services.gateway.endpoint import endpoint
from services.gateway.gateway import Gateway
from services.gateway.queries.recognitions import Kind, RecognitionFilter, recognition, recognitions
from shared.accounts.roles import Scope
from shared.domain.errors import NotFound

api = APIBlueprint(
    "securevision_events", __name__, abp_tags=[Tag(name="Events")], abp_security=SECURITY, abp_responses=REFUSALS
)

_LAST_MS = milliseconds(datetime.max.replace(tzinfo=EPOCH.tzinfo)) - 1
_LAST_ID = 2**31 - 1


class EventsQuery(BaseModel):
    type: Kind | None = None
    since: Annotated[int, Field(ge=0, le=_LAST_MS), DIGITS] | None = Field(
        default=None,
        description="only what was seen after this time, milliseconds since 1970",
        json_schema_extra={"example": 1704067200000},
    )
    limit: Annotated[int, Field(ge=1, le=1000), DIGITS] = 100


class EventPath(BaseModel):
    event_id: Annotated[int, SIGNED_DIGITS] = Field(json_schema_extra={"example": 123})


class EventList(RootModel[list[FaceMatch | PlateRead]]):
    """The newest ones, newest first."""


@api.get("/events", responses={"200": EventList})
@endpoint(scope=Scope.READ)
def query_events(gateway: Gateway, principal: Principal, query: EventsQuery) -> list[dict[str, Any]]:
    """Faces and plates that were recognised, newest first."""
    since = EPOCH + timedelta(milliseconds=query.since + 1) if query.since is not None else None
    wanted = RecognitionFilter(account_id=principal.visible_account, kind=query.type, since=since)
    with gateway.readers() as reader:
        return [recognition_document(row) for row in recognitions(reader, wanted, limit=query.limit)]


@api.get("/faces/<event_id>", responses={"200": FaceMatch})
@endpoint(scope=Scope.READ)
def get_face(gateway: Gateway, principal: Principal, path: EventPath) -> dict[str, Any]:
    """One face match."""
    return _one(gateway, principal, path.event_id, kind="face_match", missing="Face match event not found")


@api.get("/plates/<event_id>", responses={"200": PlateRead})
@endpoint(scope=Scope.READ)
def get_plate(gateway: Gateway, principal: Principal, path: EventPath) -> dict[str, Any]:
    """One plate read."""
    return _one(gateway, principal, path.event_id, kind="plate_read", missing="Plate read event not found")


def _one(gateway: Gateway, principal: Principal, number: int, *, kind: Kind, missing: str) -> dict[str, Any]:
    found = None
    if 1 <= number <= _LAST_ID:
        with gateway.readers() as reader:
            found = recognition(reader, number, kind=kind, account_id=principal.visible_account)
    if found is None:
        raise NotFound("event_id", missing)
    return recognition_document(found)
