"""The e-mail channel against a real mail server that behaves well or badly."""

from __future__ import annotations

import io
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from PIL import Image

from services.alerts.channel import Parcel
from services.alerts.channels.email import Box, EmailChannel, EmailOptions
from services.alerts.notice import Notice
from shared.domain.errors import ArgusError, Permanent, Transient
from shared.messages.events import EventRaised
from tests.conftest import wait_until
from tests.integration.alerts.certificate import Certificate, self_signed
from tests.integration.alerts.mail_server import HALF_CLOSE, HANG, HANG_UP, MailServer

# The servers of these tests take passwords over connections that aiosmtpd did not encrypt itself.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")

NOTICE = Notice.of(EventRaised.example())
PARCEL = Parcel("delivery-1", 1, NOTICE)
ADA = Box("ada@example.org", "Ada")
AT = datetime(2026, 1, 15, 10, 31, tzinfo=UTC)
HOST = "mail.example.org"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return self_signed(tmp_path_factory.mktemp("tls"), HOST)


@pytest.fixture
def serve() -> Iterator[Callable[..., MailServer]]:
    made: list[MailServer] = []

    def start(**options: Any) -> MailServer:
        made.append(MailServer(**options))
        return made[-1]

    yield start
    for server in made:
        server.close()


@pytest.fixture
def server(serve: Callable[..., MailServer]) -> MailServer:
    return serve()


@pytest.fixture
def connect(tmp_path: Path) -> Iterator[Callable[..., EmailChannel]]:
    """Makes channels to a server, of which the name resolves to loopback."""
    made: list[EmailChannel] = []

    def start(
        server: MailServer, *, public_url: str | None = None, resolver: Any = None, **options: Any
    ) -> EmailChannel:
        values = {"security": "plain", "from_address": "argus@example.org", "timeout_s": 5.0, **options}
        channel = EmailChannel(
            EmailOptions.model_validate({"host": HOST, "port": server.port, **values}),
            media_url=(tmp_path / "media").as_uri(),
            public_url=public_url,
            resolver=resolver or (lambda host, port: ["127.0.0.1"]),
            now=lambda: AT,
        )
        made.append(channel)
        return channel

    yield start
    for channel in made:
        channel.close()


def picture(folder: Path, *, size: tuple[int, int]) -> None:
    """A snapshot where the notice says it is."""
    file = folder / "media" / str(NOTICE.snapshot)
    file.parent.mkdir(parents=True)
    Image.effect_noise(size, 80).convert("RGB").save(file, "JPEG", quality=95)


def keep_error(channel: EmailChannel, errors: list[Transient]) -> None:
    """Send, and remember what goes wrong."""
    try:
        channel.send(ADA, PARCEL)
    except Transient as error:
        errors.append(error)


def test_a_message_says_everything_in_text_and_in_html(
    server: MailServer, connect: Callable[..., EmailChannel], tmp_path: Path
) -> None:
    picture(tmp_path, size=(640, 360))
    channel = connect(server, public_url="https://argus.example.org/", list_unsubscribe="leave@example.org")
    receipt = channel.send(ADA, PARCEL)
    (taken,) = server.taken
    message = taken.message
    assert (taken.sender, taken.recipient, taken.encrypted) == ("argus@example.org", "ada@example.org", False)
    assert taken.content.isascii()
    assert message["From"] == "Argus <argus@example.org>"
    assert message["To"] == "Ada <ada@example.org>"
    assert message["Subject"] == "Front door: person in Door"
    assert message["Date"].datetime == AT
    assert message["Message-ID"] == receipt.detail["message_id"] == "<delivery-1@example.org>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Argus-Delivery"] == "delivery-1"
    assert message["List-Unsubscribe"] == "<mailto:leave@example.org?subject=unsubscribe>"
    assert message["References"] == f"<event-{NOTICE.event_id}@example.org>"
    assert message["In-Reply-To"] is None
    assert receipt.detail["reply"] == "250 2.0.0 taken"
    assert message.get_content_type() == "multipart/alternative"
    text, related = message.iter_parts()
    assert "15 Jan 2026, 10:30:45 UTC" in text.get_content()
    link = f"https://argus.example.org/events/{NOTICE.event_id}"
    assert link in text.get_content()
    html, image = related.iter_parts()  # type: ignore[union-attr]
    assert f'href="{link}"' in html.get_content()
    assert image["Content-ID"].strip("<>") in html.get_content()
    assert image.get_content() == (tmp_path / "media" / str(NOTICE.snapshot)).read_bytes()


