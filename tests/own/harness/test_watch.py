"""--watch: running again when a file changes."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.answers.grading import lay_over_solutions
from tests.harness import system
from tests.harness.exercises import ROOT
from tests.own import peers

WATCHING = "  Watching for changes; Ctrl+C ends.\n"
SUITE = "exercise1_http_hello"


@pytest.fixture
def submission(tmp_path: Path) -> Path:
    return lay_over_solutions(tmp_path / "submission")


@pytest.fixture
def watching(submission: Path, tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """Watch a submission; the cache, too, is the test's own."""
    peers.package("watchfiles")
    command = [sys.executable, "-m", "pytest", SUITE, "-k", "1.1", "--watch"]
    options = [f"--submission={submission}", "-o", f"cache_dir={tmp_path / 'cache'}"]
    with subprocess.Popen(
        command + options,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        **system.process_options(),
    ) as process:
        yield process
        system.kill(process.pid)


def one_run(watching: "subprocess.Popen[str]") -> str:
    """Return what is printed up to the wait for the next change."""
    assert watching.stdout
    lines = []
    for line in watching.stdout:
        lines.append(line)
        if line == WATCHING:
            return "".join(lines)
    raise AssertionError("".join(lines))


def test_watch_runs_again(watching: "subprocess.Popen[str]", submission: Path) -> None:
    assert "1 passed" in one_run(watching)
    server = submission / SUITE / "server.py"
    right = server.read_text("utf-8")
    server.write_text("raise SystemExit(1)\n", encoding="utf-8")
    worse = one_run(watching)
    assert "server.py ──" in worse
    assert "Since the last run: worse 1.1" in worse
    (submission / SUITE / "chat.db-wal").write_bytes(b"no source")
    server.write_text(right, encoding="utf-8")
    better = one_run(watching)
    assert "chat.db" not in better
    assert "Since the last run: better 1.1" in better


@pytest.mark.skipif(system.WINDOWS, reason="its Ctrl+C would reach pytest, too")
def test_watch_ends_on_ctrl_c(watching: "subprocess.Popen[str]") -> None:
    one_run(watching)
    os.kill(watching.pid, signal.SIGINT)
    rest, _ = watching.communicate(timeout=60)
    assert (rest, watching.returncode) == ("", 0)


def test_watch_without_watchfiles(tmp_path: Path) -> None:
    (tmp_path / "watchfiles.py").write_text("raise ImportError")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", SUITE, "--watch"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert run.returncode == pytest.ExitCode.USAGE_ERROR
    assert run.stderr.strip().endswith("python -m pip install watchfiles")
    assert len(run.stderr.strip().splitlines()) == 1
