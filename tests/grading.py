"""Grades submissions for the lab's own tests, each run in a pytest of its own."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.answers.catalogue import Wrong
from tests.harness.submission import LAB

SOLUTIONS = LAB / "solutions"


def lay_over_solutions(folder: Path, *answers: Path) -> Path:
    """Fill ``folder`` with the solutions, and with other answers in their places."""
    for source in (SOLUTIONS, *answers):
        shutil.copytree(source, folder, dirs_exist_ok=True)
    return folder


def run_suite(exercise: str, *options: object) -> "subprocess.CompletedProcess[str]":
    """Run a suite as a student would, and return what it printed."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", exercise]
        + [str(option) for option in options],
        cwd=LAB,
        capture_output=True,
        text=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
    )


def grade(exercise: str, submission: Path, report: Path) -> dict[str, Any]:
    """Return the report of one suite on a submission."""
    run = run_suite(exercise, f"--submission={submission}", f"--report={report}")
    assert report.exists(), run.stdout + run.stderr
    result: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    return result


def grade_wrong(exercise: str, wrong: Wrong, folder: Path) -> dict[str, Any]:
    """Make a mistake in a copy of the solutions below ``folder``, and grade it."""
    submission = lay_over_solutions(folder / exercise / wrong.name)
    solution = (SOLUTIONS / exercise / wrong.file).read_text(encoding="utf-8")
    mistaken = submission / exercise / wrong.file
    mistaken.write_text(wrong.apply(solution), encoding="utf-8")
    return grade(exercise, submission, submission / "report.json")
