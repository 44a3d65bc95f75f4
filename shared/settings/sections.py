"""The settings of each service."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, SecretStr, model_validator

from shared.settings.section import Section


def _paths(value: object) -> object:
    if isinstance(value, str):
        return [part for part in value.split(":") if part]
    return value


def _words(value: object) -> object:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def _ports(value: object) -> object:
    if not isinstance(value, str):
        return value
    pairs = (part.partition("=") for part in value.split(",") if part.strip())
    return {name.strip(): port.strip() for name, _, port in pairs}


Paths = Annotated[tuple[Path, ...], BeforeValidator(_paths)]
Words = Annotated[tuple[str, ...], BeforeValidator(_words)]
Port = Annotated[int, Field(ge=1, le=65535)]
Ports = Annotated[dict[str, Port], BeforeValidator(_ports)]
Plugins = dict[str, dict[str, Any]]


class GatewaySettings(Section):
    """The HTTP API."""

    host: str = "127.0.0.1"
    port: Port = 8000
    dialect_ports: Ports = Field(default_factory=dict, description="dialect=port pairs served at the root of a port")
    workers: int = Field(default=2, ge=1, le=64)
    threads: int = Field(default=8, ge=1, le=256)
    trusted_proxies: Words = ("127.0.0.1", "::1")
    cors_origins: Words = ()


class IngestSettings(Section):
    """Cameras to frames."""

    file_roots: Paths = Field(default=(), description="folders file:// cameras may read; default: the data dir")
    active_fps: float = Field(default=5.0, gt=0, le=30, description="frames per second sent while something moves")
    idle_fps: float = Field(
        default=0.2, ge=0, le=30, description="frames per second sent while nothing moves, at most one per keyframe"
    )
    active_hold_s: float = Field(default=10.0, ge=0, description="how long a scene stays active after motion")
    preroll_s: float = Field(default=1.0, ge=0, le=10, description="what is sent of the time before the motion")
    max_side: int = Field(default=1920, ge=64, le=8192, description="longest side of the JPEG sent on, pixels")
    jpeg_quality: int = Field(default=85, ge=30, le=100)
    connect_timeout_s: float = Field(default=10.0, gt=0)
    stall_timeout_s: float = Field(default=8.0, gt=0, le=10)
    down_after_s: float = Field(default=60.0, ge=0, description="silence after which people are told")
    backoff_base_s: float = Field(default=1.0, gt=0, description="wait before the second try, doubled each time")
    backoff_cap_s: float = Field(default=60.0, gt=0)
    sync_interval_s: float = Field(default=10.0, gt=0)
    record: bool = Field(default=False, description="keep the stream as segments in the media store")
    segment_s: float = Field(default=10.0, gt=0, le=300)
    retention_h: float = Field(default=72.0, gt=0)


class EyeSettings(Section):
    """Frames to presences."""

    backend: Literal["auto", "onnx", "hog", "tensorrt"] = "auto"
    model: str = "yolox_nano"
    stale_after_s: float = Field(default=10.0, gt=0, description="frames older than this are skipped and counted")
    batch: int = Field(default=8, ge=1, le=64)
    labels: Words = Field(default=(), description="labels to look for; empty: people, vehicles and animals")
    tracker: str = "bytetrack"
    detectors: Plugins = Field(default_factory=dict)
    trackers: Plugins = Field(default_factory=dict)
    presence: dict[str, Any] = Field(default_factory=dict)
    sync_interval_s: float = Field(default=10.0, gt=0)


class OllamaSettings(Section):
    """The judge."""

    url: str | None = None
    model: str = "gemma3"


class BrainSettings(Section):
    """Presences to events."""

    sync_interval_s: float = Field(default=10.0, gt=0)
    relay_interval_s: float = Field(default=1.0, gt=0, description="how often the outbox is looked at unasked")
    batch: int = Field(default=64, ge=1, le=1000, description="presence messages per transaction under a backlog")


class AlertsSettings(Section):
    """Events to people."""

    webhook_allow_private: bool = False
    webhook_timeout_s: float = Field(default=10.0, gt=0, le=60, description="for one whole exchange")
    backoff_base_s: float = Field(default=1.0, gt=0)
    backoff_cap_s: float = Field(default=900.0, gt=0)
    give_up_after_s: float = Field(default=86_400.0, gt=0)
    concurrency: int = Field(default=16, ge=1, le=256, description="deliveries in flight per worker")
    per_recipient: int = Field(default=4, ge=1, le=256, description="deliveries in flight to one recipient")
    lease_s: float = Field(default=15.0, gt=0, description="added to a channel's time-out: a worker silent longer died")
    sweep_interval_s: float = Field(default=0.5, gt=0, le=60, description="how often due deliveries are looked for")
    batch: int = Field(default=64, ge=1, le=1000, description="events per transaction under a backlog")
    channels: Words = Field(default=("webhook",), description="channels in use")
    channel_settings: Plugins = Field(default_factory=dict, description="each channel's own settings by its name")


class WebhookEndpoint(Section):
    """A webhook of argus.yaml. `token` is user:password for basic, and `auth_name` the header's name for header."""

    url: str = Field(min_length=1, max_length=2048)
    events: Annotated[tuple[Literal["detection", "alert", "camera_down", "camera_up"], ...], Field(min_length=1)] = (
        "detection",
        "alert",
    )
    auth_type: Literal["none", "bearer", "basic", "header"] = "none"
    auth_name: str | None = Field(default=None, max_length=128)
    token: SecretStr | None = None
    secret: SecretStr | None = Field(default=None, description="whsec_…: requests are signed with it")
    enabled: bool = True

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.auth_type != "none" and not self.token:
            raise ValueError(f"auth_type {self.auth_type} needs a token")
        if self.auth_type == "header" and not self.auth_name:
            raise ValueError("auth_type header needs auth_name, the header's name")
        return self


class WebhooksSettings(Section):
    """Webhooks that stand in the configuration; others come and go through the API."""

    enabled: bool = True
    endpoints: tuple[WebhookEndpoint, ...] = ()


class MetricsSettings(Section):
    """Prometheus, for a service that runs on its own."""

    host: str = "127.0.0.1"
    port: int | None = Field(default=None, ge=0, le=65535, description="unset: only the gateway's /metrics")


class LogSettings(Section):
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    format: Literal["json", "console"] = "json"
