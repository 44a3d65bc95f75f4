"""Where a file of weights is taken from: its origin, or the operator's mirror."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from shared.domain.errors import UserError
from shared.weights.entry import Weights


def source_of(weights: Weights, mirror: str | None) -> str | Path:
    """A URL, or a path when the mirror is a folder. A mirror holds the files side by side under their own names.

    Raises `UserError` when there is no source or the mirror is of no known kind.
    """
    if not mirror:
        if not weights.url:
            raise UserError(
                f"weights {weights.name!r}",
                "have no public download",
                remedy=f"set ARGUS_MODELS_MIRROR to a folder or URL that has {weights.file}",
            )
        return weights.url
    parts = urlsplit(mirror)
    if parts.scheme in ("http", "https"):
        return f"{mirror.rstrip('/')}/{quote(weights.file)}"
    if parts.scheme == "file":
        return Path(unquote(parts.path)) / weights.file
    if "://" in mirror:
        raise UserError(
            "ARGUS_MODELS_MIRROR", f"unsupported scheme {parts.scheme!r}", remedy="give a folder or an http(s) URL"
        )
    return Path(mirror).expanduser() / weights.file


def shown(source: str | Path) -> str:
    """The source as people may see it: without credentials."""
    if isinstance(source, Path):
        return str(source)
    parts = urlsplit(source)
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=f"***@{host}" if "@" in parts.netloc else host).geturl()
