"""How package registries are reached: the environment's settings, and one checked download."""

from __future__ import annotations

import hashlib
import html
import os
import re
import ssl
import urllib.request
from base64 import b64encode
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from tools.setup.failure import SetupFailure
from tools.setup.wheels import Wheel

_TIMEOUT_S = 30


def own_index(environ: Mapping[str, str], locked: str) -> str | None:
    """The registry the environment names, as uv or pip would read it; None for the `locked` one of uv.lock."""
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"):
        if value := environ.get(name, "").strip():
            return None if value.rstrip("/") == locked.rstrip("/") else value
    return None


def uv_environment(environ: Mapping[str, str], project: Path, index: str | None) -> dict[str, str]:
    """The environment for uv: the operator's settings, and pip's where uv has none.

    uv never downloads a Python, and works in the project's own folder when there is no home to keep a cache in.
    """
    env = {name: value for name, value in environ.items() if name not in ("VIRTUAL_ENV", "UV_INDEX_URL")}
    if index:
        env["UV_DEFAULT_INDEX"] = index
    env |= {"UV_PROJECT_ENVIRONMENT": str(project / ".venv"), "UV_PYTHON_DOWNLOADS": "never"}
    named = [environ[name] for name in ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE") if environ.get(name)]
    if named:
        env["SSL_CERT_FILE"] = named[0]
    elif ssl.get_default_verify_paths().cafile:
        env.setdefault("UV_SYSTEM_CERTS", "1")  # what the machine trusts, a company's own authority included
    home = environ.get("HOME", "")
    if not (home and os.access(home, os.W_OK | os.X_OK)):
        env.setdefault("UV_CACHE_DIR", str(project / ".tools" / "cache"))
    return env


def download_wheel(wheel: Wheel, target: Path, index: str | None) -> None:
    """Bring `wheel` to `target`: from its locked address, or from the registry `index` when there is one.

    Raises `SetupFailure` when it cannot be reached or is not the locked file.
    """
    url = wheel.url if index is None else _address_in(index, wheel)
    content = _fetch(url)
    if hashlib.sha256(content).hexdigest() != wheel.sha256:
        raise SetupFailure(f"{wheel.file} from {urlsplit(url).hostname} is not the file uv.lock names")
    target.write_bytes(content)


def _address_in(index: str, wheel: Wheel) -> str:
    page = f"{index.rstrip('/')}/{wheel.file.split('-', 1)[0]}/"
    if urlsplit(index).scheme == "file":
        page += "index.html"
    for url in _links(page, _fetch(page).decode("utf-8", "replace")):
        if urlsplit(url).path.endswith(f"/{wheel.file}"):
            return url
    raise SetupFailure(f"the registry {urlsplit(index).hostname} does not have {wheel.file}")


def _links(page: str, text: str) -> Iterator[str]:
    for link in re.findall(r"""href=["']([^"']+)["']""", text):
        yield urldefrag(urljoin(page, html.unescape(link))).url


def _fetch(url: str) -> bytes:
    """The content at `url`. Raises `SetupFailure` naming the host and the reason."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https", "file"):
        raise SetupFailure(f"the registry address {parts.scheme}:… is not one of http, https, file")
    headers = {}
    if parts.username:  # urllib does not read credentials out of an address
        credentials = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Authorization"] = f"Basic {b64encode(credentials.encode()).decode()}"
        url = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 (the scheme is checked above)
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as response:  # noqa: S310 (likewise)
            content: bytes = response.read()
    except (OSError, ValueError) as error:
        raise SetupFailure(f"{parts.hostname or url} cannot be reached: {getattr(error, 'reason', error)}") from None
    return content
