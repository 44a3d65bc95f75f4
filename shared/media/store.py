"""The media store over fsspec: a local folder, or any object store it speaks to."""

from __future__ import annotations

import errno
import os
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

import fsspec
from fsspec import AbstractFileSystem

from shared.domain.errors import ArgusError, Permanent, Transient, UserError

# The bound on a part leaves room for the temporary file's name beside it.
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,199}")
_MAX_LENGTH = 1_000


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
            raise UserError(
                "media_url", f"cannot be used: {error.strerror or error}", remedy="check path and rights"
            ) from None
        except (ImportError, ValueError) as error:
            raise UserError("media_url", str(error), remedy="install the extra it needs, e.g. argus[s3]") from None
        return cls(filesystem, root_path, local=False)

    def write(self, path: str, content: bytes) -> None:
        """Store the content whole or not at all.

        Raises `Transient` when the store cannot be written now, `Permanent` when the path can never be.
        """
        target = self._resolve(path)
        with _translated(path, "written"):
            if self._local:
                _write_atomically(Path(target), content)
            else:
                self._filesystem.pipe_file(target, content)

    def read(self, path: str) -> bytes:
        """Raises `FileNotFoundError` when there is none, `Transient` when the store does not answer."""
        target = self._resolve(path)
        try:
            with _translated(path, "read"):
                return bytes(self._filesystem.cat_file(target))
        except Permanent:
            raise FileNotFoundError(path) from None

    def exists(self, path: str) -> bool:
        """Whether there is such a file (a folder is none). Raises `Transient` when the store does not answer."""
        with _translated(path, "looked up"):
            return bool(self._filesystem.isfile(self._resolve(path)))

    def written_at(self, path: str) -> datetime:
        """When the file was stored last. Raises `FileNotFoundError`, and `Transient` when the store does not answer."""
        target = self._resolve(path)
        with _translated(path, "looked up"):
            at: datetime = self._filesystem.modified(target)
        return at if at.tzinfo is not None else at.replace(tzinfo=UTC)

    def delete(self, path: str) -> None:
        """Remove the file; one that is gone already is fine. Raises `Transient`, and `Permanent` for a folder."""
        with _translated(path, "deleted"), suppress(FileNotFoundError, NotADirectoryError):
            self._filesystem.rm_file(self._resolve(path))

    def remove_folder(self, folder: str) -> None:
        """Remove a folder that is empty; one that is not, or is gone, is left as it is.

        Only for folders into which nobody writes any more. Object stores have none. Raises `Transient`.
        """
        target = self._resolve(folder)
        if not self._local:
            return
        with _translated(folder, "removed"):
            try:
                Path(target).rmdir()
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT, errno.ENOTDIR):
                    raise

    def names(self, folder: str) -> list[str]:
        """The names right below a folder, sorted; none when there is no such folder.

        What could not be asked for by this store, such as a file that is being written, is left out. Raises
        `Transient` when the store does not answer.
        """
        target = self._resolve(folder)
        with _translated(folder, "listed"):
            self._filesystem.invalidate_cache(target)
            try:
                found = self._filesystem.ls(target, detail=False)
            except (FileNotFoundError, NotADirectoryError):
                return []
        names = {str(path).rstrip("/").rpartition("/")[2] for path in found}
        return sorted(name for name in names if _PART.fullmatch(name))

    def local_path(self, path: str) -> Path | None:
        """Where the file lies on this machine, or None when the store is elsewhere."""
        target = self._resolve(path)
        return Path(target) if self._local else None

    def relative(self, path: str) -> str:
        """The path as the store knows it: of a whole path below a store on this machine, the part inside.

        Anything else is given back as it is; whoever then asks for it is told whether it is one.
        """
        folder = self._root + "/"
        return path[len(folder) :] if self._local and path.startswith(folder) else path

    def _resolve(self, path: str) -> str:
        parts = PurePosixPath(path).parts
        if not parts or len(path) > _MAX_LENGTH or not all(_PART.fullmatch(part) for part in parts):
            raise Permanent(f"media path {path[:80]!r} is refused: relative paths of letters, digits, '._-' only")
        full = "/".join((self._root, *parts))
        if self._local and not os.path.realpath(full).startswith(self._root + "/"):
            raise Permanent(f"media path {path[:80]!r} leads outside the store")
        return full


@contextmanager
def _translated(path: str, done: str) -> Iterator[None]:
    """The errors of local files and of object stores as those of Argus."""
    try:
        yield
    except (FileNotFoundError, ArgusError):
        raise
    except (IsADirectoryError, NotADirectoryError) as error:
        raise Permanent(f"media {path} cannot be {done}: {error.strerror or error}") from error
    except Exception as error:  # adapter boundary: each object store's client raises errors of its own
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise Transient(f"media {path} cannot be {done}: {reason}") from error


def _write_atomically(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
