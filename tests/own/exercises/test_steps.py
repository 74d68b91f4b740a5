"""Done step by step, an exercise passes check by check.

No check waits for a later step, and what has passed once is not broken by one.
"""

import shutil
from collections.abc import Iterator
from concurrent.futures import Future
from itertools import pairwise
from pathlib import Path

import pytest

from tests.answers.grading import grade
from tests.harness.checks import checks_of, number_of
from tests.harness.exercises import EXERCISES, ROOT
from tests.own.background import in_background
from tests.own.exercises.completeness import COMPLETE
from tests.own.exercises.markdown import steps_of
from tests.own.exercises.starters import starters_of
from tests.own.exercises.steps import solved_up_to

Passed = dict[str, "list[Future[set[str]]]"]
# In the others, TODOs of several steps share a statement.
STEPPED = [name for name in COMPLETE if name == "exercise5_chat_channels"]
each_exercise = pytest.mark.parametrize("exercise", STEPPED)
pytestmark = [pytest.mark.long, pytest.mark.timeout(900), pytest.mark.meanwhile]


def last_checks(exercise: str) -> list[str]:
    """Return the last check of each step of a handout, in the order of the steps."""
    steps = steps_of(f"{exercise}/README.md")
    return [max(step, key=number_of) for step in steps]


@pytest.fixture(scope="session")
def passed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Passed]:
    """Grade each exercise after each of its steps; say which checks have passed."""
    folder = tmp_path_factory.mktemp("steps")
    with in_background(2) as pool:
        yield {
            exercise: [
                pool.submit(passed_after, exercise, check, folder / check)
                for check in last_checks(exercise)
            ]
            for exercise in STEPPED
        }


def passed_after(exercise: str, check: str, submission: Path) -> set[str]:
    """Return the checks that pass when the steps up to one are done."""
    for needed in EXERCISES[exercise].needs:
        shutil.copytree(ROOT / "solutions" / needed, submission / needed)
    for file in starters_of(EXERCISES[exercise]):
        path = submission / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(solved_up_to(file, check), encoding="utf-8")
    report = grade(exercise, submission, submission / "report.json")
    return {one["id"] for one in report["checks"] if one["outcome"] == "passed"}


@each_exercise
def test_the_steps_are_in_the_order_of_the_checks(exercise: str) -> None:
    ids = [
        one
        for step in steps_of(f"{exercise}/README.md")
        for one in sorted(step, key=number_of)
    ]
    assert ids == sorted(checks_of(exercise), key=number_of)


@each_exercise
def test_a_step_passes_its_checks(exercise: str, passed: Passed) -> None:
    for check, verdict in zip(last_checks(exercise), passed[exercise], strict=True):
        wanted = {
            one for one in checks_of(exercise) if number_of(one) <= number_of(check)
        }
        assert wanted <= verdict.result(), f"after the step of {check}"


@each_exercise
def test_no_step_breaks_what_has_passed(exercise: str, passed: Passed) -> None:
    verdicts = [verdict.result() for verdict in passed[exercise]]
    for before, after in pairwise(verdicts):
        assert before <= after
