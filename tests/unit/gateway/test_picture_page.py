"""Pictures by signed links."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from shared.recipients.picture_links import VALID_FOR, PictureLinks
from tests.unit.gateway.installation import Api

SNAPSHOT = "snapshots/cam_001/2026/01/15/one.jpg"
JPEG = b"\xff\xd8\xff\xe0 a picture \xff\xd9"


@pytest.fixture
def uuid(api: Api) -> str:
    api.opened.gateway.media.write(SNAPSHOT, JPEG)
    return api.add_event(snapshot=SNAPSHOT)


def path_to(api: Api, uuid: str, *, key: bytes | None = None) -> str:
    made = PictureLinks(key or api.opened.gateway.box.derived_key("pictures"), "https://argus.example.org/")
    link = made.link_to(uuid, now=api.clock())
    assert link is not None
    return urlsplit(link).path


def test_whoever_has_the_link_sees_the_picture(api: Api, uuid: str) -> None:
    reply = api.get(path_to(api, uuid), who=None)
    assert (reply.status_code, reply.data, reply.content_type) == (200, JPEG, "image/jpeg")


def test_a_link_ends(api: Api, uuid: str) -> None:
    path = path_to(api, uuid)
    api.clock.forward(seconds=VALID_FOR.total_seconds() - 1)
    assert api.get(path, who=None).status_code == 200
    api.clock.forward(seconds=1)
    assert api.get(path, who=None).status_code == 404


def test_a_link_that_was_not_given_out_shows_nothing(api: Api, uuid: str) -> None:
    other = api.add_event(snapshot=SNAPSHOT)
    _, p, event, ends_s, name = path_to(api, uuid).split("/")
    for path in (
        f"/{p}/{other}/{ends_s}/{name}",
        f"/{p}/{event}/{int(ends_s) + 1}/{name}",
        f"/{p}/{event}/9{ends_s}/{name}",
        f"/{p}/{event}/-1/{name}",
        f"/{p}/{event}/²/{name}",
        f"/{p}/{event}/{ends_s}/é.jpg",
        f"/{p}/{event}/{ends_s}/.jpg",
        path_to(api, uuid, key=b"another"),
        path_to(api, "no-such-event"),
    ):
        assert api.get(path, who=None).status_code == 404, path


def test_an_event_whose_picture_is_gone_has_none(api: Api, uuid: str) -> None:
    api.opened.gateway.media.delete(SNAPSHOT)
    assert api.get(path_to(api, uuid), who=None).status_code == 404


@pytest.mark.parametrize("public_url", [None, "", "http://argus.example.org"])
def test_there_are_no_links_where_pictures_cannot_be_reached_over_https(api: Api, public_url: str | None) -> None:
    assert PictureLinks(b"key", public_url).link_to("event", now=api.clock()) is None
