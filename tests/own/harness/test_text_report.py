"""The text report: a failure as a student reads it, and what follows the score."""

from dataclasses import replace

import pytest
from _pytest._io import TerminalWriter

from tests.harness.checks import Check
from tests.harness.failure import Failure, Place, Seen, Symptom
from tests.harness.results import BLOCKED, ERROR, FAILED, NOT_RUN, PASSED, Result, Run
from tests.harness.steps import Kind, Step
from tests.harness.text_report import message_of, print_check, print_score

EXERCISE = "exercise4_multiclient"
CHECK = Check("4.5", r"cuts lines at \n, whatever the pieces", 2, (), "", "Framing")


def failed(
    failure: Failure, output: str = "", hint: str = "Keep what is left over."
) -> Result:
    """Return the result of a failed check."""
    result = Result(CHECK, EXERCISE, FAILED, failure=failure, hint=hint, output=output)
    result.again = f"pytest {EXERCISE} -k 4.5"
    return result


def test_shows_a_difference_with_a_caret() -> None:
    failure = Failure(
        expected=("Expected bob to receive", r"'hello\n'"),
        got=("but the server sent", "'hel'"),
        at=4,
        remark="the line was relayed before it was complete",
    )
    hint = (
        "recv() returns what has arrived so far, not what was sent. Keep what is left"
        " over per client."
    )
    result = failed(failure, hint=hint)
    sent, message = ("alice", "server", ""), Kind.MESSAGE
    result.steps = [
        Step("alice", "", "connects", note="127.0.0.1:50412", kind=Kind.CONNECTS),
        Step(*sent, b"hel", kind=message),
        Step(*sent, b"lo\n", times=3, kind=message),
        Step("server", "bob", "", b"hel", "after 0.4 ms", pieces=2, kind=message),
    ]
    assert message_of(result) == (
        r"""
✗ 4.5  cuts lines at \n, whatever the pieces                                         0/2
    1  alice connects                                127.0.0.1:50412
    2  alice → server   'hel'
    3  alice → server   'lo\n'                       3 times
    4  server → bob      'hel'                       after 0.4 ms, in 2 pieces
  Expected bob to receive   'hello\n'
  but the server sent       'hel'
                                ^ the line was relayed before it was complete
  Hint  recv() returns what has arrived so far, not what was sent. Keep what is left
        over per client.
  Again pytest exercise4_multiclient -k 4.5
""".strip("\n")
    )


def test_shows_where_the_program_waits() -> None:
    failure = Failure(
        expected=("Expected bob to receive", "a line"),
        got=("but", "nothing more came within 4 s"),
    )
    line = "It waits in main(), server.py line 3:  client.recv(100)"
    failure.add(Symptom(Seen.SILENCE))
    failure.add(Symptom(Seen.WAITS, line, Place("server.py", 3)))
    assert message_of(failed(failure)) == (
        r"""
✗ 4.5  cuts lines at \n, whatever the pieces                                         0/2
  Expected bob to receive   a line
  but                       nothing more came within 4 s
  It waits in main(), server.py line 3:  client.recv(100)
  Hint  Keep what is left over.
  Again pytest exercise4_multiclient -k 4.5
""".strip("\n")
    )
    assert failure.where == Place("server.py", 3)
    assert failure.seen == ["silence", "waits"]


def test_shows_what_the_program_wrote_on_stderr() -> None:
    failure = Failure("server ended with a traceback.")
    output = "\n".join(["early"] * 3 + ["late"] * 18 + ["x" * 100, "ValueError: bad"])
    last_lines = "    | late\n" * 18 + "    | " + "x" * 87 + "…\n"
    assert message_of(failed(failure, output)) == (
        r"""
✗ 4.5  cuts lines at \n, whatever the pieces                                         0/2
  server ended with a traceback.
  The program's stderr:
    | … 3 lines left out …
""".lstrip("\n")
        + last_lines
        + r"""    | ValueError: bad
  Hint  Keep what is left over.
  Again pytest exercise4_multiclient -k 4.5"""
    )


def run_of(**outcomes: str) -> Run:
    """Return a run of the checks of an exercise, by their names."""
    results = {
        name: Result(Check(name, "title", 1, (), "", "Section"), EXERCISE, outcome)
        for name, outcome in outcomes.items()
    }
    return Run(1, results)


def score_of(run: Run, capsys: pytest.CaptureFixture[str]) -> str:
    """Return what is printed at the end of a run."""
    print_score(TerminalWriter(), run, "", everything=False, given=" --submission me")
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("outcomes", "line"),
    [
        ({"a": PASSED, "b": PASSED}, "Next  exercise5_chat_channels/README.md"),
        (
            {"a": PASSED, "b": NOT_RUN},
            "Next  the run was stopped; now all: pytest exercise4_multiclient",
        ),
        (
            {"a": FAILED, "b": FAILED, "c": BLOCKED},
            "Also failed in this step: b. Add -v to see",
        ),
        ({"a": FAILED, "b": NOT_RUN}, "1 failed, 1 not run"),
        ({"a": PASSED, "b": ERROR}, "read “Section” in exercise4_multiclient/README"),
    ],
)
def test_says_what_is_next(
    outcomes: dict[str, str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert line in score_of(run_of(**outcomes), capsys)


def selected(run: Run) -> Run:
    """Return a run whose checks that did not run were not asked for."""
    for result in run.with_outcome(NOT_RUN):
        result.reason = "The check was not selected."
    return run


def in_steps(**outcomes: str) -> Run:
    """Return a run of checks, each in a step of its own but for b and c."""
    run = run_of(**outcomes)
    for name, result in run.results.items():
        step = "b" if name == "c" else name
        result.check = replace(result.check, read=f"Step {step}")
    return run


def test_names_the_check_after_a_part_that_passed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = selected(in_steps(a=PASSED, b=PASSED, c=NOT_RUN, d=NOT_RUN))
    assert "Then c: “Step b”\n" in score_of(run, capsys)


def test_tells_failures_in_this_step_from_others(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = score_of(in_steps(a=PASSED, b=FAILED, c=FAILED, d=FAILED), capsys)
    assert "  Also failed in this step: c.\n" in text
    assert "  Also failed, in other steps: d. Add -v to see every failure" in text


def test_speaks_of_no_failure_where_nothing_ran(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = score_of(run_of(a=NOT_RUN, b=NOT_RUN), capsys)
    assert "2 not run" in text
    assert "Next" not in text
    assert "failed" not in text


def test_mentions_a_traceback_though_the_check_passed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    result = Result(CHECK, EXERCISE, PASSED, traceback="server.py line 3 · OSError")
    print_check(TerminalWriter(), result)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("✓ 4.5")
    assert lines[1].endswith("printed a traceback: server.py line 3 · OSError")
