"""What is decoded and shown, told as stories of packets; no codec takes part."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.sampling import Outcome, Sampler, SamplingSettings, Step, Want

FPS = 25.0
Moves = Callable[[float], bool]


@dataclass
class Rig:
    """Plays the part of decoder and motion test: knows when something moves, notes what it is asked to do."""

    sampler: Sampler
    moves: Moves = lambda _: False
    buffer: list[float] = field(default_factory=list)
    kept: list[float] = field(default_factory=list)
    decoded: list[float] = field(default_factory=list)
    peeked: list[float] = field(default_factory=list)
    shown: list[float] = field(default_factory=list)

    def play(self, packets: Iterable[tuple[float, bool, int]]) -> Rig:
        for at_s, keyframe, size in packets:
            self._arrive(at_s, keyframe, size)
        return self

    def _arrive(self, at_s: float, keyframe: bool, size: int) -> None:  # noqa: FBT001 – as in the stream
        step = self.sampler.arrived(at_s, keyframe=keyframe, size=size)
        if step is Step.PEEK:
            self.peeked.append(at_s)
            if self.sampler.peeked(at_s, moved=self.moves(at_s)) is Outcome.FORGET:
                self.buffer = [at_s]
                if self.sampler.trickles(at_s):
                    self.shown.append(at_s)
                return
            step = Step.DECODE
        self.buffer.append(at_s)
        if step is not Step.WAIT:
            self._decode()

    def _decode(self) -> None:
        for at_s in self.buffer:
            self.decoded.append(at_s)
            if self.sampler.wants(at_s) is Want.NOTHING:
                continue
            if self.sampler.tested(at_s, moved=self.moves(at_s)):
                self.shown += [*self.kept, at_s]
                self.kept = []
            else:
                self.kept = [one for one in self.kept if one >= at_s - 1.0] + [at_s]
        self.buffer = []
        self.sampler.decoded()


def stream(
    seconds: float, *, gop: int = 50, start: float = 0.0, size: Callable[[float], int] = lambda _: 1000
) -> Iterable[tuple[float, bool, int]]:
    for index in range(round(seconds * FPS)):
        at_s = start + index / FPS
        keyframe = index % gop == 0
        # A pattern of large and small pictures, as B pictures make it.
        yield at_s, keyframe, 60_000 if keyframe else size(at_s) * (3 if index % 4 == 0 else 1)


def between(start: float, end: float) -> Moves:
    return lambda at_s: start <= at_s <= end


def test_an_idle_scene_costs_a_keyframe_now_and_then() -> None:
    rig = Rig(Sampler(SamplingSettings())).play(stream(60))
    after_warm_up = [at_s for at_s in rig.decoded if at_s > 3]
    assert len(after_warm_up) <= 0.08 * 60 * FPS, "the sizes may err once"
    assert len(rig.peeked) == pytest.approx(11, abs=2.5)
    assert not rig.sampler.active


def test_an_idle_scene_is_still_shown_now_and_then() -> None:
    rig = Rig(Sampler(SamplingSettings(idle_fps=0.2))).play(stream(60))
    later = [at_s for at_s in rig.shown if at_s > 3]
    assert len(later) == pytest.approx(57 / 6, abs=2.5)


def test_an_idle_scene_is_not_shown_when_the_operator_wants_it_so() -> None:
    rig = Rig(Sampler(SamplingSettings(idle_fps=0))).play(stream(60))
    assert [at_s for at_s in rig.shown if at_s > 3] == []


@pytest.mark.parametrize("active_fps", [1.0, 5.0, 10.0])
def test_an_active_scene_is_shown_at_the_wanted_rate(active_fps: float) -> None:
    settings = SamplingSettings(active_fps=active_fps)
    rig = Rig(Sampler(settings), moves=lambda _: True).play(stream(30))
    steady = [at_s for at_s in rig.shown if 10 <= at_s < 20]
    assert len(steady) == pytest.approx(10 * active_fps, abs=1)


def test_growing_packets_make_the_buffer_be_decoded_and_what_came_before_be_shown() -> None:
    moves = between(20.9, 23)
    rig = Rig(Sampler(SamplingSettings()), moves=moves)
    rig.play(stream(40, gop=250, size=lambda at_s: 3000 if moves(at_s) else 1000))
    first = next(at_s for at_s in rig.shown if at_s > 10.1)
    assert 19.6 <= first <= 20.3, "a second before the motion"
    assert len([at_s for at_s in rig.shown if moves(at_s)]) >= 10


def test_growing_packets_without_motion_are_a_false_alarm_that_shows_nothing() -> None:
    rig = Rig(Sampler(SamplingSettings()))
    rig.play(stream(40, gop=250, size=lambda at_s: 3000 if 21 < at_s < 22 else 1000))
    assert [at_s for at_s in rig.decoded if 20 < at_s < 24] != []
    assert [at_s for at_s in rig.shown if 20.1 < at_s < 24] == []


def test_motion_that_only_a_keyframe_betrays_is_seen_from_its_beginning() -> None:
    rig = Rig(Sampler(SamplingSettings(idle_fps=0)), moves=between(13, 40)).play(stream(40, gop=250))
    shown = [at_s for at_s in rig.shown if at_s > 3]
    assert 11.7 <= shown[0] <= 13
    assert len([at_s for at_s in shown if 13 <= at_s <= 20]) >= 33


def test_a_stream_whose_sizes_tell_nothing_is_decoded_whole_after_two_misses() -> None:
    def moves(at_s: float) -> bool:
        return any(start <= at_s <= start + 3 for start in (19.5, 59.5, 101.5))

    rig = Rig(Sampler(SamplingSettings(idle_fps=0, active_hold_s=2)), moves=moves).play(stream(120, gop=100))
    third = [at_s for at_s in rig.shown if 101.5 <= at_s <= 103.9]
    assert len(third) >= 10, "it lies between two keyframes, and the sizes say nothing"


def test_a_scene_calms_down_some_time_after_the_last_motion() -> None:
    rig = Rig(Sampler(SamplingSettings(active_hold_s=4, idle_fps=0)), moves=between(0, 10)).play(stream(30))
    assert 13.5 <= max(rig.shown) <= 14.5


def test_a_source_of_keyframes_alone_is_sampled_by_time() -> None:
    sampler = Sampler(SamplingSettings(idle_fps=0.2), intra_only=True)
    rig = Rig(sampler, moves=between(20, 22)).play(stream(30, gop=1))
    quiet = [at_s for at_s in rig.peeked if 5 <= at_s < 15]
    assert len(quiet) == pytest.approx(20, abs=2)
    assert any(20 <= at_s <= 20.6 for at_s in rig.shown)


def test_a_stream_without_keyframes_never_waits_for_ever() -> None:
    settings = SamplingSettings(buffer_s=10)
    rig = Rig(Sampler(settings)).play(stream(60, gop=10_000))
    assert max(b - a for a, b in zip([0.0, *rig.decoded], rig.decoded, strict=False)) < 11
    assert len(rig.buffer) <= 11 * FPS


def test_until_the_usual_sizes_are_known_every_keyframe_is_looked_at() -> None:
    rig = Rig(Sampler(SamplingSettings(idle_fps=0)), moves=between(1.2, 4.2)).play(stream(8, gop=25))
    assert len([at_s for at_s in rig.shown if 1.2 <= at_s <= 4.2]) >= 14


@given(
    gop=st.integers(1, 300),
    active_fps=st.floats(0.5, 30),
    idle_fps=st.sampled_from([0.0, 0.1, 0.2, 1.0]),
    start=st.floats(0, 2e9),
    events=st.lists(st.tuples(st.floats(0, 60), st.floats(0.3, 8)), max_size=4),
)
def test_whatever_happens_motion_is_shown_and_the_rate_is_kept(
    gop: int, active_fps: float, idle_fps: float, start: float, events: list[tuple[float, float]]
) -> None:
    def moves(at_s: float) -> bool:
        return any(start + begin <= at_s <= start + begin + length for begin, length in events)

    wanted = SamplingSettings(active_fps=active_fps, idle_fps=idle_fps, active_hold_s=2, peek_interval_s=2)
    rig = Rig(Sampler(wanted), moves=moves)
    rig.play(stream(75, gop=gop, start=start, size=lambda at_s: 4000 if moves(at_s) else 1000))
    assert rig.shown == sorted(rig.shown) or idle_fps > 0
    for begin, length in events:
        # What lasts longer than the peeks are apart cannot be missed, once there has been time to learn the sizes of
        # the quiet scene. Whoever moves meanwhile makes the sizes of motion look usual for a while.
        learned = all(earlier > 12 for earlier, _ in events)
        if learned and begin > 12 and begin + length < 60 and length > 1.0 + 2 / active_fps:
            seen = [at_s for at_s in rig.shown if start + begin - 0.1 <= at_s <= start + begin + length + 0.1]
            assert seen, (begin, length)
    for second in range(75):
        shown = [at_s for at_s in set(rig.shown) if start + second <= at_s < start + second + 1]
        assert len(shown) <= active_fps + 3
