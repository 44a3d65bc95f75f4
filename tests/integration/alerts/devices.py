"""Devices on loopback that speak the protocols of real relays, and refuse what those would refuse."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from urllib.request import parse_http_list

USER, PASSWORD = "admin", "open sesame"


@dataclass(frozen=True)
class Answer:
    status: int = 200
    body: Any = None
    headers: tuple[tuple[str, str], ...] = ()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Broken connections are what some tests are about."""


class Device:
    """A relay. `switched` says when it changed, to what, and who did it: a request or its own timer."""

    def __init__(self, *, password: bool = False) -> None:
        self.protected = password
        self.switched: list[tuple[float, bool, str]] = []
        self.requests: list[str] = []
        self.answer_instead: Answer | None = None
        self.hanging = False
        self.released = threading.Event()
        self._timer: threading.Timer | None = None
        device = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                device._serve(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def on(self) -> bool:
        return bool(self.switched) and self.switched[-1][1]

    def turn(self, on: object, *, by: str = "request", off_after_s: float | None = None) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.switched.append((time.monotonic(), bool(on), by))
        if on and off_after_s:
            self._timer = threading.Timer(off_after_s, self.turn, args=(False,), kwargs={"by": "timer"})
            self._timer.daemon = True
            self._timer.start()

    def states(self) -> list[tuple[bool, str]]:
        return [(on, by) for _, on, by in list(self.switched)]

    def is_command(self, path: str) -> bool:
        """Whether the request would switch the device."""
        raise NotImplementedError

    def answer(self, path: str, query: dict[str, str], authorization: str, uri: str) -> Answer:
        raise NotImplementedError

    def close(self) -> None:
        self.released.set()
        if self._timer is not None:
            self._timer.cancel()
        self._server.shutdown()
        self._server.server_close()

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        self.requests.append(handler.path)
        parts = urlsplit(handler.path)
        pairs = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
        commanding = self.is_command(handler.path)
        if self.hanging and commanding:
            self.released.wait(60)
        if self.answer_instead is not None and commanding:
            answer = self.answer_instead
        elif len(dict(pairs)) != len(pairs):
            answer = Answer(400, "a parameter twice")
        else:
            answer = self.answer(parts.path, dict(pairs), handler.headers.get("authorization", ""), handler.path)
        body = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
        handler.send_response(answer.status)
        for name, value in (*answer.headers, ("content-length", str(len(body)))):
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body.encode())


class ShellyGen1(Device):
    """Source: "Gen1 Device API", /shelly and /relay/{index}. Asks for Basic."""

    def is_command(self, path: str) -> bool:
        return path.startswith("/relay/")

    def answer(self, path: str, query: dict[str, str], authorization: str, uri: str) -> Answer:
        if path == "/shelly" and not query:
            return Answer(
                body={
                    "type": "SHSW-1",
                    "mac": "98CDAC0D01BB",
                    "auth": self.protected,
                    "fw": "20230913",
                    "num_outputs": 1,
                }
            )
        expected = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.protected and authorization != expected:
            return Answer(401, "401 Unauthorized", (("www-authenticate", 'Basic realm="shelly1"'),))
        if path != "/relay/0":
            return Answer(404, "Not Found")
        if not set(query) <= {"turn", "timer"} or query.get("turn") not in ("on", "off"):
            return Answer(400, "Bad turn!")
        if not re.fullmatch(r"\d+", query.get("timer", "0")):
            return Answer(400, "Bad timer!")
        timer_s = int(query.get("timer", "0"))
        self.turn(query["turn"] == "on", off_after_s=timer_s or None)
        return Answer(
            body={
                "ison": self.on,
                "has_timer": self.on and timer_s > 0,
                "timer_started": 1700000000 if timer_s else 0,
                "timer_duration": timer_s,
                "timer_remaining": timer_s,
                "overpower": False,
                "source": "http",
            }
        )


