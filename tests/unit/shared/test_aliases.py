"""Names of SecureVision's environment are understood beside ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shared.domain.errors import UserError
from shared.settings import Settings, load_settings

ALL = {
    "SECUREVISION__API__HOST": "127.0.0.2",
    "SECUREVISION__API__PORT": "8001",
    "SECUREVISION__API__WS_ENABLED": "false",
    "SECUREVISION__API__AUTH_TOKEN": "secret",
    "SECUREVISION__EVENTS__DB_URL": "sqlite:///data/events.db",
    "SECUREVISION__EVENTS__RETENTION_DAYS": "7",
}


def load(tmp_path: Path, yaml: str = "{}", **env: str) -> Settings:
    file = tmp_path / "argus.yaml"
    file.write_text(yaml, encoding="utf-8")
    return load_settings(file=file, environ=env)


def shown(settings: Settings) -> dict[str, Any]:
    token = settings.securevision.auth_token
    return {
        "SECUREVISION__API__HOST": settings.gateway.host,
        "SECUREVISION__API__PORT": str(settings.gateway.dialect_ports.get("securevision")),
        "SECUREVISION__API__WS_ENABLED": str(settings.securevision.ws_enabled).lower(),
        "SECUREVISION__API__AUTH_TOKEN": token.get_secret_value() if token else None,
        "SECUREVISION__EVENTS__DB_URL": settings.effective_database_url,
        "SECUREVISION__EVENTS__RETENTION_DAYS": str(settings.retention.events_days),
    }


def test_every_name_of_the_contract_is_understood(tmp_path: Path) -> None:
    assert shown(load(tmp_path, **ALL)) == ALL
    assert shown(load(tmp_path, **{name.lower(): value for name, value in ALL.items()})) == ALL


@pytest.mark.parametrize(
    ("ours", "value"),
    [
        ("ARGUS_GATEWAY__HOST", "127.0.0.3"),
        ("ARGUS_GATEWAY__DIALECT_PORTS", "securevision=9001"),
        ("ARGUS_SECUREVISION__WS_ENABLED", "true"),
        ("ARGUS_SECUREVISION__AUTH_TOKEN", "abcdefgh"),
        ("ARGUS_DATABASE_URL", "sqlite:///ours.db"),
        ("ARGUS_RETENTION__EVENTS_DAYS", "9"),
    ],
)
def test_our_own_name_goes_over_its_alias(tmp_path: Path, ours: str, value: str) -> None:
    both, alone = load(tmp_path, **ALL, **{ours: value}), load(tmp_path, **{ours: value})
    different = [name for name in ALL if shown(both)[name] != ALL[name]]
    assert len(different) == 1
    assert shown(both)[different[0]] == shown(alone)[different[0]]


def test_an_alias_goes_over_the_file(tmp_path: Path) -> None:
    yaml = "gateway: {host: 127.0.0.9, port: 8123}\nretention: {events_days: 90, crops_days: 3}\nsecurevision:\n"
    settings = load(tmp_path, yaml, **ALL)
    assert shown(settings) == ALL
    assert (settings.gateway.port, settings.retention.crops_days) == (8123, 3)


@pytest.mark.parametrize("ports", ["'visionflow=5000, securevision=1'", "{visionflow: 5000, securevision: 1}"])
def test_the_port_joins_those_of_other_dialects(tmp_path: Path, ports: str) -> None:
    settings = load(tmp_path, f"gateway: {{dialect_ports: {ports}}}", SECUREVISION__API__PORT="8001")
    assert settings.gateway.dialect_ports == {"visionflow": 5000, "securevision": 8001}


def test_an_empty_name_counts_as_not_set_and_others_are_not_looked_at(tmp_path: Path) -> None:
    env = {"SECUREVISION__API__AUTH_TOKEN": "", "SECUREVISION__MODELS__FACE": "x", "SECUREVISION__API__PORT": ""}
    assert load(tmp_path, **env) == load(tmp_path)


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"SECUREVISION__API__PORT": "http"}, "gateway.dialect_ports.securevision"),
        ({"SECUREVISION__EVENTS__RETENTION_DAYS": "-1"}, "retention.events_days"),
        ({"SECUREVISION__EVENTS__RETENTION_DAYS": "1.5"}, "retention.events_days"),
        ({"SECUREVISION__API__WS_ENABLED": "perhaps"}, "securevision.ws_enabled"),
        ({"ARGUS_SECUREVISION__AUTH_REQUIRED": "false"}, "needs account"),
    ],
)
def test_what_is_wrong_is_refused_with_the_setting_that_it_means(
    tmp_path: Path, env: dict[str, str], said: str
) -> None:
    with pytest.raises(UserError, match=said):
        load(tmp_path, **env)
