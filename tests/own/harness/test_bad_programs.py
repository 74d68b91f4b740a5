"""The harness: what it prints, whose files it runs, and how it bears bad programs."""

import json
import os
import re
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.answers.grading import SOLUTIONS, lay_over_solutions, run_suite
from tests.harness import patience
from tests.own.processes import running_with

EXERCISE = "exercise4_multiclient"
IDS = [f"4.{number}" for number in range(1, 13)]

pytestmark = pytest.mark.timeout(240)  # a last resort, on a machine with much to do


SOLUTION = (SOLUTIONS / EXERCISE / "server.py").read_text(encoding="utf-8")
START = """
import os, socket, sys, threading
host, port = sys.argv[1], int(sys.argv[2])
"""
WAIT = "threading.Event().wait()\n"
MAIN = 'if __name__ == "__main__":\n'
TERMINATE = "    signal.signal(signal.SIGTERM, signal.default_int_handler)\n"
PRINT_MUCH = """
    for stream in (sys.stdout, sys.stderr):
        stream.write(("x" * 79 + "\\n") * 50_000)
"""
FORK = """
    if os.fork() == 0:
        os.setsid()
        threading.Event().wait()
"""


def changed(text: str, instead: str) -> dict[str, str]:
    """Return the solution's server with a change."""
    assert SOLUTION.count(text) == 1, text
    return {f"{EXERCISE}/server.py": SOLUTION.replace(text, instead)}


def server(program: str) -> dict[str, str]:
    """Return another server."""
    return {f"{EXERCISE}/server.py": program}


@dataclass
class Bad:
    """A submission that is hard to grade, and what is to come of it."""

    files: dict[str, str]  # over those of the solutions
    failed: str = "4.1"  # the check that fails; those that need it are blocked
    words: tuple[str, ...] = ()  # what the run prints
    remove: str = ""  # what is not there
    options: list[str] = field(default_factory=list)


IGNORES = TERMINATE.replace("default_int_handler", "SIG_IGN")
BAD = {
    "syntax error": Bad(
        server("def main(:\n"), words=("server.py line 1 · SyntaxError", "main(:")
    ),
    "prints megabytes": Bad(changed(MAIN, MAIN + PRINT_MUCH), failed=""),
    "prints megabytes and ends": Bad(
        server(
            f"{START}sys.stderr.write('\\x1b[31m' * 500_000 + '\\n')\n"
            "sys.exit('error: no <idea>')\n"
        ),
        words=("had ended, with status 1", "error: no <idea>", "bytes left out"),
    ),
    "sends without end": Bad(
        server(
            f"{START}listening = socket.create_server((host, port))\n"
            "client, _ = listening.accept()\n"
            "while True:\n    client.sendall(bytes(1 << 20))\n"
        ),
        words=("sends alice data without end",),
    ),
    "never listens": Bad(
        server(f"{START}{WAIT}"),
        words=("nobody listened for", "line 4:  threading.Event().wait()", "bind()"),
    ),
    "listens on another port": Bad(
        changed("listening.bind((host, port))", "listening.bind((host, 0))"),
        words=("nobody listened for", "server printed 'Listening on 127.", "bind()"),
    ),
    "ends at once": Bad(server(START), words=("server had ended, with status 0",)),
    "fails at once": Bad(
        server(f"{START}int('x')\n"), words=("line 4 · ValueError: invalid literal",)
    ),
    "ignores Ctrl+C": Bad(
        changed(TERMINATE, IGNORES + IGNORES.replace("SIGTERM", "SIGINT")),
        failed="4.12",
        words=("Ctrl+C for server", "is still open", "accept_client()"),
    ),
    "empty folder": Bad(
        {}, words=(f"There is no {EXERCISE}/server.py",), remove=EXERCISE
    ),
    "missing folder": Bad({}, words=("There is no folder",), remove="."),
    "no such command": Bad(
        {"lab.toml": f'"{EXERCISE}.server" = ["./server", "{{host}}"]'},
        words=("'./server' cannot be started: ", "lab.toml"),
    ),
    "brings its own": Bad(
        {
            f"{folder}{name}": "raise SystemExit('the student\\'s own file')"
            for folder in ("", f"{EXERCISE}/")
            for name in ("conftest.py", "pytest.ini", "socket.py", "__init__.py")
        },
        failed="",
    ),
    "another language": Bad(
        {
            "lab.toml": f'"{EXERCISE}.server" = ["{Path(sys.executable).as_posix()}",'
            ' "relay.py", "{host}", "{port}"]',
            "relay.py": SOLUTION,
        },
        failed="",
        remove=EXERCISE,
    ),
}
if hasattr(os, "fork"):
    BAD["forks a child that stays"] = Bad(changed(MAIN, MAIN + FORK), failed="")

Ended = subprocess.CompletedProcess[str]
OUR_MARK = f"LAB_TEST={uuid.uuid4()}"  # in the environment of all that runs here


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Grade all of them, many at a time: most of it is waiting."""
    folder = tmp_path_factory.mktemp("bad")
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(8) as pool:
        patch.setenv(*OUR_MARK.split("="))
        yield {name: pool.submit(run_bad, BAD[name], folder / name) for name in BAD}


def run_bad(bad: Bad, folder: Path) -> Ended:
    """Make the submission, and grade it with exercise 4's suite."""
    lay_over_solutions(folder / "dir")
    if bad.remove:
        shutil.rmtree(folder / "dir" / bad.remove)
    for name, text in bad.files.items():
        (folder / "dir" / name).write_text(text, encoding="utf-8")
    report = folder / "report.json"
    return run_suite(EXERCISE, "--submission", folder / "dir", "--report", report)


@pytest.mark.parametrize("name", BAD)
def test_bad_program_is_graded(name: str, runs: "dict[str, Future[Ended]]") -> None:
    bad, run = BAD[name], runs[name].result()
    assert run.returncode == (1 if bad.failed else 0), run.stdout + run.stderr
    for word in bad.words:
        assert word in run.stdout
    assert len(run.stdout) < 10_000
    assert "\x1b" not in run.stdout
    assert re.findall(r"^[✓✗–!] (4\.\d+)", run.stdout, re.MULTILINE)[:12] == IDS
    points = {"": 20, "4.1": 0, "4.12": 18}[bad.failed]
    assert "own file" not in run.stdout + run.stderr
    assert re.search(rf"^  Score [█░]{{40}} {points}/20 ", run.stdout, re.MULTILINE)


@pytest.mark.parametrize("name", BAD)
def test_bad_program_has_a_whole_report(
    name: str, runs: "dict[str, Future[Ended]]"
) -> None:
    bad, run = BAD[name], runs[name].result()
    report = json.loads(report_of(run).read_text(encoding="utf-8"))
    outcomes = {check["id"]: check["outcome"] for check in report["checks"]}
    blocked = IDS[1:] if bad.failed == "4.1" else []
    assert outcomes == {
        id: "failed" if id == bad.failed else "blocked" if id in blocked else "passed"
        for id in IDS
    }
    assert report_of(run).stat().st_size < 200_000


def report_of(run: Ended) -> Path:
    """Return the file that --report named."""
    return Path(run.args[-1])


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets us look")
def test_bad_programs_leave_nothing_running(
    runs: "dict[str, Future[Ended]]",
) -> None:
    for run in runs.values():
        run.result()
    mark = OUR_MARK.encode()
    # A process that has been killed may need a moment to be gone.
    patience.wait_until(lambda: not running_with(mark), patience.slices(5))
    assert not running_with(mark)
