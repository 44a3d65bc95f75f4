"""Which internet addresses a stranger's URL may lead to. Pure."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address

# RFC 6052: an IPv6 address that a translator turns into the IPv4 address in its last 32 bits.
_NAT64 = IPv6Network("64:ff9b::/96")


def is_public(address: Address) -> bool:
    """Whether the address belongs to the public internet (whatever IPv6 form an IPv4 address is dressed in)."""
    inner = _unwrapped(address)
    return inner.is_global and not inner.is_multicast and not inner.is_reserved


def is_own_network(address: Address) -> bool:
    """Whether it is this machine's or a private network's: what an operator may allow on purpose.

    Link-local addresses are not: cloud machines hand out credentials there.
    """
    inner = _unwrapped(address)
    if inner.is_unspecified or inner.is_link_local or inner.is_multicast:
        return False
    return inner.is_loopback or (inner.is_private and not inner.is_reserved) or _is_shared(inner)


def literal_address(host: str) -> Address | None:
    """The address when the host is written as one (`::1` without brackets), else None."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def _unwrapped(address: Address) -> Address:
    if isinstance(address, IPv4Address):
        return address
    inner = address.ipv4_mapped or address.sixtofour
    if inner is None and address.teredo is not None:
        inner = address.teredo[1]
    if inner is None and address in _NAT64:
        inner = IPv4Address(int(address) & 0xFFFFFFFF)
    return inner or address


def _is_shared(address: Address) -> bool:
    # RFC 6598, used by overlay networks; the standard library calls it neither private nor global.
    return isinstance(address, IPv4Address) and int(address) >> 22 == int(IPv4Address("100.64.0.0")) >> 22
