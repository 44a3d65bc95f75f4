"""/stream: recognitions as they are stored"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from flask import Response, request
from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, Field, ValidationError

from services.gateway.auth.caller import current_caller
from services.gateway.auth.principal import Principal
from services.gateway.dialects.securevision.credentials import bearer_credentials
from services.gateway.dialects.securevision.errors import REFUSALS, SECURITY, ErrorBody
from services.gateway.dialects.securevision.numbers import DIGITS
from services.gateway.dialects.securevision.recognition_body import recognition_document
from services.gateway.endpoint import endpoint
from services.gateway.gateway import Gateway
from services.gateway.http.answers import encoded
from services.gateway.http.origins import is_welcome
from services.gateway.live.feed import Feed, Item
from services.gateway.live.handover import streamed
from services.gateway.live.handshake import handshake_headers
from services.gateway.live.permission import Permission
from services.gateway.live.websocket import FeedSocket
from services.gateway.problem import Refusal, fields_of
from services.gateway.queries.recognitions import RecognitionRow, newest_recognition, recognitions_after
from services.gateway.usecases.live import may_listen

api = APIBlueprint("securevision_stream", __name__, abp_tags=[Tag(name="Stream")], abp_responses=REFUSALS)

_LAST_ID = 2**31 - 1
_WRONG = {
    "since_id": f"since_id must be a whole number from 0 to {_LAST_ID}",
    "token": "token must have 1000 characters at most",
}
_SENT = ("type", "id", "ts_ms", "frame_source_id", "payload")


class StreamQuery(BaseModel):
    """`token` is for clients that cannot send headers; `since_id` replays what was stored after that one."""

    token: str | None = Field(default=None, max_length=1000)
    since_id: Annotated[int, Field(ge=0, le=_LAST_ID), DIGITS] | None = None


@api.get("/stream", responses={"101": None, "426": ErrorBody, "501": ErrorBody, "503": ErrorBody}, security=SECURITY)
@endpoint(scope=None, refuses=(422,), reads=StreamQuery)
def stream(gateway: Gateway) -> Response:
    """A WebSocket: every recognition within a quarter of a second of being stored. A text `ping` is answered.

    Closed with 1008 where it is disabled or the token is not good, with 1012 when the server restarts.
    """
    handshake_headers(request)  # what is no handshake gets an answer, and no socket that closes
    try:
        query = StreamQuery.model_validate(request.args.to_dict(flat=True))
    except ValidationError as error:
        # A reason may have 123 bytes: one field is enough.
        return _answered(gateway, None, None, refused=_WRONG[fields_of(error)[0][0]])
    if not gateway.settings.securevision.ws_enabled:
        return _answered(gateway, None, None, refused="WebSocket not enabled")
    try:
        principal = _principal(gateway, query.token)
    except Refusal:
        return _answered(gateway, None, None, refused="Authentication required")
    # No browser keeps a page from opening the sockets of others: where no token is asked for, this does.
    if principal.is_nobody and not is_welcome(request, gateway.settings.gateway.cors_origins):
        return _answered(gateway, None, None, refused="Pages of other origins need a token")
    return _answered(gateway, principal, query.since_id, refused=None)


def _principal(gateway: Gateway, token: str | None) -> Principal:
    given = request.authorization
    sent = given.token if given is not None and given.type == "bearer" else None
    offered = [each.strip() for each in request.headers.get("Sec-WebSocket-Protocol", "").split(",") if each.strip()]
    found = sent or token or (offered[-1] if offered else None)
    credentials = bearer_credentials(found, gateway.settings.securevision, address=current_caller().address)
    return gateway.authenticator.principal(credentials)


def _answered(gateway: Gateway, principal: Principal | None, since: int | None, *, refused: str | None) -> Response:
    socket = FeedSocket(
        gateway.feeds.get("recognitions", lambda: _feed(gateway)),
        path=request.path,
        headers=handshake_headers(request),
        account_id=principal.visible_account if principal is not None else None,
        permission=may_listen(gateway, principal) if principal is not None else Permission(lambda: False),
        since=since,
        refused=refused,
    )
    account = principal.account_id if principal is not None else None
    return streamed(socket, gateway.places, account_id=account, writes_head=True)


def _feed(gateway: Gateway) -> Feed:
    def after(number: int, limit: int) -> Sequence[Item]:
        with gateway.readers() as reader:
            return [_item(owner, row) for owner, row in recognitions_after(reader, number, limit=limit)]

    def newest() -> int:
        with gateway.readers() as reader:
            return newest_recognition(reader)

    return Feed(after=after, newest=newest, writers=gateway.writers)


def _item(owner: int | None, row: RecognitionRow) -> Item:
    document: dict[str, Any] = recognition_document(row)
    return Item(row.id, owner, encoded({name: document[name] for name in _SENT}).decode())


# Requests for a WebSocket are routed by rules of their own.
api.add_url_rule("/stream", endpoint="socket", view_func=stream, methods=["GET"], websocket=True)
