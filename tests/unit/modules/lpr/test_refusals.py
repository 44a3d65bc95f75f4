"""What stands on vehicles and in the street and is no plate."""

from __future__ import annotations

import pytest

from services.modules.specialists.lpr.refusals import refused


@pytest.mark.parametrize(
    "text",
    [
        "2014-05-13 08:50:27",
        "13/05/2014",
        "08:50:27",
        "www.stor-it.com",
        "GoPenske.com",
        "376-8750",
        "+229 97 12 34 56",
        "0800 123 456",
        "TOYOTA",
        "T0Y0TA",
        "POLICE",
        "P0L1CE",
        "CALIFORNIA",
        "The Natural State",
        "4X4",
        "320D",
        "V6",
        "E320CDI",
        "2.0 TDI",
        "90 km/h",
        "CAM 01",
        "LX570",
        "XGLS350",
        "1CAUTION",
        "1049338",
    ],
)
def test_other_writing_is_refused(text):
    assert refused(text) is not None


@pytest.mark.parametrize(
    "text",
    ["AB-123-CD", "RK²550AO", "2T4:0211", "JSQ·1234", "&LM-298AI", "7ABC123", "AB 1234 RB", "皖A·05279", "VLX 039"],
)
def test_plates_are_not_refused(text):
    assert refused(text) is None


@pytest.mark.parametrize(("text", "word"), [("FZ RULZ", False), ("1049338", False), ("TOYOTA", True), ("TEXAS", True)])
def test_personal_plates_pass_when_asked_for_but_known_words_do_not(text, word):
    assert (refused(text, personal=True) is not None) is word
