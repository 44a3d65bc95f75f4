"""Counts once and prints the exposition: `PROMETHEUS_MULTIPROC_DIR` must be set before the library is loaded."""

import sys

from prometheus_client import Counter

from shared.observability.metrics import exposition

Counter("argus_test_frames", "Frames.", ["service"]).labels(sys.argv[1]).inc(3)
sys.stdout.write(exposition().decode())
