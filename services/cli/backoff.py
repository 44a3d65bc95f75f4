"""How long a crashed service waits before it is started again."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from shared.domain.backoff import doubling_s


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """Doubling delays with jitter, forgotten after a stable run. Times in seconds."""

    first_s: float = 1.0
    cap_s: float = 30.0
    jitter: float = 0.25
    stable_s: float = 30.0

    def delay_s(self, crashes: int, random: Random) -> float:
        """The pause after that many crashes in a row (1 for the first); spread by ± `jitter`, never above the cap."""
        nominal = doubling_s(crashes, base_s=self.first_s, cap_s=self.cap_s)
        return min(self.cap_s, nominal * random.uniform(1 - self.jitter, 1 + self.jitter))

    def crashes_after(self, crashes: int, ran_s: float) -> int:
        """The count of crashes in a row, now that one more run of `ran_s` has ended."""
        return 1 if ran_s >= self.stable_s else crashes + 1
