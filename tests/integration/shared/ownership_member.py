"""A member as a process of its own: `python -m … URL INSTANCE SHARDS`; takes part until it is killed or terminated."""

from __future__ import annotations

import signal
import sys
import threading

from shared.ownership import ShardOwnership
from shared.streams import connect

TIMES = {"beat_s": 0.1, "fence_s": 0.8, "ttl_s": 1.2}


def main() -> None:
    url, instance, shards = sys.argv[1:]
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    ownership = ShardOwnership(connect(url), service="eye", instance=instance, shards=int(shards), **TIMES)
    ownership.start()
    stop.wait()
    ownership.stop()


if __name__ == "__main__":
    main()
