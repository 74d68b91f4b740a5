"""``grade``: a class, several suites at a time, each result written as it comes."""

import contextlib
import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tests.classroom import suite
from tests.classroom.deliveries import Delivery, deliveries
from tests.classroom.errors import ClassroomError
from tests.classroom.gradebook import Gradebook, earlier_rows
from tests.classroom.hand_ins import HandIn
from tests.classroom.jobs import Job, Workers, fingerprint
from tests.classroom.marks import column_of, write_marks
from tests.classroom.people import Person, chosen, people_of
from tests.classroom.progress import Progress
from tests.classroom.roster import Roster
from tests.classroom.rows import HAVE_POINTS, Row, counts_of, state_of
from tests.classroom.submissions import read_hand_in
from tests.harness import system

LOCK = ".lock"  # in the reports' folder: held as long as somebody writes there
WORK = ".work"  # in the reports' folder: what is there while suites run


@dataclass(frozen=True)
class Options:
    """What is graded, and how programs are held."""

    exercises: list[str]
    again: bool  # also what is up to date
    in_sandbox: bool
    students: list[str] = field(default_factory=list)  # only these, if any
    roster: Roster | None = None
    column: str = ""  # of the roster, for the marks
    run_blocked: bool = False  # checks whose needed ones have failed, too


@contextmanager
def reserved(out: Path) -> Iterator[Path]:
    """Keep a folder of reports for this run alone; give its folder for work.

    Raises ClassroomError when another run has it. The system itself ends the lock of a
    run that was killed; what such a run has left running there is ended and removed.
    """
    out.mkdir(parents=True, exist_ok=True)
    with (out / LOCK).open("a") as lock, system.locked(lock) as is_ours:
        if not is_ours:
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
) -> tuple[list[Row], bool]:
    """Grade everybody; return the class, and whether all is done: it may be stopped.

    Raises ClassroomError when there is nothing to grade.
    """
    earlier = [*earlier_rows(out)]
    found = [one for one in deliveries(submissions) if not lies_at(one, out)]
    people = people_of(found, options.roster, earlier)
    column = ""
    if options.roster:
        column = column_of(options.roster, options.column, options.exercises)
    graded = chosen(people, options.students) if options.students else people
    jobs = plan([p for p in graded if p.delivery.pieces], out, options)
    book = Gradebook(out, earlier, (person.row for person in graded))
    finished = do(jobs, book, workers, options.in_sandbox)
    if options.roster and finished:
        known = {p.listed: book.rows.get(p.row.key, p.row) for p in people if p.listed}
        write_marks(options.roster, known, options.exercises, column, out)
    return book.in_order(), finished


def lies_at(delivery: Delivery, out: Path) -> bool:
    """Return whether a delivery is the reports' own folder, among the submissions."""
    places = [(piece.source / piece.name).absolute() for piece in delivery.pieces]
    return out.absolute() in places


def do(jobs: list[Job], book: Gradebook, workers: Workers, in_sandbox: bool) -> bool:
    """Do the jobs, and enter what comes of them; return whether all are done."""
    progress = Progress(sum(len(job.exercises) for job in jobs))
    try:
        with closing(workers.grade(jobs, in_sandbox)) as results:
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


def plan(people: Sequence[Person], out: Path, options: Options) -> list[Job]:
    """Read what everybody has handed in, and return what has to be graded."""
    pool = ThreadPoolExecutor(os.cpu_count())
    try:
        jobs = pool.map(lambda person: job_for(person, out, options), people)
        return [job for job in jobs if job]
    finally:
        pool.shutdown(cancel_futures=True)


def job_for(person: Person, out: Path, options: Options) -> Job | None:
    """Read what one person has handed in, note it, and return what is to be done."""
    read = partial(read_hand_in, person.delivery.pieces, options.exercises)
    hand_in, row = read(), person.row
    row.notes.extend([*person.delivery.notes, *hand_in.notes])
    row.needs.extend([*hand_in.unread, *hand_in.needs])
    folder = out / row.key
    to_do = [e for e in options.exercises if is_to_do(hand_in, e, folder, options)]
    # What may be large is read again when it is its turn.
    kept = read if hand_in.brings_commands else partial(same, hand_in)
    return Job(row.key, to_do, kept, options.run_blocked) if to_do else None


def same(hand_in: HandIn) -> HandIn:
    """Return what has been read already."""
    return hand_in


def is_to_do(hand_in: HandIn, exercise: str, folder: Path, options: Options) -> bool:
    """Return whether an exercise has no result yet, or an old one.

    A grade is never replaced by none: an earlier batch may have had the files.
    """
    before, state = stored(folder, exercise)
    if not hand_in.has(exercise) and state in HAVE_POINTS:
        return False
    how = options.in_sandbox, options.run_blocked
    wanted = fingerprint(hand_in, exercise, *how)
    return options.again or before != wanted


def stored(folder: Path, exercise: str) -> tuple[str, str]:
    """Return the fingerprint and the state of the result that is there, or ''."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        result = json.loads((folder / f"{exercise}.json").read_text("utf-8"))
        return str(result["fingerprint"]), state_of(result)
    return "", ""


def summary(rows: Sequence[Row]) -> list[str]:
    """Return how many have which state, and who needs somebody, and why."""
    in_need = [row for row in rows if row.all_needs]
    names = Counter(row.shown_name for row in rows)
    called = {r.key: r.key if names[r.shown_name] > 1 else r.shown_name for r in rows}
    lines = [f"  {called[row.key]}: {'; '.join(row.all_needs)}" for row in in_need]
    return [f"{counts_of(rows)}{':' if in_need else '.'}", *lines]
