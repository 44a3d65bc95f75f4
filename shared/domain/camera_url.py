"""Where a camera's stream is: parsing, refusal of what cannot work, and a form that is safe to show."""

from __future__ import annotations

import os.path
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from os import PathLike
from typing import Literal
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from shared.domain.errors import UserError

SCHEMES = ("rtsp", "rtsps", "rtmp", "http", "https", "file")
MASK = "***"
MAX_LENGTH = 2048

_FIELD = "url"
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}(%25[A-Za-z0-9._-]+)?\]")
_SECRET_NAME = re.compile(r"pass|pwd|psw|secret|token|key|auth|sig|user|usr|login|account|credential", re.IGNORECASE)
# What may stand in a path unescaped: cameras compare paths literally, so nothing else is re-encoded.
_PATH_SAFE = "/%:@!$&'()*+,;=~"
_ESCAPE = "write signs such as @ / : # ? in the user name or password percent-encoded (%40 %2F %3A %23 %3F)"
_TRUE, _FALSE = frozenset({"1", "true", "yes", "on", ""}), frozenset({"0", "false", "no", "off"})


@dataclass(frozen=True, slots=True, repr=False)
class CameraUrl:
    """A camera's address. `repr` and `str` are masked: only `url` and the credentials show secrets.

    `url` is what a source opens: without the options that steer Argus, credentials percent-encoded.
    `path` is the absolute, resolved path of the file for `file`, else the path of the URL.
    """

    scheme: str
    url: str = field(repr=False)
    masked: str
    host: str = ""
    port: int | None = None
    username: str = ""
    password: str = ""
    path: str = ""
    transport: Literal["tcp", "udp"] = "tcp"
    loop: bool = False
    realtime: bool = True

    @classmethod
    def parse(
        cls,
        text: str,
        *,
        file_roots: Iterable[str | PathLike[str]],
        resolve: Callable[[str], str] = os.path.realpath,
    ) -> CameraUrl:
        """The address in `text`.

        `file://` addresses must lie below one of `file_roots` after `resolve` has followed links; whether the file
        exists is not asked. Raises `UserError` on the field `url`; its message never repeats credentials.
        """
        text = text.strip()
        scheme = _scheme_of(text)
        if scheme == "file":
            return _file(text, roots=[os.fspath(root) for root in file_roots], resolve=resolve)
        return _network(text, scheme)

    def __repr__(self) -> str:
        return f"CameraUrl({self.masked!r})"

    def __str__(self) -> str:
        return self.masked


def is_masked(text: str) -> bool:
    """Whether a client sent back what it was shown (or nothing): the stored address is to be kept."""
    text = text.strip()
    authority = re.match(r"[A-Za-z][A-Za-z0-9+.-]*://([^/?#]*)", text)
    in_authority = authority is not None and authority[1].startswith(f"{MASK}@")
    query = text.partition("?")[2].partition("#")[0]
    return not text or in_authority or any(part.endswith(f"={MASK}") for part in query.split("&"))


def mask_url(text: str) -> str:
    """Any text that should be an address, fit to be shown: unreadable ones are hidden altogether."""
    try:
        return CameraUrl.parse(text, file_roots=("/",), resolve=os.path.normpath).masked
    except UserError:
        scheme = _SCHEME.match(text.strip())
        known = scheme is not None and scheme[1].lower() in SCHEMES
        return f"{scheme[1].lower()}://{MASK}" if scheme is not None and known else MASK


def _scheme_of(text: str) -> str:
    if not text:
        raise UserError(_FIELD, "is empty", remedy="write something like rtsp://user:password@host/path")
    if len(text) > MAX_LENGTH:
        raise UserError(_FIELD, f"is longer than {MAX_LENGTH} characters", remedy="shorten it")
    if any(ord(char) < 0x20 or ord(char) == 0x7F for char in text):
        raise UserError(_FIELD, "holds control characters", remedy="remove them")
    match = _SCHEME.match(text)
    if match is None or not text[match.end() :].startswith("//"):
        raise UserError(_FIELD, "has no scheme", remedy=f"begin with one of {_schemes()}")
    scheme = match[1].lower()
    if scheme not in SCHEMES:
        # A scheme is no secret, yet a mistyped address may begin with anything: show only what looks like one.
        shown = f" {scheme!r}" if len(scheme) <= 12 else ""
        raise UserError(_FIELD, f"unsupported scheme{shown}", remedy=f"use one of {_schemes()}")
    return scheme


def _schemes() -> str:
    return ", ".join(f"{scheme}://" for scheme in SCHEMES)


