"""Programs that are hard to grade: each gets a whole report, and leaves nothing behind.

They are graded by the toy's suite of three checks.
"""

import json
import os
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.harness import patience, system
from tests.own.background import in_background
from tests.own.processes import running_with
from tests.own.toys import FILES, TOY, run, small_toy_lab

IDS = ["6.1", "6.2", "6.3"]
POINTS = {"6.1": 1, "6.2": 2, "6.3": 1}
SERVER = f"{TOY}/server.py"
SOLUTION = (FILES / "solutions" / SERVER).read_text(encoding="utf-8")

pytestmark = [pytest.mark.timeout(240), pytest.mark.meanwhile]

START = """
import os, socket, sys, threading
host, port = sys.argv[1], int(sys.argv[2])
"""
WAIT = "threading.Event().wait()\n"
LISTEN = f"{START}listening = socket.create_server((host, port))\n"
SAY_SO = 'print(f"Listening on {host}:{port}", flush=True)\n'
MAIN = 'if __name__ == "__main__":\n'
PRINT_MUCH = """
    for stream in (sys.stdout, sys.stderr):
        stream.write(("x" * 79 + "\\n") * 50_000)
"""
FORK = """
    if os.fork() == 0:
        os.setsid()
        import threading
        threading.Event().wait()
"""
IGNORE = """
    import signal
    signal.signal(signal.SIGINT, signal.SIG_IGN)
"""


def where(*words: str) -> tuple[str, ...]:
    """Return words that say where a program waits; nobody knows that on Windows."""
    return () if system.WINDOWS else words


def changed(text: str, instead: str) -> dict[str, str]:
    """Return the solution's server with a change."""
    assert SOLUTION.count(text) == 1, text
    return {SERVER: SOLUTION.replace(text, instead)}


@dataclass
class Bad:
    """A submission that is hard to grade, and what is to come of it."""

    files: dict[str, str]
    failed: tuple[str, ...] = ("6.1",)
    words: tuple[str, ...] = ()  # what the run prints
    never: tuple[str, ...] = ()  # what it must not print
    options: list[str] = field(default_factory=list)


BAD = {
    "syntax error": Bad(
        {SERVER: "def main(:\n"},
        words=(
            "Python cannot read your file: server.py line 1 · SyntaxError",
            "main(:",
        ),
        never=("bind()", "Print Listening"),
    ),
    "prints megabytes": Bad(changed(MAIN, MAIN + PRINT_MUCH), failed=()),
    "prints megabytes and ends": Bad(
        {
            SERVER: f"{START}sys.stderr.write('\\x1b[31m' * 500_000 + '\\n')\n"
            "sys.exit('error: no <idea>')\n"
        },
        words=("had ended, with status 1", "error: no <idea>", "bytes left out"),
    ),
    "sends without end": Bad(
        {
            SERVER: f"{LISTEN}{SAY_SO}client, _ = listening.accept()\n"
            "while True:\n    client.sendall(bytes(1 << 20))\n"
        },
        failed=("6.2", "6.3"),
        words=("but the server sent",),
    ),
    "never listens": Bad(
        {SERVER: f"{START}{WAIT}"},
        words=(
            "nobody listened for",
            "bind()",
            *where("line 4:  threading.Event().wait()"),
        ),
    ),
    "listens on another port": Bad(
        changed("listening.bind((host, port))", "listening.bind((host, 0))"),
        words=("nobody listened for", "server printed 'Listening on 127.", "bind()"),
    ),
    "ends at once": Bad({SERVER: START}, words=("server had ended, with status 0",)),
    "fails at once": Bad(
        {SERVER: f"{START}int('x')\n"}, words=("line 4 · ValueError: invalid literal",)
    ),
    "ignores Ctrl+C": Bad(
        changed(MAIN, MAIN + IGNORE),
        failed=("6.3",),
        words=("Ctrl+C for server", "is still running", *where("accept_client()")),
    ),
    "empty folder": Bad({"notes.txt": ""}, words=(f"There is no {SERVER}",)),
    "missing folder": Bad({}, words=("There is no folder",)),
    "no such command": Bad(
        {"lab.toml": f'"{TOY}.server" = ["./server", "{{host}}"]'},
        words=("'./server' cannot be started: ", "lab.toml"),
    ),
    "brings its own": Bad(
        {SERVER: SOLUTION}
        | {
            f"{folder}{name}": "raise SystemExit('the student\\'s own file')"
            for folder in ("", f"{TOY}/")
            for name in ("conftest.py", "pytest.ini", "socket.py", "__init__.py")
        },
        failed=(),
        words=("socket.py hides Python's module socket",),
    ),
    "another language": Bad(
        {
            "lab.toml": f'"{TOY}.server" = ["{Path(sys.executable).as_posix()}",'
            ' "relay.py", "{host}", "{port}"]',
            "relay.py": SOLUTION,
        },
        failed=(),
    ),
}
if hasattr(os, "fork"):
    BAD["forks a child that stays"] = Bad(changed(MAIN, MAIN + FORK), failed=())