def test_a_large_picture_is_made_small_enough(
    server: MailServer, connect: Callable[..., EmailChannel], tmp_path: Path
) -> None:
    picture(tmp_path, size=(1920, 1080))
    connect(server).send(ADA, PARCEL)
    (image,) = [part for part in server.taken[0].message.walk() if part.get_content_type() == "image/jpeg"]
    content = image.get_content()  # type: ignore[attr-defined]
    assert Image.open(io.BytesIO(content)).size == (1280, 720)
    assert len(content) <= 1 << 20


@pytest.mark.parametrize("content", [None, b"", b"no picture at all"])
def test_an_alert_without_a_readable_picture_is_sent_without(
    server: MailServer, connect: Callable[..., EmailChannel], tmp_path: Path, content: bytes | None
) -> None:
    if content is not None:
        picture(tmp_path, size=(8, 8))
        (tmp_path / "media" / str(NOTICE.snapshot)).write_bytes(content)
    connect(server).send(ADA, PARCEL)
    assert "cid:" not in server.taken[0].message.as_string()


def test_each_reads_its_own_language(server: MailServer, connect: Callable[..., EmailChannel]) -> None:
    channel = connect(server)
    for language in ("fr", "ru", "zh-TW"):
        channel.send(replace(ADA, language=language), PARCEL)
    subjects = [taken.message["Subject"] for taken in server.taken]
    assert subjects == [
        "Front door\u00a0: personne dans la zone Door",
        "Front door: человек в зоне Door",
        "Front door：人（區域：Door）",
    ]
    assert [taken.message["Content-Language"] for taken in server.taken] == ["fr", "ru", "zh-TW"]


def test_each_reads_times_by_its_own_clock(server: MailServer, connect: Callable[..., EmailChannel]) -> None:
    connect(server).send(replace(ADA, zone=ZoneInfo("Asia/Tokyo")), PARCEL)
    assert "19:30:45 UTC+09:00" in server.taken[0].message.get_body(("plain",)).get_content()  # type: ignore[union-attr]


def test_a_verdict_that_comes_later_is_told_in_the_same_thread(
    server: MailServer, connect: Callable[..., EmailChannel]
) -> None:
    channel = connect(server)
    first = channel.send(ADA, PARCEL)
    judged = NOTICE.model_copy(update={"verdict": "rejected", "ai_response": "A cat."})
    second = channel.send(ADA, Parcel("delivery-2", 1, judged, amends=first.detail))
    before, after = (taken.message for taken in server.taken)
    assert after["In-Reply-To"] == before["Message-ID"]
    assert after["References"] == f"{before['References']} {before['Message-ID']}"
    assert after["Subject"] == f"Re: {before['Subject']}"
    assert "Judged a false alarm: A cat." in after.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert second.detail["message_id"] == "<delivery-2@example.org>"


def test_nothing_is_sent_for_a_verdict_that_is_known(server: MailServer, connect: Callable[..., EmailChannel]) -> None:
    channel = connect(server)
    judged = NOTICE.model_copy(update={"verdict": "confirmed"})
    first = channel.send(ADA, Parcel("delivery-1", 1, judged))
    again = judged.model_copy(update={"severity": 4})
    second = channel.send(ADA, Parcel("delivery-2", 1, again, amends=first.detail))
    assert len(server.taken) == 1
    assert second.detail["message_id"] == first.detail["message_id"]


