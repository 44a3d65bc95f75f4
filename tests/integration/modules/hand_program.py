"""The process of a hand with one specialist more."""

from __future__ import annotations

import sys

from services.modules.hand_process import main
from services.modules.specialists import CATALOGUE

CATALOGUE["tester"] = "tests.integration.modules.tester:Tester"

if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
