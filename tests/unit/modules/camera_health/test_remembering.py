"""What is remembered is read back as it was, and damage to it is as if nothing were remembered."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from services.modules.specialists.camera_health.memory import Memory, packed, unpacked
from tests.unit.modules.camera_health import drawn
from tests.unit.modules.camera_health.drawn import Watched


def known() -> bytes:
    camera = Watched()
    image = camera.usual()
    camera.look(image, drawn.shifted(0.2))
    assert camera.remembered is not None
    return camera.remembered


KNOWN = known()


def test_it_is_read_back_as_it_was() -> None:
    memory = unpacked(KNOWN)
    assert (len(memory.views), memory.streaks["moved"].looks, memory.views[0].looks) == (1, 1, 4)
    assert memory.candidate is not None
    again = unpacked(packed(memory, told=memory.told))
    assert (again.at, again.told, again.streaks) == (memory.at, memory.told, memory.streaks)


@given(st.binary(max_size=200))
def test_nonsense_is_as_if_nothing_were_remembered(content: bytes) -> None:
    assert unpacked(content) == Memory() or unpacked(content).views == ()


@settings(max_examples=40)
@given(st.integers(0, len(KNOWN) - 1), st.binary(min_size=1, max_size=40))
def test_damage_raises_nothing(place: int, garbage: bytes) -> None:
    unpacked(KNOWN[:place] + garbage + KNOWN[place + len(garbage) :])
    unpacked(KNOWN[:place])
