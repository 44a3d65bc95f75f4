"""Addresses of cameras: what is accepted, what is refused, and that nothing secret is ever shown."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.camera_url import CameraUrl, is_masked, mask_url
from shared.domain.errors import UserError

# Texts that stand in every masked address anyhow prove nothing.
# What is shown of every address, whatever its credentials are.
SHOWN_OF_ALL = "CameraUrl rtsp://***@camera.lan:554/stream " + repr(
    CameraUrl.parse("rtsp://~:~@camera.lan:554/stream", file_roots=())
)
SECRET = st.text(
    alphabet=st.characters(min_codepoint=0x21, max_codepoint=0x2FF, blacklist_characters="\x7f"),
    min_size=6,
    max_size=20,
).filter(lambda text: text not in SHOWN_OF_ALL and "*" not in text)


def parse(text: str) -> CameraUrl:
    return CameraUrl.parse(text, file_roots=())


@pytest.mark.parametrize(
    ("text", "url", "masked"),
    [
        ("rtsp://cam/live", "rtsp://cam/live", "rtsp://cam/live"),
        ("RTSP://cam:8554/a?x=1", "rtsp://cam:8554/a?x=1", "rtsp://cam:8554/a?x=1"),
        ("rtsp://u:p@cam/a", "rtsp://u:p@cam/a", "rtsp://***@cam/a"),
        ("rtsp://u:p@ss@cam/a", "rtsp://u:p%40ss@cam/a", "rtsp://***@cam/a"),
        ("rtsp://u:100%25@cam/a", "rtsp://u:100%25@cam/a", "rtsp://***@cam/a"),
        ("rtsp://u@cam/a", "rtsp://u:@cam/a", "rtsp://***@cam/a"),
        ("rtsp://cam/a?transport=udp&ch=1", "rtsp://cam/a?ch=1", "rtsp://cam/a?ch=1&transport=udp"),
        ("http://cam/v.cgi?user=bob&pwd=x1&res=hd", "http://cam/v.cgi?user=bob&pwd=x1&res=hd", None),
        ("rtsp://[fe80::1]:554/a", "rtsp://[fe80::1]:554/a", "rtsp://[fe80::1]:554/a"),
        ("  https://cam/live.m3u8#t  ", "https://cam/live.m3u8", "https://cam/live.m3u8"),
    ],
)
def test_an_address_is_split_into_what_is_opened_and_what_is_shown(text: str, url: str, masked: str | None) -> None:
    parsed = parse(text)
    assert parsed.url == url
    assert parsed.masked == (masked or "http://cam/v.cgi?user=***&pwd=***&res=hd")


def test_the_transport_is_taken_out_of_the_address() -> None:
    assert parse("rtsp://cam/a?transport=udp").transport == "udp"
    assert parse("rtsp://cam/a").transport == "tcp"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("cam.lan/live", "no scheme"),
        ("gopher://cam/", "unsupported scheme 'gopher'"),
        ("rtsp://", "no valid host"),
        ("rtsp://cam:99999/", "no valid port"),
        ("rtsp://cam:abc/", "no valid port"),
        ("rtsp://ca m/", "no valid host"),
        ("rtsp://cam/a?transport=pigeon", "unknown transport"),
        ("rtsp://***:***@cam/a", "***"),
        ("rtsp://cam/\x00a", "control characters"),
        ("rtsp://cam/" + "a" * 3000, "longer than"),
        ("file://relative.mp4", "takes no host"),
        ("file:///etc/passwd", "outside the permitted folders"),
    ],
)
def test_an_address_that_cannot_work_is_refused_with_a_reason_and_a_remedy(text: str, reason: str) -> None:
    with pytest.raises(UserError, match=r".") as refusal:
        parse(text)
    assert refusal.value.field == "url"
    assert reason in refusal.value.reason
    assert refusal.value.remedy
    assert "\n" not in str(refusal.value)


@given(username=SECRET, password=SECRET)
def test_credentials_survive_encoding_and_are_never_shown(username: str, password: str) -> None:
    parsed = parse(f"rtsp://{quote(username, safe='')}:{quote(password, safe='')}@camera.lan:554/stream")
    assert (parsed.username, parsed.password) == (username, password)
    assert parse(parsed.url) == parsed
    for shown in (parsed.masked, repr(parsed), str(parsed), f"{parsed}"):
        assert username not in shown
        assert password not in shown


@given(password=SECRET)
def test_credentials_that_are_not_encoded_are_never_shown_either(password: str) -> None:
    text = f"rtsp://admin:{password}@camera.lan/stream"
    assert password not in shown_for(text)
    assert password not in mask_url(text)


@pytest.mark.parametrize("password", ["12/34", "12?34", "1#4", "1/@2", "a/b", "///"])
def test_a_password_that_cuts_the_address_in_two_is_refused(password: str) -> None:
    with pytest.raises(UserError, match="percent-encoded"):
        parse(f"rtsp://admin:{password}@camera.lan/stream")


@given(text=st.text(max_size=60))
def test_any_text_is_an_address_or_a_refusal_in_one_line(text: str) -> None:
    assert "\n" not in shown_for(text)


@given(path=st.text(max_size=20), query=st.text(max_size=20))
def test_parsing_what_is_opened_changes_nothing(path: str, query: str) -> None:
    try:
        parsed = parse(f"http://u:p@camera.lan/{path}?{query}")
    except UserError:
        return
    assert parse(parsed.url).url == parsed.url
    assert parse(parsed.url).masked == parsed.masked


def shown_for(text: str) -> str:
    """What a person would see: the masked address, or the refusal."""
    try:
        return parse(text).masked
    except UserError as refusal:
        return str(refusal)


@pytest.mark.parametrize("text", ["", " ", "rtsp://***@cam/a", "http://cam/a?pwd=***&x=1"])
def test_what_was_shown_is_known_again(text: str) -> None:
    assert is_masked(text)


@pytest.mark.parametrize("text", ["rtsp://u:p@cam/a", "rtsp://cam/***", "http://cam/a?pwd=x"])
def test_a_real_address_is_not_taken_for_a_masked_one(text: str) -> None:
    assert not is_masked(text)


def test_a_file_below_a_permitted_folder_is_accepted_with_its_options(tmp_path: Path) -> None:
    clip = tmp_path / "a clip.mp4"
    parsed = CameraUrl.parse(f"{clip.as_uri()}?loop=1&speed=max", file_roots=[tmp_path])
    assert (parsed.path, parsed.loop, parsed.realtime) == (str(clip.resolve()), True, False)
    assert parsed.masked == f"{clip.as_uri()}?loop=1&speed=max"


def test_a_link_that_leads_out_of_the_permitted_folders_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "outside.mp4").touch()
    (root / "link.mp4").symlink_to(tmp_path / "outside.mp4")
    for path in (root / "link.mp4", root / ".." / "outside.mp4", tmp_path / "root-not" / "a.mp4"):
        with pytest.raises(UserError, match="outside the permitted folders"):
            CameraUrl.parse(f"file://{path}", file_roots=[root])


def test_a_permitted_folder_may_itself_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert CameraUrl.parse(f"file://{tmp_path}/link/a.mp4", file_roots=[tmp_path / "link"]).path.endswith("real/a.mp4")


@pytest.mark.parametrize("options", ["loop=perhaps", "speed=2", "lop=1"])
def test_an_option_that_is_not_known_is_refused(tmp_path: Path, options: str) -> None:
    with pytest.raises(UserError, match=r"write|known"):
        CameraUrl.parse(f"file://{tmp_path}/a.mp4?{options}", file_roots=[tmp_path])