@pytest.mark.parametrize(
    ("command", "answer", "error", "reason", "wait_s"),
    [
        ("RCPT", "550 5.1.1 no such user here", Permanent, "refuses the recipient: 550 5.1.1 no such user", None),
        ("RCPT", "553 5.1.3 bad name", Permanent, "553", None),
        ("DATA", "554 5.7.1 looks like spam", Permanent, "refuses the message: 554", None),
        ("MAIL", "552 5.3.4 too large", Permanent, "552", None),
        ("MAIL", "553 5.7.1 not your address", Transient, "refuses the sender: 553", 300),
        ("MAIL", "530 5.7.0 log in first", Transient, "refuses the sender: 530", 300),
        ("RCPT", "450 4.2.0 greylisted", Transient, "450 4.2.0 greylisted", 60),
        ("RCPT", "451 4.7.1 try again in 300 seconds", Transient, "451", 300),
        ("RCPT", "450 4.7.1 greylisted, retry in 00:04:57", Transient, "450", 297),
        ("RCPT", "452 4.2.2 mailbox full", Transient, "452", None),
        ("MAIL", "421 4.3.2 going down", Transient, "421 4.3.2 going down", None),
        ("RCPT", "421 4.3.2 going down", Transient, "421 4.3.2 going down", None),
        ("DATA", "421 4.3.2 going down", Transient, "421 4.3.2 going down", None),
        ("RCPT", HANG_UP, Transient, "failed", None),
        ("DATA", HANG_UP, Transient, "failed", None),
        ("RCPT", HALF_CLOSE, Transient, "failed", None),
        ("RCPT", HANG, Transient, "within 1 s", None),
        ("DATA", HANG, Transient, "within 1 s", None),
    ],
)
def test_what_the_server_says_decides_how_it_ends(
    server: MailServer,
    connect: Callable[..., EmailChannel],
    command: str,
    answer: str,
    error: type[ArgusError],
    reason: str,
    wait_s: float | None,
) -> None:
    channel = connect(server, timeout_s=1.0 if answer == HANG else 20.0)
    server.answers[command].append(answer)
    started = time.monotonic()
    with pytest.raises(error, match=reason) as caught:
        channel.send(ADA, PARCEL)
    assert time.monotonic() - started < 6  # a second where it hangs, on a machine that does nothing else
    if error is Transient:
        assert getattr(caught.value, "retry_after_s", None) == wait_s
    assert server.asked[command] == 1
    assert not server.taken
    # The next message has a connection on which nothing is left of this one.
    channel.send(ADA, PARCEL)
    assert len(server.taken) == 1


def test_greylisting_asks_for_more_patience_the_second_time(
    server: MailServer, connect: Callable[..., EmailChannel]
) -> None:
    channel = connect(server)
    server.answers["RCPT"] += ["451 4.7.1 greylisted", "451 4.7.1 greylisted"]
    waits = []
    for attempt in (1, 2):
        with pytest.raises(Transient) as caught:
            channel.send(ADA, Parcel("delivery-1", attempt, NOTICE))
        waits.append(caught.value.retry_after_s)
    assert channel.send(ADA, Parcel("delivery-1", 3, NOTICE)).detail["message_id"] == "<delivery-1@example.org>"
    assert waits == [60, 300]


def test_a_server_that_greets_with_a_refusal_is_asked_again(
    serve: Callable[..., MailServer], connect: Callable[..., EmailChannel]
) -> None:
    channel = connect(serve(greeting="554 5.7.1 your address is on a list"))
    with pytest.raises(Transient, match="refuses the connection: 554"):
        channel.send(ADA, PARCEL)


def test_a_server_that_never_greets_is_left(
    serve: Callable[..., MailServer], connect: Callable[..., EmailChannel]
) -> None:
    channel = connect(serve(greeting=HANG), timeout_s=0.5)
    with pytest.raises(Transient, match=r"within 0\.5 s"):
        channel.send(ADA, PARCEL)


def test_nobody_listening_is_worth_another_try(server: MailServer, connect: Callable[..., EmailChannel]) -> None:
    server.close()
    with pytest.raises(Transient, match="cannot be reached: Connection refused"):
        connect(server).send(ADA, PARCEL)


def test_another_address_of_the_host_is_tried(server: MailServer, connect: Callable[..., EmailChannel]) -> None:
    channel = connect(server, resolver=lambda host, port: ["127.0.0.2", "127.0.0.1"])
    channel.send(ADA, PARCEL)
    assert len(server.taken) == 1


