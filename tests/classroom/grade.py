"""``grade``: a class, several suites at a time, each result written as it comes.

A result carries the fingerprint of all that it depends on: the student's files, the
suite, Python, and how the programs were held. So the next call knows what is done.
"""

import contextlib
import hashlib
import json
import re
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.classroom import suite
from tests.classroom.class_page import write_class
from tests.classroom.errors import ClassroomError
from tests.classroom.feedback import NOT_HANDED_IN, write_feedback
from tests.classroom.files import write, write_json
from tests.classroom.progress import Progress
from tests.classroom.submissions import HandIn, read_hand_in, shown
from tests.harness.submission import GIVEN, LAB

WORK = ".work"  # in the reports' folder: what is there while suites run
CLASS_FILES = {"grades.csv", "class.html"}  # whose names no student's folder can have
REFRESH = 5.0  # seconds between two writings of the class's files
NEEDS = {"exercise3_tcp_client": ["exercise2_accept_loop"]}  # 3.10 runs that server
LONGEST_NAME = 60  # characters of a student's folder; a file's name has 255 bytes
UNSAFE = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]|^\.+|[. ]+$')


@dataclass(frozen=True)
class Options:
    """How a class is graded."""

    exercises: list[str]
    jobs: int
    again: bool  # also what is up to date
    in_sandbox: bool


@dataclass(frozen=True)
class Student:
    """One of the class."""

    name: str  # as it names the folder with the reports
    source: Path
    folder: Path  # of the reports
    notes: tuple[str, ...] = ()  # what was odd about the submission


def grade_class(submissions: Path, out: Path, options: Options) -> bool:
    """Grade everybody; return whether it came to its end, and was not stopped.

    Raises ClassroomError when there is nothing to grade.
    """
    students, tasks = plan(submissions, out, options)
    prepare(out)
    progress = Progress(len(tasks))
    stop = threading.Event()
    running: dict[Future[dict[str, Any]], tuple[Student, str]] = {}
    pool = ThreadPoolExecutor(options.jobs)
    try:
        for student, exercise in tasks:
            job = pool.submit(grade_one, student, exercise, out, options, stop)
            running[job] = student, exercise
        collect(running, students, out, progress)
    except KeyboardInterrupt:
        stop.set()
        progress.clear()
        return False
    finally:
        stop.set()  # an error of ours stops the rest, too
        pool.shutdown(cancel_futures=True)
        for student in students:
            write_feedback(student.name, student.folder, student.notes)
        write_class(out, [(s.name, s.folder, s.notes) for s in students])
        suite.remove(out / WORK)
    return True


def plan(
    submissions: Path, out: Path, options: Options
) -> tuple[list[Student], list[tuple[Student, str]]]:
    """Return the class, and what has to be graded: by student, then by exercise."""
    students, tasks = [], []
    for name, source in find_students(submissions, out):
        hand_in = read_hand_in(source, options.exercises)
        student = Student(name, source, out / name, tuple(hand_in.notes))
        students.append(student)
        for exercise in options.exercises:
            wanted = fingerprint(hand_in, exercise, options.in_sandbox)
            if options.again or stored(student.folder, exercise) != wanted:
                tasks.append((student, exercise))
    return students, tasks


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


def prepare(out: Path) -> None:
    """Make the reports' folder, without what a run that was killed has left there."""
    suite.remove(out / WORK)
    (out / WORK).mkdir(parents=True)


def fingerprint(hand_in: HandIn, exercise: str, in_sandbox: bool) -> str:
    """Return a digest of all that the result of a suite depends on."""
    digest = hashlib.sha256(suite_digest(exercise))
    digest.update(f"{sys.version} {in_sandbox}".encode())
    wanted = {exercise, *NEEDS.get(exercise, [])}
    for path, data in sorted(hand_in.files.items()):
        if hand_in.brings_commands or path.parts[0] in wanted:
            name = shown(path)
            digest.update(f"{name} {len(data)} {path in hand_in.executables} ".encode())
            digest.update(data)
    return digest.hexdigest()


@cache
def suite_digest(exercise: str) -> bytes:
    """Return a digest of an exercise's suites, the given files and the harness."""
    files = [Path(suite.__file__), *(LAB / exercise).glob("test_*.py")]
    files += (LAB / "tests/harness").glob("*.py")
    given = [LAB / exercise / name for name in GIVEN.get(exercise, [])]
    digest = hashlib.sha256()
    for file in sorted(files + [file for file in given if file.exists()]):
        digest.update(file.name.encode() + file.read_bytes())
    return digest.digest()


def stored(folder: Path, exercise: str) -> str:
    """Return the fingerprint of the result that is there already, or ''."""
    with contextlib.suppress(OSError, ValueError, KeyError):
        result = json.loads((folder / f"{exercise}.json").read_text("utf-8"))
        return str(result["fingerprint"])
    return ""


def grade_one(
    student: Student,
    exercise: str,
    out: Path,
    options: Options,
    stop: threading.Event,
) -> dict[str, Any]:
    """Grade one exercise of one student, and write the result: the work of a thread."""
    if stop.is_set():
        raise suite.StoppedError
    work = Path(tempfile.mkdtemp(dir=(out / WORK).absolute()))
    try:
        hand_in = read_hand_in(student.source, options.exercises)
        verdict = judge(hand_in, exercise, work, options.in_sandbox, stop)
    finally:
        suite.remove(work)
    result = {
        "fingerprint": fingerprint(hand_in, exercise, options.in_sandbox),
        "exercise": exercise,
        "confinement": suite.describe_confinement(options.in_sandbox),
        "note": verdict.note,
        **verdict.report,
    }
    student.folder.mkdir(exist_ok=True)
    write(student.folder / f"{exercise}.txt", verdict.text)
    write(student.folder / f"{exercise}.html", verdict.page)
    # The last one: what has no result here is graded again.
    write_json(student.folder / f"{exercise}.json", result)
    return result


def judge(
    hand_in: HandIn, exercise: str, work: Path, in_sandbox: bool, stop: threading.Event
) -> suite.Verdict:
    """Run a suite on what was handed in for it; nothing handed in needs no suite."""
    if not hand_in.has(exercise):
        report = suite.without_result(exercise, "Not handed in.", "blocked")
        return suite.Verdict(report, "Not handed in.\n", "", NOT_HANDED_IN)
    submission, suites_own = work / "submission", work / "suite"
    submission.mkdir()
    suites_own.mkdir()
    try:
        hand_in.write_to(submission)
    except (OSError, ValueError) as error:  # names that no system takes, among others
        note = f"cannot be laid out: {getattr(error, 'strerror', None) or error}"
        return suite.Verdict(
            suite.without_result(exercise, note), f"{note}\n", "", note
        )
    return suite.run(exercise, submission, suites_own, in_sandbox, stop)


def collect(
    running: dict["Future[dict[str, Any]]", tuple[Student, str]],
    students: list[Student],
    out: Path,
    progress: Progress,
) -> None:
    """Take the results as they come, and keep the class's files up to date."""
    written = time.monotonic()
    while running:
        done, _ = wait(running, timeout=1, return_when=FIRST_COMPLETED)
        for job in done:
            student, _ = running.pop(job)
            busy = [s.name for j, (s, _) in running.items() if j.running()]
            progress.graded(student.name, job.result(), busy)
            write_feedback(student.name, student.folder, student.notes)
        if time.monotonic() - written > REFRESH:
            write_class(out, [(s.name, s.folder, s.notes) for s in students])
            written = time.monotonic()