def _network(text: str, scheme: str) -> CameraUrl:
    whole = text[text.index("//") + 2 :]
    rest = whole.partition("#")[0]
    split = min((at for at in (rest.find("/"), rest.find("?")) if at >= 0), default=len(rest))
    authority, tail = rest[:split], rest[split:]
    userinfo, _, address = authority.rpartition("@")
    host, port = _host_and_port(address, hint="@" in text)
    if ":" in address and not userinfo and "@" in whole:
        # admin:12/34@camera reads as the host "admin" with the port 12: better refused than shown.
        raise UserError(_FIELD, "has a bare @ after the host", remedy=f"{_ESCAPE}; in a path write %40")
    username, _, password = (unquote(part) for part in userinfo.partition(":"))
    if MASK in (username, password):
        raise UserError(_FIELD, "holds *** in place of the credentials", remedy="write the real user name and password")
    path, _, query = tail.partition("?")
    options, kept = _split_query(query, {"transport"} if scheme in ("rtsp", "rtsps") else set())
    shown = [*_without_secrets(kept), *(f"{name}={value}" for name, value in options.items())]
    location = quote(path, safe=_PATH_SAFE)
    place = f"{host}:{port}" if port is not None else host
    login = f"{quote(username, safe='')}:{quote(password, safe='')}@" if userinfo else ""
    return CameraUrl(
        scheme=scheme,
        url=f"{scheme}://{login}{place}{location}{_joined(kept)}",
        masked=f"{scheme}://{MASK + '@' if userinfo else ''}{place}{location}{_joined(shown)}",
        host=host.strip("[]"),
        port=port,
        username=username,
        password=password,
        path=path,
        transport=_transport(options.get("transport", "tcp")),
    )


def _host_and_port(address: str, *, hint: bool) -> tuple[str, int | None]:
    # Never repeat the address: with an unescaped sign in a password, a part of the password may stand here.
    match = re.fullmatch(r"(\[[^\]]*\]|[^:]*)(?::(.*))?", address)
    host, port = (match[1], match[2]) if match else ("", None)
    if match is None or not _HOST.fullmatch(host):
        remedy = _ESCAPE if hint else "write it as rtsp://host:port/path"
        raise UserError(_FIELD, "has no valid host", remedy=remedy)
    if not port:
        return host, None
    if not (port.isascii() and port.isdigit() and 0 < int(port[:6]) <= 65535):
        raise UserError(_FIELD, "has no valid port", remedy=_ESCAPE if hint else "use a port from 1 to 65535")
    return host, int(port)


def _file(text: str, *, roots: list[str], resolve: Callable[[str], str]) -> CameraUrl:
    parts = urlsplit(text)
    if parts.netloc not in ("", "localhost"):
        raise UserError(_FIELD, "file:// takes no host", remedy="write three slashes: file:///folder/clip.mp4")
    path = unquote(parts.path)
    if not path.startswith("/") or "\0" in path:
        raise UserError(_FIELD, "is not an absolute path", remedy="write file:///folder/clip.mp4")
    real = resolve(path)
    if not any(_below(real, resolve(root)) for root in roots):
        raise UserError(_FIELD, "the file is outside the permitted folders", remedy="set ARGUS_INGEST__FILE_ROOTS")
    options, unknown = _split_query(parts.query, {"loop", "speed"})
    if unknown:
        raise UserError(_FIELD, "unknown option of file://", remedy="known options: loop=1, speed=max")
    shown = f"file://{quote(path, safe=_PATH_SAFE.replace('%', ''))}" + (f"?{parts.query}" if parts.query else "")
    return CameraUrl(
        scheme="file",
        url=f"file:{real}",
        masked=shown,
        path=real,
        loop=_flag(options.get("loop", "0"), name="loop"),
        realtime=_realtime(options.get("speed", "1")),
    )


def _below(path: str, root: str) -> bool:
    return path == root or path.startswith(root.rstrip("/") + "/")


def _split_query(query: str, names: set[str]) -> tuple[dict[str, str], list[str]]:
    """The options of Argus by name, and the other parts of the query just as they were written."""
    options: dict[str, str] = {}
    kept: list[str] = []
    for part in filter(None, query.split("&")):
        name, value = next(iter(parse_qsl(part, keep_blank_values=True)), ("", ""))
        if name in names:
            options[name] = value.lower()
        else:
            kept.append(quote(part, safe=_PATH_SAFE + "?[]"))
    return options, kept


def _joined(parts: list[str]) -> str:
    return "?" + "&".join(parts) if parts else ""


def _without_secrets(parts: list[str]) -> list[str]:
    names = [part.partition("=")[0] for part in parts]
    return [
        f"{name}={MASK}" if _SECRET_NAME.search(unquote(name)) else part
        for name, part in zip(names, parts, strict=True)
    ]


def _transport(value: str) -> Literal["tcp", "udp"]:
    if value == "udp":
        return "udp"
    if value == "tcp":
        return "tcp"
    raise UserError(_FIELD, "unknown transport", remedy="write transport=tcp or transport=udp")


def _flag(value: str, *, name: str) -> bool:
    if value not in _TRUE | _FALSE:
        raise UserError(_FIELD, f"{name} is neither 0 nor 1", remedy=f"write {name}=1 or leave it out")
    return value in _TRUE


def _realtime(value: str) -> bool:
    if value not in ("1", "max"):
        raise UserError(_FIELD, "unknown speed", remedy="write speed=max or leave it out")
    return value != "max"
