"""What the workers count and time."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

_SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300)

JOBS = Counter("argus_module_jobs_total", "Jobs by how an attempt ended", ["module", "outcome"])
SECONDS = Histogram("argus_module_job_seconds", "One attempt", ["module"], buckets=_SECONDS)
