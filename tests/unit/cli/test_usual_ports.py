from __future__ import annotations

import socket

from services.cli.ports import USUAL_DIALECT_PORTS, usual_ports, why_not
from shared.settings import Settings
from shared.settings.sections import GatewaySettings

VARIABLE = "ARGUS_GATEWAY__DIALECT_PORTS"


def test_dialects_get_their_usual_ports_as_far_as_these_are_free() -> None:
    said: list[str] = []
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if not why_not("127.0.0.1", USUAL_DIALECT_PORTS["visionflow"]):
            listener.bind(("127.0.0.1", USUAL_DIALECT_PORTS["visionflow"]))
            listener.listen(1)
        given = usual_ports(Settings(), say=said.append)[VARIABLE]
    assert "visionflow" not in given
    assert said[0] == "visionflow has no port of its own: 5000 is in use; it is at /visionflow"


def test_whoever_says_which_ports_gets_no_others() -> None:
    for ports in ({}, {"visionflow": 5001}):
        settings = Settings(gateway=GatewaySettings(dialect_ports=ports))
        assert usual_ports(settings, say=[].append) == {}


def test_a_dialect_does_not_take_the_gateways_own_port() -> None:
    said: list[str] = []
    given = usual_ports(Settings(gateway=GatewaySettings(port=8001)), say=said.append)[VARIABLE]
    assert "securevision" not in given
    assert said
