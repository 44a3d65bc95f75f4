"""Starts the services, restarts those that crash, and ends them all.

One thread, one loop: signals, output and timers are looked at together. Nothing outlives the supervisor: when it is
killed, the guard (and on Linux the kernel) ends its children.
"""

from __future__ import annotations

import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import FrameType

from services.cli.backoff import RestartPolicy
from services.cli.child import Child, Service
from services.cli.logview import LogView
from shared.domain.errors import USER_ERROR_STATUS

KILLED_STATUS = 130
_GUARD = Path(__file__).with_name("guard.py")
_TICK_S = 0.25
_GATE_POLL_S = 0.05
_TERM_GRACE_S = 3.0
_LAST_GRACE_S = 1.0
_SAME_WISH_S = 0.3
_WORKED_S = 1.0
_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(slots=True)
class _Slot:
    """A service's place: its present child, or when the next one is due."""

    service: Service
    child: Child | None = None
    due: float = 0.0
    crashes: int = 0
    started: float = 0.0
    starts: int = 0
    last_line: str = ""
    opened: bool = field(default=False)


class Supervisor:
    """Runs services until it is told to stop. Use it from the main thread."""

    def __init__(
        self,
        services: Sequence[Service],
        view: LogView,
        *,
        policy: RestartPolicy | None = None,
        random: Random | None = None,
        clock: Callable[[], float] = time.monotonic,
        guard_fds: Sequence[int] = (),
    ) -> None:
        self._slots = [_Slot(service) for service in services]
        self._view = view
        self._policy = policy or RestartPolicy()
        self._random = random or Random()
        self._clock = clock
        self._guard_fds = tuple(guard_fds)
        self._selector = selectors.DefaultSelector()
        self._wake_read, self._wake_write = socket.socketpair()
        self._wake_read.setblocking(False)
        self._wake_write.setblocking(False)
        self._guard: subprocess.Popen[bytes] | None = None
        self._stops_asked = 0
        self._asked_at = clock()
        self._status: int | None = None
        self.refusal = ""

    def stop(self, status: int = 0) -> None:
        """Ask for the end; `run` returns `status`. May be called from any thread."""
        self._status = status if self._status is None else self._status
        if not self._stops_asked:
            self._stops_asked, self._asked_at = 1, self._clock()
        with suppress(OSError):
            self._wake_write.send(b"\0")

    def run(self) -> int:
        """Block until stopped; the exit status: 0 after a clean end, 130 when the end was forced, 2 when a service
        refused its settings at its first start."""
        with self._signals(), self._guarded():
            self._selector.register(self._wake_read, selectors.EVENT_READ)
            try:
                while not self._stops_asked:
                    self._start_what_is_due()
                    self._turn(self._pause_s())
            finally:
                forced = self._end_all()
                self._selector.close()
        return KILLED_STATUS if forced else self._status or 0

    # starting -------------------------------------------------------------------------------------------------

    def _start_what_is_due(self) -> None:
        for slot in self._slots:
            if slot.child is None and slot.due <= self._clock():
                self._start(slot)
            if not self._is_open(slot):
                return  # later ones wait at the gate

    def _is_open(self, slot: _Slot) -> bool:
        # A gate is passed once: afterwards services cope with a neighbour that restarts.
        if not slot.opened:
            slot.opened = slot.child is not None and (slot.service.gate is None or slot.service.gate())
        return slot.opened

    def _start(self, slot: _Slot) -> None:
        slot.child = Child(slot.service)
        slot.started = self._clock()
        slot.starts += 1
        self._tell_guard("+", slot.child.pid)
        self._selector.register(slot.child.output, selectors.EVENT_READ, slot)
        self._view.event("service_started", name=slot.service.name, pid=slot.child.pid, start=slot.starts)

    def _pause_s(self) -> float:
        if any(not slot.opened for slot in self._slots):
            return _GATE_POLL_S
        waiting = [slot.due - self._clock() for slot in self._slots if slot.child is None]
        return max(0.0, min([_TICK_S, *waiting]))

    # watching -------------------------------------------------------------------------------------------------

    def _turn(self, pause_s: float) -> None:
        for key, _ in self._selector.select(pause_s):
            if key.fileobj is self._wake_read:
                with suppress(BlockingIOError):
                    while self._wake_read.recv(64):
                        pass
            elif isinstance(key.data, _Slot):
                self._show(key.data)
        for slot in self._slots:
            status = slot.child.poll() if slot.child is not None else None
            if status is not None:
                self._ended(slot, status)

    def _show(self, slot: _Slot) -> None:
        for line in slot.child.lines() if slot.child is not None else ():
            slot.last_line = line
            self._view.line(slot.service.name, line)

    def _ended(self, slot: _Slot, status: int) -> None:
        if slot.child is None:
            return
        self._show(slot)
        self._selector.unregister(slot.child.output)
        for line in slot.child.close():
            slot.last_line = line
            self._view.line(slot.service.name, line)
        self._tell_guard("-", slot.child.pid)
        slot.child = None
        if self._stops_asked:
            return
        if slot.starts == 1 and (status == USER_ERROR_STATUS or not slot.opened):
            self._refused(slot, status)
        else:
            self._plan_restart(slot, status)

    def _refused(self, slot: _Slot, status: int) -> None:
        # A service that cannot accept its settings would refuse them for ever.
        words = slot.last_line or (slot.service.last_words() if slot.service.last_words else "")
        name = slot.service.name
        words = words.removeprefix(f"argus {name}: ")
        self.refusal = f"{name} did not start: {words or _described(status)}"
        self._view.event("service_refused_to_start", level="error", name=name, reason=words)
        self.stop(USER_ERROR_STATUS)

    def _plan_restart(self, slot: _Slot, status: int) -> None:
        now = self._clock()
        ran_s = now - slot.started
        # A service that worked and ended well was ordered to restart: that is no crash, however often it happens.
        ordered = status == 0 and ran_s >= _WORKED_S
        if not ordered:
            slot.crashes = self._policy.crashes_after(slot.crashes, ran_s)
        asked = ordered or (status == 0 and slot.crashes == 1)
        delay_s = 0.0 if asked else self._policy.delay_s(slot.crashes, self._random)
        slot.due = now + delay_s
        self._view.event(
            "service_ended",
            level="info" if asked else "warning",
            name=slot.service.name,
            status=_described(status),
            restart_in_s=round(delay_s, 1),
        )

    # ending ---------------------------------------------------------------------------------------------------

    def _end_all(self) -> bool:
        """End every child in reverse order, those with a gate last; True when the end had to be forced by a person."""
        started = self._clock()
        self._view.event("stopping")
        ordinary = [slot for slot in reversed(self._slots) if slot.service.gate is None]
        last = [slot for slot in reversed(self._slots) if slot.service.gate is not None]
        self._end(ordinary, _TERM_GRACE_S)
        self._end(last, _LAST_GRACE_S)
        while any(slot.child for slot in self._slots):
            self._turn(0.02)
        self._view.event("stopped", took_s=round(self._clock() - started, 2))
        return self._stops_asked >= 2

    def _end(self, slots: Sequence[_Slot], grace_s: float) -> None:
        """SIGTERM, a grace, SIGKILL. Does not wait for the killed: they need nobody any more."""
        for slot in slots:
            if slot.child is not None:
                slot.child.signal(signal.SIGTERM)
        until = self._clock() + grace_s
        while any(slot.child for slot in slots) and self._clock() < until and self._stops_asked < 2:
            self._turn(min(0.02, max(0.0, until - self._clock())))
        for slot in slots:
            if slot.child is not None:
                slot.child.kill()
                self._view.event("service_killed", level="warning", name=slot.service.name)

    # surroundings ---------------------------------------------------------------------------------------------

    @contextmanager
    def _signals(self) -> Iterator[None]:
        # Who started us with nohup wants us to outlive the terminal.
        heeded = [number for number in _STOP_SIGNALS if number != signal.SIGHUP or not _is_ignored(number)]
        before = {number: signal.signal(number, self._on_signal) for number in heeded}
        child_before = signal.signal(signal.SIGCHLD, lambda *_: None)
        wake_before = signal.set_wakeup_fd(self._wake_write.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(wake_before)
            signal.signal(signal.SIGCHLD, child_before)
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        # A terminal, make and a closing window may each pass on one and the same wish: that is no second one.
        now = self._clock()
        if not self._stops_asked:
            self._stops_asked, self._asked_at = 1, now
        elif number != signal.SIGHUP and now - self._asked_at > _SAME_WISH_S:
            self._stops_asked = 2

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        guard = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_GUARD)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=self._guard_fds,
            cwd="/",
        )
        self._guard = guard
        try:
            yield
        finally:
            self._guard = None
            guard.kill()  # every child has ended: there is nothing left for it to do
            guard.wait()
            if guard.stdin is not None:
                with suppress(OSError):
                    guard.stdin.close()

    def _tell_guard(self, sign: str, pid: int) -> None:
        if self._guard is None or self._guard.stdin is None:
            return
        with suppress(OSError):  # the guard was killed: the kernel's leash is still there
            os.write(self._guard.stdin.fileno(), f"{sign}{pid}\n".encode())


def _is_ignored(number: signal.Signals) -> bool:
    return signal.getsignal(number) is signal.SIG_IGN


def _described(status: int) -> str:
    if status >= 0:
        return f"exit {status}"
    with suppress(ValueError):
        return signal.Signals(-status).name
    return f"signal {-status}"
