"""A real HTTP server on loopback that speaks the protocols of Ollama and OpenAI, as well or as badly as a test asks."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

GOOD = {
    "verdict": "confirmed",
    "reason": "Somebody tries the handle of the door.",
    "threat_level": 2,
    "description": "A person in dark clothes stands close to a door.",
}


def good(**changes: Any) -> str:
    """An answer that fits the schema."""
    return json.dumps({**GOOD, **changes})


@dataclass(frozen=True)
class Act:
    """What the server does with one question.

    `content` is what the model says. `status` other than 200 is an error with that text. `delay_s` passes before
    anything is sent; `hang` sends nothing until the server hangs up or stops; `drip_s` between the bytes; `cut` breaks
    off in the middle; `unfinished` ends well-formed before it is done; `raw` is sent instead of an answer of the
    protocol.
    """

    content: str = good()
    status: int = 200
    delay_s: float = 0.0
    hang: bool = False
    drip_s: float = 0.0
    cut: bool = False
    unfinished: bool = False
    raw: bytes | None = None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_: object) -> None:
        """Broken connections are what some tests are about."""


class ModelServer:
    """`acts` are taken one per question, then `usual` again and again; `questions` are the bodies that came."""

    def __init__(self) -> None:
        self.usual = Act()
        self.acts: list[Act] = []
        self.questions: list[dict[str, Any]] = []
        self.models = ["gemma3:latest"]
        self._over = threading.Event()
        owner = self

        class Handler(_Handler):
            server_of_models = owner

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> ModelServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def pictures(self, number: int = -1) -> list[str]:
        """The base64 pictures of a question."""
        content = self.questions[number]["messages"][1]
        if "images" in content:
            return list(content["images"])
        return [part["image_url"]["url"] for part in content["content"] if part["type"] == "image_url"]

    def text(self, number: int = -1) -> str:
        """The user's part of a question."""
        content = self.questions[number]["messages"][1]["content"]
        return content if isinstance(content, str) else next(p["text"] for p in content if p["type"] == "text")

    def system(self, number: int = -1) -> str:
        return str(self.questions[number]["messages"][0]["content"])

    def next_act(self) -> Act:
        return self.acts.pop(0) if self.acts else self.usual

    def hang_up(self) -> None:
        """Close the connections of all whom an act keeps waiting, now and from now on."""
        self._over.set()

    def wait(self, seconds: float) -> bool:
        return self._over.wait(seconds)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_of_models: ClassVar[ModelServer]

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        owner = self.server_of_models
        answers: dict[str, Any] = {
            "/api/version": {"version": "0.9.0"},
            "/api/tags": {"models": [{"name": name, "model": name} for name in owner.models]},
            "/v1/models": {"data": [{"id": name} for name in owner.models]},
        }
        self._whole(200 if self.path in answers else 404, json.dumps(answers.get(self.path, {})).encode())

    def do_POST(self) -> None:
        owner = self.server_of_models
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        owner.questions.append({**body, "path": self.path, "authorization": self.headers.get("authorization")})
        act = owner.next_act()
        if act.hang:
            owner.wait(60)
            self.close_connection = True
            return
        if act.delay_s and owner.wait(act.delay_s):
            return
        ways: dict[str, Callable[[dict[str, Any], Act], None]] = {
            "/api/chat": self._ollama,
            "/v1/chat/completions": self._openai,
        }
        ways[self.path](body, act)

    def _ollama(self, body: dict[str, Any], act: Act) -> None:
        if act.status != 200:
            text = f"model '{body['model']}' not found" if act.status == 404 else "the model ran out of memory"
            self._whole(act.status, json.dumps({"error": text}).encode())
        elif act.raw is not None:
            self._send(act.raw, act)
        elif body.get("stream"):
            parts = [act.content[start : start + 20] for start in range(0, len(act.content), 20)]
            lines = [self._part(body, part, done=False) for part in parts]
            lines += [] if act.unfinished else [self._part(body, "", done=True)]
            self._send(b"".join(line + b"\n" for line in lines), act, kind="application/x-ndjson")
        else:
            self._send(self._part(body, act.content, done=not act.unfinished), act)

    def _part(self, body: dict[str, Any], content: str, *, done: bool) -> bytes:
        said = {"model": body["model"], "message": {"role": "assistant", "content": content}, "done": done}
        return json.dumps(said | ({"done_reason": "stop"} if done else {})).encode()

    def _openai(self, body: dict[str, Any], act: Act) -> None:
        if act.status != 200:
            self._whole(act.status, json.dumps({"error": {"message": "no"}}).encode())
            return
        choice = {"index": 0, "message": {"role": "assistant", "content": act.content}, "finish_reason": "stop"}
        choices = [] if act.unfinished else [choice]
        self._send(act.raw if act.raw is not None else json.dumps({"id": "1", "choices": choices}).encode(), act)

    def _send(self, content: bytes, act: Act, *, kind: str = "application/json") -> None:
        if not (act.cut or act.drip_s):
            self._whole(200, content, kind=kind)
            return
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        for byte in content[: len(content) // 2] if act.cut else content:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            if act.drip_s and self.server_of_models.wait(act.drip_s):
                break
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _whole(self, status: int, content: bytes, *, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def took(act: Callable[[], object]) -> float:
    """How many seconds something takes."""
    started = time.monotonic()
    act()
    return time.monotonic() - started
