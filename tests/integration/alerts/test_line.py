"""The channel line alone, against a server that speaks the Messaging API."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from services.alerts.channel import Channel
from services.alerts.channels.line.channel import LineTarget
from shared.domain.errors import ArgusError, Permanent, Transient
from shared.recipients.line_account import LineAccount, LineQuota, bot_info, quota
from shared.recipients.picture_links import PictureLinks
from shared.settings import Settings
from tests.integration.alerts.chat_channels import BOX, open_channel, parcel, settings_for, store_photo
from tests.integration.alerts.line_server import TOKEN, USER, Fault, LineServer

TARGET = LineTarget(USER, TOKEN)
EVERYBODY = LineTarget(None, TOKEN)


@pytest.fixture
def server() -> Iterator[LineServer]:
    made = LineServer()
    yield made
    made.close()


def settings_of(server: LineServer, folder: Path, *, public_url: str | None = None) -> Settings:
    options = {"base_url": server.url, "timeout_s": 3.0}
    return settings_for("line", folder, options=options, public_url=public_url)


@pytest.fixture
def channel(tmp_path: Path, server: LineServer) -> Iterator[Channel]:
    made = open_channel(settings_of(server, tmp_path))
    yield made
    made.close()


def said(status: int, message: str, **fault: object) -> Fault:
    return Fault(status, {"message": message}, **fault)  # type: ignore[arg-type]


def test_words_are_pushed_to_whom_they_are_for(channel: Channel, server: LineServer) -> None:
    receipt = channel.send(TARGET, parcel())
    (told,) = server.told
    assert told.to == USER
    assert [message["type"] for message in told.messages] == ["text"]
    assert told.messages[0]["text"].startswith("Front door: person in Door\n")
    assert receipt.detail["message_id"] == "460010"
    assert receipt.detail["request_id"]


def test_a_list_of_users_is_told_by_one_call_and_once(channel: Channel, server: LineServer) -> None:
    users = (USER, "U" + "1" * 32)
    for _ in range(2):
        receipt = channel.send(LineTarget(users, TOKEN), parcel())
    (told,) = server.told
    assert told.to == list(users)
    assert receipt.detail["repeated"]
    assert [call.path for call in server.calls] == ["/v2/bot/message/multicast"] * 2


def test_without_an_address_everybody_who_follows_is_told(channel: Channel, server: LineServer) -> None:
    receipt = channel.send(EVERYBODY, parcel())
    (told,) = server.told
    assert told.to is None
    assert receipt.detail["request_id"]


@pytest.mark.parametrize(("severity", "silent"), [(0, True), (1, False)])
def test_only_what_is_not_severe_makes_no_sound(
    channel: Channel,
    server: LineServer,
    severity: int,
    silent: bool,  # noqa: FBT001
) -> None:
    channel.send(TARGET, parcel(severity=severity))
    channel.send(EVERYBODY, parcel(delivery_id="another", severity=severity))
    assert [told.silent for told in server.told] == [silent, silent]


@pytest.mark.parametrize("target", [TARGET, EVERYBODY])
def test_a_delivery_that_was_accepted_is_not_told_twice(
    channel: Channel, server: LineServer, target: LineTarget
) -> None:
    server.faults.append(Fault(hang_up=True, after_work=True))  # accepted, but nobody hears of it
    with pytest.raises(Transient):
        channel.send(target, parcel())
    receipt = channel.send(target, parcel())
    assert len(server.told) == 1
    assert receipt.detail["repeated"] is True
    assert receipt.detail["request_id"]
    keys = [call.headers["x-line-retry-key"] for call in server.calls]
    assert keys[0] == keys[1]
    assert uuid.UUID(keys[0])
    channel.send(target, parcel(delivery_id="another"))
    assert len(server.told) == 2


def test_a_picture_is_sent_as_a_link_that_was_signed(tmp_path: Path, server: LineServer) -> None:
    settings = settings_of(server, tmp_path, public_url="https://argus.example.org/")
    store_photo(settings)
    channel = open_channel(settings)
    channel.send(TARGET, parcel())
    channel.close()
    text, image = server.told[0].messages
    assert text["text"].endswith(f"https://argus.example.org/events/{parcel().notice.event_id}")
    assert image["previewImageUrl"] == image["originalContentUrl"]
    url = urlsplit(image["originalContentUrl"])
    assert (url.scheme, url.netloc) == ("https", "argus.example.org")
    _, where, event, ends_s, signature = url.path.split("/")
    assert where == "p"
    links = PictureLinks(BOX.derived_key("pictures"), None)
    assert links.read(event, ends_s, signature.removesuffix(".jpg"), now=datetime.now(UTC)) == parcel().notice.event_id


@pytest.mark.parametrize(
    ("public_url", "has_photo", "fields"),
    [
        (None, True, {}),
        ("http://argus.example.org", True, {}),
        ("https://argus.example.org", False, {}),
        ("https://argus.example.org", True, {"test": True}),
        ("https://argus.example.org", True, {"snapshot": None}),
        ("https://argus.example.org/" + "x" * 2000, True, {}),
    ],
)
def test_a_picture_that_line_could_not_fetch_is_left_out(
    tmp_path: Path,
    server: LineServer,
    public_url: str | None,
    has_photo: bool,  # noqa: FBT001
    fields: dict[str, object],
) -> None:
    settings = settings_of(server, tmp_path, public_url=public_url)
    if has_photo:
        store_photo(settings)
    channel = open_channel(settings)
    channel.send(TARGET, parcel(**fields))  # type: ignore[arg-type]
    channel.close()
    assert [message["type"] for message in server.told[0].messages] == ["text"]


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Channel, LineServer]]:
    """A channel for many examples."""
    server = LineServer()
    channel = open_channel(settings_of(server, tmp_path_factory.mktemp("data")))
    yield channel, server
    channel.close()
    server.close()


@hypothesis_settings(max_examples=60)
@given(
    words=st.text(st.characters(exclude_categories=["Cc"]), max_size=40).map(lambda text: text * 150)
    | st.sampled_from(["👩‍👩‍👧", "é", "\ud800", "𝄞", "ab "]).map(lambda text: text * 3000)
)
def test_whatever_is_said_is_taken(patient: tuple[Channel, LineServer], words: str) -> None:
    channel, server = patient
    channel.send(TARGET, parcel(delivery_id=str(uuid.uuid4()), ai_response=words))
    assert server.told.pop().messages[0]["text"].startswith("Front door: person in Door")


@pytest.mark.parametrize(
    ("fault", "error", "reason", "retry_after_s"),
    [
        (said(400, "Failed to send messages"), Permanent, "HTTP 400: Failed to send messages", None),
        (said(401, "Authentication failed."), Permanent, "HTTP 401: Authentication failed", None),
        (said(403, "Not authorized."), Permanent, "HTTP 403: Not authorized", None),
        (said(404, "Not found"), Permanent, "HTTP 404", None),
        (said(429, "The API rate limit has been exceeded. Try again later."), Transient, "rate limit", None),
        (said(429, "The API rate limit has been exceeded.", headers={"retry-after": "9"}), Transient, "rate limit", 9),
        (said(429, "Too many", headers={"retry-after": "soon"}), Transient, "Too many", None),
        (said(429, "You have reached your monthly limit."), Permanent, "of this month are used up", None),
        (said(408, "Request timeout"), Transient, "HTTP 408", None),
        (said(500, "Internal server error"), Transient, "HTTP 500: Internal", None),
        (Fault(502, b"<html>Bad Gateway</html>"), Transient, "HTTP 502: <html>", None),
        (Fault(503, b"\xff\xfe"), Transient, "cannot be read", None),
        (Fault(200, b"<html>who are you?</html>"), Transient, "cannot be read", None),
        (Fault(hang=True), Transient, "did not answer in time", None),
        (Fault(hang_up=True), Transient, "ServerDisconnectedError", None),
    ],
)
def test_what_the_server_says_decides_how_it_ends(
    channel: Channel,
    server: LineServer,
    fault: Fault,
    error: type[ArgusError],
    reason: str,
    retry_after_s: float | None,
) -> None:
    server.faults.append(fault)
    started = time.monotonic()
    with pytest.raises(error, match=reason) as caught:
        channel.send(TARGET, parcel())
    assert time.monotonic() - started < channel.timeout_s + 5
    assert len(server.calls) == 1
    assert getattr(caught.value, "retry_after_s", None) == retry_after_s


def test_what_line_finds_wrong_is_said_with_its_place(channel: Channel, server: LineServer) -> None:
    server.faults.append(
        Fault(
            400,
            {
                "message": "The request body has 1 error(s)",
                "details": [{"message": "May not be empty", "property": "messages[0].text"}],
            },
        )
    )
    with pytest.raises(Permanent, match=r"1 error\(s\); messages\[0\]\.text: May not be empty"):
        channel.send(TARGET, parcel())


def test_when_the_month_is_used_up_every_alert_says_so(channel: Channel, server: LineServer) -> None:
    server.monthly_limit = 1
    channel.send(TARGET, parcel(delivery_id="one"))
    with pytest.raises(Permanent, match="used up"):
        channel.send(TARGET, parcel(delivery_id="two"))
    server.monthly_limit = 100  # a larger plan was bought
    channel.send(TARGET, parcel(delivery_id="two"))
    assert len(server.told) == 2


def test_nobody_listening_is_worth_another_try(channel: Channel, server: LineServer) -> None:
    server.close()
    with pytest.raises(Transient, match="ClientConnectorError"):
        channel.send(TARGET, parcel())


def test_a_wrong_token_is_permanent(channel: Channel) -> None:
    with pytest.raises(Permanent, match="Authentication failed"):
        channel.send(LineTarget(USER, "another"), parcel())


@pytest.mark.parametrize("token", ["two\r\nx-evil: lines", "two\nlines"])
def test_a_token_that_cannot_be_a_header_is_not_sent_nor_shown(
    channel: Channel, server: LineServer, token: str
) -> None:
    with pytest.raises(Permanent) as caught:
        channel.send(LineTarget(USER, token), parcel())
    assert "lines" not in str(caught.value)
    assert server.calls == []


@pytest.mark.parametrize(
    "fault",
    [
        said(400, f"nothing like {TOKEN} here"),
        Fault(502, TOKEN.encode()),
        Fault(200, TOKEN.encode()),
        Fault(hang=True),
        Fault(hang_up=True),
    ],
)
def test_the_token_is_never_shown(
    channel: Channel, server: LineServer, fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    channel.send(TARGET, parcel(delivery_id="one"))
    server.faults.append(fault)
    with pytest.raises(ArgusError) as caught:
        channel.send(TARGET, parcel(delivery_id="two"))
    for text in (str(caught.value), repr(caught.value), repr(TARGET), caplog.text):
        assert TOKEN not in text


def test_thirty_are_told_at_once(tmp_path: Path, server: LineServer) -> None:
    busy = open_channel(settings_for("line", tmp_path, options={"base_url": server.url}))
    with ThreadPoolExecutor(30) as pool:
        list(pool.map(lambda number: busy.send(TARGET, parcel(delivery_id=f"d-{number}")), range(30)))
    assert len(server.told) == 30
    busy.close()


def test_more_broadcasts_than_line_allows_are_held_back(tmp_path: Path, server: LineServer, redis_url: str) -> None:
    channel = open_channel(settings_for("line", tmp_path, options={"base_url": server.url}, redis_url=redis_url))
    for number in range(30):
        channel.send(EVERYBODY, parcel(delivery_id=f"d-{number}"))
    with pytest.raises(Transient) as caught:
        channel.send(EVERYBODY, parcel(delivery_id="d-30"))
    assert (caught.value.retry_after_s or 0) > 60
    channel.send(TARGET, parcel(delivery_id="d-31"))
    assert len(server.told) == 31
    channel.close()


def test_a_token_says_whose_it_is(server: LineServer) -> None:
    assert bot_info(TOKEN, base_url=server.url) == LineAccount(USER, "@216ru", "Argus")


def test_an_account_says_how_much_it_may_send(server: LineServer, channel: Channel) -> None:
    assert quota(TOKEN, base_url=server.url) == LineQuota(most=None, used=0)
    assert quota(TOKEN, base_url=server.url).left is None
    server.monthly_limit = 200
    channel.send(TARGET, parcel())
    assert quota(TOKEN, base_url=server.url).left == 199


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (said(401, f"no such token: {TOKEN}"), Permanent),
        (said(403, "Forbidden"), Permanent),
        (said(429, "Slow down"), Transient),
        (Fault(500), Transient),
        (Fault(200, b"{}"), Transient),
        (Fault(200, b"<html>"), Transient),
        (Fault(hang=True), Transient),
        (Fault(hang_up=True), Transient),
    ],
)
def test_a_token_that_cannot_be_checked_says_why(server: LineServer, fault: Fault, error: type[ArgusError]) -> None:
    server.faults.append(fault)
    with pytest.raises(error) as caught:
        bot_info(TOKEN, base_url=server.url, timeout_s=1.0)
    assert TOKEN not in str(caught.value)
    assert len(server.calls) == 1
