"""What to decode, and what to show the eye. Pure: no codec, no clock, no pictures.

A camera is *idle* or *active*. While idle only a keyframe now and then is decoded and tested for motion ("peek");
all other packets wait in a buffer. Two things make a scene active: a keyframe that shows motion, or packets between
keyframes that grow (see `sizes`) and show motion once decoded. Then the buffer is decoded from a keyframe on, so
that the pictures before the trigger are seen too. While active all is decoded and pictures go to the eye at
`active_fps`; when nothing has moved for `active_hold_s` the camera is idle again.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from services.ingest.sizes import SizeWatch

_TOLERANCE_S = 0.004
_MISSES_BEFORE_BLIND = 2
# Where keyframes stand closer than this, few people come and go between two of them.
_LONG_GROUP_S = 4.0
_INTRA_PEEK_S = 0.5
# A picture that is at hand is shown a little early rather than a whole group late.
_EARLY_SHARE = 0.25


@dataclass(frozen=True, slots=True)
class SamplingSettings:
    """Rates in pictures per second, times in seconds of the stream."""

    active_fps: float = 5.0
    idle_fps: float = 0.2
    active_hold_s: float = 10.0
    peek_interval_s: float = 5.0
    warm_up_s: float = 0.6
    suspicion_s: float = 1.0
    preroll_s: float = 1.0
    buffer_s: float = 30.0
    blind_s: float = 600.0


class Step(Enum):
    """What to do with a packet that has just been put into the buffer."""

    WAIT = auto()
    """Nothing: it stays in the buffer."""
    PEEK = auto()
    """It is a keyframe: decode it alone, test it for motion, and tell `peeked`."""
    DECODE = auto()
    """Decode the whole buffer, ask `wants` about each picture."""
    DECODE_RECENT = auto()
    """The same, but what lies before the last keyframe older than `preroll_s` may be thrown away."""


class Outcome(Enum):
    """What a peek leads to."""

    FORGET = auto()
    """Nothing moved: what lies before this keyframe may be thrown away."""
    DECODE = auto()
    """Decode the whole buffer, ask `wants` about each picture."""


class Want(Enum):
    """What to do with a decoded picture."""

    NOTHING = auto()
    TEST = auto()
    """Test it for motion, keep it as one from before a possible trigger, and tell `tested`."""


class _Mode(Enum):
    IDLE = auto()
    SUSPICIOUS = auto()
    ACTIVE = auto()


class Sampler:
    """The state of one connection. `at_s` is always the picture's own time, whatever order packets come in."""

    def __init__(self, settings: SamplingSettings, *, intra_only: bool = False) -> None:
        self._settings = settings
        self._sizes = SizeWatch()
        # Where every picture is a keyframe there is nothing between them that could tell: look more often.
        self._intra_only = intra_only
        self._peek_interval_s = _peek_interval_s(settings, intra_only=intra_only)
        self._period_s = 1.0 / settings.active_fps
        self._mode = _Mode.ACTIVE
        self._until_s: float | None = None
        self._next_peek_s = 0.0
        self._next_picture_s = 0.0
        self._next_shown_s = 0.0
        self._buffered_since_s: float | None = None
        self._blind_until_s = 0.0
        self._told_by_sizes = False
        self._unseen_between = False
        self._moving = False
        self._misses = 0
        self._missed_s = float("-inf")
        self._keyframe_s = float("inf")
        self._group_s = 0.0

    @property
    def active(self) -> bool:
        return self._mode is _Mode.ACTIVE

    @property
    def decoding(self) -> bool:
        """Whether the decoder has to keep up with the stream."""
        return self._mode is not _Mode.IDLE

    def set_rate(self, fps: float) -> None:
        """Tell the measured rate of the stream."""
        self._sizes.set_rate(fps)

    def arrived(self, at_s: float, *, keyframe: bool, size: int) -> Step:
        """A packet of `size` bytes has come and stands at the end of the buffer."""
        if self._until_s is None:
            self._until_s = at_s + self._settings.warm_up_s
        if self._buffered_since_s is None:
            self._buffered_since_s = at_s
        if keyframe:
            # Encoders put keyframes where a scene changes, too: the usual distance is the largest of late.
            self._group_s = max(at_s - self._keyframe_s, 0.7 * self._group_s)
            self._keyframe_s = at_s
        if not keyframe:
            self._unseen_between = not self._intra_only
        grew = not keyframe and self._sizes.grew(size, learn=not self._moving)
        if self._mode is not _Mode.IDLE:
            return Step.DECODE if at_s >= self._next_picture_s - _TOLERANCE_S else Step.WAIT
        if keyframe and at_s >= self._next_peek_s - _TOLERANCE_S:
            return Step.PEEK
        if grew:
            self._suspect(at_s)
            self._sizes.acted_upon()
            self._told_by_sizes = True
            return Step.DECODE_RECENT
        if at_s - self._buffered_since_s > self._settings.buffer_s:
            # No keyframe for this long: the buffer may not grow for ever, and nothing in it may go unseen.
            self._suspect(at_s)
            return Step.DECODE
        return Step.WAIT

    def ending(self, at_s: float = float("inf")) -> bool:
        """The source has ended. Whether what is left in the buffer is worth decoding."""
        if self._mode is not _Mode.IDLE:
            return True
        if self._intra_only or (self._sizes.ready and self._blind_until_s == 0.0):
            return False
        self._suspect(at_s)
        return True

    def peeked(self, at_s: float, *, moved: bool) -> Outcome:
        """The keyframe at `at_s` was decoded alone and tested."""
        # What nobody has looked at must not teach the sizes either: somebody may be moving.
        unlearnt = self._unseen_between and not self._sizes.ready
        blind = unlearnt or at_s < self._blind_until_s
        self._unseen_between = False
        self._plan_peek(at_s)
        if moved:
            self._count_miss(at_s)
            self._suspect(at_s)
            return Outcome.DECODE
        if blind:
            # The sizes tell nothing here, so somebody may have crossed between the two keyframes.
            due_s = self._next_picture_s
            self._suspect(at_s, for_s=0.0)
            # The buffer goes on where the last look ended: there is no need to look more often than usual.
            self._next_picture_s = min(due_s, at_s)
            return Outcome.DECODE
        self._buffered_since_s = at_s
        return Outcome.FORGET

    def wants(self, at_s: float) -> Want:
        """Whether the picture at `at_s`, fresh from the decoder, is of use."""
        if at_s < self._next_picture_s - _TOLERANCE_S:
            return Want.NOTHING
        behind_s = at_s - self._next_picture_s
        self._next_picture_s = (at_s if behind_s > self._period_s else self._next_picture_s) + self._period_s
        return Want.TEST

    def tested(self, at_s: float, *, moved: bool) -> bool:
        """The picture at `at_s` was tested. Whether it (and those kept before it) go to the eye now."""
        self._moving = moved
        if moved:
            self._activate(at_s)
        elif self._until_s is not None and at_s > self._until_s:
            self._calm_down(at_s)
        if self._mode is _Mode.ACTIVE:
            self._shown(at_s)
            return True
        return False

    def trickles(self, at_s: float) -> bool:
        """Whether a picture at `at_s` is due for the eye although nothing moves; if so it counts as shown."""
        due = self._settings.idle_fps > 0 and at_s >= self._next_shown_s - _EARLY_SHARE / self._settings.idle_fps
        if due:
            self._shown(at_s)
        return due

    def decoded(self) -> None:
        """The buffer has been decoded and is empty."""
        self._buffered_since_s = None

    def _activate(self, at_s: float) -> None:
        self._mode = _Mode.ACTIVE
        self._until_s = at_s + self._settings.active_hold_s
        if self._told_by_sizes:
            # The sizes told rightly: they are of use on this stream.
            self._sizes.confirmed()
            self._told_by_sizes = False
            self._misses = 0
            self._blind_until_s = 0.0

    def _shown(self, at_s: float) -> None:
        if self._settings.idle_fps > 0:
            self._next_shown_s = at_s + 1.0 / self._settings.idle_fps

    def _suspect(self, at_s: float, *, for_s: float | None = None) -> None:
        self._mode = _Mode.SUSPICIOUS
        self._until_s = at_s + (self._settings.suspicion_s if for_s is None else for_s)
        self._next_picture_s = 0.0

    def _calm_down(self, at_s: float) -> None:
        if self._told_by_sizes:
            self._sizes.false_alarm()
            self._told_by_sizes = False
        self._mode = _Mode.IDLE
        self._plan_peek(at_s)

    def _plan_peek(self, at_s: float) -> None:
        # Where the sizes tell nothing yet, or failed lately, every keyframe is looked at.
        failed = at_s - self._missed_s < self._settings.blind_s
        untold = not self._intra_only and (failed or not self._sizes.ready)
        self._next_peek_s = at_s + (0.0 if untold else self._peek_interval_s)

    def _count_miss(self, at_s: float) -> None:
        if self._intra_only or not self._sizes.ready:
            return
        self._sizes.missed()
        recent = at_s - self._missed_s < self._settings.blind_s
        self._missed_s = at_s
        self._misses = self._misses + 1 if recent else 1
        if self._misses >= _MISSES_BEFORE_BLIND and self._group_s > _LONG_GROUP_S:
            self._misses = 0
            self._blind_until_s = at_s + self._settings.blind_s


def _peek_interval_s(settings: SamplingSettings, *, intra_only: bool) -> float:
    trickle_s = 1.0 / settings.idle_fps if settings.idle_fps > 0 else settings.peek_interval_s
    return min(settings.peek_interval_s, trickle_s, _INTRA_PEEK_S if intra_only else settings.peek_interval_s)
