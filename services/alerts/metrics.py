"""What alerts counts and times."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

_SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 60, 600)

ALERTS = Counter("argus_alerts_decided_total", "Alerts decided", ["kind"])
ATTEMPTS = Counter("argus_deliveries_attempts_total", "Attempts by how they ended", ["channel", "outcome"])
SEND = Histogram("argus_deliveries_send_seconds", "One attempt", ["channel"], buckets=_SECONDS)
CAPTURED_TO_DELIVERED = Histogram(
    "argus_captured_to_delivered_seconds", "Frame captured → recipient told", ["channel"], buckets=_SECONDS
)
DOUBTFUL = Counter(
    "argus_deliveries_doubtful_total", "Deliveries that may have arrived twice: a worker died with them", ["channel"]
)
HELD = Counter("argus_deliveries_held_total", "Deliveries held back for a digest", ["channel"])
AMENDMENTS = Counter("argus_deliveries_amendments_total", "Deliveries that amend what was told before")
ANSWERS = Counter("argus_alerts_answers_total", "Answers of recipients", ["channel", "press"])
REFUSED = Counter(
    "argus_deliveries_handed_back_total", "Deliveries that found no free hand of their channel, and wait", ["channel"]
)
SWEPT = Counter("argus_deliveries_swept_total", "Deliveries handed to workers by the sweeper")