def test_an_address_that_never_answers_leaves_time_for_another(
    server: MailServer, connect: Callable[..., EmailChannel]
) -> None:
    with socket.socket() as deaf, socket.socket() as first, socket.socket() as second:
        deaf.bind(("127.0.0.3", server.port))
        deaf.listen(0)
        for caller in (first, second):  # the queue of those who wait to be answered is full now
            caller.setblocking(False)
            caller.connect_ex(("127.0.0.3", server.port))
        connect(server, resolver=lambda host, port: ["127.0.0.3", "127.0.0.1"], timeout_s=20.0).send(ADA, PARCEL)
    assert len(server.taken) == 1


def test_a_name_that_cannot_be_resolved_is_worth_another_try(
    server: MailServer, connect: Callable[..., EmailChannel]
) -> None:
    def resolver(host: str, port: int) -> list[str]:
        raise OSError(-2, "Name or service not known")

    with pytest.raises(Transient, match="cannot be resolved: Name or service not known"):
        connect(server, resolver=resolver).send(ADA, PARCEL)


def test_a_name_server_that_hangs_is_left_in_time(server: MailServer, connect: Callable[..., EmailChannel]) -> None:
    released = threading.Event()

    def resolver(host: str, port: int) -> list[str]:
        released.wait(30)
        return []

    started = time.monotonic()
    with pytest.raises(Transient, match=r"within 0\.5 s"):
        connect(server, resolver=resolver, timeout_s=0.5).send(ADA, PARCEL)
    assert time.monotonic() - started < 10
    released.set()


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_is_trusted_when_its_authority_is(
    serve: Callable[..., MailServer], connect: Callable[..., EmailChannel], certificate: Certificate, security: str
) -> None:
    server = serve(security=security, certificate=certificate, users={"argus": "wörd"})
    channel = connect(server, security=security, ca_file=certificate.file, username="argus", password="wörd")
    channel.send(ADA, PARCEL)
    (taken,) = server.taken
    assert taken.encrypted


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_that_nobody_vouches_for_is_refused(
    serve: Callable[..., MailServer], connect: Callable[..., EmailChannel], certificate: Certificate, security: str
) -> None:
    server = serve(security=security, certificate=certificate)
    channel = connect(server, security=security)
    with pytest.raises(
        Transient, match=r"the certificate of .* cannot be trusted: self.signed certificate – set ca_file"
    ):
        channel.send(ADA, PARCEL)
    assert not server.asked


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_for_another_host_is_refused(
    serve: Callable[..., MailServer], connect: Callable[..., EmailChannel], tmp_path: Path, security: str
) -> None:
    other = self_signed(tmp_path / "tls", "elsewhere.example.org")
    server = serve(security=security, certificate=other)
    with pytest.raises(Transient, match="Hostname mismatch"):
        connect(server, security=security, ca_file=other.file).send(ADA, PARCEL)
    assert not server.asked


def test_who_insists_on_nothing_gets_a_connection_all_the_same(
    serve: Callable[..., MailServer], connect: Callable[..., EmailChannel], certificate: Certificate
) -> None:
    server = serve(security="starttls", certificate=certificate)
    connect(server, security="starttls", verify=False).send(ADA, PARCEL)
    assert server.taken[0].encrypted


def test_nothing_is_sent_in_the_clear_where_encryption_was_asked_for(
    server: MailServer, connect: Callable[..., EmailChannel]
) -> None:
    with pytest.raises(Transient, match="cannot be used as set: SMTP STARTTLS extension not supported"):
        connect(server, security="starttls").send(ADA, PARCEL)
    assert not server.asked


def test_a_wrong_password_loses_nothing_and_is_not_tried_in_a_hurry(
    serve: Callable[..., MailServer], connect: Callable[..., EmailChannel], certificate: Certificate
) -> None:
    server = serve(security="tls", certificate=certificate, users={"argus": "right"})
    channel = connect(server, security="tls", ca_file=certificate.file, username="argus", password="wrong")
    with pytest.raises(Transient, match="refuses user name or password: 535") as caught:
        channel.send(ADA, PARCEL)
    assert caught.value.retry_after_s == 300
    assert "wrong" not in str(caught.value)


