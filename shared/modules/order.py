"""What a specialist is asked to look at, as JSON between whoever asks and the worker."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.domain.ids import is_slug
from shared.messages.message import UtcTime
from shared.messages.presences import PresenceChanged

MAX_PICTURES = 32

Scope = Literal["object", "scene"]

_NAMESPACE: Final = uuid.UUID("0d2f6f9e-7a55-5a06-8a0c-4f3c7a1be4f2")


class PictureRef(BaseModel):
    """A picture in the media store; `box` (xyxy, its pixels) is where the thing in question is, None: everywhere.

    `quality` ranks the pictures of one order, where it is known.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    path: str = Field(min_length=1, max_length=1000)
    at: UtcTime | None = None
    box: tuple[float, float, float, float] | None = None
    quality: float | None = None


class ModuleOrder(BaseModel):
    """One job. With `event_uuid` (bare) its results become the event's.

    `account_id` is whose camera or event it is about, `asked_by` the account that asked; both may read the record.
    `options` are the camera's own settings for the specialist. `look` counts the looks that Argus takes at a presence
    of its own accord (1: as soon as a rule wants it, 2: at its end); 0 is a job that somebody asked for. `presence`
    is what was known of it then.
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
    look: int = Field(default=0, ge=0)
    presence: PresenceChanged | None = None
    options: dict[str, Any] = Field(default_factory=dict)
    trace_id: str = ""

    def is_for(self, account_id: int | None) -> bool:
        """Whether an account may read the record; None stands for everybody's."""
        return account_id is None or account_id in (self.account_id, self.asked_by)


def new_job_id() -> str:
    """`job-` and twelve hexadecimal digits that nobody can guess."""
    return f"job-{secrets.token_hex(6)}"


def look_id(presence: str, module: str, look: int) -> str:
    """The id of a look that Argus takes of its own accord: the same one however often it is ordered."""
    return f"job-{uuid.uuid5(_NAMESPACE, f'{presence}/{module}/{look}').hex[:24]}"


def best_pictures(pictures: Sequence[PictureRef], most: int) -> list[PictureRef]:
    """At most so many of them, in the order given: the best where their quality is known, else the last ones."""
    if any(picture.quality is None for picture in pictures):
        return list(pictures[-most:])
    ranked = sorted(range(len(pictures)), key=lambda place: -(pictures[place].quality or 0.0))
    return [pictures[place] for place in sorted(ranked[:most])]


def is_job_id(text: str) -> bool:
    return text.startswith("job-") and is_slug(text)
