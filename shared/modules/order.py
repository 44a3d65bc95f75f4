"""What a specialist is asked to look at, as JSON between whoever asks and the worker."""

from __future__ import annotations

import secrets
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.domain.ids import is_slug
from shared.messages.message import UtcTime

MAX_PICTURES = 32

Scope = Literal["object", "scene"]


class PictureRef(BaseModel):
    """A picture in the media store; `box` (xyxy, its pixels) is where the thing in question is, None: everywhere."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    path: str = Field(min_length=1, max_length=1000)
    at: UtcTime | None = None
    box: tuple[float, float, float, float] | None = None


class ModuleOrder(BaseModel):
    """One job. With `event_uuid` (bare) its results become the event's.

    `account_id` is whose camera or event it is about, `asked_by` the account that asked; both may read the record.
    `options` are the camera's own settings for the specialist.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    job_id: str
    module: str
    pictures: Annotated[tuple[PictureRef, ...], Field(min_length=1, max_length=MAX_PICTURES)]
    scope: Scope
    at: UtcTime
    queue: str = "modules"
    account_id: int | None = None
    asked_by: int | None = None
    camera: str | None = None
    label: str | None = None
    track_id: int | None = None
    presence_id: str | None = None
    event_uuid: str | None = None
    options: dict[str, Any] = Field(default_factory=dict)
    trace_id: str = ""

    def is_for(self, account_id: int | None) -> bool:
        """Whether an account may read the record; None stands for everybody's."""
        return account_id is None or account_id in (self.account_id, self.asked_by)


def new_job_id() -> str:
    """`job-` and twelve hexadecimal digits that nobody can guess."""
    return f"job-{secrets.token_hex(6)}"


def is_job_id(text: str) -> bool:
    return text.startswith("job-") and is_slug(text)
