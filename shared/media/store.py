"""The media store over fsspec: a local folder, or any object store it speaks to."""

from __future__ import annotations

import os
import re
import uuid
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

import fsspec
from fsspec import AbstractFileSystem

from shared.domain.errors import Permanent, Transient, UserError

_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")


class MediaStore:
    """Files by relative path. Every path is checked: what would lead outside the store is refused."""

    def __init__(self, filesystem: AbstractFileSystem, root: str, *, local: bool) -> None:
        self._filesystem = filesystem
        self._root = root.rstrip("/")
        self._local = local

    @classmethod
    def open(cls, url: str) -> MediaStore:
        """The store at `file:///folder` or e.g. `s3://bucket/prefix`. Raises `UserError` when it cannot be used."""
        parts = urlsplit(url)
        try:
            if parts.scheme in ("", "file"):
                root = Path(unquote(parts.path) if parts.scheme else url).resolve()
                root.mkdir(parents=True, exist_ok=True)
                return cls(fsspec.filesystem("file"), str(root), local=True)
            filesystem, root_path = fsspec.core.url_to_fs(url)
        except OSError as error:
            raise UserError("media_url", f"cannot be used: {error.strerror}", remedy="check path and rights") from None
        except (ImportError, ValueError) as error:
            raise UserError("media_url", str(error), remedy="install the extra it needs, e.g. argus[s3]") from None
        return cls(filesystem, root_path, local=False)

    def write(self, path: str, content: bytes) -> None:
        """Store the content whole or not at all. Raises `Transient` when the store cannot be written."""
        target = self._resolve(path)
        try:
            if self._local:
                _write_atomically(Path(target), content)
            else:
                self._filesystem.pipe_file(target, content)
        except OSError as error:
            raise Transient(f"media {path} cannot be written: {error.strerror or error}") from error

    def read(self, path: str) -> bytes:
        """Raises `FileNotFoundError` when there is none."""
        return bytes(self._filesystem.cat_file(self._resolve(path)))

    def exists(self, path: str) -> bool:
        return bool(self._filesystem.exists(self._resolve(path)))

    def delete(self, path: str) -> None:
        """Remove the file; one that is gone already is fine."""
        try:
            self._filesystem.rm_file(self._resolve(path))
        except FileNotFoundError:
            return

    def local_path(self, path: str) -> Path | None:
        """Where the file lies on this machine, or None when the store is elsewhere."""
        return Path(self._resolve(path)) if self._local else None

    def _resolve(self, path: str) -> str:
        parts = PurePosixPath(path).parts
        if not parts or not all(_PART.fullmatch(part) for part in parts):
            raise Permanent(f"media path {path[:80]!r} is refused: relative paths of letters, digits, '._-' only")
        full = "/".join((self._root, *parts))
        if self._local and not os.path.realpath(full).startswith(self._root + "/"):
            raise Permanent(f"media path {path[:80]!r} leads outside the store")
        return full


def _write_atomically(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