class ShellyGen2(Device):
    """Source: "Gen2+ Device API", Switch.Set over HTTP GET, and Authentication: Digest with SHA-256."""

    def __init__(self, *, password: bool = False) -> None:
        super().__init__(password=password)
        self._nonces: set[str] = set()

    def is_command(self, path: str) -> bool:
        return path.startswith("/rpc/")

    def answer(self, path: str, query: dict[str, str], authorization: str, uri: str) -> Answer:
        if path == "/shelly" and not query:
            about = {"name": None, "id": "shellyplus1-a8032abe54dc", "mac": "A8032ABE54DC", "model": "SNSW-001X16EU"}
            return Answer(body={**about, "gen": 2, "ver": "1.4.4", "app": "Plus1", "auth_en": self.protected})
        if self.protected and not self._is_signed(authorization, uri):
            nonce = secrets.token_hex(8)
            self._nonces.add(nonce)
            challenge = f'Digest qop="auth", realm="shellyplus1-a8032abe54dc", nonce="{nonce}", algorithm=SHA-256'
            return Answer(401, "", (("www-authenticate", challenge),))
        if path != "/rpc/Switch.Set":
            return Answer(404, {"code": 404, "message": f"No handler for {path}"})
        if query.get("id") != "0":
            return Answer(500, {"code": -105, "message": f"Argument 'id', value {query.get('id')} not found!"})
        if not set(query) <= {"id", "on", "toggle_after"} or query.get("on") not in ("true", "false"):
            return Answer(500, {"code": -103, "message": "Invalid argument 'on'!"})
        was_on, after = self.on, float(query.get("toggle_after", "0"))
        self.turn(query["on"] == "true", off_after_s=after or None)
        return Answer(body={"was_on": was_on})

    def _is_signed(self, authorization: str, uri: str) -> bool:
        if not authorization.startswith("Digest "):
            return False
        pairs = (item.partition("=") for item in parse_http_list(authorization.removeprefix("Digest ")))
        said = {name.strip(): value.strip().strip('"') for name, _, value in pairs}
        if said.get("uri") != uri or said.get("nonce") not in self._nonces or said.get("algorithm") != "SHA-256":
            return False
        first = _sha256(f"{USER}:{said['realm']}:{PASSWORD}")
        second = _sha256(f"GET:{uri}")
        middle = ":".join(said[name] for name in ("nonce", "nc", "cnonce", "qop"))
        return said.get("response") == _sha256(f"{first}:{middle}:{second}")


class Tasmota(Device):
    """Source: Tasmota's "Commands": one relay, commands over /cm, `user` and `password` in the query."""

    def __init__(self, *, password: bool = False) -> None:
        super().__init__(password=password)
        self.pulse_time = 0

    def is_command(self, path: str) -> bool:
        return path.startswith("/cm")

    def answer(self, path: str, query: dict[str, str], authorization: str, uri: str) -> Answer:
        if path != "/cm" or "cmnd" not in query:
            return Answer(404, "File Not Found")
        if self.protected and (query.get("user"), query.get("password")) != (USER, PASSWORD):
            return Answer(401, {"WARNING": "Need user=<username>&password=<password>"})
        command, _, value = query["cmnd"].partition(" ")
        if command.lower() in ("pulsetime", "pulsetime1"):
            self.pulse_time = int(value)
            return Answer(body={"PulseTime1": {"Set": self.pulse_time, "Remaining": 0}})
        if command.lower() in ("power", "power1") and value.upper() in ("ON", "OFF"):
            seconds = self.pulse_time / 10 if self.pulse_time <= 111 else self.pulse_time - 100
            self.turn(value.upper() == "ON", off_after_s=seconds or None)
            return Answer(body={"POWER": "ON" if self.on else "OFF"})
        return Answer(body={"Command": "Unknown"})


class Plain(Device):
    """Anything with one URL for on and one for off. Without a timer."""

    def is_command(self, path: str) -> bool:
        return path in ("/on", "/off")

    def answer(self, path: str, query: dict[str, str], authorization: str, uri: str) -> Answer:
        if path not in ("/on", "/off") or query:
            return Answer(404, "Not Found")
        self.turn(path == "/on")
        return Answer(body="ok")


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
