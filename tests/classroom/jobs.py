"""What a worker does: run suites on one submission, here or on another machine.

``grade_suites`` is all of it. It takes a submission's bytes, and returns what is to be
written; so it does not matter where it runs. ``ThisMachine`` runs it in threads, a
``Cluster`` (see cluster.py) on the workers of a Dask scheduler.

A result carries the fingerprint of all that it depends on: the student's files, the
suite, Python, and how the programs were held. So the next call knows what is done.
"""

import hashlib
import sys
import tempfile
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from tests.classroom import suite
from tests.classroom.entries import shown
from tests.classroom.files import write, write_json
from tests.classroom.hand_ins import HandIn
from tests.classroom.harmless import without_scripts
from tests.classroom.rows import GRADED, NOT_GRADED, NOT_HANDED_IN, UNCHANGED
from tests.harness import confinement
from tests.harness.exercises import EXERCISES, ROOT
from tests.harness.shown import harmless


@dataclass(frozen=True)
class Job:
    """Some suites to run on one student's submission."""

    student: str
    exercises: list[str]
    read: Callable[[], HandIn]  # returns what was handed in
    run_blocked: bool = False  # checks whose needed ones have failed, too


@dataclass(frozen=True)
class Graded:
    """What a suite gave, ready to be written."""

    exercise: str
    result: dict[str, Any]
    text: str
    page: str

    def write_to(self, folder: Path) -> None:
        """Write it to the folder of a student's reports."""
        folder.mkdir(exist_ok=True)
        write(folder / f"{self.exercise}.txt", harmless(self.text))
        write(folder / f"{self.exercise}.html", without_scripts(self.page))
        # The last one: what has no result here is graded again.
        write_json(folder / f"{self.exercise}.json", self.result)


Done: TypeAlias = Generator[tuple[Job, list[Graded]], None, None]


class Workers(Protocol):
    """Those who do the jobs."""

    def why_no_sandbox(self) -> str:
        """Return why there is no sandbox for the programs, or ''."""

    def grade(self, jobs: Sequence[Job], in_sandbox: bool) -> Done:
        """Yield each job as it is done. To close the iterator stops all work."""

    def busy_with(self) -> list[str]:
        """Return the students whose programs run now, as far as that is known."""


class ThisMachine:
    """Workers that are threads here. Each suite is a job of its own."""

    def __init__(self, most: int, place: Path) -> None:
        """Take how many suites may run at a time, and where their folders may lie."""
        self.most = most
        self.place = place
        self._running: dict[Future[list[Graded]], Job] = {}

    def why_no_sandbox(self) -> str:
        """Return why there is no sandbox for the programs, or ''."""
        return confinement.why_no_sandbox()

    def busy_with(self) -> list[str]:
        """Return the students whose programs run now."""
        return [job.student for f, job in self._running.items() if f.running()]

    def grade(self, jobs: Sequence[Job], in_sandbox: bool) -> Done:
        """Yield each job as it is done. To close the iterator stops all work."""
        stop, pool = threading.Event(), ThreadPoolExecutor(self.most)

        def run(job: Job) -> list[Graded]:
            where = self.place, stop, job.run_blocked
            return grade_suites(job.read(), job.exercises, in_sandbox, *where)

        try:
            for job in one_suite_each(jobs):
                self._running[pool.submit(run, job)] = job
            for future in as_completed([*self._running]):
                yield self._running.pop(future), future.result()
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)


def one_suite_each(jobs: Sequence[Job]) -> Iterator[Job]:
    """Yield the jobs cut into their smallest pieces."""
    for job in jobs:
        for exercise in job.exercises:
            yield replace(job, exercises=[exercise])


def grade_suites(
    hand_in: HandIn,
    exercises: Sequence[str],
    in_sandbox: bool,
    place: Path,
    stop: threading.Event,
    run_blocked: bool = False,
) -> list[Graded]:
    """Grade some exercises of one submission, in new folders below ``place``.

    Raises StoppedError soon after ``stop`` is set. Leaves nothing behind.
    """
    where = place, stop, run_blocked
    return [grade_suite(hand_in, e, in_sandbox, *where) for e in exercises]


