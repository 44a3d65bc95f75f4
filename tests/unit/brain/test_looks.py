"""Which specialists look at a presence, when, and at what."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.brain.looks import FIRST, asked_of, is_worth_another, look_orders, ripe
from services.brain.timeline import CameraFacts
from shared.messages.presences import CropBody, PresenceBody, PresenceStarted
from shared.modules.order import PictureRef
from shared.modules.roster import ModuleInfo

EXAMPLE = PresenceStarted.example()
AT = EXAMPLE.started_at
KNOWN = {
    "lpr": ModuleInfo(name="lpr", labels=("car", "truck"), scopes=("object", "scene"), queue="modules.gpu"),
    "ocr": ModuleInfo(name="ocr", scopes=("object",)),
    "health": ModuleInfo(name="health", scopes=("scene",)),
}


def camera(**modules: dict[str, object]) -> CameraFacts:
    return CameraFacts("cam_001", "Gate", 7, {"modules": modules})


def body(*crops: float, **fields: object) -> PresenceBody:
    """A car's presence with crops so many seconds after it started, the later the better."""
    made = [CropBody(path=f"crops/{s}.jpg", at=AT + timedelta(seconds=s), quality=s) for s in crops]
    return EXAMPLE.model_copy(update={"label": "car", "crops": tuple(made), **fields})


@pytest.mark.parametrize(
    ("names", "label", "asked"),
    [
        (["lpr", "ocr", "lpr"], "car", ("lpr", "ocr")),
        (["lpr", "ocr"], "person", ("ocr",)),
        (["pose"], "person", ("pose",)),
        (["reid"], "car", ()),
        ([], "car", ()),
    ],
)
def test_those_are_asked_who_want_to_see_such_a_thing_and_may(
    names: list[str], label: str, asked: tuple[str, ...]
) -> None:
    assert asked_of(names, camera(reid={"enabled": False}, lpr={"enabled": True}), label, known=KNOWN) == asked


def test_an_order_shows_the_crops_oldest_first_and_says_what_the_camera_wants() -> None:
    (order,) = look_orders(body(3, 1), camera(lpr={"every_s": 3, "countries": ["BJ"]}), ["lpr"], look=1, known=KNOWN)
    assert order.pictures == tuple(
        PictureRef(path=f"crops/{s}.jpg", at=AT + timedelta(seconds=s), quality=s) for s in (1, 3)
    )
    assert (order.queue, order.scope, order.options) == ("modules.gpu", "object", {"countries": ["BJ"]})
    assert (order.account_id, order.camera, order.label, order.look) == (7, "cam_001", "car", 1)
    assert order.presence is not None
    assert order.presence.presence() == body(3, 1).presence()


def test_without_kept_crops_it_shows_the_one_there_is_and_who_wants_all_sees_all() -> None:
    orders = look_orders(body(), camera(), ["ocr", "health", "new"], look=FIRST, known=KNOWN)
    assert [(order.pictures[0].path, order.scope) for order in orders] == [
        (EXAMPLE.crop, "object"),
        (EXAMPLE.snapshot, "scene"),
        (EXAMPLE.crop, "object"),
    ]


def test_nothing_is_ordered_where_there_is_no_picture() -> None:
    assert look_orders(body(crop=None, snapshot=None), camera(), ["ocr", "health"], look=FIRST, known=KNOWN) == []


def test_the_same_look_has_the_same_id() -> None:
    first, again = (look_orders(body(s), camera(), ["ocr"], look=1, known=KNOWN)[0] for s in (1, 2))
    last = look_orders(body(1), camera(), ["ocr"], look=2, known=KNOWN)[0]
    assert first.job_id == again.job_id != last.job_id


@pytest.mark.parametrize(
    ("crops", "since_s", "worth"),
    [((), 0, False), ((1,), 1, False), ((1, 1.1), 1, True), ((3.4,), None, False), ((3.6,), None, True)],
)
def test_another_look_is_worth_it_where_there_are_new_pictures(
    *, crops: tuple[float, ...], since_s: float | None, worth: bool
) -> None:
    since = None if since_s is None else AT + timedelta(seconds=since_s)
    assert is_worth_another(body(*crops).presence(), since=since) is worth


def test_the_first_look_without_an_event_waits_two_seconds() -> None:
    assert not ripe(body(last_seen_at=AT + timedelta(seconds=1.9)).presence())
    assert ripe(body(last_seen_at=AT + timedelta(seconds=2)).presence())
