"""All settings, with the fixed names operators rely on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr

from shared.domain.errors import UserError
from shared.settings.modules import ModulesSettings
from shared.settings.retention import RetentionSettings
from shared.settings.section import Section
from shared.settings.sections import (
    AlertsSettings,
    BrainSettings,
    EyeSettings,
    GatewaySettings,
    IngestSettings,
    JudgeSettings,
    LogSettings,
    MetricsSettings,
    OllamaSettings,
    WebhooksSettings,
)
from shared.settings.securevision import SecureVisionSettings
from shared.settings.system import SystemSettings


class Settings(Section):
    """The validated configuration of one Argus installation."""

    data_dir: Path = Field(default=Path("./data"), description="folder of database, media, Redis files and secret key")
    redis_url: str | None = Field(default=None, description="unset: the embedded server")
    database_url: str | None = Field(default=None, description="unset: SQLite in the data dir")
    media_url: str | None = Field(default=None, description="unset: a folder in the data dir")
    secret_key: SecretStr | None = Field(default=None, description="unset: generated once into the data dir")
    admin_username: str | None = Field(default=None, description="first admin, made when there is none")
    admin_password: SecretStr | None = Field(
        default=None, description="the first admin's password; unset: one is made and printed once"
    )
    models_mirror: str | None = Field(
        default=None, description="folder or URL from which weights are taken instead of their origin"
    )
    weights_registry: Path | None = Field(default=None, description="a TOML file with further weights")
    shards: int = Field(
        default=16, ge=1, le=1024, description="into how many parts the cameras are divided among replicas"
    )
    system: SystemSettings = Field(default_factory=SystemSettings)
    gateway: GatewaySettings = Field(default_factory=GatewaySettings)
    ingest: IngestSettings = Field(default_factory=IngestSettings)
    eye: EyeSettings = Field(default_factory=EyeSettings)
    brain: BrainSettings = Field(default_factory=BrainSettings)
    modules: ModulesSettings = Field(default_factory=ModulesSettings)
    retention: RetentionSettings = Field(default_factory=RetentionSettings)
    alerts: AlertsSettings = Field(default_factory=AlertsSettings)
    webhooks: WebhooksSettings = Field(default_factory=WebhooksSettings)
    rules: tuple[dict[str, Any], ...] = Field(
        default=(), description="rules with the fields of POST /rules; others come and go through the API"
    )
    ollama: OllamaSettings = Field(default_factory=OllamaSettings)
    judge: JudgeSettings = Field(default_factory=JudgeSettings)
    securevision: SecureVisionSettings = Field(default_factory=SecureVisionSettings)
    metrics: MetricsSettings = Field(default_factory=MetricsSettings)
    log: LogSettings = Field(default_factory=LogSettings)

    @property
    def known_redis_url(self) -> str:
        """The server's URL, which `argus up` tells its services. Raises `UserError` where nobody has set it."""
        if not self.redis_url:
            raise UserError("redis_url", "is not set", remedy="start with `argus up`, or set ARGUS_REDIS_URL")
        return self.redis_url

    @property
    def effective_database_url(self) -> str:
        return self.database_url or f"sqlite:///{self.data_dir.resolve() / 'argus.db'}"

    @property
    def effective_media_url(self) -> str:
        return self.media_url or (self.data_dir.resolve() / "media").as_uri()

    @property
    def has_judge(self) -> bool:
        """Whether there is a judge to ask; without one rules alone decide, and nobody waits."""
        return self.judge.kind != "ollama" or self.ollama.url is not None

    @property
    def models_dir(self) -> Path:
        return self.data_dir / "models"

    @property
    def file_roots(self) -> tuple[Path, ...]:
        return self.ingest.file_roots or (self.data_dir.resolve(),)
