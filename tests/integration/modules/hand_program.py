"""The process of a hand with a specialist more, and stand-ins for two."""

from __future__ import annotations

import sys

from services.modules.hand_process import main
from services.modules.specialists import CATALOGUE

CATALOGUE |= {
    "tester": "tests.integration.modules.tester:Tester",
    "lpr": "tests.integration.modules.tester:Plates",
    "fire_smoke": "tests.integration.modules.tester:Flames",
}

if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
