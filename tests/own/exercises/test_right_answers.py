"""Every right answer gets full marks, whatever its design.

Without --long: the solutions, and a design that is far from them.
"""

import sys
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from tests.answers.grading import (
    RIGHT,
    SOLUTIONS,
    chosen,
    grade,
    prepare_right,
    right_answers,
    run_suite,
)
from tests.harness import system
from tests.own import peers
from tests.own.background import in_background
from tests.own.exercises.completeness import COMPLETE

ALWAYS = ("solutions", "selectors")
FOR_POSIX = ("c_pthreads", "processes")  # with fork(), or signals
ANSWERS = [
    pytest.param(design, exercise, marks=[] if design in ALWAYS else pytest.mark.long)
    for design, exercise in right_answers()
    if exercise in COMPLETE
]
Verdicts = dict[tuple[str, str], "Future[dict[str, Any]]"]


@pytest.fixture(scope="session")
def verdicts(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Verdicts]:
    """Grade the right answers, several at a time: a right answer can take that."""
    folder = tmp_path_factory.mktemp("right")
    answers = [
        (a["design"], a["exercise"]) for a in chosen(request.session, test_full_marks)
    ]
    with in_background(2) as pool:
        yield {answer: pool.submit(grade_right, *answer, folder) for answer in answers}


def grade_right(design: str, exercise: str, folder: Path) -> dict[str, Any]:
    """Prepare a right answer in a folder of its own, and grade it."""
    submission = prepare_right(design, folder / exercise)
    return grade(exercise, submission, submission / "report.json")


@pytest.mark.meanwhile
@pytest.mark.parametrize(("design", "exercise"), ANSWERS)
def test_full_marks(design: str, exercise: str, verdicts: Verdicts) -> None:
    if system.WINDOWS and design in FOR_POSIX:
        pytest.skip(f"{design} is for POSIX")
    if list((RIGHT / design / exercise).glob("*.c")):
        peers.program("cc")
    report = verdicts[design, exercise].result()
    failures = [check["message"] for check in report["checks"] if check["message"]]
    assert not failures, "\n".join(failures)
    assert report["points"] == report["max_points"] > 0


PLAYED = [("windows", "exercise4_multiclient", "4.1 or 4.2 or 4.3 or 4.12")]
PLAYED += [("macos", exercise, "") for exercise in COMPLETE]
PLAYED += [("windows", exercise, "") for exercise in COMPLETE]


@pytest.mark.skipif(not system.LINUX, reason="only Linux plays others")
@pytest.mark.parametrize(
    ("where", "exercise", "checks"),
    [pytest.param(*p, marks=[] if p[2] else pytest.mark.long) for p in PLAYED],
)
def test_solutions_elsewhere(where: str, exercise: str, checks: str) -> None:
    through = [sys.executable, "-m", "tests.answers.elsewhere", where]
    chosen_checks = ["-k", checks] if checks else []
    options = [f"--submission={SOLUTIONS}", *chosen_checks]
    run = run_suite(exercise, *options, through=through)
    assert run.returncode == 0, run.stdout
