"""Programs: what their state says of a failure, and whether they are at rest."""

import os
import re
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.harness import system
from tests.harness.failure import CheckFailedError
from tests.harness.patience import slices, wait_until
from tests.harness.process import Command
from tests.harness.program import Program
from tests.harness.steps import History
from tests.harness.symptoms import explain
from tests.own.harness.running import play_macos, start, waiting_program


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[Program]:
    """Return a program that waits for its keyboard, with a traceback if it gets any."""
    with waiting_program(tmp_path) as program:
        yield program


@pytest.fixture(params=["linux", "macos"])
def where(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Look at programs as on Linux, and as on macOS."""
    if sys.platform != "linux":
        pytest.skip("only Linux plays macOS")
    if request.param == "macos":
        play_macos(monkeypatch)
    return str(request.param)


@pytest.mark.usefixtures("where")
def test_tells_a_busy_program_from_one_that_waits(tmp_path: Path) -> None:
    program = start("while True:\n    pass\n", tmp_path)
    with pytest.raises(CheckFailedError) as caught:
        program.expect_printed("done", seconds=0.1)
    program.stop()
    place = r"It runs on and on in <module>\(\), exercise4.py line [12]:.*"
    assert re.fullmatch(place, caught.value.failure.lines()[-1])


def test_waits_for_the_traceback_of_a_program_that_ends(waiting: Program) -> None:
    waiting.type("x\x1b\n")
    error = explain(CheckFailedError(), waiting, hangs=False)
    assert error.failure.advice.startswith("What came is not a number")
    reason = r"ValueError: invalid literal for int() with base 10: 'x\x1b'"
    place = "exercise4.py line 2"
    assert error.failure.lines() == [f"server printed a traceback: {place} · {reason}"]
    assert str(waiting.folder) not in waiting.errors()


def test_keeps_the_first_and_the_last_of_a_long_stderr(waiting: Program) -> None:
    waiting.stderr.data = bytearray(b"first" + b"-" * 10_000_000 + b"last")
    text = waiting.errors()
    assert text.startswith("first")
    assert text.endswith("last")
    assert "bytes left out" in text
    assert len(text) < 70_000


CHILD = "import subprocess as s, sys; s.run([sys.executable, '-c', {code!r}])"
READY = "print('ready', flush=True)\n"


@pytest.mark.usefixtures("where")
@pytest.mark.parametrize("wrapping", ["{code}", CHILD], ids=["itself", "its child"])
@pytest.mark.parametrize(
    "code", ["input()", "while True: pass"], ids=["rests", "works"]
)
def test_tells_what_a_program_does(code: str, wrapping: str, tmp_path: Path) -> None:
    command = Command([sys.executable, "-c", wrapping.format(code=READY + code)])
    program = Program("server", command, tmp_path, History())
    program.expect_printed("ready")

    def as_it_should() -> bool:
        look = system.activity(program.pid)
        assert look
        return look.waits if code == "input()" else not look.waits and look.worked > 0.2

    came = wait_until(as_it_should, slices(60))
    program.stop()
    program.exited.wait()
    assert came
    assert system.activity(program.pid) is None


@pytest.mark.usefixtures("where")
def test_finds_programs_that_left_their_group() -> None:
    mark = f"LAB_RUN={uuid.uuid4()}"
    name, value = mark.split("=")
    code = "import os, signal\nos.setsid()\nprint(flush=True)\nsignal.pause()"
    child = subprocess.Popen(
        [sys.executable, "-c", code],
        env=os.environ | {name: value},
        stdout=subprocess.PIPE,
    )
    with child:
        assert child.stdout
        child.stdout.readline()
        assert system.kill_marked(mark) == [child.pid]
    assert child.returncode == -signal.SIGKILL


# -- what is printed -------------------------------------------------------------------

LISTENING = "Listening on 127.0.0.1:8080"


@contextmanager
def printing(code: str, folder: Path) -> Iterator[Program]:
    """Run a program that prints something, then waits for its keyboard."""
    program = start(f"import sys\n{code}\ninput()\n", folder)
    yield program
    program.stop()


@pytest.mark.parametrize(
    ("code", "lines", "hint"),
    [
        (
            f"print('Server {LISTENING}...')",
            [
                f"Expected the line   '{LISTENING}'",
                f"but it is           'Server {LISTENING}...'",
                "'Server ' comes before it, and '...' after it",
            ],
            "Print exactly this line",
        ),
        (
            f"print('{LISTENING}0')",
            [
                f"Expected the line   '{LISTENING}'",
                f"but it is           '{LISTENING}0'",
                "'0' comes after it",
            ],
            "Print exactly this line",
        ),
        (
            f"print('{LISTENING}', file=sys.stderr)",
            [
                f"Expected server to print   '{LISTENING}'",
                "but its stdout is          empty",
            ],
            "It is on stderr.",
        ),
    ],
)
def test_a_line_must_be_printed_alone(
    code: str, lines: list[str], hint: str, tmp_path: Path
) -> None:
    with printing(code, tmp_path) as program:
        with pytest.raises(CheckFailedError) as caught:
            program.expect_line(LISTENING, seconds=1)
        assert caught.value.failure.lines()[: len(lines)] == lines
        assert caught.value.failure.advice.startswith(hint)


def test_a_step_tells_what_was_printed_and_no_more(tmp_path: Path) -> None:
    with printing("print('one\\nServer listens.\\ntwo')", tmp_path) as program:
        program.expect_printed("listens")
        program.expect_line("two")
        steps = [step.event() for step in program.history.steps]
    assert steps == ["server prints 'Server listens.'", "server prints 'two'"]
