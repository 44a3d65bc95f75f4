"""Who is told of an event."""

from __future__ import annotations

import pytest

from services.alerts.policy import Recipient, recipients_of
from shared.messages.events import EventRaised


@pytest.mark.parametrize(
    ("recipient", "event", "told"),
    [
        ({}, {}, True),
        ({"events": {"alert"}}, {}, True),
        ({"events": {"detection", "alert"}}, {}, True),
        ({"events": {"camera_down"}}, {}, False),
        ({"events": {"camera_down"}}, {"kind": "camera_down"}, True),
        ({"events": {"camera_up"}}, {"kind": "camera_down"}, False),
        ({"events": {"camera_up"}}, {"kind": "camera_up"}, True),
        ({"events": {"detection", "alert"}}, {"kind": "camera_up"}, False),
        ({"events": set()}, {}, False),
        ({"account_id": None}, {}, True),
        ({"account_id": 2}, {}, False),
        ({"account_id": 2}, {"account_id": None}, False),
        ({"account_id": None}, {"account_id": None}, True),
        ({}, {"channels": ("email",)}, False),
        ({}, {"channels": ("email", "webhook")}, True),
    ],
)
def test_recipients_get_what_they_asked_for(
    recipient: dict[str, object], event: dict[str, object], *, told: bool
) -> None:
    values = {"channel": "webhook", "id": "1", "account_id": 1, "events": {"detection"}, **recipient}
    person = Recipient(**{**values, "events": frozenset(values["events"])})  # type: ignore[arg-type]
    raised = EventRaised.example().model_copy(update={"channels": (), **event})
    assert recipients_of(raised, [person]) == ((person,) if told else ())
