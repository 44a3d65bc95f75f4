"""What the judge says of several events together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.alerts.incident_verdict import Said, strongest

AT = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)
NOTHING, OPEN = Said(None), Said("unverified")


def said(verdict: str, threat: int | None = 1, *, after_s: float = 0) -> Said:
    return Said(verdict, f"{verdict} {threat}", threat, AT + timedelta(seconds=after_s))


@pytest.mark.parametrize(
    ("of_each", "of_all"),
    [
        ([], NOTHING),
        ([NOTHING], NOTHING),
        ([NOTHING, OPEN], OPEN),
        ([said("rejected"), OPEN], OPEN),
        ([said("rejected"), NOTHING], NOTHING),
        ([said("rejected"), said("rejected", 0, after_s=1)], said("rejected", 0, after_s=1)),
        ([said("rejected", 3, after_s=9), said("confirmed", None), OPEN], said("confirmed", None)),
        ([said("confirmed", 3), said("confirmed", 1, after_s=5)], said("confirmed", 3)),
        ([said("confirmed", 2), said("confirmed", 2, after_s=5)], said("confirmed", 2, after_s=5)),
    ],
)
def test_one_confirmation_confirms_and_only_all_rejections_reject(of_each: list[Said], of_all: Said) -> None:
    assert strongest(of_each) == of_all
    assert strongest(of_each[::-1]) == of_all