def grade_suite(
    hand_in: HandIn,
    exercise: str,
    in_sandbox: bool,
    place: Path,
    stop: threading.Event,
    run_blocked: bool = False,
) -> Graded:
    """Grade one exercise of one submission."""
    if stop.is_set():
        raise suite.StoppedError
    work = Path(tempfile.mkdtemp(dir=place.absolute(), prefix="classroom-"))
    try:
        how = in_sandbox, stop, run_blocked
        state, verdict = judge(hand_in, exercise, work, *how)
    finally:
        suite.remove(work)
    depends_on = fingerprint(hand_in, exercise, in_sandbox, run_blocked)
    depends_on = depends_on if verdict.is_final else ""
    return as_graded(exercise, depends_on, in_sandbox, state, verdict)


def not_graded(exercise: str, note: str, in_sandbox: bool) -> Graded:
    """Return what is written where no suite ran; the next call tries again."""
    verdict = suite.no_verdict(exercise, note)
    return as_graded(exercise, "", in_sandbox, NOT_GRADED, verdict)


def as_graded(
    exercise: str,
    depends_on: str,
    in_sandbox: bool,
    state: str,
    verdict: suite.Verdict,
) -> Graded:
    """Return a verdict with all that its file says."""
    result = {
        "fingerprint": depends_on,
        "exercise": exercise,
        "state": state,
        "confinement": suite.describe_confinement(in_sandbox),
        "in_sandbox": in_sandbox,
        "note": verdict.note,
        **verdict.report,
    }
    return Graded(exercise, result, verdict.text, verdict.page)


def judge(
    hand_in: HandIn,
    exercise: str,
    work: Path,
    in_sandbox: bool,
    stop: threading.Event,
    run_blocked: bool,
) -> tuple[str, suite.Verdict]:
    """Run a suite on what was handed in for it; return the grade's state, too."""
    if not hand_in.has(exercise):
        return nothing_to_judge(hand_in, exercise)
    submission, suites_own = work / "submission", work / "suite"
    submission.mkdir()
    suites_own.mkdir()
    try:
        hand_in.write_to(submission)
    except (OSError, ValueError) as error:  # names that no system takes, among others
        reason = getattr(error, "strerror", None) or error
        note = f"cannot be laid out: {reason}"
        return NOT_GRADED, suite.no_verdict(exercise, note)
    how = in_sandbox, stop, run_blocked
    verdict = suite.run(exercise, submission, suites_own, *how)
    if verdict.note:
        return NOT_GRADED, verdict
    return UNCHANGED if hand_in.is_starter(exercise) else GRADED, verdict


def nothing_to_judge(hand_in: HandIn, exercise: str) -> tuple[str, suite.Verdict]:
    """Return the verdict where there are no files: none came, or none can be read."""
    if hand_in.unread:
        return NOT_GRADED, suite.no_verdict(exercise, "; ".join(hand_in.unread))
    report = suite.without_result(exercise, "Not handed in.")
    return NOT_HANDED_IN, suite.Verdict(report, "Not handed in.\n", "", NOT_HANDED_IN)


def fingerprint(
    hand_in: HandIn, exercise: str, in_sandbox: bool, run_blocked: bool = False
) -> str:
    """Return a digest of all that the result of a suite depends on."""
    digest = hashlib.sha256(suite_digest(exercise))
    digest.update(f"{sys.version_info[:2]} {in_sandbox} {run_blocked}".encode())
    if not hand_in.has(exercise):
        digest.update(repr(hand_in.unread).encode())
    wanted = {exercise, *EXERCISES[exercise].needs}
    for path, data in sorted(hand_in.files.items()):
        if hand_in.brings_commands or path.parts[0] in wanted:
            name = shown(path)
            digest.update(f"{name} {len(data)} {path in hand_in.executables} ".encode())
            digest.update(data)
    return digest.hexdigest()


@cache
def suite_digest(exercise: str) -> bytes:
    """Return a digest of an exercise's suites, the given files and the harness."""
    files = [Path(suite.__file__), *(ROOT / exercise).glob("test_*.py")]
    files += (ROOT / "tests/harness").glob("*.py")
    given = [ROOT / exercise / name for name in EXERCISES[exercise].given]
    digest = hashlib.sha256()
    for file in sorted(files + [file for file in given if file.exists()]):
        digest.update(file.name.encode() + file.read_bytes())
    return digest.digest()


def lab_digest() -> str:
    """Return a digest by which two machines find out whether they grade alike."""
    digest = hashlib.sha256(str(sys.version_info[:2]).encode())
    for exercise in EXERCISES:
        digest.update(suite_digest(exercise))
    return digest.hexdigest()
