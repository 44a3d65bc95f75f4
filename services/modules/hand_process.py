"""`python -m services.modules.hand_process FD`: looks at pictures for a worker, which it talks to over a socket.

A process of its own, so that a crash in native code, exhausted memory or a look without end costs one job.
"""

from __future__ import annotations

import os
import queue
import signal
import socket
import sys
import threading
from types import FrameType
from typing import Any

from services.modules.bench import Bench
from services.modules.examination import examine
from services.modules.hand_bootstrap import build_bench
from services.modules.line import Line
from services.modules.memory import Memory
from shared.domain.errors import ArgusError, Transient
from shared.media import MediaStore
from shared.modules.order import ModuleOrder
from shared.observability import configure_logging, get_logger
from shared.settings import load_settings
from shared.streams import connect

log = get_logger("modules.hand")

_LONGEST_REASON = 300

OUT_OF_MEMORY = 77
"""The exit status of a hand that had no memory left."""


class TimeUp(BaseException):
    """The job's time limit is over. No `Exception`, for libraries take those for failures of their own."""


class Hand:
    """Takes orders one after the other, and can be told to break one off by SIGUSR1."""

    def __init__(self, line: Line, bench: Bench, media: MediaStore, *, memory: Memory, survey: bool) -> None:
        self._line = line
        self._bench = bench
        self._media = media
        self._memory = memory
        self._survey = survey
        self._looking = False

    def run(self) -> None:
        """Open the specialists if that was asked for, say so, and look until the worker goes. Blocks.

        Without a survey each specialist is opened by its first order. Call from the main thread.
        """
        signal.signal(signal.SIGUSR1, self._break_off)
        orders: queue.Queue[dict[str, Any]] = queue.Queue()
        threading.Thread(target=self._listen, args=(orders,), name="listen", daemon=True).start()
        modules = self._bench.open_all(on_opening=self._tell_opening) if self._survey else ()
        self._line.send({"kind": "ready", "modules": [module.model_dump() for module in modules]})
        while True:
            self._line.send(self._answer(ModuleOrder.model_validate(orders.get())))

    def _listen(self, orders: queue.Queue[dict[str, Any]]) -> None:
        """Without a worker there is nobody to look for, whatever is in hand."""
        try:
            while True:
                order = self._line.receive()
                if order is not None:
                    orders.put(order)
        except EOFError:
            os._exit(0)

    def _answer(self, order: ModuleOrder) -> dict[str, Any]:
        try:
            self._looking = True
            try:
                found = examine(order, bench=self._bench, media=self._media, memory=self._memory, progress=self._tell)
            finally:
                self._looking = False
        except TimeUp:
            return {"kind": "failed", "error": "it took longer than its time limit", "again": False, "timeout": True}
        except ArgusError as error:
            return {"kind": "failed", "error": str(error), "again": isinstance(error, Transient)}
        except MemoryError:
            os._exit(OUT_OF_MEMORY)
        except Exception as error:  # task boundary: a specialist's fault is the job's, and the next one is another
            log.exception("specialist_failed", module=order.module, job=order.job_id)
            reason = f"{order.module} failed: {type(error).__name__}: {_in_a_line(error)}"
            return {"kind": "failed", "error": reason, "again": False}
        return {"kind": "done", **found}

    def _tell_opening(self, name: str) -> None:
        self._line.send({"kind": "opening", "module": name})

    def _tell(self, share: float) -> None:
        self._line.send({"kind": "progress", "share": share})

    def _break_off(self, _: int, __: FrameType | None) -> None:
        if self._looking:
            raise TimeUp


def _in_a_line(error: Exception) -> str:
    """What it says: the last line, for some libraries put a whole traceback before it."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1][:_LONGEST_REASON] if lines else "no reason given"


def main(descriptor: int) -> int:
    """Serve the worker at the other end of the socket. Ends with it."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the worker decides when it is over
    settings = load_settings()
    redis = connect(settings.known_redis_url)
    configure_logging(settings.log, service="modules-worker", redis=redis)
    line = Line(socket.socket(fileno=descriptor))
    wishes = line.receive() or {}
    bench, media = build_bench(settings, dead=wishes.get("dead", {})), MediaStore.open(settings.effective_media_url)
    Hand(line, bench, media, memory=Memory(redis), survey=wishes.get("survey", True)).run()
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
