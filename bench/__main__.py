"""`python -m bench [P1 P2 …]` measures the table and writes bench/report.md and bench/report.json."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence

import cv2

from bench.api_rows import p9_events_page
from bench.delivery_rows import p11_deliveries
from bench.eye_rows import p5_frames_per_second
from bench.ingest_rows import p1_idle, p2_active, p3_recall
from bench.judge_rows import judge_delays
from bench.modules import CROPS, module_rows
from bench.recorder_rows import p4_recorder
from bench.report import write
from bench.row import Row
from bench.rule_rows import p8_rules
from bench.stream_rows import p10_fan_out
from bench.whole import p6_p7

ROWS: dict[tuple[str, ...], Callable[[], Row | list[Row]]] = {
    ("P1",): p1_idle,
    ("P2",): p2_active,
    ("P3",): p3_recall,
    ("P4",): p4_recorder,
    ("P5",): p5_frames_per_second,
    ("P6", "P7"): p6_p7,
    ("P8",): p8_rules,
    ("P9", "P9p"): p9_events_page,
    ("P10",): p10_fan_out,
    ("P11",): p11_deliveries,
    ("J",): judge_delays,
    tuple(f"M {name}" for name in CROPS): module_rows,
}


def main(wanted: Sequence[str]) -> int:
    known = {name for names in ROWS for name in names}
    if unknown := [name for name in wanted if name not in known]:
        print(f"bench: there is no row {unknown[0]!r} – rows: {', '.join(sorted(known))}", file=sys.stderr)
        return 2
    cv2.setNumThreads(1)
    rows: list[Row] = []
    for names, measure in ROWS.items():
        if wanted and not set(names) & set(wanted):
            continue
        print(f"measuring {', '.join(names)} …", flush=True)
        measured = measure()
        rows += [measured] if isinstance(measured, Row) else measured
        for row in rows[-len(names) :]:
            print(f"  {row.id}  {row.ours} against {row.reference}: {row.ratio} (goal {row.goal}) {row.verdict}")
    report = write(rows)
    missed = [row.id for row in rows if row.met is False]
    print(f"bench: {len(rows)} rows, missed: {', '.join(missed) or 'none'}; written to {report}")
    return 0


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", str(os.cpu_count() or 1))
    sys.exit(main(sys.argv[1:]))
