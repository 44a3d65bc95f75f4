"""The webhook receiver: what it takes, what it refuses, and what it counts."""

from __future__ import annotations

import base64
import io
import json
import socket
from collections.abc import Mapping

import httpx
import pytest
from rich.console import Console

from services.alerts.signature import sign
from services.cli.demo.receiver import Delivery, WebhookReceiver, delivery_line

SECRET = "whsec_" + base64.b64encode(b"a secret of some length").decode()
NOW_S = 1_700_000_000
BODY = {
    "event_type": "alert",
    "camera_id": "cam-1",
    "camera_name": "Yard",
    "detection_type": "person",
    "confidence": 0.9,
}


def receiver(**options: object) -> WebhookReceiver:
    return WebhookReceiver(**{"secret": SECRET, "now": lambda: float(NOW_S)} | options)  # type: ignore[arg-type]


def signed(
    body: Mapping[str, object] = BODY, *, webhook_id: str = "msg_1", at_s: int = NOW_S, secret: str = SECRET
) -> tuple[dict[str, str], bytes]:
    raw = json.dumps(body).encode()
    headers = {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(at_s),
        "webhook-signature": sign(secret, message_id=webhook_id, timestamp_s=at_s, body=raw),
    }
    return headers, raw


def post(url: str, headers: Mapping[str, str], raw: bytes) -> int:
    return httpx.post(url, headers=headers, content=raw, timeout=5, trust_env=False).status_code


def test_a_signed_delivery_is_taken_and_verified() -> None:
    with receiver() as taker:
        assert post(taker.url, *signed()) == 204
        assert taker.wait_for(1, timeout_s=5)
    (delivery,) = taker.received
    assert (delivery.webhook_id, delivery.verified, delivery.doubled, delivery.body) == ("msg_1", True, False, BODY)
    assert delivery.received_at_s == NOW_S


def test_the_example_of_the_standard_is_verified() -> None:
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    with receiver(secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", now=lambda: 1614265330.0) as taker:
        assert post(taker.url, headers, b'{"test": 2432232314}') == 204


def test_one_right_signature_among_several_is_enough() -> None:
    headers, raw = signed()
    headers["webhook-signature"] = "v1,b2xk v2,x " + headers["webhook-signature"]
    with receiver() as taker:
        assert post(taker.url, headers, raw) == 204


WRONG = {
    "another secret": signed(secret="whsec_" + base64.b64encode(b"another").decode()),
    "another body": (signed()[0], b'{"camera_id":"cam-2"}'),
    "another id": (signed()[0] | {"webhook-id": "msg_2"}, signed()[1]),
    "no signature": ({"webhook-id": "msg_1", "webhook-timestamp": str(NOW_S)}, signed()[1]),
    "no id": signed(webhook_id=""),
    "a time that is no number": (signed()[0] | {"webhook-timestamp": "yesterday"}, signed()[1]),
    "a request of six minutes ago": signed(at_s=NOW_S - 360),
    "a request from the future": signed(at_s=NOW_S + 360),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_not_signed_rightly_is_refused(case: str) -> None:
    seen: list[Delivery] = []
    with receiver(on_delivery=seen.append) as taker:
        assert post(taker.url, *WRONG[case]) == 401
    assert (taker.received, taker.refused) == ((), 1)


def test_a_delivery_that_comes_again_is_counted_and_not_kept_twice() -> None:
    with receiver() as taker:
        for webhook_id in ("msg_1", "msg_2", "msg_1", "msg_1"):
            assert post(taker.url, *signed(webhook_id=webhook_id)) == 204
    assert [delivery.webhook_id for delivery in taker.received] == ["msg_1", "msg_2"]
    assert (taker.doubled, taker.refused) == (2, 0)


def test_a_delivery_after_a_refused_try_is_not_doubled() -> None:
    answers = iter([500, 204])
    with receiver(answer=lambda _: next(answers)) as taker:
        assert [post(taker.url, *signed()) for _ in range(2)] == [500, 204]
    assert (len(taker.received), taker.doubled, taker.refused) == (1, 0, 1)


def test_without_a_secret_everything_is_taken_as_unverified() -> None:
    with receiver(secret=None) as taker:
        assert post(taker.url, {}, b"{}") == 204
        assert post(taker.url, {}, b"{}") == 204
    assert [delivery.verified for delivery in taker.received] == [False, False]


@pytest.mark.parametrize("raw", [b"", b"[]", b"\xff\xfe", b"{", b"17"])
def test_a_body_that_is_no_json_object_is_refused(raw: bytes) -> None:
    with receiver(secret=None) as taker:
        assert post(taker.url, {}, raw) == 400
    assert taker.refused == 1


def test_a_body_of_two_mebibytes_is_refused_unread() -> None:
    with receiver() as taker:
        host, port = taker.url.split("/")[2].split(":")
        with socket.create_connection((host, int(port)), timeout=5) as client:
            client.sendall(b"POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 2097152\r\n\r\n")
            assert b" 413 " in client.recv(1000)


def test_another_path_is_not_found() -> None:
    with receiver() as taker:
        assert post(taker.url.replace("/webhook", "/elsewhere"), *signed()) == 404


def test_a_callback_that_fails_harms_nobody() -> None:
    def fail(_: Delivery) -> None:
        raise RuntimeError("the callback fails")

    with receiver(on_delivery=fail) as taker:
        assert [post(taker.url, *signed(webhook_id=name)) for name in ("msg_1", "msg_2")] == [204, 204]
        assert taker.wait_for(2, timeout_s=5)


def test_waiting_ends_when_the_time_is_over() -> None:
    with receiver() as taker:
        assert not taker.wait_for(1, timeout_s=0.01)


def test_the_port_is_free_again_after_the_block() -> None:
    with receiver() as taker:
        url = taker.url
    assert taker.url == url
    with pytest.raises(httpx.ConnectError):
        post(url, *signed())


def test_a_delivery_is_one_line_that_says_what_and_where() -> None:
    screen = io.StringIO()
    console = Console(file=screen, width=60, force_terminal=True)
    with receiver(console=console) as taker:
        post(taker.url, *signed())
        post(taker.url, *signed())
    lines = screen.getvalue().splitlines()
    assert len(lines) == 2
    assert all(word in lines[0] for word in ("ALERT", "person", "Yard", "90%", "signed", "\x1b["))
    assert "delivered before" in lines[1]


def test_control_characters_do_not_reach_the_terminal() -> None:
    body = {"detection_type": "per\x1b[2Json\n", "camera_id": "cam"}
    line = delivery_line(Delivery("msg\r1", body, {}, float(NOW_S), verified=False))
    assert line.plain.isprintable()
