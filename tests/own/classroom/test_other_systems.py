"""``gradescope``: the bundle grades, and writes what other systems ask for."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.classroom.jobs import suite_digest
from tests.classroom.suite import without_result
from tests.harness.checks import checks_of
from tests.harness.exercises import EXERCISES
from tests.own.classroom.formats import (
    OF_RESULT50,
    OF_RESULTS,
    OF_TEST,
    OF_TEST50,
    is_like,
)
from tests.own.classroom.running import GIVES_UP, HELLO, LIMIT, classroom, lay_out

pytestmark = pytest.mark.timeout(LIMIT)


@pytest.fixture(scope="module")
def autograder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lay Gradescope's folders out, with the bundle in its place."""
    folder = tmp_path_factory.mktemp("autograder")
    run = classroom("gradescope", folder / "source", "--exercise", 1)
    assert run.returncode == 0, run.stderr
    (folder / "results").mkdir()
    lay_out(folder / "submission", GIVES_UP)
    return folder


def test_bundle_holds_no_solutions(autograder: Path) -> None:
    """Nor any code that tests the lab."""
    tests = {folder.name for folder in (autograder / "source/tests").iterdir()}
    assert tests == {"harness", "classroom"}
    files = [path.relative_to(autograder).parts for path in autograder.rglob("*.*")]
    assert not [parts for parts in files if {"solutions", "right", "wrong"} & {*parts}]
    assert ("source", "setup.sh") in files


def test_bundle_grades_as_the_lab_does(autograder: Path) -> None:
    """So it will do for the workers of a cluster."""
    code = f"from tests.classroom.jobs import suite_digest as d; print(d({HELLO!r}))"
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, cwd=autograder / "source", stdout=subprocess.PIPE)
    assert run.stdout.decode().strip() == str(suite_digest(HELLO))


def test_gradescope(autograder: Path) -> None:
    run = report(autograder, "--gradescope")
    content = json.loads(run.stdout)
    stopped = json.loads((autograder / "source/stopped.json").read_text("utf-8"))
    for results in content, stopped:
        assert {test["number"] for test in results["tests"]} == set(checks_of(HELLO))
        assert is_like(results, OF_RESULTS)
        for test in results["tests"]:
            assert is_like(test, OF_TEST)
            assert 0 == test["score"] <= test["max_score"]
            assert test["status"] == "failed"
    assert "ended, with status 1" in content["tests"][0]["output"]
    assert "The grader was stopped." in stopped["tests"][0]["output"]


def report(autograder: Path, *options: object) -> "subprocess.CompletedProcess[str]":
    """Grade with the bundle, as its programs do."""
    run = classroom(
        *("report", autograder / "submission", "--exercise", 1),
        *("--sandbox", "auto", *options),
        cwd=autograder / "source",
    )
    assert run.returncode == 0, run.stderr
    return run


def test_classroom50(autograder: Path, tmp_path: Path) -> None:
    result, summary = tmp_path / "result.json", tmp_path / "summary.md"
    summary.write_text("what was there\n")
    report(autograder, "--classroom50", result, "--summary", summary)
    content = json.loads(result.read_text("utf-8"))
    assert set(content) == set(OF_RESULT50)
    assert is_like(content, OF_RESULT50)
    assert (content["score"], content["max-score"]) == (0, 10)
    for test in content["tests"]:
        assert is_like({name: test[name] for name in OF_TEST50}, OF_TEST50)
        assert test["score"] <= test["max-score"]
    assert "# 0 of 10 points" in summary.read_text("utf-8")


def test_every_declared_check_is_there_whatever_happens() -> None:
    for exercise in EXERCISES:
        report = without_result(exercise, "The grader was stopped.")
        assert {check["id"] for check in report["checks"]} == set(checks_of(exercise))
        assert report["points"] == 0
