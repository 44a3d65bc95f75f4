"""The parameter sets that H.264 and H.265 cameras send before keyframes: they tell the size of the pictures. Pure."""

from __future__ import annotations

import re

_START = re.compile(rb"\x00\x00\x01")
# Parameter sets stand in front; a keyframe's pictures, which may be a megabyte, need not be searched.
_WITHIN = 4096
_OF_H264 = frozenset({7, 8})
_OF_HEVC = frozenset({32, 33, 34})

CODECS = frozenset({"h264", "hevc"})


def in_band(head: bytes, *, codec: str) -> bytes:
    """The parameter sets at the beginning of an Annex B packet, start codes and all; empty when there are none.

    `codec` is `h264` or `hevc` (ITU-T H.264 table 7-1, H.265 table 7-1). `head` need only be the packet's beginning.
    """
    head = head[:_WITHIN]
    starts = [match.end() for match in _START.finditer(head)]
    ends = [start - 3 for start in starts[1:]] + [len(head)]
    found = [head[start:end].rstrip(b"\x00") for start, end in zip(starts, ends, strict=False)]
    return b"".join(b"\x00\x00\x00\x01" + unit for unit in found if unit and _is_set(unit[0], codec))


def is_annex_b(extradata: bytes | None) -> bool:
    """Whether a stream with this extradata separates its units by start codes rather than by lengths."""
    return not extradata or extradata.startswith((b"\x00\x00\x01", b"\x00\x00\x00\x01"))


def _is_set(header: int, codec: str) -> bool:
    return header & 0x1F in _OF_H264 if codec == "h264" else header >> 1 & 0x3F in _OF_HEVC
