"""``report``: one submission graded, in the words of other systems.

The formats: "Autograder Specifications" at gradescope-autograders.readthedocs.io, and
schemas/result-v1.schema.json of Classroom 50.
"""

import os
import tempfile
import threading
from collections.abc import Iterable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from tests.classroom.harmless import in_markdown, lines
from tests.classroom.jobs import grade_suites
from tests.classroom.submissions import read_hand_in
from tests.classroom.suite import without_result
from tests.harness.results import PASSED
from tests.harness.shown import harmless

LONGEST_OUTPUT = 20_000  # characters of a failure that others are given


def unfinished(exercises: list[str]) -> list[dict[str, Any]]:
    """Return the reports to begin with: every declared check, with 0 points."""
    return [without_result(name, "The grader was stopped.") for name in exercises]


def judge_all(
    source: Path, exercises: list[str], in_sandbox: bool
) -> tuple[list[str], list[dict[str, Any]]]:
    """Grade one submission; return notes on it, and a report for each exercise.

    Each suite has ended its programs when it returns, and those that got away, where
    the sandbox or the system tells of them.
    """
    hand_in = read_hand_in(source, exercises)
    place = Path(tempfile.gettempdir())
    graded = grade_suites(hand_in, exercises, in_sandbox, place, threading.Event())
    notes = [*hand_in.unread, *hand_in.needs, *hand_in.notes]
    return lines(notes), [one.result for one in graded]


def for_gradescope(
    reports: list[dict[str, Any]], notes: Iterable[str] = ()
) -> dict[str, Any]:
    """Return what results.json holds."""
    return {
        "output": "\n".join(notes),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": [_test(c) for report in reports for c in report["checks"]],
    }


def _test(check: dict[str, Any]) -> dict[str, Any]:
    return {
        "number": check["id"],
        "name": check["title"],
        "name_format": "text",
        "score": check["points"],
        "max_score": check["max_points"],
        "status": "passed" if check["outcome"] == PASSED else "failed",
        "output": _message(check),
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
        "message": _message(check),
    }


def _message(check: dict[str, Any]) -> str:
    text = harmless(check["message"])
    if len(text) <= LONGEST_OUTPUT:
        return text
    return text[:LONGEST_OUTPUT] + "\n… the rest is left out"


def as_summary(reports: list[dict[str, Any]], notes: Iterable[str] = ()) -> str:
    """Return the score, the notes and a table of the checks, in Markdown."""
    points = sum(report["points"] for report in reports)
    most = sum(report["max_points"] for report in reports)
    lines = [f"# {points} of {most} points", ""]
    lines += [f"- {in_markdown(note)}" for note in notes]
    lines += ["", "| check | points | |", "|---|---|---|"]
    for check in (check for report in reports for check in report["checks"]):
        score = f"{check['points']}/{check['max_points']}"
        title = in_markdown(check["title"])
        lines.append(f"| {check['id']} {title} | {score} | {check['outcome']} |")
    return "\n".join(lines) + "\n"
