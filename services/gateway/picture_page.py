"""`/p/{event}/{end}/{signature}.jpg`: pictures for apps that fetch them by a signed link and can say no password."""

from __future__ import annotations

from flask import Blueprint, Response, request

from services.gateway.gateway import current_gateway
from services.gateway.http.pictures import picture_response
from services.gateway.queries.events import event_of
from services.gateway.queries.photos import photo_of
from shared.domain.errors import NotFound
from shared.recipients.picture_links import PATH, PictureLinks

api = Blueprint("pictures", __name__)


@api.get(f"{PATH}<event_id>/<ends_s>/<signature>.jpg")
def get_picture(event_id: str, ends_s: str, signature: str) -> Response:
    """The event's picture for whoever has the link, until it ends."""
    gateway = current_gateway()
    links = PictureLinks(gateway.box.derived_key("pictures"), gateway.settings.gateway.public_url)
    with gateway.reads() as session:
        event = event_of(session, links.read(event_id, ends_s, signature, now=gateway.now()), account_id=None)
    photo = photo_of(event, gateway.media)
    if photo is None:
        raise NotFound("photo", "the event has no picture")
    return picture_response(photo, request)
