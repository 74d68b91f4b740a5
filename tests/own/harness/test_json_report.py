"""The JSON report: every declared check, and a failure in its parts."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.harness.checks import Check
from tests.harness.failure import Failure, Place, Seen, Symptom
from tests.harness.json_report import write_json
from tests.harness.results import FAILED, Result, Run
from tests.harness.steps import Kind, Step

EXERCISE = "exercise4_multiclient"


@pytest.fixture
def report(tmp_path: Path) -> dict[str, Any]:
    """Return the report of a run with a failure and a check that did not run."""
    failure = Failure(
        expected=("Expected bob to receive", "'hello'"),
        got=("but the server sent", "'hel'"),
        at=4,
        symptoms=[Symptom(Seen.WAITS, "It waits in main()", Place("server.py", 3))],
    )
    check = Check("4.5", "cuts lines", 2, (), "", "Framing")
    result = Result(check, EXERCISE, FAILED, failure=failure, hint="Keep it.")
    result.steps = [Step("server", "bob", "", b"hel", wrong=True, kind=Kind.MESSAGE)]
    not_run = Result(Check("4.6", "title", 1, (), "", ""), EXERCISE)
    write_json(Run(42, {"4.5": result, "4.6": not_run}), tmp_path / "run.json")
    content: dict[str, Any] = json.loads((tmp_path / "run.json").read_text("utf-8"))
    return content


def test_has_every_check(report: dict[str, Any]) -> None:
    outcomes = {check["id"]: check["outcome"] for check in report["checks"]}
    assert outcomes == {"4.5": "failed", "4.6": "not run"}
    assert (report["points"], report["max_points"], report["seed"]) == (0, 3, 42)
    assert report["checks"][1]["message"] == "The check did not run."


def test_has_a_failure_in_its_parts(report: dict[str, Any]) -> None:
    check = report["checks"][0]
    assert check["expected"] == {"lead": "Expected bob to receive", "text": "'hello'"}
    assert check["got"] == {"lead": "but the server sent", "text": "'hel'"}
    assert check["where"] == {"file": "server.py", "line": 3}
    assert check["symptom"] == ["difference", "waits"]
    assert check["hint"] == "Keep it."
    assert check["message"].startswith("✗ 4.5  cuts lines")


def test_has_the_steps_by_kind(report: dict[str, Any]) -> None:
    (step,) = report["checks"][0]["steps"]
    assert (step["kind"], step["from"], step["to"]) == ("message", "server", "bob")
    assert (step["data"], step["bytes"], step["wrong"]) == ("'hel'", 3, True)
