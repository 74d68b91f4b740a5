"""``grade``: how far it is, and how it goes on after it was stopped."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.answers.hostile.attacks import SERVER
from tests.classroom.progress import Progress
from tests.harness import system
from tests.harness.exercises import ROOT
from tests.own.classroom.running import (
    GIVES_UP,
    HELLO,
    LIMIT,
    classroom,
    grades,
    lay_out,
)
from tests.own.processes import running_with

pytestmark = pytest.mark.timeout(LIMIT)


def test_progress(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress(4)
    progress.graded("alice", {"points": 5, "max_points": 10}, [])
    progress.graded("bob", {"points": 10, "max_points": 10}, [])
    last = capsys.readouterr().err.splitlines()[-1]
    assert re.search(r"█{12}░{12} 2/4 suites +0:00 left  mean  75 %  bob$", last)


@pytest.mark.skipif(system.WINDOWS, reason="its Ctrl+C would reach pytest, too")
@pytest.mark.parametrize(
    "how",
    [
        signal.SIGINT,
        pytest.param(getattr(signal, "SIGKILL", None), marks=pytest.mark.long),
    ],
)
def test_goes_on_where_it_stopped(tmp_path: Path, how: signal.Signals) -> None:
    """Meanwhile nobody else can write to its reports; afterwards everybody can."""
    folder, out = tmp_path / "class", tmp_path / "reports"
    lay_out(folder / "early", GIVES_UP)
    lay_out(folder / "late", b"import time\ntime.sleep(60)\n")
    grade = ["grade", str(folder), "--out", str(out), "--exercise", "1", "--jobs", "1"]
    grade += ["--sandbox", "none"]  # which would end what a killed grader leaves behind
    command = [sys.executable, "-m", "tests.classroom", *grade]
    with subprocess.Popen(
        command, cwd=ROOT, stderr=subprocess.PIPE, text=True, **system.process_options()
    ) as process:
        assert process.stderr
        for line in process.stderr:
            if line.endswith("early\n"):
                break
        second = classroom(*grade)
        process.send_signal(how)
        said = process.stderr.read()
    assert second.returncode == 1
    assert second.stderr == f"error: another run is writing its results to {out}.\n"
    first = (out / "early" / f"{HELLO}.json").stat().st_mtime_ns
    assert not (out / "late" / f"{HELLO}.json").exists()
    if how == signal.SIGINT:
        assert process.returncode == 130
        assert said.endswith("The same command goes on from here.\n")
        assert not (out / ".work").exists()
    hand_in_again = folder / "late" / SERVER
    hand_in_again.write_bytes(GIVES_UP)
    run = classroom(*grade)
    assert run.returncode == 0, run.stderr
    assert (out / "early" / f"{HELLO}.json").stat().st_mtime_ns == first
    rows = grades(out).values()
    assert [(row["student"], row[HELLO], row["sum"], row["note"]) for row in rows] == [
        ("early", "0", "0", ""),
        ("late", "0", "0", ""),
    ]
    assert not (out / ".work").exists()
    assert running_with(str(out).encode()) == []


def test_lock_ends_although_a_child_shares_it(tmp_path: Path) -> None:
    """Dask starts a lost worker anew: forked, and for a moment not yet a program."""
    file = tmp_path / "lock"
    with file.open("a") as ours, file.open("a") as theirs, open(os.dup(ours.fileno())):
        with system.locked(ours) as is_ours, system.locked(theirs) as is_theirs:
            assert (is_ours, is_theirs) == (True, False)
        with system.locked(theirs) as is_theirs:
            assert is_theirs
