"""A server on loopback that speaks the Bot API: as strict as the real one, with its words for what it refuses."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

from tests.integration.alerts.telegram_html import NotHtml, parsed

TOKEN = "123456:AAH-abcdefghijklmnopqrstuvwxyz01234"


@dataclass
class Room:
    """A chat that the bots are in."""

    id: int
    type: str = "private"
    username: str | None = None
    threads: frozenset[int] = frozenset()
    blocked: bool = False
    moved_to: int | None = None

    @property
    def json(self) -> dict[str, Any]:
        return {"id": self.id, "type": self.type, **({"username": self.username} if self.username else {})}


@dataclass
class Shown:
    """A message as the people in the chat see it."""

    id: int
    chat: Room
    words: str
    html: str
    photo: bytes | None = None
    keyboard: list[list[dict[str, str]]] = field(default_factory=list)
    silent: bool = False
    thread_id: int | None = None
    edits: int = 0

    @property
    def json(self) -> dict[str, Any]:
        picture = [{"file_id": "p1", "file_unique_id": "u1", "width": 320, "height": 180}]
        return {
            "message_id": self.id,
            "date": int(time.time()),
            "chat": self.chat.json,
            **({"photo": picture, "caption": self.words} if self.photo is not None else {"text": self.words}),
            **({"reply_markup": {"inline_keyboard": self.keyboard}} if self.keyboard else {}),
        }


@dataclass
class Fault:
    """What the server does instead of its work."""

    status: int = 500
    body: dict[str, Any] | bytes | None = None
    hang: bool = False
    hang_up: bool = False

    @classmethod
    def flood(cls, seconds: int) -> Fault:
        said = f"Too Many Requests: retry after {seconds}"
        body = {"ok": False, "error_code": 429, "description": said, "parameters": {"retry_after": seconds}}
        return cls(429, body)


class Refusal(Exception):
    def __init__(self, code: int, description: str, **parameters: Any) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


@dataclass
class Call:
    """One request that arrived."""

    method: str
    token: str
    fields: dict[str, str]
    files: dict[str, bytes]
    at: float


# method: (required, also allowed)
_SCHEMA: dict[str, tuple[set[str], set[str]]] = {
    "sendMessage": (
        {"chat_id", "text"},
        {"parse_mode", "message_thread_id", "disable_notification", "link_preview_options", "reply_markup"},
    ),
    "sendPhoto": (
        {"chat_id", "photo"},
        {"caption", "parse_mode", "message_thread_id", "disable_notification", "reply_markup"},
    ),
    "editMessageText": (
        {"chat_id", "message_id", "text"},
        {"parse_mode", "link_preview_options", "reply_markup"},
    ),
    "editMessageCaption": ({"chat_id", "message_id"}, {"caption", "parse_mode", "reply_markup"}),
    "editMessageReplyMarkup": ({"chat_id", "message_id"}, {"reply_markup"}),
    "answerCallbackQuery": ({"callback_query_id"}, {"text", "show_alert"}),
    "setWebhook": ({"url"}, {"secret_token", "allowed_updates"}),
    "getUpdates": (set(), {"offset", "limit", "timeout", "allowed_updates"}),
}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, *_: object) -> None:
        """Broken connections are what some tests are about."""


class TelegramServer:
    """`faults` are for the next calls of a method (`*`: of any), one after the other."""

    def __init__(self) -> None:
        self.tokens = {TOKEN}
        self.chats: dict[int, Room] = {7: Room(7)}
        self.shown: list[Shown] = []
        self.calls: list[Call] = []
        self.faults: dict[str, deque[Fault]] = {}
        self.answered: dict[str, str | None] = {}
        self.webhook_set = False
        self.conflicts = 0
        self.released = threading.Event()
        self._queries: set[str] = set()
        self._updates: dict[str, list[dict[str, Any]]] = {}
        self._polls: dict[str, int] = {}
        self._number = 100
        self._changed = threading.Condition(threading.RLock())
        serve: Callable[[BaseHTTPRequestHandler], None] = self._serve

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                serve(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.released.set()
        with self._changed:
            self._changed.notify_all()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)

    def fail(self, *faults: Fault, method: str = "*") -> None:
        self.faults.setdefault(method, deque()).extend(faults)

    def of(self, method: str) -> list[Call]:
        return [call for call in list(self.calls) if call.method == method]

    @property
    def is_asked(self) -> bool:
        """Whether a question waits for updates, or has waited."""
        return bool(self._polls)

    def press(self, data: str, *, message: Shown, chat: Room | None = None, token: str = TOKEN) -> str:
        """Somebody presses a button; the id of the query. Another `chat` than the message's: with a forged client."""
        with self._changed:
            self._number += 1
            query = f"q{self._number}"
            self._queries.add(query)
            told = {**message.json, "chat": (chat or message.chat).json}
            sender = {"id": 55, "is_bot": False, "first_name": "Anna", "username": "anna"}
            callback = {"id": query, "from": sender, "chat_instance": "i", "data": data, "message": told}
            self._updates.setdefault(token, []).append({"update_id": self._number, "callback_query": callback})
            self._changed.notify_all()
            return query

    def forget_queries(self) -> None:
        """All queries are too old to be answered."""
        self._queries.clear()

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        raw = handler.rfile.read(int(handler.headers.get("content-length", 0)))
        token, _, method = handler.path.removeprefix("/bot").partition("/")
        fields, files = _form(handler.headers.get("content-type", ""), raw)
        call = Call(method, token, fields, files, time.monotonic())
        with self._changed:
            self.calls.append(call)
            queue = self.faults.get(method) or self.faults.get("*")
            fault = queue.popleft() if queue else None
        if fault is not None:
            self._fail(handler, fault)
            return
        try:
            reply = {"ok": True, "result": self._answer(call)}
            _send(handler, 200, json.dumps(reply).encode())
        except Refusal as error:
            refused = {"ok": False, "error_code": error.code, "description": error.description}
            _send(handler, error.code, json.dumps({**refused, **error.parameters}).encode())

    def _fail(self, handler: BaseHTTPRequestHandler, fault: Fault) -> None:
        if fault.hang:
            self.released.wait(60)
        if fault.hang or fault.hang_up:
            handler.close_connection = True
            handler.connection.shutdown(socket.SHUT_RDWR)
            return
        body = fault.body if isinstance(fault.body, bytes) else json.dumps(fault.body or {"ok": False}).encode()
        _send(handler, fault.status, body)

    def _answer(self, call: Call) -> Any:
        if call.token not in self.tokens:
            raise Refusal(401, "Unauthorized") if ":" in call.token else Refusal(404, "Not Found")
        if call.method not in _SCHEMA:
            raise Refusal(404, "Not Found")
        required, allowed = _SCHEMA[call.method]
        given = {name for name, value in call.fields.items() if value} | set(call.files)
        for name in sorted(required - given):
            raise Refusal(400, f"Bad Request: {_MISSING.get(name, f'{name} is empty')}")
        unknown = set(call.fields) | set(call.files)
        if unknown := unknown - required - allowed:
            raise Refusal(400, f"Bad Request: unknown parameters {sorted(unknown)}")
        if call.method == "getUpdates":
            return self._get_updates(call)
        with self._changed:
            return _METHODS[call.method](self, call.fields, call.files)

    def send_message(self, fields: dict[str, str], files: dict[str, bytes]) -> Any:
        return self._show(fields, words=_words(fields, "text", most=4096), html=fields["text"])

    def send_photo(self, fields: dict[str, str], files: dict[str, bytes]) -> Any:
        photo = files.get("photo")
        if not photo:
            raise Refusal(400, "Bad Request: file must be non-empty")
        if not photo.startswith(b"\xff\xd8"):
            raise Refusal(400, "Bad Request: IMAGE_PROCESS_FAILED")
        words = _words(fields, "caption", most=1024)
        return self._show(fields, words=words, html=fields.get("caption", ""), photo=photo)

    def edit(self, fields: dict[str, str], files: dict[str, bytes], *, name: str | None) -> Any:
        message = self._message(fields)
        keyboard = _keyboard(fields)
        if name is None:
            words, html = message.words, message.html
        else:
            if (name == "text") != (message.photo is None):
                raise Refusal(400, f"Bad Request: there is no {name} in the message to edit")
            words, html = _words(fields, name, most=4096 if name == "text" else 1024), fields[name]
        if (words, html, keyboard) == (message.words, message.html, message.keyboard):
            raise Refusal(
                400,
                "Bad Request: message is not modified: specified new message content and reply markup are exactly the "
                "same as a current content and reply markup of the message",
            )
        message.words, message.html, message.keyboard = words, html, keyboard
        message.edits += 1
        return message.json

    def answer_query(self, fields: dict[str, str], files: dict[str, bytes]) -> Any:
        query, text = fields["callback_query_id"], fields.get("text")
        if query not in self._queries:
            said = "query is too old and response timeout expired or query ID is invalid"
            raise Refusal(400, f"Bad Request: {said}")
        if text is not None and len(text.encode("utf-16-le")) // 2 > 200:
            raise Refusal(400, "Bad Request: MESSAGE_TOO_LONG")
        self._queries.discard(query)
        self.answered[query] = text
        return True

    def set_webhook(self, fields: dict[str, str], files: dict[str, bytes]) -> Any:
        if not fields["url"].startswith("https://"):
            raise Refusal(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", fields.get("secret_token", "none")):
            raise Refusal(400, "Bad Request: secret token contains unallowed characters")
        self.webhook_set = True
        return True

    def _get_updates(self, call: Call) -> Any:
        if self.webhook_set:
            raise Refusal(409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook first")
        until = time.monotonic() + int(call.fields.get("timeout", "0"))
        with self._changed:
            self._polls[call.token] = mine = self._polls.get(call.token, 0) + 1
            self._changed.notify_all()
            waiting = self._updates.setdefault(call.token, [])
            if "offset" in call.fields:
                waiting[:] = [each for each in waiting if each["update_id"] >= int(call.fields["offset"])]
            while not waiting and time.monotonic() < until and not self.released.is_set():
                self._changed.wait(max(0.0, until - time.monotonic()))
                if self._polls[call.token] != mine:
                    self.conflicts += 1
                    raise Refusal(
                        409,
                        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is "
                        "running",
                    )
            return list(waiting)

    def _show(self, fields: dict[str, str], *, words: str, html: str, photo: bytes | None = None) -> Any:
        chat = self._chat(fields["chat_id"])
        thread = int(fields["message_thread_id"]) if "message_thread_id" in fields else None
        if thread is not None and thread not in chat.threads:
            raise Refusal(400, "Bad Request: message thread not found")
        silent = fields.get("disable_notification", "false")
        if silent not in ("true", "false"):
            raise Refusal(400, "Bad Request: can't parse disable_notification")
        self._number += 1
        keyboard = _keyboard(fields)
        message = Shown(self._number, chat, words, html, photo, keyboard, silent == "true", thread)
        self.shown.append(message)
        return message.json

    def _chat(self, text: str) -> Room:
        found = next(
            (each for each in self.chats.values() if text in (str(each.id), f"@{each.username}")),
            None,
        )
        if found is None:
            raise Refusal(400, "Bad Request: chat not found")
        if found.moved_to is not None:
            said = "Bad Request: group chat was upgraded to a supergroup chat"
            raise Refusal(400, said, parameters={"migrate_to_chat_id": found.moved_to})
        if found.blocked:
            raise Refusal(403, "Forbidden: bot was blocked by the user")
        return found

    def _message(self, fields: dict[str, str]) -> Shown:
        chat = self._chat(fields["chat_id"])
        wanted = int(fields["message_id"])
        found = next((each for each in self.shown if each.chat.id == chat.id and each.id == wanted), None)
        if found is None:
            raise Refusal(400, "Bad Request: message to edit not found")
        return found


_METHODS: dict[str, Callable[[TelegramServer, dict[str, str], dict[str, bytes]], Any]] = {
    "sendMessage": TelegramServer.send_message,
    "sendPhoto": TelegramServer.send_photo,
    "editMessageText": lambda server, fields, files: server.edit(fields, files, name="text"),
    "editMessageCaption": lambda server, fields, files: server.edit(fields, files, name="caption"),
    "editMessageReplyMarkup": lambda server, fields, files: server.edit(fields, files, name=None),
    "answerCallbackQuery": TelegramServer.answer_query,
    "setWebhook": TelegramServer.set_webhook,
}
_MISSING = {"text": "message text is empty", "photo": "there is no photo in the request"}


def _words(fields: dict[str, str], name: str, *, most: int) -> str:
    text = fields.get(name, "")
    mode = fields.get("parse_mode", "")
    if mode not in ("", "HTML"):
        raise Refusal(400, "Bad Request: unsupported parse_mode")
    try:
        words = parsed(text) if mode else text
    except NotHtml as error:
        raise Refusal(400, f"Bad Request: can't parse entities: {error}") from None
    if name == "text" and not words.strip():
        raise Refusal(400, "Bad Request: message text is empty")
    if len(words.encode("utf-16-le")) // 2 > most:
        raise Refusal(
            400, "Bad Request: message is too long" if name == "text" else "Bad Request: message caption is too long"
        )
    return words


def _keyboard(fields: dict[str, str]) -> list[list[dict[str, str]]]:
    if "reply_markup" not in fields:
        return []
    markup = json.loads(fields["reply_markup"])
    rows = markup.get("inline_keyboard") if isinstance(markup, dict) else None
    if not isinstance(rows, list) or set(markup) != {"inline_keyboard"}:
        raise Refusal(400, "Bad Request: object expected as reply markup")
    for button in (button for row in rows for button in row):
        if set(button) != {"text", "callback_data"} or not button["text"].strip():
            raise Refusal(400, "Bad Request: can't parse inline keyboard button: Text buttons are unallowed")
        if not 1 <= len(button["callback_data"].encode()) <= 64:
            raise Refusal(400, "Bad Request: BUTTON_DATA_INVALID")
    return rows


def _form(kind: str, raw: bytes) -> tuple[dict[str, str], dict[str, bytes]]:
    if kind.startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(raw.decode(), keep_blank_values=True)), {}
    if not kind.startswith("multipart/form-data"):
        return {}, {}
    message = BytesParser(policy=HTTP).parsebytes(b"content-type: " + kind.encode() + b"\r\n\r\n" + raw)
    fields: dict[str, str] = {}
    files: dict[str, bytes] = {}
    for part in message.iter_parts():  # type: ignore[attr-defined]
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True) or b""
        if part.get_filename() is not None:
            files[name] = content
        else:
            fields[name] = content.decode()
    return fields, files


def _send(handler: BaseHTTPRequestHandler, status: int, body: bytes) -> None:
    handler.send_response(status)
    handler.send_header("content-type", "application/json")
    handler.send_header("content-length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)
