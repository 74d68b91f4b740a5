"""Nothing outside the sandbox opens, runs or writes where a student's program may.

Suites run in pytest, and the classroom in Python: both report all that they open and
start to an onlooker.
"""

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.answers.catalogue import wrong_answers
from tests.answers.grading import SOLUTIONS, lay_over_solutions, make_mistake
from tests.harness import confinement
from tests.harness.exercises import EXERCISES, ROOT

no_sandbox = confinement.why_no_sandbox()
pytestmark = pytest.mark.skipif(bool(no_sandbox), reason=no_sandbox)

HANGS = "runs_without_starting"


def broken_by(command: Iterable[object], place: Path) -> str:
    """Run a command that reports to the onlooker; return what broke the rule."""
    notes, room = place / "notes.txt", place / "room"
    room.mkdir()
    subprocess.run(
        [*confinement.around_suite(room), sys.executable, *map(str, command)],
        cwd=ROOT,
        env=os.environ | {"LAB_ONLOOKER": str(notes)},
        stdout=subprocess.DEVNULL,
    )
    return notes.read_text("utf-8")


def suite_on(submission: Path, *options: str) -> list[object]:
    """Return the words that run a suite with the onlooker."""
    watched = ["-m", "pytest", "-p", "tests.own.harness.onlooker", "--confine=sandbox"]
    return [*watched, f"--submission={submission}", *options]


@pytest.mark.parametrize(
    "options",
    [
        ["exercise3_tcp_client", "-k", "3.1 or 3.3 or 3.5"],
        ["exercise5_chat_channels", "-k", "5.19"],
        *(pytest.param([name], marks=pytest.mark.long) for name in EXERCISES),
    ],
    ids=" ".join,
)
def test_suites_keep_the_rule(options: list[str], tmp_path: Path) -> None:
    assert broken_by(suite_on(SOLUTIONS, *options), tmp_path) == ""


def test_explaining_a_failure_keeps_the_rule(tmp_path: Path) -> None:
    exercise = "exercise4_multiclient"
    (wrong,) = [answer for answer in wrong_answers(exercise) if answer.name == HANGS]
    make_mistake(lay_over_solutions(tmp_path / "wrong"), exercise, wrong)
    command = suite_on(tmp_path / "wrong", exercise, "-k", "4.1")
    assert broken_by(command, tmp_path) == ""


CLASSROOM = """
from tests.own.harness import onlooker
onlooker.begin()
from tests.classroom.__main__ import main
raise SystemExit(main())
"""


def test_classroom_keeps_the_rule(tmp_path: Path) -> None:
    hello = "exercise1_http_hello"
    lay_over_solutions(tmp_path / "class" / "alice")
    options = ["--exercise", EXERCISES[hello].number, "--sandbox", "auto"]
    command = ["-c", CLASSROOM, "grade", tmp_path / "class", "--out", tmp_path / "out"]
    assert broken_by([*command, *options], tmp_path) == ""
    assert "10/10" in (tmp_path / "out" / "alice" / "feedback.txt").read_text("utf-8")


def test_onlooker_sees_what_breaks_the_rule(tmp_path: Path) -> None:
    place, file = tmp_path / "writable", tmp_path / "writable" / "file"
    code = f"""
import shutil, sqlite3, subprocess
from pathlib import Path
from tests.own.harness import onlooker
onlooker.begin()
place, file = Path({str(place)!r}), Path({str(file)!r})
subprocess.run([shutil.which("bwrap"), "--bind", place, place, "--help"])
file.write_text("")
sqlite3.connect(file)
list(place.iterdir())
subprocess.run(["false"])
"""
    place.mkdir()
    broken = broken_by(["-c", code], tmp_path).splitlines()
    assert broken == [
        f"open: {file}",
        f"sqlite3.connect: {file}",
        "runs outside the sandbox: ['false']",
    ]
