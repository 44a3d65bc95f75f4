"""The settings of the MQTT broker, and what is published there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from shared.settings import Settings
from shared.settings.section import parse_section

CHANNEL: Final = "mqtt"
SETTINGS_PATH: Final = f"alerts.channel_settings.{CHANNEL}"
QOS: Final = 1
"""At least once: what was published is sure only when the broker has acknowledged it."""

_PORTS = {"mqtt": 1883, "mqtts": 8883}


@dataclass(frozen=True, slots=True)
class Message:
    """One message. The broker keeps the last `retain`ed one of a topic for whoever subscribes later."""

    topic: str
    payload: bytes
    retain: bool = False


class BrokerOptions(BaseModel):
    """How the broker is reached. Without `url` there is none."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str | None = None
    username: str | None = None
    password: SecretStr | None = None
    client_id: str = Field(default="argus", pattern=r"^[A-Za-z0-9_-]{1,40}$")
    ca_file: Path | None = None
    timeout_s: float = Field(default=10.0, gt=0, le=60)

    @field_validator("url")
    @classmethod
    def _broker_url(cls, url: str | None) -> str | None:
        if url is None:
            return None
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname or parts.path.strip("/") or parts.query:
            raise ValueError("must be mqtt://host:port or mqtts://host:port")
        if parts.username is not None or parts.password is not None:
            raise ValueError("must hold no credentials: give username and password apart from it")
        if parts.port == 0:
            raise ValueError("names a port that cannot be reached")
        return url

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The broker of the channel mqtt, for another channel. Raises `UserError` for settings that are wrong."""
        values: dict[str, Any] = settings.alerts.channel_settings.get(CHANNEL, {})
        known = {name: value for name, value in values.items() if name in cls.model_fields}
        return parse_section(cls, known, path=SETTINGS_PATH)

    @property
    def encrypted(self) -> bool:
        return urlsplit(self.url or "").scheme == "mqtts"

    @property
    def host(self) -> str:
        return urlsplit(self.url or "").hostname or ""

    @property
    def port(self) -> int:
        parts = urlsplit(self.url or "")
        return parts.port or _PORTS[parts.scheme]
