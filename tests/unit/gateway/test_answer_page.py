from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from services.gateway.answer_words import WORDS
from shared.db.tables import Alert, AuditRow, Delivery, Event, Feedback, RecipientRow
from shared.domain.ids import alert_id
from shared.domain.recipient import LANGUAGES
from shared.recipients.links import LINK_PRESSES, LinkPress
from shared.recipients.verification import ask_to_verify, verification_of
from tests.unit.gateway.installation import START, Api

ONE_CLICK = {"data": {"List-Unsubscribe": "One-Click"}}


def _recipient(api: Api, **values: Any) -> int:
    defaults = {"channel": "email", "name": "Ada <b>", "address": {"email": "ada@example.org"}, "verified_at": START}
    times = {"created_at": START, "updated_at": START, "notification_types": ["alerts"]}
    with api.session() as session:
        row = RecipientRow(account_id=api.account_id("alice"), **{**defaults, **times, **values})
        session.add(row)
        session.commit()
        return row.id


def _told(api: Api, **values: Any) -> str:
    """A recipient was told of an event; the delivery's id."""
    uuid = api.add_event()
    delivery = api.add_delivery(uuid, channel="email", recipient=str(_recipient(api, **values)))
    with api.session() as session:
        notice = {"kind": "detection", "camera_name": "Door", "text": "person <script>"}
        session.get_one(Alert, alert_id(uuid)).notice = notice
        session.commit()
    return delivery


def _at(api: Api, press: LinkPress, delivery: str) -> str:
    return f"/a/{api.opened.gateway.links.token(press, delivery)}"


def _press(api: Api, press: LinkPress, delivery: str, **kwargs: Any) -> TestResponse:
    return api.ask("POST", _at(api, press, delivery), who=None, **kwargs)


def _state(api: Api) -> list[Any]:
    """Everything that a press could change."""
    with api.session() as session:
        return [
            [
                {name: value for name, value in vars(row).items() if not name.startswith("_")}
                for row in session.scalars(select(table))
            ]
            for table in (Alert, Delivery, RecipientRow, Event, Feedback, AuditRow)
        ]


@pytest.mark.parametrize("press", LINK_PRESSES)
def test_to_look_changes_nothing_and_shows_what_would_be_done(api: Api, press: LinkPress) -> None:
    delivery = _told(api)
    if press == "verify":
        delivery = _unverified(api)
    before = _state(api)
    for method in ("GET", "HEAD"):
        shown = api.ask(method, _at(api, press, delivery), who=None)
        assert shown.status_code == 200
    assert _state(api) == before
    page = api.get(_at(api, press, delivery), who=None).text
    assert WORDS["en"].button[press] in page.replace("&#x27;", "'")
    assert '<form method="post">' in page
    assert '<html lang="en">' in page


def test_the_page_runs_nothing_and_shows_text_as_text(api: Api) -> None:
    shown = api.get(_at(api, "mute", _told(api)), who=None)
    assert "person &lt;script&gt;" in shown.text
    assert "Ada &lt;b&gt;" in shown.text
    assert "<script" not in shown.text
    policy = shown.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "form-action 'self'" in policy
    assert (shown.headers["Referrer-Policy"], shown.headers["Cache-Control"]) == ("no-referrer", "no-store")


def test_an_alert_is_acknowledged_once(api: Api) -> None:
    delivery = _told(api)
    assert WORDS["en"].done["acknowledge"] in _press(api, "acknowledge", delivery).text
    assert WORDS["en"].already["acknowledge"] in _press(api, "acknowledge", delivery).text
    with api.session() as session:
        alert = session.scalars(select(Alert)).one()
        trail = session.scalars(select(AuditRow)).one()
    assert (alert.acknowledged_by, alert.acknowledged_at) == ("Ada <b>", START)
    assert (trail.action, trail.target, trail.principal, trail.address) == (
        "link.acknowledge",
        f"delivery:{delivery}",
        "link of Ada <b>",
        "127.0.0.1",
    )


def test_what_is_said_of_an_event_is_kept_once_and_can_be_taken_back(api: Api) -> None:
    delivery = _told(api)
    for press in ("confirm", "confirm", "false_alarm", "false_alarm"):
        assert _press(api, press, delivery).status_code == 200  # type: ignore[arg-type]
    with api.session() as session:
        said = session.scalars(select(Feedback).order_by(Feedback.id)).all()
        event = session.scalars(select(Event)).one()
    assert [(row.kind, row.author) for row in said] == [("confirmed", "Ada <b>"), ("false_positive", "Ada <b>")]
    assert event.user_feedback == "false_positive"


def test_a_mute_lasts_an_hour_and_pressing_again_does_not_lengthen_it(api: Api) -> None:
    delivery = _told(api)
    for _ in range(2):
        _press(api, "mute", delivery)
        api.clock.forward(minutes=10)
    with api.session() as session:
        assert session.scalars(select(RecipientRow.muted_until)).one() == START + timedelta(hours=1)


