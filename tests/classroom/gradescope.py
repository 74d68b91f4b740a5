"""``gradescope``: an autograder bundle, and a workflow for a class repository.

The formats: "Autograder Specifications" at gradescope-autograders.readthedocs.io, and
schemas/result-v1.schema.json of Classroom 50.
"""

import os
import tempfile
import threading
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from tests.classroom.files import copy_lab, write
from tests.classroom.jobs import grade_suites
from tests.classroom.submissions import read_hand_in
from tests.harness.exercises import EXERCISES
from tests.harness.results import PASSED

COPIED = ["tests/harness", "tests/classroom", *EXERCISES]
COPIED_FILES = [
    "pyproject.toml",
    "requirements.txt",
    "conftest.py",
    "LICENSE",
]
LONGEST_OUTPUT = 20_000  # characters of a failure that Gradescope is given

SETUP = """#!/usr/bin/env bash
# Runs once, as root, when Gradescope builds its image (Ubuntu).
set -euo pipefail
apt-get update
apt-get install -y --no-install-recommends python3 python3-venv bubblewrap
python3 -m venv /autograder/venv
/autograder/venv/bin/pip install -r /autograder/source/requirements.txt
"""

RUN = """#!/usr/bin/env bash
# Runs for each submission. The results are there whatever happens: first as 0 points.
cd "${{AUTOGRADER:-/autograder}}/source"
PYTHON="${{PYTHON:-../venv/bin/python}}"
exec "$PYTHON" -m tests.classroom report ../submission --exercise {exercises} \\
    --gradescope ../results/results.json
"""

WORKFLOW = """# Grades on every push; the score is in the run's summary.
# A student can change this file in their own repository: take it as feedback. For
# marks, run `python -m tests.classroom grade` yourself, or let Classroom 50 call it.
name: grade
on: [push, workflow_dispatch]
permissions:
  contents: read

jobs:
  grade:
    runs-on: ubuntu-latest
    timeout-minutes: 15
    steps:
      - uses: actions/checkout@v4
        with:
          path: submission
      # The class's copy of this bundle, which students cannot change.
      - uses: actions/checkout@v4
        with:
          repository: ${{ vars.SOCKET_LAB_GRADER }}
          path: grader
      - uses: actions/setup-python@v5
        with:
          python-version: "3.13"
      - run: python -m pip install -r grader/requirements.txt
      - working-directory: grader
        run: >-
          python -m tests.classroom report ../submission --exercise EXERCISES
          --classroom50 ../result.json --summary "$GITHUB_STEP_SUMMARY"
"""

AUTOGRADER50 = '''"""Grades the checkout that it is run in, for Classroom 50.

All of this folder belongs to CLASSROOM/autograders/ASSIGNMENT/.
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
RESULT = Path("result.json").absolute()
PIP = [sys.executable, "-m", "pip", "install", "--quiet"]
REPORT = [sys.executable, "-m", "tests.classroom", "report", str(Path.cwd())]

subprocess.run([*PIP, "-r", str(HERE / "requirements.txt")], check=True)
options = ["--exercise", *"EXERCISES".split(), "--classroom50", str(RESULT)]
sys.exit(subprocess.run([*REPORT, *options], cwd=HERE).returncode)
'''


def write_bundle(destination: Path, exercises: list[str]) -> None:
    """Write the autograder: zip its contents, not the folder, for Gradescope.

    It holds no solutions and no known answers.
    """
    copy_lab(destination, COPIED, COPIED_FILES)
    numbers = " ".join(str(EXERCISES[exercise].number) for exercise in exercises)
    programs = {"setup.sh": SETUP, "run_autograder": RUN.format(exercises=numbers)}
    for name, text in programs.items():
        write(destination / name, text)
        (destination / name).chmod(0o755)
    for name, text in ("grade.yml", WORKFLOW), ("autograder.py", AUTOGRADER50):
        write(destination / name, text.replace("EXERCISES", numbers))


def judge_all(
    source: Path, exercises: list[str], in_sandbox: bool
) -> tuple[list[str], list[dict[str, Any]]]:
    """Grade one submission; return notes on it, and a report for each exercise."""
    hand_in = read_hand_in(source, exercises)
    place = Path(tempfile.gettempdir())
    graded = grade_suites(hand_in, exercises, in_sandbox, place, threading.Event())
    return hand_in.notes, [one.result for one in graded]


def for_gradescope(
    reports: list[dict[str, Any]], notes: list[str], confinement: str
) -> dict[str, Any]:
    """Return what results.json holds."""
    lines = [f"Note: {note}" for note in notes]
    return {
        "output": "\n".join([*lines, f"Programs were held by {confinement}."]),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": [_test(c) for report in reports for c in report["checks"]],
    }


def _test(check: dict[str, Any]) -> dict[str, Any]:
    message = check["message"]
    if len(message) > LONGEST_OUTPUT:
        message = message[:LONGEST_OUTPUT] + "\n… the rest is left out"
    return {
        "number": check["id"],
        "name": check["title"],
        "name_format": "text",
        "score": check["points"],
        "max_score": check["max_points"],
        "status": "passed" if check["outcome"] == PASSED else "failed",
        "output": message,
        "output_format": "text",
        "visibility": "visible",
    }


def for_classroom50(reports: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what result.json holds; the runner says who and what in its variables."""
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    commit = os.environ.get("COMMIT_URL") or "unknown"
    return {
        "schema": "classroom50/result/v1",
        "classroom": os.environ.get("CLASSROOM") or "unknown",
        "assignment": os.environ.get("ASSIGNMENT") or "unknown",
        "assignment_type": os.environ.get("ASSIGNMENT_TYPE") or "individual",
        "owner": os.environ.get("OWNER") or os.environ.get("USERNAME") or "unknown",
        "submission": os.environ.get("SUBMISSION_TAG") or "submit/unknown",
        "commit": commit,
        "release": os.environ.get("RELEASE_URL") or "unknown",
        "review": os.environ.get("REVIEW_URL") or commit,
        "datetime": os.environ.get("SUBMITTED_AT") or now,
        "graded_at": now,
        "score": sum(report["points"] for report in reports),
        "max-score": sum(report["max_points"] for report in reports),
        "tests": [_test50(c) for report in reports for c in report["checks"]],
    }


def _test50(check: dict[str, Any]) -> dict[str, Any]:
    return {
        "test-name": f"{check['id']} {check['title']}",
        "passed": check["outcome"] == PASSED,
        "score": check["points"],
        "max-score": check["max_points"],
        "message": check["message"],
    }


def as_summary(reports: list[dict[str, Any]]) -> str:
    """Return the score and a table of the checks, in Markdown."""
    points = sum(report["points"] for report in reports)
    most = sum(report["max_points"] for report in reports)
    lines = [
        f"# {points} of {most} points",
        "",
        "| check | points | |",
        "|---|---|---|",
    ]
    for check in (check for report in reports for check in report["checks"]):
        score = f"{check['points']}/{check['max_points']}"
        title = check["title"].replace("|", "\\|")
        lines.append(f"| {check['id']} {title} | {score} | {check['outcome']} |")
    return "\n".join(lines) + "\n"
