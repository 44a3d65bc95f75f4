"""/events/{uuid}/feedback"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, Field

from services.gateway.auth.principal import Principal
from services.gateway.dialects.cctv_smart.errors import REFUSALS, SECURITY
from services.gateway.dialects.cctv_smart.event_body import bare_uuid
from services.gateway.dialects.cctv_smart.names import Place
from services.gateway.endpoint import endpoint
from services.gateway.gateway import Gateway
from services.gateway.http.timestamps import whole_seconds
from services.gateway.queries.cursor import Cursor
from services.gateway.queries.events import event_of
from services.gateway.queries.feedback import feedback_page
from services.gateway.usecases.feedback import Opinion, give_feedback
from shared.accounts.roles import Scope
from shared.db.feedback import Feedback

api = APIBlueprint("feedback", __name__, abp_tags=[Tag(name="Feedback")], abp_security=SECURITY, abp_responses=REFUSALS)

FeedbackType = Literal["false_positive", "confirmed", "missed"]


class FeedbackPath(BaseModel):
    uuid: str = Field(json_schema_extra={"example": "evt-550e8400-e29b-41d4-a716-446655440000"})


class FeedbackQuery(BaseModel):
    limit: int = Field(default=50, ge=1, le=500)
    offset: int = Field(default=0, ge=0, le=2**31 - 1)
    cursor: Place | None = Field(default=None, description="`next_cursor` of the page before")


class FeedbackBody(BaseModel):
    """`confidence` is how sure the person is."""

    feedback_type: FeedbackType
    confidence: Annotated[float, Field(ge=0, le=1, examples=[0.1])] | None = None
    comment: Annotated[str, Field(max_length=2000, examples=["Ombrage de l'arbre"])] | None = None

    def opinion(self) -> Opinion:
        return Opinion(kind=self.feedback_type, confidence=self.confidence, comment=self.comment)


class FeedbackTaken(BaseModel):
    uuid: str = Field(examples=["evt-550e8400-e29b-41d4-a716-446655440000"])
    feedback_type: FeedbackType
    timestamp: str = Field(examples=["2025-01-15T10:35:00Z"])


class FeedbackShown(FeedbackTaken):
    confidence: float | None
    comment: str | None
    author: str = Field(description="the user who said it")


class FeedbackList(BaseModel):
    feedback: list[FeedbackShown]
    count: int
    total: int
    next_cursor: str | None


@api.post("/events/<uuid>/feedback", responses={"200": FeedbackTaken})
@endpoint(scope=Scope.WRITE)
def add_feedback(gateway: Gateway, principal: Principal, path: FeedbackPath, body: FeedbackBody) -> dict[str, Any]:
    """Say what an event was worth.

    * `false_positive`: there was nothing to tell.
    * `confirmed`: the event is right.
    * `missed`: the event is right, and people should have been told of it but were not, or too late.

    Everything said is kept; the newest shows as the event's `user_feedback`.
    """
    uuid = bare_uuid(path.uuid)
    return _taken(uuid, give_feedback(gateway, principal, uuid, body.opinion()))


@api.get("/events/<uuid>/feedback", responses={"200": FeedbackList})
@endpoint(scope=Scope.READ)
def list_feedback(gateway: Gateway, principal: Principal, path: FeedbackPath, query: FeedbackQuery) -> dict[str, Any]:
    """Everything people said about an event, newest first."""
    uuid = bare_uuid(path.uuid)
    cursor = Cursor.parse(query.cursor) if query.cursor is not None else None
    with gateway.reads() as session:
        event = event_of(session, uuid, account_id=principal.visible_account)
        page = feedback_page(session, event.id, limit=query.limit, offset=query.offset, cursor=cursor)
    shown = [_shown(uuid, row) for row in page.rows]
    return {"feedback": shown, "count": len(shown), "total": page.total, "next_cursor": page.next_cursor}


def _taken(uuid: str, row: Feedback) -> dict[str, Any]:
    return {"uuid": f"evt-{uuid}", "feedback_type": row.kind, "timestamp": whole_seconds(row.at)}


def _shown(uuid: str, row: Feedback) -> dict[str, Any]:
    return {**_taken(uuid, row), "confidence": row.confidence, "comment": row.comment, "author": row.author}
