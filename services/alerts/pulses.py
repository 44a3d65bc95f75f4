"""Switching a device on for a while: its end is certain before it begins."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from services.alerts.switch import Device, Switch
from services.alerts.switching_off import Plan
from shared.db.secrets import SecretBox
from shared.domain.errors import Permanent, Transient
from shared.net import within
from shared.recipients.switch_offs import SwitchOffs

BY_ITSELF_MARGIN_S: Final = 2.0
"""A device with a timer of its own is forgotten so long after its end."""


class Pulses:
    """Schedules the switch-off, then switches on. Thread-safe. `wake` is called when something new is scheduled."""

    def __init__(
        self,
        offs: SwitchOffs,
        box: SecretBox,
        switch: Callable[[str], Switch],
        *,
        timeout_s: float,
        wake: Callable[[], None],
        now: Callable[[], float] = time.time,
    ) -> None:
        self._offs = offs
        self._box = box
        self._switch = switch
        self._timeout_s = timeout_s
        self._wake = wake
        self._now = now

    def begin(self, recipient: str, device: Device, *, disarms: int) -> bool:
        """Switch on; True when the device ends it by itself. `disarms` are those when the address was read.

        Blocks up to the time-out. Raises `Transient` – also when the device was disarmed since –, `Permanent` and
        `redis.exceptions.RedisError`; whether it is on or not then, it will be off.
        """
        pulse_s, switch = device.address.pulse_s, self._switch(device.address.kind)
        plan = Plan(device, disarms, self._now())
        # Late rather than too early: until it is on, the time that switching may take is added.
        if not self._schedule(recipient, plan, after_s=self._timeout_s + pulse_s):
            raise Transient("the device was disarmed a moment ago")
        try:
            with within(self._timeout_s):
                by_itself = switch.on(device)
        except (Transient, Permanent):
            self._settle(recipient, plan, after_s=pulse_s)  # it may be on all the same
            raise
        after_s = pulse_s + (BY_ITSELF_MARGIN_S if by_itself else 0.0)
        self._settle(recipient, replace(plan, sure=True, by_itself=by_itself), after_s=after_s)
        return by_itself

    def _settle(self, recipient: str, plan: Plan, *, after_s: float) -> None:
        """Schedule the end. Raises `Transient` when the device was disarmed meanwhile: then its end is now."""
        in_force = self._schedule(recipient, plan, after_s=after_s)
        if not in_force:
            disarms = self._offs.disarms(recipient)
            self._schedule(recipient, replace(plan, by_itself=False, disarms=disarms), after_s=0.0)
        self._wake()
        if not in_force:
            raise Transient("the device was disarmed while it was switched on")

    def _schedule(self, recipient: str, plan: Plan, *, after_s: float) -> bool:
        return self._offs.schedule(recipient, plan.seal(self._box), after_s=after_s, disarms=plan.disarms)
