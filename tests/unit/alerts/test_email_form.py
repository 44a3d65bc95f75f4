"""A letter as an e-mail."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.alerts.channel import Parcel
from services.alerts.email_form import Reader, Sender, email_of, message_id
from services.alerts.letter import letter
from services.alerts.notice import Notice
from shared.domain.recipient import LANGUAGES, Language
from shared.messages.events import EventRaised

NOTICE = Notice.of(EventRaised.example())
NOW = NOTICE.captured_at + timedelta(seconds=2)
SENDER = Sender("argus@example.org", "Argus")
ADA = Reader("ada@example.org", "Ada")

# Names of cameras and zones are typed in by people, what the judge says comes from a model: anything may be in them.
HOSTILE = st.one_of(
    st.text(max_size=200),
    st.sampled_from(
        [
            "x\r\nBcc: eve@example.org",
            "x\nBcc: eve@example.org\n\n<p>hello",
            "=?utf-8?q?x=0D=0ABcc=3A_eve=40example=2Eorg?=",
            "=?utf-8?b?DQpCY2M6IGV2ZUBleGFtcGxlLm9yZw==?=",
            "<script>alert(1)</script>",
            '"><img src=x onerror=alert(1)>',
            "&lt;b&gt; &amp;",
            ".\r\n.\r\nQUIT\r\n",
            "a\x00b\x0bc\x85d\u2028e",
            "Ж" * 200,
            "警" * 200,
            "🚨" * 120,
            "word " * 60,
            "x" * 400,
        ]
    ),
)


def written(
    *,
    language: Language = "en",
    sender: Sender = SENDER,
    reader: Reader = ADA,
    picture: bytes | None = None,
    delivery_id: str = "delivery-1",
    amends: Mapping[str, Any] | None = None,
    public_url: str | None = None,
    **fields: Any,
) -> bytes:
    notice = NOTICE.model_copy(update=fields)
    said = letter(notice, language=language, now=NOW, public_url=public_url)
    parcel = Parcel(delivery_id, 1, notice, amends)
    return email_of(said, parcel, sender=sender, reader=reader, now=NOW, picture=picture)


def read(content: bytes) -> EmailMessage:
    parsed = message_from_bytes(content, policy=default)
    assert isinstance(parsed, EmailMessage)
    assert not parsed.defects
    return parsed


class _Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not [name for name, _ in attributes if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.text.append(data)


HEADERS = {
    "From", "To", "Message-ID", "References", "Subject", "Date", "Auto-Submitted", "X-Auto-Response-Suppress",
    "X-Argus-Delivery", "MIME-Version", "Content-Type", "Content-Language",
}  # fmt: skip


@given(camera=HOSTILE, zone=HOSTILE, text=HOSTILE, said=HOSTILE, name=HOSTILE, language=st.sampled_from(LANGUAGES))
def test_whatever_is_written_into_it_a_message_has_our_headers_and_no_other(
    camera: str, zone: str, text: str, said: str, name: str, language: Language
) -> None:
    content = written(
        language=language,
        sender=Sender("argus@example.org", name),
        reader=Reader("ada@example.org", name),
        camera_name=camera,
        zones=(zone,),
        text=text,
        ai_response=said,
        public_url="https://argus.example.org",
    )
    assert content.isascii()
    assert b"\0" not in content
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", content)
    assert max(map(len, content.split(b"\r\n"))) <= 998
    message = read(content)
    assert set(message.keys()) == HEADERS
    assert len(message["To"].addresses) == len(message["From"].addresses) == 1
    assert message["From"].addresses[0].addr_spec == "argus@example.org"
    assert message["To"].addresses[0].addr_spec == "ada@example.org"


@given(camera=HOSTILE, zone=HOSTILE, language=st.sampled_from(LANGUAGES))
def test_a_subject_arrives_as_the_title_says_it(camera: str, zone: str, language: Language) -> None:
    notice = NOTICE.model_copy(update={"camera_name": camera, "zones": (zone,)})
    title = letter(notice, language=language, now=NOW).title
    assert read(written(language=language, camera_name=camera, zones=(zone,)))["Subject"] == title


@given(camera=HOSTILE, said=HOSTILE)
def test_the_html_shows_what_people_and_models_wrote_and_runs_nothing_of_it(camera: str, said: str) -> None:
    message = read(written(camera_name=camera, ai_response=said, text=said, picture=b"a picture"))
    seen = _Seen()
    seen.feed(message.get_body(("html",)).get_content())  # type: ignore[union-attr]
    assert set(seen.tags) <= {"html", "head", "meta", "title", "body", "h1", "p", "a", "img"}
    title = letter(NOTICE.model_copy(update={"camera_name": camera, "text": said}), language="en", now=NOW).title
    assert seen.text.count(title) >= 2


def test_a_sender_of_a_long_domain_has_headers_that_stay_whole() -> None:
    domain = ".".join(["a" * 60] * 4)
    content = written(sender=Sender(f"argus@{domain}"), amends={"message_id": message_id("d-0", domain)})
    assert b"\r\n <d-0@" in content
    message = read(content)
    assert message["Message-ID"] == f"<delivery-1@{domain}>"
    assert message["References"] == f"<event-{NOTICE.event_id}@{domain}> <d-0@{domain}>"
    assert message["In-Reply-To"] == f"<d-0@{domain}>"


@pytest.mark.parametrize(
    "told", [None, 7, "", "no id", "<a@b>\r\nBcc: eve@example.org", "<a b@example.org>", "<" + "x" * 500 + "@b>"]
)
def test_a_receipt_that_names_no_message_makes_no_header(told: object) -> None:
    message = read(written(amends={"message_id": told}))
    assert message["In-Reply-To"] is None
    assert message["References"] == f"<event-{NOTICE.event_id}@example.org>"
    assert message["Subject"].startswith("Re: ")


def test_a_delivery_of_any_name_makes_a_message_id() -> None:
    assert message_id("a/b c\r\n<x>@y", "example.org") == "<a-b-c---x--y@example.org>"


def test_the_same_delivery_has_the_same_message_id_whenever_it_is_tried() -> None:
    said = letter(NOTICE, language="en", now=NOW)
    made = {
        read(
            email_of(
                said,
                Parcel("delivery-1", attempt, NOTICE),
                sender=SENDER,
                reader=ADA,
                now=datetime(2027, 1, attempt, tzinfo=UTC),
            )
        )["Message-ID"]
        for attempt in (1, 7)
    }
    assert made == {"<delivery-1@example.org>"}


def test_whoever_wants_no_more_finds_the_way_out() -> None:
    sender = Sender("argus@example.org", unsubscribe="leave@example.org")
    reader = Reader("ada@example.org", unsubscribe_url="https://argus.example.org/leave?token=x")
    message = read(written(sender=sender, reader=reader))
    assert message["List-Unsubscribe"] == (
        "<https://argus.example.org/leave?token=x>, <mailto:leave@example.org?subject=unsubscribe>"
    )
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert read(written())["List-Unsubscribe"] is None


def test_a_picture_lies_beside_the_html_that_shows_it() -> None:
    message = read(written(picture=b"\xff\xd8 a picture"))
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/jpeg",
    ]
    html, image = list(message.walk())[3:]
    assert image["Content-Disposition"].startswith("inline")
    assert f'src="cid:{image["Content-ID"].strip("<>")}"' in html.get_content()  # type: ignore[attr-defined]


def test_a_test_says_so_in_subject_text_and_html() -> None:
    message = read(written(test=True, text="by hand"))
    assert message["Subject"] == "Test alert: by hand"
    for kind in ("plain", "html"):
        assert "Test alert: by hand" in message.get_body((kind,)).get_content()  # type: ignore[union-attr]
