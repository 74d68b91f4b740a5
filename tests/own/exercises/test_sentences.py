"""Every sentence that asks for something has a check, or is called advice."""

import pytest

from tests.answers.sentences.table import objections
from tests.own.exercises.completeness import COMPLETE


@pytest.mark.parametrize("exercise", COMPLETE)
def test_every_sentence_has_its_check(exercise: str) -> None:
    assert not list(objections(exercise))
