"""`python -m services.cli` is `argus`."""

from services.cli.main import main

main()
