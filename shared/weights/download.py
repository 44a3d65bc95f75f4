"""Fill an open file from a URL, continuing what is already in it, or from another file."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import httpx

from shared.domain.errors import Transient, UserError
from shared.weights.source import shown

CHUNK_BYTES = 256 * 1024

_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")


def copy(part: BinaryIO, source: Path, *, wrote: Callable[[int], None]) -> None:
    """Replace what is in `part` by the content of `source`; `wrote` is told the length so far.

    Raises `UserError` when `source` cannot be read.
    """
    part.seek(0)
    part.truncate()
    try:
        with source.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                part.write(chunk)
                wrote(part.tell())
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError) as error:
        raise UserError(
            str(source),
            f"cannot be read from the mirror: {error.strerror}",
            remedy="put the file there or correct ARGUS_MODELS_MIRROR",
        ) from None


def download(
    part: BinaryIO,
    url: str,
    *,
    size: int,
    wrote: Callable[[int], None],
    connect_s: float,
    stall_s: float,
    left_s: float | None = None,
) -> None:
    """Fill `part` up to `size` bytes from `url`; `wrote` is told the length so far.

    Time-outs are per connection and per silence, each at most `left_s`.
    Raises `Transient` when another try may continue, `UserError` when it cannot help.
    """
    have = part.seek(0, 2)
    if have >= size:  # whole but never checked, or too long: start over
        have = 0
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    most_s = float("inf") if left_s is None else left_s
    timeout = httpx.Timeout(min(stall_s, most_s), connect=min(connect_s, most_s))
    try:
        with (
            httpx.Client(follow_redirects=True, timeout=timeout) as client,
            client.stream("GET", url, headers=headers) as response,
        ):
            part.seek(_start(part, response, have, size))
            part.truncate()
            _receive(part, response, size, wrote)
    except httpx.TimeoutException:
        raise Transient("no answer in time") from None
    except httpx.TransportError as error:
        raise Transient(str(error) or type(error).__name__) from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise _refused(url, str(error) or type(error).__name__) from None


def _start(part: BinaryIO, response: httpx.Response, have: int, size: int) -> int:
    """The offset at which the body of this answer belongs in the file."""
    status = response.status_code
    if status == httpx.codes.OK:
        return 0
    if status == httpx.codes.PARTIAL_CONTENT:
        match = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if match and int(match[1]) == have and match[2] in ("*", str(size)):
            return have
    if have and status in (httpx.codes.PARTIAL_CONTENT, httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE):
        part.truncate(0)  # what is here is no beginning of what is there
        raise Transient("has no such part of the file")
    answer = f"answered {status} {response.reason_phrase}".rstrip()
    if status in (httpx.codes.REQUEST_TIMEOUT, httpx.codes.TOO_MANY_REQUESTS) or response.is_server_error:
        raise Transient(answer)
    raise _refused(str(response.url), answer)


def _receive(part: BinaryIO, response: httpx.Response, size: int, wrote: Callable[[int], None]) -> None:
    done = part.tell()
    # Without a chunk size each piece comes as it arrives: a slow sender is seen at once, a cut loses nothing.
    for piece in response.iter_raw():
        done += len(piece)
        if done > size:
            part.truncate(0)
            raise _refused(str(response.url), f"sends more than the {size} bytes in the registry")
        part.write(piece)
        wrote(done)
    if done < size:
        raise Transient(f"ended after {done} of {size} bytes")


def _refused(url: str, reason: str) -> UserError:
    return UserError(
        shown(url),
        reason,
        remedy="set ARGUS_MODELS_MIRROR to a folder or URL that has the file, or correct the registry",
    )
