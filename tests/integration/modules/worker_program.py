"""A worker whose hands have a specialist more, and stand-ins for two."""

from __future__ import annotations

import sys

from services.modules.specialists import CATALOGUE
from services.modules.worker import main

CATALOGUE |= {
    "tester": "tests.integration.modules.tester:Tester",
    "lpr": "tests.integration.modules.tester:Plates",
    "fire_smoke": "tests.integration.modules.tester:Flames",
}

if __name__ == "__main__":
    sys.exit(main(program="tests.integration.modules.hand_program"))
