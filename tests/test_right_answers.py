"""Every right answer gets full marks, whatever its design."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.grading import grade, lay_over_solutions
from tests.harness import system
from tests.harness.submission import LAB, YOURS

RIGHT = LAB / "tests" / "answers" / "right"
ANSWERS = [("solutions", exercise) for exercise in YOURS] + [
    (design.name, exercise)
    for design in sorted(RIGHT.iterdir())
    for exercise in YOURS
    if (design / exercise).is_dir()
]
COMPILER = None if system.WINDOWS else shutil.which("cc")  # the answers are for POSIX
OPTIONS = ["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-pthread"]
Verdicts = dict[tuple[str, str], "Future[dict[str, Any]]"]


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Verdicts]:
    """Grade all right answers, several at a time: a right answer bears with that."""
    folder = tmp_path_factory.mktemp("right")
    with ThreadPoolExecutor(4) as pool:
        yield {answer: pool.submit(grade_right, *answer, folder) for answer in ANSWERS}


def grade_right(design: str, exercise: str, folder: Path) -> dict[str, Any]:
    """Lay an answer over the solutions, compile it if need be, and grade it."""
    answers = [] if design == "solutions" else [RIGHT / design]
    submission = lay_over_solutions(folder / exercise / design, *answers)
    for source in submission.glob("exercise*/*.c"):
        command = ["cc", *OPTIONS, "-o", source.stem, source.name]
        subprocess.run(command, cwd=source.parent, check=True)
    return grade(exercise, submission, submission / "report.json")


@pytest.mark.parametrize(("design", "exercise"), ANSWERS)
def test_full_marks(design: str, exercise: str, verdicts: Verdicts) -> None:
    if not COMPILER and list((RIGHT / design / exercise).glob("*.c")):
        assert not (os.environ.get("CI") and system.LINUX), "cc is missing"
        pytest.skip("there is no cc")
    report = verdicts[design, exercise].result()
    failures = [check["message"] for check in report["checks"] if check["message"]]
    assert not failures, "\n".join(failures)
    assert report["points"] == report["max_points"] > 0