Ended = subprocess.CompletedProcess[str]
Runs = dict[str, "Future[Ended]"]
OUR_MARK = f"LAB_TEST={uuid.uuid4()}"  # in the environment of all that runs here


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    """Grade all of them, many at a time: most of it is waiting."""
    folder = tmp_path_factory.mktemp("bad")
    lab = small_toy_lab(tmp_path_factory.mktemp("toy"))
    with in_background(4) as pool:
        yield {
            name: pool.submit(grade_bad, lab, BAD[name], folder / name) for name in BAD
        }


def grade_bad(lab: Path, bad: Bad, folder: Path, *more: str) -> Ended:
    """Lay the submission out, and grade it; ``more`` are options."""
    folder.mkdir()
    for name, text in bad.files.items():
        (folder / "dir" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "dir" / name).write_text(text, encoding="utf-8")
    options = "--submission", folder / "dir", "--report", folder / "report.json"
    marked = dict([OUR_MARK.split("=")])
    return run(lab, "pytest", "-p", "no:cacheprovider", TOY, *options, *more, **marked)


def outcomes_of(bad: Bad) -> dict[str, str]:
    """Return what must become of each check."""
    blocked = IDS[1:] if "6.1" in bad.failed else []
    outcomes = dict.fromkeys(IDS, "passed") | dict.fromkeys(blocked, "blocked")
    return outcomes | dict.fromkeys(bad.failed, "failed")


@pytest.mark.parametrize("name", BAD)
def test_is_graded(name: str, runs: Runs) -> None:
    bad, ended = BAD[name], runs[name].result()
    assert ended.returncode == (1 if bad.failed else 0), ended.stdout + ended.stderr
    for word in bad.words:
        assert word in ended.stdout
    for word in bad.never:
        assert word not in ended.stdout
    assert len(ended.stdout) < 10_000
    assert "\x1b" not in ended.stdout
    assert re.findall(r"^[✓✗–!] (6\.\d+)", ended.stdout, re.MULTILINE)[:3] == IDS
    passed = [id_ for id_, outcome in outcomes_of(bad).items() if outcome == "passed"]
    points = sum(POINTS[id_] for id_ in passed)
    assert "own file" not in ended.stdout + ended.stderr
    assert re.search(rf"^  Score [█░]{{40}} {points}/4 ", ended.stdout, re.MULTILINE)


def test_blocked_checks_may_run_for_credit(tmp_path: Path) -> None:
    """The first check fails by a word; what it blocks is right."""
    quiet = changed("Listening on", "listens at")
    lab = small_toy_lab(tmp_path)
    ended = grade_bad(lab, Bad(quiet), tmp_path / "quiet", "--run-blocked")
    outcomes = re.findall(r"^([✓✗–!]) 6\.\d+", ended.stdout, re.MULTILINE)
    assert outcomes[:2] == ["✗", "✓"], ended.stdout


@pytest.mark.parametrize("name", BAD)
def test_has_a_whole_report(name: str, runs: Runs) -> None:
    ended = runs[name].result()
    report = json.loads(report_of(ended).read_text(encoding="utf-8"))
    outcomes = {check["id"]: check["outcome"] for check in report["checks"]}
    assert outcomes == outcomes_of(BAD[name])
    assert report_of(ended).stat().st_size < 200_000


def report_of(ended: Ended) -> Path:
    """Return the file that --report named."""
    return Path(ended.args[-1])


@pytest.mark.skipif(not system.LINUX, reason="only Linux lets us look")
def test_leave_nothing_running(runs: Runs) -> None:
    for future in runs.values():
        future.result()
    mark = OUR_MARK.encode()
    # A process that has been killed may need a moment to be gone.
    patience.wait_until(lambda: not running_with(mark), patience.slices(5))
    assert not running_with(mark)
