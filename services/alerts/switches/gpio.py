"""Lines of this machine's own GPIO chips, by libgpiod."""

from __future__ import annotations

import errno
import threading
from contextlib import suppress
from types import ModuleType
from typing import Any, Final, Self

from services.alerts.switch import Device, HeldElsewhere, Wires
from shared.domain.errors import Permanent

CONSUMER: Final = "argus"

Line = tuple[str, int]


class GpioSwitch:
    """Holds a line while it is on: the kernel promises nothing about a line that nobody holds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[Line, Any] = {}

    @classmethod
    def open(cls, wires: Wires) -> Self:
        return cls()

    def on(self, device: Device) -> bool:
        gpiod, line = _library(), _line(device)
        with self._lock:
            held = self._held.get(line)
            if held is None:
                self._held[line] = self._request(gpiod, device, value=gpiod.line.Value.ACTIVE)
            else:
                held.set_value(line[1], gpiod.line.Value.ACTIVE)
        return False

    def off(self, device: Device) -> None:
        gpiod, line = _library(), _line(device)
        with self._lock:
            held = self._held.pop(line, None)
            if held is None:
                # The process that switched it on is gone: taking the line switches it off.
                held = self._request(gpiod, device, value=gpiod.line.Value.INACTIVE)
            else:
                held.set_value(line[1], gpiod.line.Value.INACTIVE)
            held.release()

    def close(self) -> None:
        """Switch off what is on: nobody would hold it any more."""
        with self._lock:
            for (_, offset), held in self._held.items():
                with suppress(OSError):  # whatever is with one line, the others are switched off
                    held.set_value(offset, _library().line.Value.INACTIVE)
                    held.release()
            self._held.clear()

    def _request(self, gpiod: ModuleType, device: Device, *, value: Any) -> Any:
        chip, offset = _line(device)
        wanted = gpiod.LineSettings(
            direction=gpiod.line.Direction.OUTPUT, active_low=device.address.active_low, output_value=value
        )
        try:
            return gpiod.request_lines(chip, consumer=CONSUMER, config={offset: wanted})
        except (OSError, ValueError) as error:
            if isinstance(error, OSError) and error.errno == errno.EBUSY:
                raise HeldElsewhere(f"line {offset} of {chip} is held by another process") from None
            raise Permanent(f"line {offset} of {chip} cannot be used: {error}") from None


def _line(device: Device) -> Line:
    return device.address.chip, device.address.line or 0


def _library() -> ModuleType:
    try:
        import gpiod
    except ImportError:
        raise Permanent("gpio needs the library gpiod: install argus[gpio]") from None
    library: ModuleType = gpiod
    return library
