"""What a program forges: stacks that name any file, and texts that drive a terminal."""

import errno
from pathlib import Path

import pytest

from tests.harness import system
from tests.harness.failure import CheckFailedError, Failure, Place, Seen, Symptom
from tests.harness.lab import Lab
from tests.harness.shown import made_harmless
from tests.harness.starting import announced_port
from tests.harness.steps import Step
from tests.harness.submission import Submission
from tests.harness.symptoms import traceback_of
from tests.own.harness.running import start

EVIL = "\x1b]0;evil\x07\x9b2J\u202e"
SECRET = "not for the feedback"

# Prints what looks like faulthandler's words, and then hangs.
FORGES = r"""
import os, sys, threading
here = os.getcwd()
os.symlink("../secret", "linked.py")
print("Fatal Python error: Aborted", file=sys.stderr)
for name in ("../secret", "linked.py", "exercise4.py"):
    print("Thread 0x1 (most recent call first):", file=sys.stderr)
    print(f'  File "{here}/{name}", line 1 in \x1b]0;evil\x07', file=sys.stderr)
print("ready", flush=True)
threading.Event().wait()
"""


@pytest.mark.skipif(not system.LINUX, reason="elsewhere a program says less of itself")
def test_forged_stack_shows_no_other_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(f"with {SECRET}:\n")
    (tmp_path / "work").mkdir()
    program = start(FORGES, tmp_path / "work")
    program.expect_printed("ready")
    with pytest.raises(CheckFailedError) as caught:
        program.expect_printed("an answer", 0.5)
    lines = "\n".join(made_harmless(caught.value.failure).lines())
    program.stop()
    assert "exercise4.py line 1" in lines
    assert SECRET not in lines
    assert "\x1b" not in lines


TRACEBACK = """
import sys
print("Traceback (most recent call last):", file=sys.stderr)
for name in ("../secret", "linked.py"):
    print(f'  File "{name}", line 1, in main', file=sys.stderr)
print("NameError: name 'x' is not defined", file=sys.stderr)
sys.exit(1)
"""


def test_forged_traceback_reads_no_other_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "work").mkdir()
    program = start(TRACEBACK, tmp_path / "work")
    program.wait_for_exit(60)
    monkeypatch.setattr("builtins.open", None)
    assert traceback_of(program) is not None


def test_no_text_of_a_failure_drives_a_terminal() -> None:
    where = Place(EVIL, 1)
    failure = Failure(EVIL, (EVIL, EVIL), (EVIL, EVIL), 1, EVIL, EVIL, EVIL)
    failure.add(Symptom(Seen.CLOSED, EVIL, where, EVIL))
    step = Step(EVIL, EVIL, EVIL, EVIL.encode(), EVIL, arrivals=(EVIL,))
    failure, step = made_harmless([failure, step])
    texts = [*failure.lines(), failure.advice, str(failure.where), step.line()]
    texts += [step.event(), *step.arrivals]
    assert all(text.isprintable() for text in texts)
    assert step.data == EVIL.encode()
    assert failure.seen == ["difference", "closed"]


BEYOND = """
import sys
print(f"Listening on {sys.argv[1]}:99999999", flush=True)
sys.stdin.read()
"""


def test_port_that_no_port_can_be(tmp_path: Path) -> None:
    """Once connect() took it, and "the lab itself failed"."""
    folder = tmp_path / "exercise1_http_hello"
    folder.mkdir()
    (folder / "server.py").write_text(BEYOND)
    lab = Lab(Submission(tmp_path), folder.name, tmp_path, seed=1)
    server = lab.start_server(port=0)
    with pytest.raises(CheckFailedError) as caught:
        announced_port(server)
    lab.clean_up()
    lab.submission.remove_folder()
    assert caught.value.failure.expected is not None


def test_what_the_lab_runs_short_of_is_no_fault_of_a_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr("subprocess.Popen", fails)
    with pytest.raises(BlockingIOError):
        start("", tmp_path)
