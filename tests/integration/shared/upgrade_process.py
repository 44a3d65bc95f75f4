"""Brings the database named to the newest schema and prints the revision."""

import sys

from shared.db.engine import connect
from shared.db.migrate import upgrade

sys.stdout.write(upgrade(connect(sys.argv[1])))
