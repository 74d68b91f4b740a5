"""``handout``: the students' tree, ready to push to a class repository.

A starter holds the solution of the step before, so what comes later stays behind.
"""

import json
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.classroom.errors import ClassroomError
from tests.classroom.files import copy_lab
from tests.harness.exercises import EXERCISES

SHARED = [
    "README.md",
    "LICENSE",
    "pyproject.toml",
    "requirements.txt",
    "conftest.py",
    ".gitignore",
]
SECTION = r"^## {title}\n.*?(?=^## )"
ROWS = r"^(?:\| \[\d [^\]]+\]\((?:{names})/README\.md\).*\n)+"
PYTEST = re.compile(r"^\[tool\.pytest\.ini_options\]\n.*?(?=^\[)", re.M | re.S)
IN_START = {  # what the first page says to an instructor, and to a student
    "run the lab's own tests:": "run the first suite:",
    ".venv/bin/pytest\n": ".venv/bin/pytest exercise1_http_hello\n",
    "`.venv\\Scripts\\pytest`.": "`.venv\\Scripts\\pytest exercise1_http_hello`.",
}
WITHOUT_THE_CHAT = {
    "The chat, as far as": "The first program, as far as",
    "-m exercise5_chat_channels.server": "-m exercise1_http_hello.server",
}
WITHOUT_THE_RELAY = {
    "exercise4_multiclient -k 4.5 ": "exercise1_http_hello -k 1.5 ",
    "exercise4_multiclient": "exercise1_http_hello",
}


def hand_out(destination: Path, upto: int, with_solutions: bool = False) -> list[str]:
    """Write the students' tree, check it, and return the exercises that it holds.

    ``upto`` is the last exercise's number. Raises ClassroomError when the folder is in
    use or a suite does not run in the new tree.
    """
    exercises = list(EXERCISES)[:upto]
    folders = [*exercises, "tests/harness"]
    if with_solutions:
        folders += [f"solutions/{exercise}" for exercise in exercises]
    copy_lab(destination, folders, SHARED)
    page = destination / "README.md"
    page.write_text(for_students(page.read_text("utf-8"), upto), encoding="utf-8")
    settings = destination / "pyproject.toml"
    settings.write_text(of_pytest(settings.read_text("utf-8"), exercises), "utf-8")
    check_tree(destination, exercises)
    return exercises


def for_students(page: str, upto: int) -> str:
    """Return the first page without what only instructors have, and what is to come."""
    page = without_section(page, "For instructors")
    if later := list(EXERCISES)[upto:]:
        rows = ROWS.format(names="|".join(later))
        page = re.sub(rows, "\nThe others are handed out later.\n", page, flags=re.M)
    changes = IN_START | (WITHOUT_THE_CHAT if later else {})
    if "exercise4_multiclient" in later:
        page = without_section(page, "What it looks like")
        changes |= WITHOUT_THE_RELAY
    for text, instead in changes.items():
        if text not in page:
            raise ClassroomError(f"README.md no longer says {text!r}: see handout.py.")
        page = page.replace(text, instead)
    return page


def without_section(page: str, title: str) -> str:
    """Leave a section out."""
    return re.sub(SECTION.format(title=title), "", page, flags=re.M | re.S)


def of_pytest(settings: str, exercises: list[str]) -> str:
    """Return what students need of pyproject.toml: how pytest runs these suites."""
    table = PYTEST.search(settings)
    if not table or 'testpaths = ["tests/own"]' not in table[0]:
        raise ClassroomError(
            "pyproject.toml has no settings of pytest: see handout.py."
        )
    return table[0].strip().replace('["tests/own"]', json.dumps(exercises)) + "\n"


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
    errors = [check["message"] for check in checks if check["outcome"] == "error"]
    return "\n".join(errors) if checks else f"{exercise} has no checks."
