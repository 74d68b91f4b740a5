"""Every right answer gets full marks, whatever its design."""

from pathlib import Path

import pytest

from tests.grading import SOLUTIONS, grade, lay_over_solutions
from tests.harness.submission import LAB, YOURS

RIGHT = LAB / "tests" / "answers" / "right"
DESIGNS = [
    (design.name, exercise)
    for design in sorted(RIGHT.iterdir())
    for exercise in YOURS
    if (design / exercise).is_dir()
]


@pytest.mark.parametrize("exercise", YOURS)
def test_solution(exercise: str, tmp_path: Path) -> None:
    assert_full_marks(exercise, SOLUTIONS, tmp_path)


@pytest.mark.parametrize(("design", "exercise"), DESIGNS)
def test_other_design(design: str, exercise: str, tmp_path: Path) -> None:
    submission = lay_over_solutions(tmp_path / "submission", RIGHT / design)
    assert_full_marks(exercise, submission, tmp_path)


def assert_full_marks(exercise: str, submission: Path, folder: Path) -> None:
    """Grade a submission; show the failures, if there are any."""
    report = grade(exercise, submission, folder / "report.json")
    failures = [check["message"] for check in report["checks"] if check["message"]]
    assert not failures, "\n".join(failures)
    assert report["points"] == report["max_points"] > 0
