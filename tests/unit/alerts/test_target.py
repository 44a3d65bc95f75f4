"""Where a stranger's URL may lead."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from shared.domain.errors import UserError
from shared.domain.internet import is_own_network, is_public
from shared.net import parse_target


@pytest.mark.parametrize(
    ("address", "public", "own"),
    [
        ("93.184.216.34", True, False),
        ("2606:2800:220:1::1", True, False),
        ("127.0.0.1", False, True),
        ("127.255.255.254", False, True),
        ("10.1.2.3", False, True),
        ("172.16.0.1", False, True),
        ("192.168.1.1", False, True),
        ("100.64.0.1", False, True),
        ("::1", False, True),
        ("fd00::1", False, True),
        ("169.254.169.254", False, False),
        ("fe80::1", False, False),
        ("0.0.0.0", False, False),
        ("::", False, False),
        ("224.0.0.1", False, False),
        ("ff02::1", False, False),
        ("255.255.255.255", False, False),
        ("::ffff:127.0.0.1", False, True),
        ("::ffff:169.254.169.254", False, False),
        ("::ffff:8.8.8.8", True, False),
        ("64:ff9b::a00:1", False, True),
        ("2002:7f00:1::", False, True),
    ],
)
def test_addresses_are_told_apart_in_whatever_dress(address: str, *, public: bool, own: bool) -> None:
    assert (is_public(ip_address(address)), is_own_network(ip_address(address))) == (public, own)


@pytest.mark.parametrize(
    ("url", "origin", "path"),
    [
        ("https://example.org", "https://example.org", "/"),
        ("http://example.org:80/a?b=1", "http://example.org", "/a?b=1"),
        ("https://example.org:8443/a", "https://example.org:8443", "/a"),
        ("https://[2606:2800:220:1::1]:444/", "https://[2606:2800:220:1::1]:444", "/"),
        ("https://bücher.example/x", "https://xn--bcher-kva.example", "/x"),
        ("HTTPS://EXAMPLE.org/x", "https://example.org", "/x"),
    ],
)
def test_a_url_becomes_a_target(url: str, origin: str, path: str) -> None:
    target = parse_target(url, allow_private=False)
    assert (target.origin, target.path) == (origin, path)


@pytest.mark.parametrize(
    "url",
    [
        "", "example.org", "//example.org", "ftp://example.org", "file:///etc/passwd", "https://", "https:///x",
        "https://user:pw@example.org", "https://example.org:99999", "https://exa mple.org", "https://a\nb.org",
        "https://[::1", "https://127.0.0.1", "https://[::1]/", "http://169.254.169.254/latest", "http://0.0.0.0",
        "https://[fe80::1%25eth0]/", "https://" + "a" * 300 + ".org", "https://example.org/" + "a" * 2048,
    ],
)  # fmt: skip
def test_what_must_not_or_cannot_be_reached_is_refused_with_its_field(url: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_target(url, allow_private=False, field="webhooks.0.url")
    assert caught.value.field == "webhooks.0.url"
    assert "pw" not in str(caught.value)


def test_own_addresses_are_allowed_on_purpose_but_never_the_clouds_metadata() -> None:
    assert parse_target("http://127.0.0.1:8080/x", allow_private=True).port == 8080
    with pytest.raises(UserError):
        parse_target("http://169.254.169.254/", allow_private=True)
