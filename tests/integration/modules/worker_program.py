"""A worker whose hands have one specialist more."""

from __future__ import annotations

import sys

from services.modules.specialists import CATALOGUE
from services.modules.worker import main

CATALOGUE["tester"] = "tests.integration.modules.tester:Tester"

if __name__ == "__main__":
    sys.exit(main(program="tests.integration.modules.hand_program"))
