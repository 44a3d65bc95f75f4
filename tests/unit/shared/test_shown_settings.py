"""Settings as administrators see them: everything but secrets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

from shared.settings import Settings, load_settings
from shared.settings.shown import shown_settings

CANARY = "CaNaRy"


def _shown(**values: Any) -> str:
    settings = Settings.model_validate(values)
    assert CANARY in repr([_revealed(value) for value in _leaves(settings)]), "the test itself has no canary"
    return json.dumps(shown_settings(settings))


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _leaves(getattr(value, name))
    elif isinstance(value, dict):
        for item in value.items():
            yield from _leaves(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _leaves(item)
    else:
        yield value


def _revealed(value: Any) -> Any:
    return value.get_secret_value() if isinstance(value, SecretStr) else value


@pytest.mark.parametrize("name", ["redis_url", "database_url", "media_url", "models_mirror"])
@pytest.mark.parametrize(
    "url",
    [
        "redis://:{}@localhost:6379/0",
        "postgresql+psycopg://argus:{}@db/argus",
        "postgresql+psycopg://{}:x@db/argus",
        "postgresql+psycopg://argus:a@{}@db/argus",
        "postgresql+psycopg://argus:a/{}@db/argus",
        "postgresql+psycopg://argus:a?{}@db/argus",
        "postgresql+psycopg://argus:a b'\"<{}>@db/argus",
        "postgresql+psycopg://db/argus?password={}",
        "postgresql+psycopg://db/argus?password=a@{}",
        "redis://host/0?x=1&password={}",
        "https://mirror.example/models?sig={}",
        "https://mirror.example/models#{}",
        "s3://AKIA:{}@bucket/prefix",
        "argus:{}@host",
    ],
)
def test_no_address_shows_its_credentials(name: str, url: str) -> None:
    assert CANARY not in _shown(**{name: url.format(CANARY)})


def test_an_address_still_says_where_it_leads() -> None:
    settings = Settings(
        redis_url="rediss://u:p@redis.example:6380/1",
        database_url="postgresql+psycopg://u:p@db.example/argus?sslmode=require",
        models_mirror="/mnt/models",
        media_url="s3://bucket/prefix",
    )
    shown = shown_settings(settings)
    assert shown["redis_url"] == "rediss://***@redis.example:6380/1"
    assert shown["database_url"] == "postgresql+psycopg://***@db.example/argus?***"
    assert shown["models_mirror"] == "/mnt/models"
    assert shown["media_url"] == "s3://bucket/prefix"


def _secret_fields(kind: type[BaseModel], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, info in kind.model_fields.items():
        annotation = info.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield from _secret_fields(annotation, (*path, name))
        elif "SecretStr" in str(annotation):
            yield (*path, name)


@pytest.mark.parametrize("path", list(_secret_fields(Settings)), ids=".".join)
def test_no_secret_setting_is_shown(path: tuple[str, ...]) -> None:
    values: Any = CANARY
    for name in reversed(path):
        values = {name: values}
    assert CANARY not in _shown(**values)


def test_webhooks_show_neither_token_nor_secret_nor_the_path_of_their_address() -> None:
    endpoint = {
        "url": f"https://u:{CANARY}1@hooks.example/services/{CANARY}2?token={CANARY}3",
        "auth_type": "header",
        "auth_name": "X-Api-Key",
        "token": f"{CANARY}4",
        "secret": f"whsec_{CANARY}5",
    }
    shown = _shown(webhooks={"endpoints": [endpoint]})
    assert CANARY not in shown
    assert "hooks.example" in shown
    assert '"auth_type": "header"' in shown


@pytest.mark.parametrize(
    "section",
    [
        {"bot_token": CANARY},
        {"botToken": CANARY},
        {"PASSWORD": CANARY},
        {"pin": int("31415"), "note": f"x://y:{CANARY}@z"},
        {"accounts": [{"name": "a", "api_key": CANARY}]},
        {"auth": {"user": CANARY, "phrase": CANARY}},
        {"headers": {"X-Custom": CANARY}},
        {"server": f"mqtt://u:{CANARY}@broker:1883"},
        {"server": f"u:{CANARY}@broker"},
        {"base": f"https://api.telegram.org/bot{CANARY}/"},
        {"deep": [{"er": [{"dsn": CANARY}]}]},
    ],
)
@pytest.mark.parametrize("place", [("alerts", "channel_settings"), ("eye", "detectors"), ("eye", "trackers")])
def test_no_plug_ins_own_section_shows_a_secret(place: tuple[str, str], section: dict[str, Any]) -> None:
    shown = _shown(**{place[0]: {place[1]: {"some": section}}})
    assert CANARY not in shown
    assert "31415" not in shown


def test_secrets_from_the_environment_are_hidden_too() -> None:
    settings = load_settings(
        environ={
            "ARGUS_REDIS_URL": f"redis://:{CANARY}@localhost/0",
            "ARGUS_SECRET_KEY": CANARY,
            "ARGUS_ADMIN_PASSWORD": CANARY,
            "ARGUS_ALERTS__CHANNEL_SETTINGS__TELEGRAM": json.dumps({"token": CANARY}),
        }
    )
    assert CANARY not in json.dumps(shown_settings(settings))


def test_what_is_no_secret_is_shown_and_what_is_not_set_is_null() -> None:
    shown = shown_settings(Settings(eye={"presence": {"min_s": 1.5}}))  # type: ignore[arg-type]
    assert set(shown) == set(Settings.model_fields)
    assert shown["eye"]["model"] == "yolox_nano"
    assert shown["eye"]["presence"] == {"min_s": 1.5}
    assert shown["gateway"]["port"] == 8000
    assert shown["gateway"]["trusted_proxies"] == ["127.0.0.1", "::1"]
    assert shown["secret_key"] is None
    assert shown_settings(Settings(secret_key=SecretStr("x" * 44)))["secret_key"] == "***"
