"""/events/stream: events as they are stored"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from flask import Response, request
from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, Field

from services.gateway.auth.principal import Principal
from services.gateway.dialects.cctv_smart.errors import REFUSALS, SECURITY
from services.gateway.dialects.cctv_smart.event_body import event_row_document
from services.gateway.endpoint import endpoint
from services.gateway.gateway import Gateway
from services.gateway.http.answers import encoded
from services.gateway.live.feed import Feed, Item
from services.gateway.live.handover import streamed
from services.gateway.live.server_sent import CONTENT_TYPE, FeedEvents
from services.gateway.problem import Refusal, invalid
from services.gateway.queries.events import events_after, newest_event
from services.gateway.usecases.live import may_listen
from shared.accounts.roles import Scope

api = APIBlueprint(
    "event_stream", __name__, abp_tags=[Tag(name="Events")], abp_security=SECURITY, abp_responses=REFUSALS
)

_LAST: Final = 2**31 - 1
_STREAM: Final[dict[str, Any]] = {"content": {"text/event-stream": {"schema": {"type": "string"}}}}


class StreamQuery(BaseModel):
    since_id: int | None = Field(
        default=None, ge=0, le=_LAST, description="replay what was stored after this one, as `Last-Event-ID` does"
    )


@api.get("/events/stream", responses={"200": _STREAM, "501": None})
@endpoint(scope=Scope.READ)
def stream_events(gateway: Gateway, principal: Principal, query: StreamQuery) -> Response:
    """Events as they are stored, as Server-Sent Events: `event: event`, with the fields of `GET /events`.

    `Last-Event-ID` replays what was missed. Who is too slow loses the oldest, and is sent `event: lagged`.
    """
    feed = FeedEvents(
        gateway.feeds.get("events", lambda: _feed(gateway)),
        name="event",
        account_id=principal.visible_account,
        permission=may_listen(gateway, principal),
        since=_last_event_id() if "Last-Event-ID" in request.headers else query.since_id,
    )
    headers = {"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return streamed(feed, gateway.places, account_id=principal.account_id, headers=headers)


def _last_event_id() -> int:
    text = request.headers["Last-Event-ID"].strip()
    if not text.isascii() or not text.isdigit() or len(text) > 10 or int(text) > _LAST:
        raise Refusal(invalid([("Last-Event-ID", "must be an id that was sent")]))
    return int(text)


def _feed(gateway: Gateway) -> Feed:
    def after(number: int, limit: int) -> Sequence[Item]:
        with gateway.readers() as reader:
            rows = events_after(reader, number, limit=limit)
        return [Item(row.id, owner, encoded(event_row_document(row)).decode()) for owner, row in rows]

    def newest() -> int:
        with gateway.readers() as reader:
            return newest_event(reader)

    return Feed(after=after, newest=newest, writers=gateway.writers)
