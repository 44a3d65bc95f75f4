"""What the brain counts and times."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import Counter, Gauge, Histogram

if TYPE_CHECKING:
    from services.brain.cases import Settled

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
REMOVED = Counter("argus_brain_removed_total", "What was too old and went, by what it was", ["kind"])
OUTBOX_PENDING = Gauge(
    "argus_brain_outbox_pending", "Outbox rows not yet published, as last seen", multiprocess_mode="mostrecent"
)
KNOWN_FALSE = Counter(
    "argus_brain_known_false_total", "Presence messages on which no rule fired because people had marked the like"
)
CASES = Gauge("argus_brain_cases_open", "Cases before the judge, as last seen", multiprocess_mode="mostrecent")
VERDICTS = Counter(
    "argus_brain_verdicts_total",
    "Cases settled, by verdict, by what came of asking, and by whether people heard of the event with it",
    ["verdict", "outcome", "in_time"],
)
PASSED_DEADLINES = Counter("argus_brain_deadlines_passed_total", "Events told because the judge had not spoken in time")
ANSWERS = Counter("argus_brain_judge_answers_total", "Questions to the judge, by what came of each", ["outcome"])
JUDGE_SECONDS = Histogram("argus_brain_judge_seconds", "Question asked → answer there", buckets=_SECONDS)
JUDGE_BREAKER = Gauge(
    "argus_brain_judge_breaker_open", "1 while the judge is not asked because it failed", multiprocess_mode="max"
)


def count_verdict(settled: Settled) -> None:
    """Count a case that was settled."""
    result = settled.result
    VERDICTS.labels(result.verdict, result.outcome, "yes" if settled.in_time else "no").inc()
