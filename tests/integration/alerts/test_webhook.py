"""The webhook channel alone, against a real server that behaves well or badly."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator

import pytest
from cryptography.fernet import Fernet

from services.alerts.channel import Parcel
from services.alerts.channels.webhook import Endpoint, WebhookChannel, WebhookOptions
from services.alerts.notice import Notice
from services.alerts.signature import sign
from shared.db.secrets import SecretBox
from shared.domain.errors import ArgusError, Permanent, Transient
from shared.messages.events import EventRaised
from shared.net import Poster
from tests.integration.alerts.receiver import Answer, Receiver

PARCEL = Parcel("delivery-1", 1, Notice.of(EventRaised.example()))


def channel(
    *, addresses: list[str] | None = None, allow_private: bool = True, timeout_s: float = 10.0
) -> WebhookChannel:
    """A channel whose names resolve to the addresses, one after the other."""
    left = list(addresses or ["127.0.0.1"])

    def resolver(host: str, port: int) -> list[str]:
        return [left.pop(0)]

    poster = Poster(allow_private=allow_private, timeout_s=timeout_s, resolver=resolver)
    box = SecretBox(Fernet.generate_key().decode())
    return WebhookChannel(poster, box, options=WebhookOptions(), timeout_s=timeout_s, allow_private=allow_private)


@pytest.fixture
def webhook() -> Iterator[WebhookChannel]:
    made = channel(addresses=["127.0.0.1"] * 9)
    yield made
    made.close()


def endpoint(receiver: Receiver, **fields: object) -> Endpoint:
    return Endpoint(url=receiver.url("/hook"), events=frozenset({"detection"}), **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("answer", "error", "reason"),
    [
        (Answer(status=204, body=b""), None, ""),
        (Answer(status=202), None, ""),
        (Answer(body=b"x" * 5_000_000), None, ""),
        (Answer(headers={"content-length": "100"}, body=b"cut short"), None, ""),
        (Answer(status=500, body=b"database on fire"), Transient, "HTTP 500: database on fire"),
        (Answer(status=503), Transient, "HTTP 503"),
        (Answer(status=408), Transient, "HTTP 408"),
        (Answer(status=425), Transient, "HTTP 425"),
        (Answer(status=429), Transient, "HTTP 429"),
        (Answer(status=500, body=b"x" * 5_000_000), Transient, "HTTP 500: xxx"),
        (Answer(hang_up=True), Transient, "disconnected"),
        (Answer(delay_s=30), Transient, "within 1 s"),
        (Answer(drip_s=0.1), Transient, "within 1 s"),
        (Answer(status=302, headers={"location": "/elsewhere"}), Permanent, "redirects are not followed"),
        (Answer(status=400), Permanent, "HTTP 400"),
        (Answer(status=401), Permanent, "HTTP 401"),
        (Answer(status=404), Permanent, "HTTP 404"),
        (Answer(status=410), Permanent, "HTTP 410"),
    ],
)
def test_what_the_receiver_does_decides_how_it_ends(
    receiver: Receiver, answer: Answer, error: type[ArgusError] | None, reason: str
) -> None:
    # Whoever does not end takes all the time there is.
    is_endless = bool(answer.delay_s or answer.drip_s or "content-length" in answer.headers)
    webhook = channel(timeout_s=1.0 if is_endless else 10.0)
    receiver.answers["/hook"] = answer
    started = time.monotonic()
    if error is None:
        assert webhook.send(endpoint(receiver), PARCEL).detail["status"] == answer.status
    else:
        with pytest.raises(error, match=reason):
            webhook.send(endpoint(receiver), PARCEL)
    assert time.monotonic() - started < 6  # a second for the endless, on a machine that does nothing else
    assert len(receiver.requests) == 1
    webhook.close()


def test_nobody_listening_is_worth_another_try(webhook: WebhookChannel, receiver: Receiver) -> None:
    receiver.close()
    with pytest.raises(Transient, match="Connect"):
        webhook.send(endpoint(receiver), PARCEL)


def test_a_connection_is_used_again(receiver: Receiver) -> None:
    webhook = channel(addresses=["127.0.0.1"])  # a second look-up would find nothing
    for _ in range(3):
        webhook.send(endpoint(receiver), PARCEL)
    assert len(receiver.requests) == 3
    webhook.close()


@pytest.mark.parametrize(
    ("auth", "header", "value"),
    [
        ({"auth_type": "bearer", "token": "t-1"}, "authorization", "Bearer t-1"),
        ({"auth_type": "basic", "token": "anna:pw"}, "authorization", "Basic " + base64.b64encode(b"anna:pw").decode()),
        ({"auth_type": "header", "auth_name": "X-Token", "token": "t-1"}, "x-token", "t-1"),
    ],
)
def test_the_request_carries_what_the_receiver_knows_us_by(
    webhook: WebhookChannel, receiver: Receiver, auth: dict[str, str], header: str, value: str
) -> None:
    webhook.send(endpoint(receiver, **auth), PARCEL)
    assert receiver.requests[0].headers[header] == value


@pytest.mark.parametrize(
    "auth",
    [
        {"auth_type": "bearer", "token": "a\r\nx-evil: 1"},
        {"auth_type": "header", "auth_name": "x-ok\r\nx-evil", "token": "t"},
        {"auth_type": "header", "auth_name": "Host", "token": "evil"},
    ],
)
def test_what_cannot_be_a_header_is_never_sent_nor_shown(
    webhook: WebhookChannel, receiver: Receiver, auth: dict[str, str]
) -> None:
    with pytest.raises(Permanent) as caught:
        webhook.send(endpoint(receiver, **auth), PARCEL)
    assert "evil" not in str(caught.value)
    assert receiver.requests == []


def test_a_token_that_the_receiver_repeats_is_not_shown(webhook: WebhookChannel, receiver: Receiver) -> None:
    receiver.answers["/hook"] = Answer(status=401, body=b"no such token: t-secret-1")
    with pytest.raises(Permanent, match=r"^HTTP 401: no such token: \*\*\*$"):
        webhook.send(endpoint(receiver, auth_type="bearer", token="t-secret-1"), PARCEL)


def test_a_webhook_with_a_secret_is_signed(webhook: WebhookChannel, receiver: Receiver) -> None:
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    webhook.send(endpoint(receiver, secret=secret), PARCEL)
    (request,) = receiver.requests
    sent_at = int(request.headers["webhook-timestamp"])
    assert abs(sent_at - time.time()) < 30
    expected = sign(secret, message_id=request.delivery, timestamp_s=sent_at, body=request.raw)
    assert request.headers["webhook-signature"] == expected


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1"])
def test_a_name_that_leads_to_an_address_of_our_own_is_refused(receiver: Receiver, address: str) -> None:
    webhook = channel(addresses=[address], allow_private=False)
    target = Endpoint(url=f"http://innocent.example:{receiver.port}/hook", events=frozenset({"detection"}))
    with pytest.raises(Permanent, match="not a public address"):
        webhook.send(target, PARCEL)
    assert receiver.requests == []


def test_the_clouds_metadata_are_out_of_reach_even_where_private_addresses_are_allowed() -> None:
    webhook = channel(addresses=["169.254.169.254"])
    with pytest.raises(Permanent, match="not a public address"):
        webhook.send(Endpoint(url="http://innocent.example/hook", events=frozenset({"detection"})), PARCEL)


def test_the_address_that_was_checked_is_the_one_that_is_connected_to(receiver: Receiver) -> None:
    """A name that would answer differently the second time gains nothing: there is no second time."""
    webhook = channel(addresses=["127.0.0.1"])
    webhook.send(Endpoint(url=f"http://innocent.example:{receiver.port}/hook", events=frozenset({"detection"})), PARCEL)
    assert receiver.requests[0].headers["host"] == f"innocent.example:{receiver.port}"


def test_a_name_that_cannot_be_resolved_is_worth_another_try() -> None:
    def resolver(host: str, port: int) -> list[str]:
        raise OSError(-2, "Name or service not known")

    poster = Poster(allow_private=False, timeout_s=1.0, resolver=resolver)
    box = SecretBox(Fernet.generate_key().decode())
    webhook = WebhookChannel(poster, box, options=WebhookOptions(), timeout_s=1.0, allow_private=False)
    with pytest.raises(Transient, match="Name or service not known"):
        webhook.send(Endpoint(url="https://nowhere.example/", events=frozenset({"detection"})), PARCEL)
