"""Which app answers: by the port that was asked, else by the longest prefix of the address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class Switchboard:
    """A WSGI application in front of others. The empty prefix takes what no other one does."""

    def __init__(
        self, *, by_prefix: Mapping[str, WSGIApplication], by_port: Mapping[int, WSGIApplication] | None = None
    ) -> None:
        self._by_prefix = sorted(by_prefix.items(), key=lambda item: len(item[0]), reverse=True)
        self._by_port = {str(port): app for port, app in (by_port or {}).items()}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        own = self._by_port.get(str(environ.get("SERVER_PORT", "")))
        if own is not None:
            return own(environ, start_response)
        path = str(environ.get("PATH_INFO", ""))
        for prefix, app in self._by_prefix:
            if not prefix:
                return app(environ, start_response)
            if path == prefix or path.startswith(prefix + "/"):
                environ["SCRIPT_NAME"] = str(environ.get("SCRIPT_NAME", "")) + prefix
                environ["PATH_INFO"] = path[len(prefix) :]
                return app(environ, start_response)
        raise LookupError("no dialect lives at the root")
