"""Knocking at a camera's door before FFmpeg does, so that "nobody there" and "there, but silent" are told apart."""

from __future__ import annotations

import contextlib
import socket
import ssl

from services.ingest.faults import classify
from shared.domain.camera_url import CameraUrl

_DEFAULT_PORTS = {"rtsp": 554, "rtsps": 322, "rtmp": 1935, "http": 80, "https": 443}
_ENCRYPTED = frozenset({"rtsps", "https"})


def knock(address: CameraUrl, *, timeout_s: float) -> None:
    """Connect to the address's host and port, and shake hands where it is encrypted. Blocks.

    Certificates are not verified, as most cameras sign their own. Raises `SourceFailed`: `network` (unknown name,
    refused), `timeout`, `tls`.
    """
    place = (address.host, address.port or _DEFAULT_PORTS[address.scheme])
    try:
        with contextlib.closing(socket.create_connection(place, timeout=timeout_s)) as connection:
            if address.scheme in _ENCRYPTED:
                _shake_hands(connection, address.host)
    except (OSError, UnicodeError) as error:
        raise classify(error) from None


def _shake_hands(connection: socket.socket, host: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("DEFAULT:@SECLEVEL=0")  # old cameras speak with short keys
    context.wrap_socket(connection, server_hostname=host, do_handshake_on_connect=True).close()
