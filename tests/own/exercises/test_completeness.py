"""Nothing of an exercise has been forgotten."""

import pytest

from tests.harness.exercises import EXERCISES
from tests.own.exercises.completeness import missing_parts, wrong_on_first_page


@pytest.mark.parametrize("exercise", EXERCISES)
def test_nothing_is_missing(exercise: str) -> None:
    if missing := missing_parts(EXERCISES[exercise]):
        pytest.fail("\n".join(missing), pytrace=False)


def test_first_page_has_all_exercises() -> None:
    if wrong := wrong_on_first_page():
        pytest.fail(wrong, pytrace=False)
