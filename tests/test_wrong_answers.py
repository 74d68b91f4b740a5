"""Every known wrong answer is caught by the check that names the mistake."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from tests.answers.catalogue import Wrong
from tests.grading import SOLUTIONS, grade, lay_over_solutions
from tests.harness.submission import YOURS

WRONG = [
    (exercise, wrong)
    for exercise in YOURS
    for wrong in import_module(f"tests.answers.wrong.{exercise}").WRONG
]
Verdicts = dict[str, "Future[dict[str, Any]]"]


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Verdicts]:
    """Grade all wrong answers, a few at a time: most of a verdict is waiting."""
    folder = tmp_path_factory.mktemp("wrong")
    with ThreadPoolExecutor(8) as pool:
        yield {
            exercise + wrong.name: pool.submit(verdict, exercise, wrong, folder)
            for exercise, wrong in WRONG
        }


def verdict(exercise: str, wrong: Wrong, folder: Path) -> dict[str, Any]:
    """Make the mistake in a copy of the solutions, and grade it."""
    submission = lay_over_solutions(folder / exercise / wrong.name)
    solution = (SOLUTIONS / exercise / wrong.file).read_text(encoding="utf-8")
    mistaken = submission / exercise / wrong.file
    mistaken.write_text(wrong.apply(solution), encoding="utf-8")
    return grade(exercise, submission, submission / "report.json")


@pytest.mark.parametrize(
    ("exercise", "wrong"), WRONG, ids=[f"{e[8]}-{wrong.name}" for e, wrong in WRONG]
)
def test_is_caught(exercise: str, wrong: Wrong, verdicts: Verdicts) -> None:
    report = verdicts[exercise + wrong.name].result()
    checks = {check["id"]: check for check in report["checks"]}
    caught = checks[wrong.caught_by]
    assert caught["outcome"] == "failed", f"{wrong.did}: {wrong.caught_by} did not fail"
    explanation = caught["message"] + caught["hint"]
    for word in wrong.words:
        assert word in explanation, f"{word!r} is missing in:\n{caught['message']}"
    for id, check in checks.items():
        if id != wrong.caught_by and id not in wrong.also:
            assert check["outcome"] in ("passed", "blocked"), check["message"]


def test_names_are_unique() -> None:
    names = [(exercise, wrong.name) for exercise, wrong in WRONG]
    assert len(set(names)) == len(names)
