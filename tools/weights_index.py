"""Provenance of weights from an index page, so that registry entries are built from it instead of typed by hand.

The page is Markdown with two kinds of table. Rows of the first read
`| file | sha256 | repository : path @ commit | licence | … |`. Rows of the second read
`| path | bytes | sha256 | licence |`, below a line `repository @ commit`, and are git LFS files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from shared.domain.errors import UserError
from shared.weights.entry import InputLayout, OutputLayout, Weights

PERMISSIVE = frozenset({"Apache-2.0", "MIT", "BSD-2-Clause", "BSD-3-Clause"})

_SPDX = {"BSD-3": "BSD-3-Clause", "BSD-2": "BSD-2-Clause"}
_SHA256 = r"[0-9a-f]{64}"
_HERE = re.compile(rf"^\|\s*(?P<file>\S+)\s*\|\s*(?P<sha256>{_SHA256})\s*\|(?P<origin>[^|]*)\|(?P<licence>[^|]*)\|")
_UPSTREAM = re.compile(
    rf"^\|\s*(?P<path>\S+)[^|]*\|\s*(?P<bytes>\d+)\s*\|\s*(?P<sha256>{_SHA256})\s*\|(?P<licence>[^|]*)\|"
)
_ORIGIN = re.compile(r"^\s*(?P<repository>[\w.-]+/[\w.-]+) : (?P<path>.+?) @ (?P<commit>[0-9a-f]{7,40})(?P<rest>.*)$")
_HEADING = re.compile(r"^(?P<repository>[\w.-]+/[\w.-]+) @ (?P<commit>[0-9a-f]{40})\b.*git LFS")
_PATHS_BELOW = re.compile(r"^\|\s*path under (?P<folder>[\w./-]+?)/?\s*\|")


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where one file comes from. `commit` may be abbreviated; it is empty when the file has no upstream of its own."""

    file: str
    sha256: str
    licence: str
    bytes: int | None = None
    repository: str = ""
    path: str = ""
    commit: str = ""
    lfs: bool = False

    @property
    def permissive(self) -> bool:
        return self.licence in PERMISSIVE

    @property
    def url(self) -> str:
        """The download, pinned to the commit; empty when there is none."""
        if not self.commit:
            return ""
        host = "media.githubusercontent.com/media" if self.lfs else "raw.githubusercontent.com"
        return f"https://{host}/{self.repository}/{self.commit}/{self.path}"

    def entry(self, name: str, *, task: str, output: OutputLayout, input: InputLayout | None = None) -> Weights:
        """A registry entry for this file. Raises `UserError` when its licence or size does not allow one."""
        if not self.permissive:
            raise UserError(f"{self.file}: licence", f"{self.licence!r} is not permissive", remedy="measure only")
        if self.bytes is None:
            raise UserError(f"{self.file}: bytes", "the size is not known", remedy="keep the file beside the index")
        return Weights(
            name=name, task=task, file=self.file, url=self.url, sha256=self.sha256, bytes=self.bytes,
            licence=self.licence, commercial_ok=True, input=input, output=output,
        )  # fmt: skip


def registry_from_index(path: Path, *, files: Path | None = None) -> tuple[Provenance, ...]:
    """Every weights file an index page lists; sizes the page does not tell are taken from the folder `files`."""
    found = list(_rows(path.read_text(encoding="utf-8")))
    if not found:
        raise UserError(str(path), "lists no weights", remedy="give a page with tables of files and sha256")
    return tuple(_sized(provenance, files) for provenance in found)


def _rows(text: str) -> Iterator[Provenance]:
    repository = commit = folder = ""
    for line in text.splitlines():
        if heading := _HEADING.match(line):
            repository, commit = heading["repository"], heading["commit"]
        elif below := _PATHS_BELOW.match(line):
            folder = below["folder"]
        elif row := _HERE.match(line):
            yield _with_origin(row["file"], row["sha256"], row["origin"], _licence(row["licence"]))
        elif row := _UPSTREAM.match(line):
            full = str(PurePosixPath(folder, row["path"]))
            yield Provenance(
                file=PurePosixPath(full).name, sha256=row["sha256"], licence=_licence(row["licence"]),
                bytes=int(row["bytes"]), repository=repository, path=full, commit=commit, lfs=True,
            )  # fmt: skip


def _with_origin(file: str, sha256: str, origin: str, licence: str) -> Provenance:
    plain = Provenance(file=file, sha256=sha256, licence=licence)
    match = _ORIGIN.match(origin)
    if match is None:
        return plain  # converted or repaired: the text names no file upstream with this checksum
    path = match["path"].strip()
    if path == "same name":
        path = file
    return replace(
        plain, repository=match["repository"], path=path, commit=match["commit"], lfs="git LFS" in match["rest"]
    )


def _licence(cell: str) -> str:
    text = cell.strip()
    return _SPDX.get(text, text)


def _sized(provenance: Provenance, files: Path | None) -> Provenance:
    if provenance.bytes is not None or files is None or not (files / provenance.file).is_file():
        return provenance
    return replace(provenance, bytes=(files / provenance.file).stat().st_size)
