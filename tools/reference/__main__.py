"""`python -m tools.reference` writes the generated pages anew."""

from __future__ import annotations

import sys
from pathlib import Path

from tools.reference.pages import PAGES

_FOLDER = Path(__file__).resolve().parents[2] / "docs" / "reference"


def main() -> int:
    _FOLDER.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (_FOLDER / name).write_text(page(), encoding="utf-8")
    sys.stdout.write(f"wrote {', '.join(PAGES)} in docs/reference\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
