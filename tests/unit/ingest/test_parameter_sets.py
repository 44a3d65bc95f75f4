"""Parameter sets in front of keyframes."""

from __future__ import annotations

import pytest

from services.ingest.parameter_sets import in_band, is_annex_b

_LONG, _SHORT = b"\x00\x00\x00\x01", b"\x00\x00\x01"
_SPS, _PPS, _SEI, _PICTURE = b"\x67sps", b"\x68pps", b"\x06sei", b"\x65" + b"picture" * 2000


@pytest.mark.parametrize(
    ("packet", "codec", "expected"),
    [
        (_LONG + _SPS + _LONG + _PPS + _LONG + _PICTURE, "h264", _LONG + _SPS + _LONG + _PPS),
        (_SHORT + _SPS + _SHORT + _SEI + _SHORT + _PPS + _SHORT + _PICTURE, "h264", _LONG + _SPS + _LONG + _PPS),
        (_LONG + _PICTURE, "h264", b""),
        (
            _LONG + b"\x40\x01v" + _LONG + b"\x42\x01s" + _LONG + b"\x26\x01p",
            "hevc",
            _LONG + b"\x40\x01v" + _LONG + b"\x42\x01s",
        ),
        (b"", "h264", b""),
        (_LONG, "h264", b""),
        (b"\x00\x00\x00\x04\x67sps", "h264", b""),
    ],
    ids=["long codes", "short codes", "none", "hevc", "empty", "nothing follows", "by length"],
)
def test_they_are_found_among_other_units(packet, codec, expected):
    assert in_band(packet, codec=codec) == expected


@pytest.mark.parametrize(
    ("extradata", "expected"),
    [(None, True), (b"", True), (_LONG + _SPS, True), (_SHORT + _SPS, True), (b"\x01\x64\x00\x28", False)],
)
def test_a_stream_of_lengths_is_known_by_its_extradata(extradata, expected):
    assert is_annex_b(extradata) is expected
