"""What the brain counts and times."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.035, 0.05, 0.075, 0.1, 0.2, 0.5, 1, 2, 5, 10, 60)

EVENTS = Counter("argus_brain_events_total", "Events stored", ["kind"])
PRESENCE_TO_EVENT = Histogram(
    "argus_brain_presence_to_event_seconds", "Presence message taken up → event committed", buckets=_SECONDS
)
CAPTURED_TO_STORED = Histogram(
    "argus_brain_captured_to_stored_seconds", "Frame captured → event committed", buckets=_SECONDS
)
LOOKS = Counter(
    "argus_brain_looks_total", "Looks of specialists at presences and scenes, by what came of it", ["module", "outcome"]
)
REMOVED = Counter("argus_brain_removed_total", "What specialists left and was too old, by what it was", ["kind"])
OUTBOX_PENDING = Gauge(
    "argus_brain_outbox_pending", "Outbox rows not yet published, as last seen", multiprocess_mode="mostrecent"
)
