"""Grades submissions for the lab's own tests, each run in a pytest of its own."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.answers.catalogue import Wrong
from tests.harness.checks import Check, checks_of
from tests.harness.exercises import EXERCISES, ROOT
from tests.harness.lab import Lab
from tests.harness.submission import Submission

SOLUTIONS = ROOT / "solutions"
RIGHT = ROOT / "tests" / "answers" / "right"
# Only those that students have: what else is installed may double a run's start.
PLUGINS = ["-p", "pytest_timeout", "-p", "no:cacheprovider"]
# Read once: suites are started in threads, while pytest changes os.environ.
ENVIRONMENT = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
# What runs each suite: see elsewhere.py.
THROUGH: list[str] = []
OPTIONS = ["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-pthread"]  # for C


def lay_over_solutions(folder: Path, *answers: Path) -> Path:
    """Fill ``folder`` with the solutions, and with other answers in their places."""
    for source in (SOLUTIONS, *answers):
        shutil.copytree(source, folder, dirs_exist_ok=True)
    return folder


@contextmanager
def solutions_lab(exercise: str, folder: Path) -> Iterator[Lab]:
    """Give a laboratory in which the solutions run, and clean up after it."""
    submission = Submission(SOLUTIONS)
    laboratory = Lab(submission, exercise, folder, seed=5)
    yield laboratory
    laboratory.clean_up()
    submission.remove_folder()


def make_mistake(submission: Path, exercise: str, wrong: Wrong) -> None:
    """Put a wrong answer in its place."""
    right = (ROOT / wrong.base / exercise / wrong.file).read_text(encoding="utf-8")
    mistaken = submission / exercise / wrong.file
    mistaken.write_text(wrong.apply(right), encoding="utf-8")


def right_answers() -> list[tuple[str, str]]:
    """Return every right answer: its design, and its exercise."""
    designs = sorted(folder.name for folder in RIGHT.iterdir())
    others = [(d, e) for d in designs for e in EXERCISES if (RIGHT / d / e).is_dir()]
    return [("solutions", exercise) for exercise in EXERCISES] + others


def prepare_right(design: str, folder: Path) -> Path:
    """Lay a design over the solutions, and compile what is written in C."""
    answers = [] if design == "solutions" else [RIGHT / design]
    submission = lay_over_solutions(folder / design, *answers)
    for source in submission.glob("exercise*/*.c"):
        command = ["cc", *OPTIONS, "-o", source.stem, source.name]
        subprocess.run(command, cwd=source.parent, check=True)
    return submission


def run_suite(
    exercise: str, *options: object, through: Sequence[str] = ()
) -> "subprocess.CompletedProcess[str]":
    """Run a suite as a student would, and return what it printed.

    ``through`` is a command that runs the one that follows it.
    """
    return subprocess.run(
        [*through, sys.executable, "-m", "pytest", *PLUGINS, exercise]
        + [str(option) for option in options],
        cwd=ROOT,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
    )


def with_needs(ids: Iterable[str], checks: dict[str, Check]) -> set[str]:
    """Return checks with those that they need, and what these need in turn."""
    wanted = set(ids)
    for one in ids:
        wanted |= with_needs(checks[one].needs, checks)
    return wanted


def chosen(session: pytest.Session, test: Callable[..., None]) -> list[dict[str, Any]]:
    """Return the parameters of a test that will be run with: with -k it is not all."""
    return [
        item.callspec.params
        for item in session.items
        if isinstance(item, pytest.Function) and item.function is test
    ]


def grade(
    exercise: str, submission: Path, report: Path, *options: object
) -> dict[str, Any]:
    """Return the report of one suite on a submission."""
    ours = f"--submission={submission}", f"--report={report}"
    run = run_suite(exercise, *ours, *options, through=THROUGH)
    assert report.exists(), run.stdout + run.stderr
    result: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    return result


def concerned(exercise: str, wrong: Wrong) -> set[str]:
    """Return the checks that may fail at a mistake, and those that they need."""
    return with_needs([wrong.caught_by, *wrong.also], checks_of(exercise))


def grade_wrong(
    exercise: str, wrong: Wrong, folder: Path, only: Iterable[str] = ()
) -> dict[str, Any]:
    """Make a mistake in a copy of the solutions below ``folder``, and grade it.

    By the whole suite, or ``only`` by these checks.
    """
    submission = lay_over_solutions(folder / exercise / wrong.name)
    make_mistake(submission, exercise, wrong)
    options = ["-k", " or ".join(only)] if only else []
    return grade(exercise, submission, submission / "report.json", *options)
