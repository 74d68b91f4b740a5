"""``grade``: a class, several suites at a time, each result written as it comes."""

import contextlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.classroom import suite
from tests.classroom.errors import ClassroomError
from tests.classroom.gradebook import Gradebook
from tests.classroom.jobs import Job, Workers, fingerprint
from tests.classroom.progress import Progress
from tests.classroom.rows import Row
from tests.classroom.submissions import HandIn, read_hand_in, shown
from tests.harness import system

LOCK = ".lock"  # in the reports' folder: held as long as somebody writes there
WORK = ".work"  # in the reports' folder: what is there while suites run
CLASS_FILES = {"grades.csv", "class.html"}  # whose names no student's folder can have
LONGEST_NAME = 60  # characters of a student's folder; a file's name has 255 bytes
UNSAFE = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]|^\.+|[. ]+$')


@dataclass(frozen=True)
class Options:
    """What is graded, and how programs are held."""

    exercises: list[str]
    again: bool  # also what is up to date
    in_sandbox: bool


@contextmanager
def reserved(out: Path) -> Iterator[Path]:
    """Keep a folder of reports for this run alone; give its folder for work.

    Raises ClassroomError when another run has it. The system itself ends the lock of a
    run that was killed; what such a run has left running there is ended and removed.
    """
    out.mkdir(parents=True, exist_ok=True)
    with (out / LOCK).open("a") as lock:
        if not system.lock(lock):
            raise ClassroomError(f"another run is writing its results to {out}.")
        system.kill_marked(f"HOME={(out / WORK).absolute()}{os.sep}")
        suite.remove(out / WORK)
        (out / WORK).mkdir()
        try:
            yield out / WORK
        finally:
            suite.remove(out / WORK)


def grade_class(
    submissions: Path, out: Path, options: Options, workers: Workers
) -> bool:
    """Grade everybody; return whether it came to its end, and was not stopped.

    Raises ClassroomError when there is nothing to grade.
    """
    rows, jobs = plan(submissions, out, options)
    book = Gradebook(out, rows)
    progress = Progress(sum(len(job.exercises) for job in jobs))
    try:
        with closing(workers.grade(jobs, options.in_sandbox)) as results:
            for job, graded in results:
                book.enter(job.student, graded)
                for one in graded:
                    progress.graded(job.student, one.result, workers.busy_with())
    except KeyboardInterrupt:
        progress.clear()
        return False
    finally:
        book.write()
    return True


def plan(submissions: Path, out: Path, options: Options) -> tuple[list[Row], list[Job]]:
    """Return the class, and what has to be graded."""
    rows, jobs = [], []
    for name, source in find_students(submissions, out):
        read = partial(read_hand_in, source, options.exercises)
        hand_in, folder = read(), out / name
        row = Row(name, [], hand_in.notes, hand_in.unread, source=[source.name])
        rows.append(row)
        missing = [
            e for e in options.exercises if is_to_do(hand_in, e, folder, options)
        ]
        if missing:
            jobs.append(Job(name, missing, read))
    return rows, jobs


def is_to_do(hand_in: HandIn, exercise: str, folder: Path, options: Options) -> bool:
    """Return whether an exercise has no result yet, or an old one."""
    wanted = fingerprint(hand_in, exercise, options.in_sandbox)
    return options.again or stored(folder, exercise) != wanted


def find_students(submissions: Path, out: Path) -> Iterator[tuple[str, Path]]:
    """Yield everybody's name and folder or archive; hidden files are nobody's."""
    try:
        sources = sorted(submissions.iterdir())
    except OSError as error:
        raise ClassroomError(f"{submissions}: {error.strerror}") from None
    names = set(CLASS_FILES)
    for source in sources:
        if source.name.startswith(".") or source.absolute() == out.absolute():
            continue
        name = safe_name(re.sub(r"\.(zip|tar\.gz|tgz)$", "", source.name, flags=re.I))
        while name.casefold() in names:
            name += "-again"
        names.add(name.casefold())
        yield name, source
    if names == CLASS_FILES:
        raise ClassroomError(f"{submissions} holds no submissions.")


def safe_name(name: str) -> str:
    """Return a name under which every system can have a folder, and a page can show."""
    return UNSAFE.sub("_", shown(name)[:LONGEST_NAME]) or "_"


def stored(folder: Path, exercise: str) -> str:
    """Return the fingerprint of the result that is there already, or ''."""
    with contextlib.suppress(OSError, ValueError, KeyError):
        result = json.loads((folder / f"{exercise}.json").read_text("utf-8"))
        return str(result["fingerprint"])
    return ""
