"""How long things are kept."""

from __future__ import annotations

from pydantic import Field

from shared.settings.section import Section


class RetentionSettings(Section):
    """How long things are kept. Pictures that an event shows stay as long as the event.

    What is under legal hold, or still needed to tell people, stays beyond that.
    """

    events_days: int = Field(
        default=30, ge=0, le=3650, description="how long events and recognitions are kept; 0: for good"
    )
    appearances_days: float = Field(
        default=30.0, gt=0, le=3650, description="how long what bodies and faces looked like is kept"
    )
    crops_days: float = Field(
        default=7.0, gt=0, le=3650, description="how long further crops of a presence with an event are kept"
    )
    no_event_h: float = Field(
        default=24.0, ge=1, le=87_600, description="how long pictures of a presence without an event are kept, hours"
    )
    decisions_h: float = Field(
        default=24.0, ge=1, le=720, description="how long it is kept what rules made of each presence, hours"
    )
    interval_s: float = Field(default=3600.0, gt=0, le=86_400, description="how often it is looked for what is too old")
