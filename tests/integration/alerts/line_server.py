"""A server on loopback that speaks LINE's Messaging API: as strict as the real one, with its words for refusals."""

from __future__ import annotations

import json
import re
import socket
import threading
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "line-channel-access-token/abc+def=="
USER = "U" + "0123456789abcdef" * 2
_TO = re.compile(r"[UCR][0-9a-f]{32}")


@dataclass
class Fault:
    """What the server does instead of its work."""

    status: int = 500
    body: dict[str, Any] | bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    hang: bool = False
    hang_up: bool = False
    after_work: bool = False


@dataclass
class Call:
    """One request that arrived."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass
class Told:
    """A message as it was accepted; no `to`: a broadcast."""

    to: str | list[str] | None
    messages: list[dict[str, Any]]
    silent: bool


class Refusal(Exception):
    def __init__(
        self, status: int, message: str, *details: tuple[str, str], headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}
        self.body: dict[str, Any] = {"message": message}
        if details:
            self.body["details"] = [{"property": where, "message": what} for where, what in details]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, *_: object) -> None:
        """Broken connections are what some tests are about."""


class LineServer:
    """`faults` are for the next calls, one after the other."""

    def __init__(self) -> None:
        self.tokens = {TOKEN}
        self.told: list[Told] = []
        self.calls: list[Call] = []
        self.faults: deque[Fault] = deque()
        self.monthly_limit: int | None = None
        self.released = threading.Event()
        self._accepted: dict[str, tuple[str, list[dict[str, str]]]] = {}
        self._lock = threading.Lock()
        serve: Callable[[BaseHTTPRequestHandler], None] = self._serve

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                serve(self)

            def do_GET(self) -> None:
                serve(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        raw = handler.rfile.read(int(handler.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in handler.headers.items()}
        with self._lock:
            try:
                body = json.loads(raw) if raw else {}
            except ValueError:
                body = {}
            call = Call(handler.path, headers, body)
            self.calls.append(call)
            fault = self.faults.popleft() if self.faults else None
            if fault is None or fault.after_work:
                status, answer, more = self._try(handler.command, call)
        if fault is not None:
            if fault.hang:
                self.released.wait(60)
            if fault.hang or fault.hang_up:
                handler.close_connection = True
                handler.connection.shutdown(socket.SHUT_RDWR)
                return
            content = fault.body if isinstance(fault.body, bytes) else json.dumps(fault.body or {}).encode()
            _send(handler, fault.status, content, fault.headers)
            return
        _send(handler, status, json.dumps(answer).encode(), more)

    def _try(self, verb: str, call: Call) -> tuple[int, dict[str, Any], dict[str, str]]:
        request = {"x-line-request-id": str(uuid.uuid4())}
        try:
            return 200, self._answer(verb, call, request["x-line-request-id"]), request
        except Refusal as error:
            return error.status, error.body, request | error.headers

    def _answer(self, verb: str, call: Call, request: str) -> dict[str, Any]:
        if call.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            said = "Authentication failed. Confirm that the access token in the authorization header is valid."
            raise Refusal(401, said)
        if verb == "GET":
            return self._about(call.path)
        kind = call.path.removeprefix("/v2/bot/message/")
        if kind not in ("push", "multicast", "broadcast"):
            raise Refusal(404, "Not found")
        is_push = kind == "push"
        _check(call, kind)
        key = call.headers.get("x-line-retry-key")
        if key is not None and key in self._accepted:
            request, sent = self._accepted[key]
            refused = Refusal(409, "The retry key is already accepted", headers={"x-line-accepted-request-id": request})
            refused.body |= {"sentMessages": sent} if is_push else {}
            raise refused
        if self.monthly_limit is not None and len(self.told) >= self.monthly_limit:
            raise Refusal(429, "You have reached your monthly limit.")
        messages = call.body["messages"]
        self.told.append(Told(call.body.get("to"), messages, call.body.get("notificationDisabled", False)))
        sent = [{"id": str(460000 + len(self.told) * 10 + index)} for index in range(len(messages))]
        if key is not None:
            self._accepted[key] = (request, sent)
        return {"sentMessages": sent} if is_push else {}

    def _about(self, path: str) -> dict[str, Any]:
        answers: dict[str, dict[str, Any]] = {
            "/v2/bot/info": {
                "userId": USER,
                "basicId": "@216ru",
                "displayName": "Argus",
                "chatMode": "bot",
                "markAsReadMode": "auto",
            },
            "/v2/bot/message/quota": {"type": "none"}
            if self.monthly_limit is None
            else {"type": "limited", "value": self.monthly_limit},
            "/v2/bot/message/quota/consumption": {"totalUsage": len(self.told)},
        }
        if path not in answers:
            raise Refusal(404, "Not found")
        return answers[path]


def _are_users(to: object) -> bool:
    return isinstance(to, list) and 1 <= len(to) <= 500 and all(re.fullmatch("U[0-9a-f]{32}", str(each)) for each in to)


def _check(call: Call, kind: str) -> None:
    if not call.headers.get("content-type", "").startswith("application/json"):
        raise Refusal(415, "Unsupported media type")
    body = call.body
    known = {"messages", "notificationDisabled", "customAggregationUnits"} | ({"to"} if kind != "broadcast" else set())
    if set(body) - known:
        raise Refusal(400, f"Unknown properties {sorted(set(body) - known)}")
    if kind == "push" and not _TO.fullmatch(str(body.get("to", ""))):
        raise Refusal(400, "The property, 'to', in the request body is invalid (line: -, column: -)")
    if kind == "multicast" and not _are_users(body.get("to")):
        raise Refusal(400, "The property, 'to', in the request body is invalid (line: -, column: -)")
    if not isinstance(body.get("notificationDisabled", False), bool):
        raise Refusal(400, "The request body could not be parsed as JSON")
    messages = body.get("messages")
    if not isinstance(messages, list) or not 1 <= len(messages) <= 5:
        raise Refusal(400, "The request body has 1 error(s)", ("messages", "Size must be between 1 and 5"))
    if details := [problem for index, each in enumerate(messages) for problem in _problems(each, f"messages[{index}]")]:
        raise Refusal(400, f"The request body has {len(details)} error(s)", *details)
    if (key := call.headers.get("x-line-retry-key")) is not None:
        try:
            uuid.UUID(key)
        except ValueError:
            raise Refusal(400, "The retry key is invalid") from None


def _problems(message: dict[str, Any], where: str) -> list[tuple[str, str]]:
    if message.get("type") == "text":
        if set(message) != {"type", "text"}:
            return [(where, f"Unknown properties {sorted(message)}")]
        length = len(message["text"].encode("utf-16-le")) // 2
        if not message["text"].strip():
            return [(f"{where}.text", "May not be empty")]
        return [(f"{where}.text", "Length must be between 0 and 5000")] if length > 5000 else []
    if message.get("type") == "image":
        if set(message) != {"type", "originalContentUrl", "previewImageUrl"}:
            return [(where, f"Unknown properties {sorted(message)}")]
        urls = {name: message[name] for name in ("originalContentUrl", "previewImageUrl")}
        return [
            (f"{where}.{name}", "Must be a valid HTTPS URL")
            for name, url in urls.items()
            if not url.startswith("https://") or len(url) > 2000
        ]
    return [(f"{where}.type", "Must be one of the following values: [text, image, …]")]


def _send(handler: BaseHTTPRequestHandler, status: int, content: bytes, headers: dict[str, str]) -> None:
    handler.send_response(status)
    for name, value in {
        "content-type": "application/json",
        "content-length": str(len(content)),
        **headers,
    }.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(content)
