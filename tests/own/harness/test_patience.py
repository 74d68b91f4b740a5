"""Patience: waits that add up, and end early where nothing moves."""

from collections.abc import Iterator

import pytest

from tests.harness import patience
from tests.harness.system import Activity


def test_waits_add_up() -> None:
    waits = list(patience.slices(4.0))
    assert 4.0 <= sum(waits) < 4.0 + patience.SLICE
    assert waits[0] == 0.001
    assert max(waits) == patience.SLICE
    assert list(patience.slices(0)) == []


def rests(worked: float = 7.0) -> Iterator[Activity]:
    """Be a program that waits, after so much work."""
    while True:
        yield Activity(True, worked)


def works(share: float, waits: bool = False) -> Iterator[Activity]:
    """Be a program that gets so many seconds of a processor between two looks."""
    worked = 0.0
    while True:
        worked += share
        yield Activity(waits, worked)


def unknown() -> Iterator[None]:
    """Be a program on a system that does not say what it does."""
    while True:
        yield None


def wakes() -> Iterator[Activity]:
    """Be a program that works a little, and rests then."""
    yield from (Activity(True, 1.0), Activity(True, 2.0), Activity(False, 3.0))
    yield from rests(4.0)


@pytest.mark.parametrize(
    ("program", "seconds"),
    [
        # The second look is the first that tells the same.
        pytest.param(rests(), 2.75, id="rests"),
        pytest.param(unknown(), 6.0, id="another system"),
        pytest.param(works(patience.LOOK), 6.0, id="works"),
        pytest.param(works(4 * patience.LOOK), 6.0, id="works in four threads"),
        pytest.param(works(patience.LOOK / 4), 23.0, id="works beside three others"),
        pytest.param(works(0.0), 60.0, id="never gets its turn"),
        pytest.param(works(0.01, waits=True), 6.0, id="polls"),
        pytest.param(wakes(), 3.5, id="works, then rests"),
    ],
)
def test_waits_for_a_program(
    program: Iterator[Activity | None], seconds: float
) -> None:
    waits = patience.slices_of(6.0, lambda: next(program))
    assert sum(waits) == pytest.approx(seconds, abs=0.3)


def test_waits_on_for_a_program_that_may_rest() -> None:
    program = rests()
    waits = patience.slices_of(10.0, lambda: next(program), still=10.0)
    assert sum(waits) == pytest.approx(10.0, abs=0.2)