def test_a_connection_is_used_again(server: MailServer, connect: Callable[..., EmailChannel]) -> None:
    channel = connect(server)
    for number in range(3):
        channel.send(ADA, Parcel(f"delivery-{number}", 1, NOTICE))
    assert len(server.taken) == 3
    assert server.connections == 1


def test_a_refusal_does_not_cost_the_connection(server: MailServer, connect: Callable[..., EmailChannel]) -> None:
    channel = connect(server)
    server.answers["RCPT"].append("550 5.1.1 no such user")
    with pytest.raises(Permanent):
        channel.send(ADA, PARCEL)
    channel.send(replace(ADA, email="grace@example.org"), PARCEL)
    assert [taken.recipient for taken in server.taken] == ["grace@example.org"]
    assert server.connections == 1


def test_nonsense_from_the_server_is_worth_another_try(
    server: MailServer, connect: Callable[..., EmailChannel]
) -> None:
    channel = connect(server)
    server.answers["RCPT"].append("hello there")
    with pytest.raises(Transient, match="Malformed SMTP response line: hello there"):
        channel.send(ADA, PARCEL)
    channel.send(ADA, PARCEL)
    assert (len(server.taken), server.connections) == (1, 2)


def test_a_connection_that_the_server_gave_up_is_replaced(
    server: MailServer, connect: Callable[..., EmailChannel]
) -> None:
    channel = connect(server)
    channel.send(ADA, PARCEL)
    server.hang_up_on_all()
    channel.send(ADA, PARCEL)
    assert (len(server.taken), server.connections) == (2, 2)


def test_many_messages_at_once_share_a_few_connections(
    serve: Callable[..., MailServer], connect: Callable[..., EmailChannel]
) -> None:
    server = serve(busy_s=0.02)
    channel = connect(server, timeout_s=30.0)
    parcels = [Parcel(f"delivery-{number}", 1, NOTICE) for number in range(30)]
    with ThreadPoolExecutor(30) as pool:
        receipts = list(pool.map(lambda parcel: channel.send(ADA, parcel), parcels))
    assert {taken.message["Message-ID"] for taken in server.taken} == {each.detail["message_id"] for each in receipts}
    assert len(server.taken) == 30
    assert server.most_at_once <= 3


def test_breaking_off_reaches_those_who_wait_for_a_connection(
    server: MailServer, connect: Callable[..., EmailChannel]
) -> None:
    server.always["RCPT"] = HANG
    channel = connect(server, connections=1, timeout_s=30.0)
    errors: list[Transient] = []
    senders = [threading.Thread(target=keep_error, args=(channel, errors)) for _ in range(3)]
    for sender in senders:
        sender.start()
    wait_until(lambda: server.asked["RCPT"] == 1, what="the first of them")
    wait_until(lambda: len(channel._loop._running) == 3, what="the others to wait for a connection")
    channel.abort()
    for sender in senders:
        sender.join(timeout=15)
    assert ["broken off" in str(error) for error in errors] == [True] * 3


def test_a_message_that_was_broken_off_never_arrives(server: MailServer, connect: Callable[..., EmailChannel]) -> None:
    server.always["RCPT"] = HANG
    channel = connect(server, timeout_s=30.0)
    errors: list[Transient] = []
    sender = threading.Thread(target=keep_error, args=(channel, errors))
    sender.start()
    wait_until(lambda: server.asked["RCPT"] == 1, what="the recipient's name")
    channel.close()
    sender.join(timeout=15)
    wait_until(lambda: server.open_now == 0, what="the end of the connection")
    assert not server.taken
    assert len(errors) == 1


def test_leaving_says_goodbye(server: MailServer, connect: Callable[..., EmailChannel]) -> None:
    channel = connect(server)
    channel.send(ADA, PARCEL)
    channel.close()
    wait_until(lambda: server.open_now == 0, what="the end of the connection")
    with pytest.raises(Transient, match="closed"):
        channel.send(ADA, PARCEL)
