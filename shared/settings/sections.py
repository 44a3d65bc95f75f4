"""The settings of each service."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, SecretStr, model_validator

from shared.domain.channel import CHANNELS
from shared.domain.recipient import Language
from shared.domain.webhook import WebhookAuth, WebhookEvent
from shared.settings.rate import Rate
from shared.settings.section import Section
from shared.settings.wall_clock import ClockTime, TimeZone


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

    host: str = Field(default="127.0.0.1", description="address the gateway listens on")
    port: Port = Field(default=8000, description="port of the native API")
    dialect_ports: Ports = Field(
        default_factory=dict,
        description="dialect=port pairs served at the root of a port; unset under `argus up`: "
        "visionflow=5000,securevision=8001 as far as these are free; a lone comma: none",
    )
    workers: int = Field(default=2, ge=1, le=64, description="processes that answer requests")
    threads: int = Field(default=8, ge=1, le=256, description="requests answered at once per process")
    trusted_proxies: Words = Field(
        default=("127.0.0.1", "::1"), description="addresses whose X-Forwarded-* headers are believed"
    )
    public_url: str | None = Field(
        default=None, description="address at which people reach the gateway, for links in messages; unset: no links"
    )
    registration: Literal["first", "open", "closed"] = Field(
        default="first",
        description="who may register by himself; first: one person beside the first administrator",
    )
    model_names: Words = Field(
        default=("yolo_v11_detect",), description="names by which clients know the model of `eye.model`, beside its own"
    )
    cors_origins: Words = Field(default=(), description="origins of web pages that may call the API")
    rate_limit_key: Rate = Field(default="1000 per hour", description="requests of one API key; 0: any number")
    rate_limit_token: Rate = Field(
        default="3600 per hour", description="requests of one user who has logged in for tokens; 0: any number"
    )
    rate_limit_basic: Rate = Field(
        default="100 per hour", description="requests of one user who sends a password; 0: any number"
    )
    rate_limit_address: Rate = Field(
        default="3600 per hour",
        description="requests of one address without valid credentials, probes not counted; 0: any number",
    )
    streams: int = Field(default=4000, ge=0, le=100_000, description="streams open at once in all workers together")
    streams_per_account: int = Field(
        default=1000, ge=0, le=100_000, description="streams one account may have open at once"
    )


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
    jpeg_quality: int = Field(default=85, ge=30, le=100, description="quality of the JPEG sent on")
    connect_timeout_s: float = Field(default=10.0, gt=0, description="how long opening a camera may take")
    stall_timeout_s: float = Field(
        default=8.0, gt=0, le=10, description="silence after which a camera's connection is opened anew"
    )
    down_after_s: float = Field(default=60.0, ge=0, description="silence after which people are told")
    backoff_base_s: float = Field(default=1.0, gt=0, description="wait before the second try, doubled each time")
    backoff_cap_s: float = Field(default=60.0, gt=0, description="longest wait between two tries")
    sync_interval_s: float = Field(
        default=10.0, gt=0, description="how often cameras are read from the database unasked"
    )
    live_width: int = Field(default=1280, ge=160, le=3840, description="widest picture of a live view, pixels")
    record: bool = Field(default=False, description="keep the stream as segments in the media store")
    segment_s: float = Field(default=10.0, gt=0, le=300, description="length of a stored segment")
    retention_h: float = Field(default=72.0, gt=0, description="how long footage is kept, hours")
    min_free_mib: int = Field(
        default=1024, ge=0, description="free disk below which footage goes early, and at last is no more recorded; MiB"
    )


class EyeSettings(Section):
    """Frames to presences."""

    backend: Literal["auto", "onnx", "hog", "tensorrt"] = Field(
        default="auto", description="what runs the model; auto: the best that is there"
    )
    model: str = Field(default="yolox_nano", description="name of the weights")
    stale_after_s: float = Field(default=20.0, gt=0, description="frames older than this are skipped and counted")
    batch: int = Field(default=8, ge=1, le=64, description="frames detected in one go")
    labels: Words = Field(default=(), description="labels to look for; empty: people, vehicles and animals")
    tracker: str = Field(default="bytetrack", description="name of the tracker")
    detectors: Plugins = Field(default_factory=dict, description="each detector's own settings by its name")
    trackers: Plugins = Field(default_factory=dict, description="each tracker's own settings by its name")
    presence: dict[str, Any] = Field(
        default_factory=dict, description="when a track becomes a presence and when it ends"
    )
    sync_interval_s: float = Field(default=10.0, gt=0, description="how often zones are read from the database unasked")


class OllamaSettings(Section):
    """The server of the usual judge."""

    url: str | None = Field(default=None, description="address of Ollama; unset: no judge, rules alone")
    model: str = Field(default="gemma3", description="the judge's model")
    timeout_s: float = Field(default=30.0, gt=0, le=600, description="for one answer, loading the model included")
    keep_alive: str = Field(
        default="10m", pattern=r"^(-1|0|[0-9]+(ms|s|m|h))$", description="how long the model stays loaded; -1: for good"
    )
    stream: bool = Field(default=True, description="take answers piece by piece, as most proxies like it better")


class JudgeSettings(Section):
    """Whom rules with `judge` ask, and how."""

    kind: str = Field(default="ollama", description="ollama (see `ollama.url`), or openai")
    settings: Plugins = Field(default_factory=dict, description="each judge's own settings by its name")
    language: Language = Field(default="en", description="in which it speaks to accounts that have set none")
    concurrency: int = Field(default=2, ge=1, le=64, description="cases at once per worker")
    queue_bound: int = Field(
        default=50,
        ge=1,
        le=10_000,
        description="open cases beyond which the oldest of the least severe goes unverified",
    )
    patience_s: float = Field(default=900.0, gt=0, description="age at which a case is given up")
    breaker_failures: int = Field(default=5, ge=1, description="failures in a row after which nobody asks for a while")
    breaker_open_s: float = Field(default=30.0, gt=0, description="that while; then one case tries it out")
    tell_rejected: bool = Field(default=False, description="tell people even of what the judge rejected in time")


class BrainSettings(Section):
    """Presences to events."""

    sync_interval_s: float = Field(
        default=10.0, gt=0, description="how often rules and cameras are read from the database unasked"
    )
    relay_interval_s: float = Field(default=1.0, gt=0, description="how often the outbox is looked at unasked")
    batch: int = Field(default=64, ge=1, le=1000, description="presence messages per transaction under a backlog")
    heed_marks: bool = Field(
        default=True, description="no rule fires on what was marked a false alarm twice where it stands, unless surer"
    )


class AlertsSettings(Section):
    """Events to people."""

    webhook_allow_private: bool = Field(default=False, description="webhooks may go to loopback and private addresses")
    webhook_timeout_s: float = Field(default=10.0, gt=0, le=60, description="for one whole exchange")
    backoff_base_s: float = Field(
        default=1.0, gt=0, description="wait before a delivery's second try, doubled each time"
    )
    backoff_cap_s: float = Field(default=900.0, gt=0, description="longest wait between two tries")
    give_up_after_s: float = Field(default=86_400.0, gt=0, description="age at which a delivery is given up")
    concurrency: int = Field(default=16, ge=1, le=256, description="deliveries in flight per worker and channel")
    per_recipient: int = Field(default=4, ge=1, le=256, description="deliveries in flight to one recipient")
    lease_s: float = Field(default=15.0, gt=0, description="added to a channel's time-out: a worker silent longer died")
    sweep_interval_s: float = Field(default=0.5, gt=0, le=60, description="how often due deliveries are looked for")
    batch: int = Field(default=64, ge=1, le=1000, description="events per transaction under a backlog")
    channels: Words = Field(
        default=CHANNELS, description="channels in use; each needs settings or recipients of its own before it tells"
    )
    channel_settings: Plugins = Field(default_factory=dict, description="each channel's own settings by its name")
    email_verification: bool = Field(
        default=True, description="new e-mail recipients are told nothing before they followed a link in a mail"
    )
    timezone: TimeZone = Field(default="UTC", description="IANA time zone of `report_at`, such as Europe/Paris")
    report_at: ClockTime = Field(default="07:00", description="local time of the daily report")
    report_late_h: float = Field(
        default=6.0, gt=0, le=23, description="how late a daily report that was missed is still made, hours"
    )
    status_down_after_s: float = Field(
        default=60.0, gt=0, description="how long a part of Argus must fail before people are told"
    )
    status_up_after_s: float = Field(
        default=180.0, gt=0, description="how long it must work again without a break before people are told"
    )
    disk_low_mib: int = Field(
        default=2048, ge=0, description="free disk below which people are told, MiB; above 1.25 times that it is over"
    )


class WebhookEndpoint(Section):
    """A webhook of argus.yaml. `token` is user:password for basic, and `auth_name` the header's name for header."""

    url: str = Field(min_length=1, max_length=2048)
    events: Annotated[tuple[WebhookEvent, ...], Field(min_length=1)] = ("detection", "alert")
    auth_type: WebhookAuth = "none"
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

    enabled: bool = Field(default=True, description="use the webhooks below")
    endpoints: tuple[WebhookEndpoint, ...] = Field(
        default=(), description="the webhooks: url, events, auth_type, auth_name, token, secret, enabled"
    )


class MetricsSettings(Section):
    """Prometheus, for a service that runs on its own."""

    host: str = Field(default="127.0.0.1", description="address the metrics are served on")
    port: int | None = Field(default=None, ge=0, le=65535, description="unset: only the gateway's /metrics")


class LogSettings(Section):
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="least level that is logged"
    )
    format: Literal["json", "console"] = Field(default="json", description="JSON lines, or text for people")
