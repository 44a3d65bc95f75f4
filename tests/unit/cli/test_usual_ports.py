from __future__ import annotations

import socket
from pathlib import Path

import pytest

from services.cli.ports import USUAL_DIALECT_PORTS, check_ports, usual_ports, why_not
from shared.domain.errors import UserError
from shared.settings import Settings, load_settings
from shared.settings.sections import GatewaySettings

VARIABLE = "ARGUS_GATEWAY__DIALECT_PORTS"


def test_dialects_get_their_usual_ports_as_far_as_these_are_free() -> None:
    said: list[str] = []
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if not why_not("127.0.0.1", USUAL_DIALECT_PORTS["visionflow"]):
            listener.bind(("127.0.0.1", USUAL_DIALECT_PORTS["visionflow"]))
            listener.listen(1)
        given = usual_ports(Settings(), environ={}, say=said.append)[VARIABLE]
    assert "visionflow" not in given
    assert said[0] == "visionflow has no port of its own: 5000 is in use; it is at /visionflow"


def test_whoever_says_which_ports_gets_no_others() -> None:
    for ports in ({}, {"visionflow": 5001}):
        settings = Settings(gateway=GatewaySettings(dialect_ports=ports))
        assert usual_ports(settings, environ={}, say=[].append) == {}


def test_a_dialect_does_not_take_the_gateways_own_port() -> None:
    said: list[str] = []
    given = usual_ports(Settings(gateway=GatewaySettings(port=8001)), environ={}, say=said.append)[VARIABLE]
    assert "securevision" not in given
    assert said


ALIAS = {"SECUREVISION__API__PORT": "9001"}


def test_the_alias_of_one_dialects_port_leaves_the_others_theirs(tmp_path: Path) -> None:
    settings = load_settings(file=_file(tmp_path, "{}"), environ=ALIAS)
    given = usual_ports(settings, environ=ALIAS, say=[].append)[VARIABLE]
    assert "securevision=9001" in given.split(",")
    assert ("visionflow=5000" in given.split(",")) == (not why_not("127.0.0.1", 5000))


@pytest.mark.parametrize(
    ("yaml", "environ"),
    [
        ("gateway: {dialect_ports: {visionflow: 5005}}", ALIAS),
        ("{}", {**ALIAS, VARIABLE: "securevision=9001"}),
        ("{}", {**ALIAS, VARIABLE: ","}),
    ],
)
def test_beside_the_alias_whoever_says_which_ports_gets_no_others(
    tmp_path: Path, yaml: str, environ: dict[str, str]
) -> None:
    settings = load_settings(file=_file(tmp_path, yaml), environ=environ)
    assert usual_ports(settings, environ=environ, say=[].append) == {}


@pytest.mark.parametrize(
    ("ports", "said"),
    [
        ({"securevision": 1024}, "gateway.dialect_ports.securevision: 1024 is the port of the native API – .*/securev"),
        ({"securevision": 1025, "visionflow": 1025}, "gateway.dialect_ports.visionflow: 1025 is the port of secure"),
    ],
)
def test_no_port_is_given_twice(ports: dict[str, int], said: str) -> None:
    with pytest.raises(UserError, match=said):
        check_ports(Settings(gateway=GatewaySettings(port=1024, dialect_ports=ports)))


def _file(folder: Path, yaml: str) -> Path:
    file = folder / "argus.yaml"
    file.write_text(yaml, encoding="utf-8")
    return file
