"""What the installation is called."""

from __future__ import annotations

from pydantic import Field

from shared.settings.section import Section


class SystemSettings(Section):
    """How the installation calls itself towards clients."""

    name: str = Field(default="Argus", min_length=1, max_length=64, description="name shown to clients of the API")
    environment: str = Field(
        default="production", min_length=1, max_length=32, description="what it is for, such as production or staging"
    )
