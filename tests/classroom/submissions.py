"""Reading a hand-in: in a process of its own with limits, one for each.

Whatever an archive does to the libraries that read it, it does there: the process ends,
and that is the student's note.
"""

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from tests.classroom.finding import find
from tests.classroom.hand_ins import HandIn, Piece, as_pieces, unpacked
from tests.harness import confinement
from tests.harness.exercises import EXERCISES, ROOT

LONGEST = 120.0  # seconds, however busy the machine is
CPU_TIME = 30  # seconds of a processor
MOST_SAID = 80 * 1024 * 1024  # bytes that the process may answer; 64 MB are files
OPTIONS = ["-E", "-s", "-B", "-X", "utf8"]  # nothing of the user's, no files, UTF-8
COMMAND = [sys.executable, *OPTIONS, "-m", "tests.classroom.submissions"]
KEPT = {"PATH", "SYSTEMROOT", "LD_LIBRARY_PATH"}  # what a Python needs to start
FAILED = "cannot be read: reading it takes more than {} s or {} MB: ask for a zip"


def read_hand_in(
    source: Path | Sequence[Piece], exercises: Sequence[str] = tuple(EXERCISES)
) -> HandIn:
    """Read a student's folder or archive. Whatever is wrong with it becomes a note.

    When only one of the ``exercises`` is asked for, its files may lie without folder.
    """
    pieces = [[str(p.source.absolute()), p.name, p.file] for p in as_pieces(source)]
    question = json.dumps({"pieces": pieces, "exercises": [*exercises]}).encode()
    with contextlib.suppress(ValueError, KeyError, TypeError):
        return unpacked(ask(question))
    reason = FAILED.format(CPU_TIME, confinement.MEMORY // confinement.MIB)
    return HandIn(unread=[reason])


def ask(question: bytes) -> bytes:
    """Start a process that reads, and return its answer, or as much as there is."""
    environment = {name: os.environ[name] for name in KEPT & os.environ.keys()}
    with subprocess.Popen(
        COMMAND,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdin
        assert process.stdout
        timer = threading.Timer(LONGEST, process.kill)
        timer.start()
        try:
            with contextlib.suppress(OSError):  # it has ended
                process.stdin.write(question)
                process.stdin.close()
            return process.stdout.read(MOST_SAID)
        finally:
            timer.cancel()
            process.kill()


def answer() -> None:
    """Read what standard input asks for, and write it to standard output."""
    limit_processor()
    asked = json.load(sys.stdin.buffer)
    pieces = [Piece(Path(source), name, file) for source, name, file in asked["pieces"]]
    for part in find(pieces, asked["exercises"]).packed():
        sys.stdout.buffer.write(part)
    sys.stdout.buffer.flush()


def limit_processor() -> None:
    """Limit this process, setrlimit(2). Windows has no such: there the time does."""
    confinement.set_limits()
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_TIME, CPU_TIME))


if __name__ == "__main__":
    answer()
