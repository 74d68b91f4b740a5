"""Grading without suites: whoever has the right program gets full marks.

So what is tried is only whose program is found, and what is written of it.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.classroom import suite
from tests.classroom.grade import Options, grade_class, reserved, summary
from tests.classroom.jobs import (
    Done,
    Graded,
    Job,
    as_graded,
    fingerprint,
    nothing_to_judge,
)
from tests.classroom.rows import GRADED
from tests.own.classroom.running import HELLO, RIGHT


class NoSuites:
    """Workers that compare a program with the right one."""

    def why_no_sandbox(self) -> str:
        """Return ''."""
        return ""

    def busy_with(self) -> list[str]:
        """Return nobody."""
        return []

    def grade(self, jobs: Sequence[Job], in_sandbox: bool) -> Done:
        """Yield each job."""
        for job in jobs:
            yield job, [grade_one(job, exercise) for exercise in job.exercises]


def grade_one(job: Job, exercise: str) -> Graded:
    """Grade an exercise by what was read for it."""
    hand_in = job.read()
    digest = fingerprint(hand_in, exercise, in_sandbox=False)
    if not hand_in.has(exercise):
        return as_graded(exercise, digest, False, *nothing_to_judge(hand_in, exercise))
    is_right = RIGHT in hand_in.files.values()
    report = suite.without_result(exercise, "")
    report["points"] = report["max_points"] if is_right else 0
    return as_graded(exercise, digest, False, GRADED, suite.Verdict(report, "", ""))


def grade_without_suites(place: Path, out: Path, **options: Any) -> list[str]:
    """Grade exercise 1 of a class; return the closing lines."""
    chosen = Options([HELLO], **{"again": False, "in_sandbox": False, **options})
    with reserved(out):
        rows, finished = grade_class(place, out, chosen, NoSuites())
    assert finished
    return summary(rows)
