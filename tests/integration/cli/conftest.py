"""Commands in this process, as the unit tests run them."""

from tests.unit.cli.conftest import argus as argus
