"""Runs the classroom's commands on what it lays out as students would."""

import csv
import json
import subprocess
from pathlib import Path
from typing import Any

from tests.answers.grading import SOLUTIONS
from tests.answers.hostile.attacks import SERVER
from tests.harness import confinement
from tests.harness.exercises import ROOT
from tests.own.toys import run

HELLO = "exercise1_http_hello"
RIGHT = (SOLUTIONS / SERVER).read_bytes()
GIVES_UP = b"raise SystemExit(1)\n"
# Where there is no sandbox, grading asks for this.
HELD = ("--sandbox", "none") if confinement.why_no_sandbox() else ()
LIMIT = 240  # seconds, should a command never end


def classroom(
    *arguments: object, cwd: Path = ROOT
) -> "subprocess.CompletedProcess[str]":
    """Run a command of the classroom to its end."""
    return run(cwd, "tests.classroom", *arguments)


def lay_out(folder: Path, source: bytes = RIGHT) -> Path:
    """Lay exercise 1 out as a student would."""
    file = folder / SERVER
    file.parent.mkdir(parents=True)
    file.write_bytes(source)
    return folder


def grades(out: Path) -> dict[str, dict[str, str]]:
    """Return the rows of grades.csv by student."""
    with (out / "grades.csv").open(encoding="utf-8-sig", newline="") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


def results(folder: Path) -> dict[str, Any]:
    """Return a student's feedback.json."""
    content: dict[str, Any] = json.loads((folder / "feedback.json").read_text("utf-8"))
    return content
