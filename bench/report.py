"""The table as Markdown and JSON."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from bench.row import Row

_FOLDER = Path(__file__).parent


def write(rows: Sequence[Row]) -> Path:
    """Write both files; returns the Markdown's path."""
    report = _FOLDER / "report.md"
    report.write_text(_markdown(rows), encoding="utf-8")
    content = {"machine": _machine(), "rows": [{**asdict(row), "verdict": row.verdict} for row in rows]}
    (_FOLDER / "report.json").write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return report


def _markdown(rows: Sequence[Row]) -> str:
    lines = [
        "# Benchmark",
        "",
        f"On {_machine()}. Ratios count; absolute times tell of this machine.",
        "",
        "| # | what | ours | reference | ratio | goal | |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        note = f" ({row.note})" if row.note else ""
        cells = (row.id, row.what, row.ours, row.reference, row.ratio, row.goal, row.verdict + note)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def _machine() -> str:
    return f"{os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}"
