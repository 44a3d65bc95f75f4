"""The VisionFlow dialect, asked in this process."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from werkzeug.test import TestResponse

from tests.unit.gateway.installation import PASSWORD, Api

RTSP = "rtsp://user:pass@camera1.example.com:554/stream"
CAMERA = {"name": "主入口攝影機", "stream_url": RTSP, "recognition": True, "location": "主入口"}


@dataclass
class Flow:
    """Asks as one of the accounts of `api`, each logged in at its first request. `who=None` brings no token."""

    api: Api
    logins: dict[str, dict[str, str]] = field(default_factory=dict)

    def ask(self, method: str, path: str, *, who: str | None = "alice", **kwargs: Any) -> TestResponse:
        token = {"Authorization": f"Bearer {self.login(who)['access_token']}"} if who else {}
        headers = {**token, **kwargs.pop("headers", {})}
        return self.api.ask(method, f"/visionflow{path}", who=None, headers=headers, **kwargs)

    def get(self, path: str, **kwargs: Any) -> TestResponse:
        return self.ask("GET", path, **kwargs)

    def post(self, path: str, body: object = None, **kwargs: Any) -> TestResponse:
        return self.ask("POST", path, **({"json": body} if body is not None else {}), **kwargs)

    def patch(self, path: str, body: object, **kwargs: Any) -> TestResponse:
        return self.ask("PATCH", path, json=body, **kwargs)

    def delete(self, path: str, **kwargs: Any) -> TestResponse:
        return self.ask("DELETE", path, **kwargs)

    def login(self, who: str) -> dict[str, str]:
        """The tokens of an account."""
        if who not in self.logins:
            answer = self.post("/login", {"username": who, "password": PASSWORD}, who=None)
            assert answer.status_code == 200, answer.text
            self.logins[who] = answer.json or {}
        return self.logins[who]

    def camera(self, *, who: str = "alice", **values: Any) -> int:
        """Add a camera; its id."""
        answer = self.post("/cameras", {**CAMERA, **values}, who=who)
        assert answer.status_code == 201, answer.text
        return int((answer.json or {})["data"]["id"])


def refusal(answer: TestResponse) -> tuple[int, str]:
    """Status and code of a refusal, which has the form of one."""
    assert answer.json is not None, answer.text
    assert list(answer.json)[:3] == ["status", "message", "error_code"], answer.text
    assert answer.json["status"] == "error"
    assert answer.json["message"]
    return answer.status_code, str(answer.json["error_code"])
