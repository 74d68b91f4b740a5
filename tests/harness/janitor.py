"""Cleans up after a pytest that was killed: a process that outlives it.

It waits for the end of its standard input. Only pytest has the other end of that pipe,
and the system closes it, however pytest ends.
"""

import glob
import os
import shutil
import subprocess
import sys
import tempfile

from tests.harness import system
from tests.harness.exercises import ROOT
from tests.harness.patience import START, slices, wait_until
from tests.harness.process import MARK

# What it needs is imported only when there is something to do: so it starts quickly.
WAITS = """
import sys
sys.stdin.buffer.read()
root, mark = sys.argv[1:]
sys.path.insert(0, root)
from tests.harness.janitor import clean_up
clean_up(mark)
"""


class Janitor:
    """The process that cleans up, should this one not come to it."""

    def __init__(self) -> None:
        """Let it wait: before this process is in a job, on Windows."""
        words = [sys.executable, "-I", "-S", "-c", WAITS, str(ROOT), MARK]
        self._process = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **system.process_options(),
        )

    def dismiss(self) -> None:
        """End it: everything has been cleaned up."""
        self._process.kill()
        self._process.communicate()


def clean_up(mark: str) -> None:
    """Stop the programs of a run, and delete its work folders."""
    system.kill_marked(f"LAB_RUN={mark}")
    wait_until(lambda: not _delete_folders(mark), slices(START))


def _delete_folders(mark: str) -> list[str]:
    """Return those work folders that are still there: on Windows, one is in use."""
    pattern = os.path.join(glob.escape(tempfile.gettempdir()), f"lab-{mark}-*")
    for folder in glob.glob(pattern):
        shutil.rmtree(folder, ignore_errors=True)
    return glob.glob(pattern)
