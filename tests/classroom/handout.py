"""``handout``: the students' tree, ready to push to a class repository.

A starter holds the solution of the step before, so what comes later stays behind.
"""

import json
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.classroom.errors import ClassroomError
from tests.classroom.files import copy_lab
from tests.classroom.first_page import for_students
from tests.harness.exercises import EXERCISES
from tests.harness.results import ERROR, NOT_RUN

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # comes with pytest

SHARED = [
    "README.md",
    "LICENSE",
    "pyproject.toml",
    "requirements.txt",
    "conftest.py",
    ".gitattributes",
    ".gitignore",
]


def hand_out(destination: Path, upto: int, with_solutions: bool = False) -> list[str]:
    """Write the students' tree, check it, and return the exercises that it holds.

    ``upto`` is the last exercise's number. Raises ClassroomError when the folder is in
    use or a suite does not run in the new tree.
    """
    exercises = [name for name in EXERCISES if EXERCISES[name].number <= upto]
    folders = [*exercises, "tests/harness"]
    if with_solutions:
        folders += [f"solutions/{exercise}" for exercise in exercises]
    copy_lab(destination, folders, SHARED)
    page = destination / "README.md"
    page.write_text(for_students(page.read_text("utf-8"), exercises), "utf-8")
    settings = destination / "pyproject.toml"
    settings.write_text(of_pytest(settings.read_text("utf-8"), exercises), "utf-8")
    check_tree(destination, exercises)
    return exercises


def of_pytest(settings: str, exercises: list[str]) -> str:
    """Return what students need of pyproject.toml: how pytest runs these suites."""
    options = tomllib.loads(settings)["tool"]["pytest"]["ini_options"]
    options["testpaths"] = exercises
    # Texts, numbers and lists are written alike in JSON and in TOML.
    lines = [f"{name} = {json.dumps(value)}" for name, value in options.items()]
    return "\n".join(["[tool.pytest.ini_options]", *lines, ""])


def check_tree(tree: Path, exercises: list[str]) -> None:
    """Run every suite in the students' tree; raise ClassroomError if one cannot run."""
    with ThreadPoolExecutor() as pool:
        problems = [*pool.map(lambda name: problem_of(tree, name), exercises)]
    for problem in filter(None, problems):
        raise ClassroomError(f"The students' tree is not complete: {problem}")


def problem_of(tree: Path, exercise: str) -> str:
    """Run one suite in the students' tree; return what is wrong with the tree, or ''.

    The starter is not done, so checks fail; but all of them must come to a verdict.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        # -B: a tree that is ready to push holds no compiled files.
        command = [sys.executable, "-B", "-m", "pytest", "-p", "no:cacheprovider"]
        run = subprocess.run(
            [*command, exercise, f"--report={report}"],
            cwd=tree,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            stdin=subprocess.DEVNULL,
        )
        if not report.exists():
            return f"{exercise}: {(run.stdout + run.stderr).strip()}"
        checks = json.loads(report.read_text("utf-8"))["checks"]
    unclear = (ERROR, NOT_RUN)
    errors = [check["message"] for check in checks if check["outcome"] in unclear]
    return "\n".join(errors) if checks else f"{exercise} has no checks."
