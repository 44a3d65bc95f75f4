"""What the SecureVision dialect has of its own."""

from __future__ import annotations

from typing import Self

from pydantic import Field, SecretStr, model_validator

from shared.settings.section import Section


class SecureVisionSettings(Section):
    """The SecureVision dialect. Whoever asks brings an API key or `auth_token` as a Bearer token."""

    auth_token: SecretStr | None = Field(
        default=None, min_length=1, description="a token that is as good as a key of `account`; unset: API keys alone"
    )
    auth_required: bool = Field(
        default=True, description="false: whoever brings no token reads, and cleans up, what `account` may"
    )
    account: str | None = Field(
        default=None,
        max_length=64,
        description="user name for which `auth_token` stands; unset: the oldest administrator, who sees everything",
    )
    ws_enabled: bool = Field(default=True, description="serve /stream")

    @model_validator(mode="after")
    def _nobody_reads_everything(self) -> Self:
        if not self.auth_required and self.account is None:
            raise ValueError("auth_required false needs account, the user whose recognitions anybody may read")
        return self
