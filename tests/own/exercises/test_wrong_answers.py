"""Every known wrong answer is caught by the check that names the mistake.

With --long each is graded by the checks that should object and those that they need,
which must pass. Without, the first wrong answer to each check is tried, by that check
alone. ``python -m tests.benchmarks.verdicts`` runs the whole suites.
"""

from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import pytest

from tests.answers.catalogue import Wrong, all_wrong, first_of_each_check
from tests.answers.grading import chosen, concerned, grade_wrong
from tests.harness import system
from tests.own.background import in_background
from tests.own.exercises.completeness import COMPLETE

FIRST = first_of_each_check()
ANSWERS = [
    pytest.param(
        exercise,
        wrong,
        id=f"{exercise}-{wrong.name}",
        marks=[] if (exercise, wrong) in FIRST else pytest.mark.long,
    )
    for exercise, wrong in all_wrong()
    if exercise in COMPLETE
]
Verdicts = dict[str, "Future[dict[str, Any]]"]


@pytest.fixture(scope="session")
def verdicts(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Verdicts]:
    """Grade the wrong answers, several at a time: most of a verdict is waiting."""
    long = request.config.getoption("--long")
    folder = tmp_path_factory.mktemp("wrong")
    answers = [
        (a["exercise"], a["wrong"]) for a in chosen(request.session, test_is_caught)
    ]
    with in_background(6) as pool:
        yield {
            exercise + wrong.name: pool.submit(
                grade_wrong,
                exercise,
                wrong,
                folder,
                only=concerned(exercise, wrong) if long else [wrong.caught_by],
            )
            for exercise, wrong in answers
        }


@pytest.mark.skipif(not system.LINUX, reason="Linux plays the others: --on macos")
@pytest.mark.meanwhile
@pytest.mark.parametrize(("exercise", "wrong"), ANSWERS)
def test_is_caught(
    exercise: str, wrong: Wrong, verdicts: Verdicts, request: pytest.FixtureRequest
) -> None:
    if reason := wrong.hidden_on.get(request.config.getoption("--on")):
        pytest.skip(reason)
    objections = wrong.objections(verdicts[exercise + wrong.name].result())
    assert not objections, "\n\n".join(objections)


def test_names_are_unique() -> None:
    names = [(exercise, wrong.name) for exercise, wrong in all_wrong()]
    assert len(set(names)) == len(names)
