"""Nothing stays of a run that was killed."""

import subprocess
import sys
from pathlib import Path

from tests.answers.grading import ENVIRONMENT, PLUGINS
from tests.harness import system
from tests.harness.exercises import ROOT
from tests.harness.patience import slices, wait_until

EXERCISE = "exercise1_http_hello"
STAYS = """
import os, pathlib, threading
note = pathlib.Path({note!r})
note.with_suffix(".new").write_text(f"{{os.getpid()}} {{os.getcwd()}}", "utf-8")
note.with_suffix(".new").rename(note)
threading.Event().wait()
"""


def test_nothing_stays_after_kill_9(tmp_path: Path) -> None:
    note = tmp_path / "note"
    (tmp_path / EXERCISE).mkdir()
    program = STAYS.format(note=str(note))
    (tmp_path / EXERCISE / "server.py").write_text(program, "utf-8")
    command = [sys.executable, "-m", "pytest", *PLUGINS, EXERCISE]
    run = subprocess.Popen(
        [*command, f"--submission={tmp_path}"],
        cwd=ROOT,
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
    )
    has_begun = wait_until(note.exists, slices(60))
    run.kill()
    run.wait()
    assert has_begun
    pid, _, folder = note.read_text("utf-8").partition(" ")

    def is_gone() -> bool:
        return not (system.is_running(int(pid)) or Path(folder).exists())

    assert wait_until(is_gone, slices(60))
