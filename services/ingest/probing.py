"""Probes that somebody asked for: a few at once, each on threads of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from os import PathLike

from services.ingest.probe import probe
from shared.db.secrets import SecretBox
from shared.domain.camera import CameraFault
from shared.domain.camera_url import CameraUrl
from shared.domain.errors import UserError
from shared.messages.answers import ProbeAnswer
from shared.messages.commands import ProbeCamera
from shared.observability import get_logger

log = get_logger("ingest.probing")

AT_ONCE = 4
"""How many probes run at a time; whoever comes then is told that it is busy."""

Send = Callable[[str, ProbeAnswer], None]


class Probes:
    """Carries out `ProbeCamera`. A probe that hangs in a dead connection keeps its place until it has ended.

    `timeout_s` bounds a probe, `send` delivers an answer to a key and must not block.
    """

    def __init__(
        self,
        *,
        box: SecretBox,
        file_roots: Iterable[str | PathLike[str]],
        timeout_s: float,
        send: Send,
        at_once: int = AT_ONCE,
    ) -> None:
        self._box = box
        self._file_roots = tuple(file_roots)
        self._timeout_s = timeout_s
        self._send = send
        self._places = threading.BoundedSemaphore(at_once)

    def begin(self, order: ProbeCamera) -> None:
        """Start the probe and return at once; the answer is sent when it is known."""
        if not self._places.acquire(blocking=False):
            self._send(order.reply_to, ProbeAnswer(ok=False, busy=True))
            return
        threading.Thread(target=self._carry_out, args=(order,), name="probe-order", daemon=True).start()

    def _carry_out(self, order: ProbeCamera) -> None:
        try:
            # Asked anew, as for every connection: what a link points to may have changed since.
            address = CameraUrl.parse(self._box.open(order.sealed_url), file_roots=self._file_roots)
        except UserError as error:
            self._places.release()
            self._send(order.reply_to, ProbeAnswer(ok=False, fault=CameraFault.INVALID_URL, detail=error.reason))
            return
        report = probe(address, timeout_s=self._timeout_s, at_end=self._places.release)
        log.info("camera_probed", url=address.masked, ok=report["ok"], fault=report.get("fault"))
        self._send(order.reply_to, ProbeAnswer.model_validate(report))
