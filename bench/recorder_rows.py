"""P4: keeping the stream, against copying it."""

from __future__ import annotations

from bench.row import Row


def p4_recorder() -> Row:
    """Filled in with the recorder."""
    return Row(
        "P4", "recorder: CPU s per camera-minute", "≤ 1.5, and ≤ 2 % of a core per stream", note="no recorder yet"
    )
