"""Which few pictures of a stay are kept for those who look closer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from services.eye.crops import MOST, place_for, with_crop
from shared.domain.presence import Crop
from tests.unit.eye.test_presence import a_book, play, seen

T0 = datetime(2026, 1, 1, 12, tzinfo=UTC)


def crop(seconds: float, quality: float = 0.5) -> Crop:
    return Crop(f"{seconds}.jpg", T0 + timedelta(seconds=seconds), quality)


def keep(*shots: tuple[float, float]) -> list[tuple[float, float]]:
    """What is kept of shots (seconds, quality), in order of time."""
    kept: tuple[Crop, ...] = ()
    for seconds, quality in shots:
        one = crop(seconds, quality)
        place = place_for(kept, quality=quality, at=one.at)
        if place is not None:
            kept = with_crop(kept, one, place=place)
    return sorted(((one.at - T0).total_seconds(), one.quality) for one in kept)


@pytest.mark.parametrize(
    ("kept", "seconds", "quality", "place"),
    [
        ([], 0, 0.01, 0),
        ([crop(0)], 0.5, 0.5, None),
        ([crop(0)], 0.5, 0.64, None),
        ([crop(0)], 0.5, 0.66, 1),
        ([crop(0)], 1.0, 0.5, 1),
        ([crop(0)], 1.0, 0.14, None),
        ([crop(second) for second in range(MOST)], 7, 0.5, 0),
        ([crop(2 * second) for second in range(MOST)], 12, 0.5, None),
        ([crop(2 * second, 0.1 if second == 3 else 0.5) for second in range(MOST)], 12, 0.5, 3),
    ],
)
def test_a_picture_is_kept_when_it_is_clearly_better_or_a_good_while_apart(
    kept: list[Crop], seconds: float, quality: float, place: int | None
) -> None:
    assert place_for(kept, quality=quality, at=T0 + timedelta(seconds=seconds)) == place


def test_a_long_stay_is_kept_by_few_pictures_that_are_apart() -> None:
    kept = keep(*((second / 5, 0.5) for second in range(600)))
    assert len(kept) == MOST
    times = [seconds for seconds, _ in kept]
    assert min(later - earlier for earlier, later in pairwise(times)) >= 1


def test_who_comes_nearer_is_kept_by_the_better_pictures() -> None:
    kept = keep(*((second, 0.1 + second * 0.05) for second in range(20)))
    assert len(kept) == MOST
    assert kept[-1][0] == 19
    assert min(quality for _, quality in kept) > 0.5


def test_crops_are_kept_only_where_somebody_looks_closer() -> None:
    frames = [(second / 2, [seen()]) for second in range(8)]
    assert not any(update.kept or update.presence.crops for update in play(a_book(), *frames))


def test_the_crops_of_a_stay_are_told_with_it_and_survive_a_restart() -> None:
    def see(book: object, *times: float) -> list[object]:
        told = []
        for seconds in times:
            told += book.update(  # type: ignore[attr-defined]
                [seen()], at=T0 + timedelta(seconds=seconds), frame_size=(640, 480), keep_crops=True
            )
        return told

    book = a_book()
    told = see(book, 0, 0.5, 1.0, 1.5, 2.0)
    kept = [update.kept for update in told if update.kept]  # type: ignore[attr-defined]
    assert [(one.at - T0).total_seconds() for one in kept] == [0.5, 1.5]
    assert len({one.path for one in kept}) == 2
    reborn = a_book()
    reborn.restore(book.snapshot())
    last = see(reborn, 2.5)[-1]
    assert [one.at for one in last.presence.crops] == [  # type: ignore[attr-defined]
        T0 + timedelta(seconds=seconds) for seconds in (0.5, 1.5, 2.5)
    ]


def test_a_state_from_before_there_were_crops_is_read() -> None:
    book = a_book()
    play(book, (0, [seen()]), (1, [seen()]))
    state = book.snapshot()
    del state["stays"][0]["crops"]
    reborn = a_book()
    reborn.restore(state)
    assert reborn.open_presences()[0].crops == ()
