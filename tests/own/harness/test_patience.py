"""Patience: waits that add up, and end early where nothing moves."""

from collections.abc import Iterator

import pytest

from tests.harness import patience


def test_waits_add_up() -> None:
    waits = list(patience.slices(4.0))
    assert 4.0 <= sum(waits) < 4.0 + patience.SLICE
    assert waits[0] == 0.001
    assert max(waits) == patience.SLICE
    assert list(patience.slices(0)) == []


@pytest.mark.parametrize(
    ("at_rest", "seconds"),
    [
        (iter([7] * 99), 2.75),  # the second look is the first that tells the same
        (iter([None] * 99), 6.0),
        (iter(range(99)), 6.0),
        (iter([1, 2, None, 4, *[5] * 99]), 3.75),
    ],
    ids=["still", "works", "wakes", "works, then still"],
)
def test_waits_until_still(at_rest: Iterator[int | None], seconds: float) -> None:
    waits = patience.slices_until_still(6.0, lambda: next(at_rest))
    assert sum(waits) == pytest.approx(seconds, abs=0.2)
