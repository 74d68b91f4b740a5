"""Strangers' programs: the limits that end them, and answers that were recorded."""

import threading
from pathlib import Path

import pytest

from tests.answers.grading import grade
from tests.answers.hostile.attacks import PADS_ITS_ANSWER, RECORDS, REPLAYS
from tests.classroom import suite
from tests.classroom.errors import ClassroomError
from tests.classroom.jobs import grade_suite
from tests.classroom.submissions import read_hand_in
from tests.harness import confinement
from tests.harness.checks import checks_of
from tests.harness.exercises import ROOT
from tests.own.classroom.running import HELLO, LIMIT, RIGHT, classroom, lay_out
from tests.own.processes import running_with

CLIENT = "exercise3_tcp_client"

pytestmark = pytest.mark.timeout(LIMIT)


def test_padded_answers_end_at_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A right server that waits before each answer, as long as a check would wait."""
    monkeypatch.setattr(suite, "LONGEST", 2.0)
    begins = b"def serve_client(client: socket.socket) -> None:\n"
    assert begins in RIGHT
    padded = RIGHT.replace(begins, begins + PADS_ITS_ANSWER.encode())
    found = read_hand_in(lay_out(tmp_path / "mallory", padded))
    in_sandbox = not confinement.why_no_sandbox()
    graded = grade_suite(found, HELLO, in_sandbox, tmp_path, threading.Event())
    assert graded.result["note"] == "stopped after 2 s"
    assert graded.result["points"] == 0
    assert {check["id"] for check in graded.result["checks"]} == set(checks_of(HELLO))
    assert running_with(str(tmp_path).encode()) == []


def test_recording_does_not_fit(tmp_path: Path, long: bool) -> None:
    """What a right client printed in one run of the suite is not right in the next."""
    tape = tmp_path / "tape"
    declared = checks_of(CLIENT)
    tried = ["3.2", "3.3", "3.4", "3.6", "3.8"] if long else ["3.2", "3.3"]
    checks = f"-k={' or '.join(tried)}"
    points = sum(declared[name].points for name in tried)
    records = RECORDS.replace("@LAB@", str(ROOT)).replace("@TAPE@", str(tape))
    assert points_of_client(tmp_path / "records", records, checks) == points
    replays = REPLAYS.replace("@TAPE@", tape.read_text("utf-8"))
    assert points_of_client(tmp_path / "replays", replays, checks) == 0


def points_of_client(folder: Path, code: str, checks: str) -> int:
    """Return what a program gets in some checks of exercise 3."""
    file = folder / CLIENT / "client.py"
    file.parent.mkdir(parents=True)
    file.write_text(code, "utf-8")
    report = grade(CLIENT, folder, folder / "report.json", checks)
    return int(report["points"])


def test_without_a_sandbox_nobody_is_graded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    lay_out(tmp_path / "class" / "alice")
    run = classroom("grade", tmp_path / "class", "--out", tmp_path / "out")
    assert run.returncode == 1
    assert run.stderr.startswith("error: no sandbox: bubblewrap is ")
    assert run.stderr.endswith("; without one: --sandbox none\n")


def test_root_is_refused_where_the_sandbox_is_required(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for is_root, result in (True, "not as root"), (False, "True"):
        monkeypatch.setattr(suite, "is_root", lambda is_root=is_root: is_root)
        assert result in chosen_sandbox("required")
    assert chosen_sandbox("none") == "False"


def chosen_sandbox(wanted: str) -> str:
    """Return what is chosen where there is a sandbox, or why grading stops."""
    try:
        return str(suite.choose_sandbox(wanted, lambda: ""))
    except ClassroomError as error:
        return str(error)
