"""A suite's report counts only as pytest writes it, and only when pytest has ended."""

import copy
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.classroom.suite import read_verdict, text_of
from tests.harness import system
from tests.harness.checks import checks_of
from tests.harness.json_report import as_json
from tests.harness.results import ERROR, PASSED, Result, Run
from tests.own.classroom.running import HELLO

CHECKS = checks_of(HELLO)
FULL = as_json(Run(1, {c.id: Result(c, HELLO, PASSED) for c in CHECKS.values()}))
NOT_FINISHED = "the suite did not finish (status {})"
Change = Callable[[dict[str, Any]], object]


def first(**parts: object) -> Change:
    """Return what changes the first check of a report."""
    return lambda report: report["checks"][0].update(parts)


FORGED: dict[str, Change] = {
    "no checks": lambda report: report.update(checks=[]),
    "no list": lambda report: report.update(checks=1),
    "more": lambda report: report["checks"].append(report["checks"][0]),
    "twice the same": lambda report: report["checks"].__setitem__(
        1, report["checks"][0]
    ),
    "another sum": lambda report: report.update(points=1_000_000),
    "another maximum": lambda report: report.update(max_points=1_000_000),
    "something more": lambda report: report.update(more=1),
    "more points": first(points=1_000_000),
    "points for nothing": first(outcome="failed"),
    "a higher maximum": first(max_points=1_000_000),
    "another title": first(title="is good"),
    "another exercise": first(exercise="exercise5_chat_channels"),
    "an outcome of its own": first(outcome="excellent", points=0),
    "no text": first(message=1),
    "no steps": first(steps=None),
    "no time": first(seconds="long"),
    "a part that is missing": lambda report: report["checks"][0].pop("hint"),
}


def verdict_on(report: object, status: int = 1) -> tuple[int, str, bool]:
    """Return the points, the note, and whether it is final."""
    text = report if isinstance(report, str) else json.dumps(report)
    verdict = read_verdict(HELLO, text, "", "", "", status)
    return verdict.report["points"], verdict.note, verdict.is_final


@pytest.mark.parametrize("status", [0, 1])
def test_report_as_it_is_written_counts(status: int) -> None:
    assert verdict_on(FULL, status) == (10, "", True)


@pytest.mark.parametrize("status", [2, -9, 137])
def test_pytest_must_have_ended_by_itself(status: int) -> None:
    assert verdict_on(FULL, status) == (0, NOT_FINISHED.format(status), True)


@pytest.mark.parametrize("change", FORGED.values(), ids=FORGED)
def test_forged_report_counts_nothing(change: Change) -> None:
    report = copy.deepcopy(FULL)
    change(report)
    assert verdict_on(report) == (0, NOT_FINISHED.format(1), True)


@pytest.mark.parametrize("text", ["", "1", "[]", "{", "[" * 100_000])
def test_what_is_no_report_counts_nothing(text: str) -> None:
    assert verdict_on(text) == (0, NOT_FINISHED.format(1), True)


def test_fault_of_the_lab_is_no_verdict() -> None:
    report = copy.deepcopy(FULL)
    first(outcome=ERROR, points=0)(report)
    report["points"] = sum(check["points"] for check in report["checks"])
    points, note, is_final = verdict_on(report)
    assert note.startswith("could not be graded: the lab itself failed in 1.1")
    assert not is_final
    assert points < 10


@pytest.mark.skipif(system.WINDOWS, reason="Windows has no such files")
def test_only_regular_files_are_read(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("what a suite wrote")
    (tmp_path / "link").symlink_to(tmp_path / "text")
    os.mkfifo(tmp_path / "pipe")
    files = [tmp_path / name for name in ("text", "link", "pipe", "missing", ".")]
    assert list(map(text_of, files)) == ["what a suite wrote", "", "", "", ""]