def test_a_mute_can_be_pressed_again_when_it_has_ended(api: Api) -> None:
    delivery = _told(api)
    _press(api, "mute", delivery)
    api.clock.forward(minutes=61)
    assert WORDS["en"].done["mute"] in _press(api, "mute", delivery).text
    with api.session() as session:
        assert session.scalars(select(RecipientRow.muted_until)).one() == START + timedelta(minutes=121)


def test_where_the_event_is_gone_the_alert_is_acknowledged_all_the_same(api: Api) -> None:
    delivery = _told(api)
    with api.session() as session:
        session.delete(session.scalars(select(Event)).one())
        session.commit()
    gone = _press(api, "confirm", delivery)
    assert (gone.status_code, WORDS["en"].gone in gone.text) == (404, True)
    with api.session() as session:
        assert session.scalars(select(Alert.acknowledged_by)).one() == "Ada <b>"


def test_what_a_digest_tells_of_is_answered_one_by_one(api: Api) -> None:
    delivery = _told(api)
    with api.session() as session:
        session.get_one(Delivery, delivery).purpose = "digest"
        session.commit()
    for press in ("confirm", "acknowledge"):
        assert _press(api, press, delivery).status_code == 404  # type: ignore[arg-type]
    assert WORDS["en"].done["mute"] in _press(api, "mute", delivery).text
    with api.session() as session:
        assert session.scalars(select(Alert.acknowledged_by).where(Alert.event_uuid.is_not(None))).first() is None


def test_one_click_of_a_mail_program_unsubscribes(api: Api) -> None:
    delivery = _told(api)
    assert _press(api, "unsubscribe", delivery, **ONE_CLICK).status_code == 200
    with api.session() as session:
        assert session.scalars(select(RecipientRow.enabled)).one() is False
    assert WORDS["en"].already["unsubscribe"] in _press(api, "unsubscribe", delivery, **ONE_CLICK).text


def _unverified(api: Api) -> str:
    number = _recipient(api, verified_at=None, name="New")
    with api.session() as session:
        row = session.get_one(RecipientRow, number)
        assert ask_to_verify(session, row, now=START)
        delivery = verification_of(session, row)
        assert delivery is not None
        session.commit()
        return delivery.id


def test_a_mailbox_is_verified_by_its_own_link_alone(api: Api) -> None:
    told, asked = _told(api), _unverified(api)
    assert _press(api, "verify", told).status_code == 404
    assert WORDS["en"].done["verify"] in _press(api, "verify", asked).text
    with api.session() as session:
        assert session.scalars(select(RecipientRow.verified_at).where(RecipientRow.name == "New")).one() == START


def test_a_link_to_an_address_that_was_changed_verifies_nothing(api: Api) -> None:
    asked = _unverified(api)
    with api.session() as session:
        session.scalars(select(RecipientRow)).one().address = {"email": "eve@example.org"}
        session.commit()
    assert _press(api, "verify", asked).status_code == 404
    with api.session() as session:
        assert session.scalars(select(RecipientRow.verified_at)).one() is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_speaks_the_recipients_language(api: Api, language: str) -> None:
    delivery = _told(api, language=language)
    shown = api.get(_at(api, "mute", delivery), who=None)
    assert f'<html lang="{language}">' in shown.text
    assert WORDS[language].asks["mute"] in shown.text
    assert WORDS[language].done["mute"] in _press(api, "mute", delivery).text


def test_every_language_has_all_the_words() -> None:
    assert set(WORDS) == set(LANGUAGES)
    for words in WORDS.values():
        for said in (words.asks, words.button, words.done, words.already):
            assert set(said) == set(LINK_PRESSES)
            assert all(said.values())


def test_a_link_that_is_too_old_unknown_or_about_nothing_says_so(api: Api) -> None:
    delivery = _told(api)
    at = _at(api, "mute", delivery)
    assert api.get("/a/nonsense", who=None, headers={"Accept-Language": "fr-FR, en;q=0.5"}).status_code == 404
    assert api.get(_at(api, "mute", "none"), who=None).status_code == 404
    with api.session() as session:
        session.delete(session.scalars(select(RecipientRow)).one())
        session.commit()
    for method in ("GET", "POST"):
        gone = api.ask(method, at, who=None)
        assert (gone.status_code, WORDS["en"].gone in gone.text) == (404, True)
    api.clock.forward(days=8)
    old = api.ask("POST", at, who=None, headers={"Accept-Language": "fr-FR, en;q=0.5"})
    assert (old.status_code, WORDS["fr"].expired in old.text) == (410, True)


def test_a_webhooks_receiver_can_acknowledge_but_nobody_is_muted(api: Api) -> None:
    delivery = api.add_delivery(api.add_event())
    assert _press(api, "acknowledge", delivery).status_code == 200
    assert _press(api, "mute", delivery).status_code == 404
    with api.session() as session:
        assert session.scalars(select(Alert.acknowledged_by)).one() == "webhook 1"


def test_other_methods_are_refused(api: Api) -> None:
    at = _at(api, "mute", _told(api))
    assert api.ask("PUT", at, who=None).status_code == 405
    assert re.search("POST", api.ask("OPTIONS", at, who=None).headers["Allow"])
