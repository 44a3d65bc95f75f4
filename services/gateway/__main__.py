"""`python -m services.gateway` serves the API until SIGTERM or SIGINT."""

import os
import shutil
import sys
import tempfile

from shared.domain.errors import USER_ERROR_STATUS, UserError
from shared.ending import leave
from shared.settings import load_settings


def main() -> int:
    # Decided on import of prometheus_client: without a folder each worker would count only its own requests.
    own_folder = "" if os.environ.get("PROMETHEUS_MULTIPROC_DIR") else tempfile.mkdtemp(prefix="argus-metrics-")
    if own_folder:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = own_folder
    try:
        from services.gateway.start import start

        start(load_settings())
    except SystemExit as end:  # how gunicorn's master ends
        return int(end.code or 0)
    except UserError as error:
        print(f"argus gateway: {error}", file=sys.stderr)  # noqa: T201 – the operator's one line
        return USER_ERROR_STATUS
    finally:
        if own_folder:
            shutil.rmtree(own_folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    leave(main())
