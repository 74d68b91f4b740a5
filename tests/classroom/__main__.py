"""The classroom's command line: ``python -m tests.classroom COMMAND --help``."""

import argparse
import contextlib
import json
import os
import signal
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tests.harness.python_version  # noqa: F401  before all the others
from tests.classroom.bundle import write_bundle
from tests.classroom.cluster import cluster_at
from tests.classroom.differences import as_page, as_text, compare
from tests.classroom.errors import ClassroomError
from tests.classroom.files import write, write_json
from tests.classroom.grade import Options, grade_class, reserved, summary
from tests.classroom.gradescope import (
    as_summary,
    for_classroom50,
    for_gradescope,
    judge_all,
    unfinished,
)
from tests.classroom.handout import hand_out
from tests.classroom.jobs import ThisMachine, Workers
from tests.classroom.marks import MARKS
from tests.classroom.roster import read_roster
from tests.classroom.rows import Row
from tests.classroom.suite import (
    choose_sandbox,
    describe_confinement,
)
from tests.harness.confinement import why_no_sandbox
from tests.harness.exercises import EXERCISES, with_number
from tests.harness.plain import write_plainly

if TYPE_CHECKING:  # which Python 3.9 lacks: it is to say so in its own words
    from typing import TypeAlias

STOPPED = 130  # the status of what Ctrl+C has stopped, as a shell counts


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands, each with what it is good for."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.classroom",
        description="What an instructor needs around the lab. Begin with: handout.",
        epilog="The page for instructors is tests/classroom/README.md.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    add_handout(commands)
    add_grade(commands)
    add_diff(commands)
    add_gradescope(commands)
    add_report(commands)
    return parser


Commands: "TypeAlias" = "argparse._SubParsersAction[argparse.ArgumentParser]"


def add_handout(commands: Commands) -> None:
    """Add the command ``handout``."""
    text = "write the students' tree: no solutions, no known answers, no classroom"
    parser = commands.add_parser("handout", help=text, description=text)
    parser.add_argument("destination", metavar="DEST", type=Path, help="a new folder")
    parser.add_argument(
        "--upto",
        metavar="N",
        type=int,
        choices=known(),
        default=known()[-1],
        help="the last exercise to hand out: the next one holds its solution",
    )
    parser.add_argument(
        "--solutions",
        action=argparse.BooleanOptionalAction,
        default=False,
        help="with the solutions, once everybody has handed in (default: without)",
    )
    parser.add_argument(
        "--without-solutions",
        dest="solutions",
        action="store_false",
        help="the default",
    )
    parser.set_defaults(run=run_handout)


def run_handout(arguments: argparse.Namespace) -> int:
    """Write the students' tree."""
    destination = arguments.destination
    exercises = hand_out(destination, arguments.upto, arguments.solutions)
    count = f"{len(exercises)} exercise{'s' * (len(exercises) > 1)}"
    print(f"{destination} holds {count}; every suite runs there.")
    return 0


def add_grade(commands: Commands) -> None:
    """Add the command ``grade``."""
    text = "grade a class; what is done already, and has not changed, is kept"
    parser = commands.add_parser("grade", help=text, description=text)
    parser.add_argument(
        "submissions",
        metavar="SUBMISSIONS",
        type=Path,
        help="what a learning system delivers, a folder or a zip; or a folder with a"
        " folder or archive for each student",
    )
    parser.add_argument(
        "--out", metavar="REPORTS", type=Path, required=True, help="where results go"
    )
    add_exercise(parser)
    parser.add_argument(
        "--student",
        metavar="NAME",
        action="append",
        default=[],
        help="only this one, by name or id; may be given again",
    )
    add_roster(parser)
    add_workers(parser)
    parser.add_argument("--again", action="store_true", help="grade all anew")
    parser.add_argument(
        "--run-blocked",
        action="store_true",
        help="give credit for checks that others block: they run, which takes longer",
    )
    add_sandbox(parser)
    parser.set_defaults(run=run_grade)


def add_workers(parser: argparse.ArgumentParser) -> None:
    """Add the options that say where suites run."""
    parser.add_argument(
        "--jobs",
        metavar="N",
        type=int,
        default=os.cpu_count() or 1,
        help="suites at a time (default: one per processor)",
    )
    parser.add_argument(
        "--dask",
        metavar="ADDRESS",
        help="on the workers of this Dask scheduler, tcp://HOST:8786; or local: N here",
    )


def add_roster(parser: argparse.ArgumentParser) -> None:
    """Add the options about the class's list."""
    parser.add_argument(
        "--roster",
        metavar="FILE.csv",
        type=Path,
        help="the class: Moodle's grading worksheet, Canvas' gradebook or a list; comes"
        " back with the marks as REPORTS/marks/FILE.csv",
    )
    parser.add_argument(
        "--column",
        metavar="TITLE",
        default="",
        help="the roster's column for the marks, where that is not clear",
    )


def add_exercise(parser: argparse.ArgumentParser) -> None:
    """Add the option that chooses exercises."""
    parser.add_argument(
        "--exercise",
        metavar="N",
        type=numbers,
        action="extend",
        help="only these, such as --exercise 1 2 or --exercise 1,2 (default: all)",
    )


def numbers(text: str) -> list[int]:
    """Return the exercises' numbers in a text such as ``4,5``."""
    if not are_numbers(text):
        choices = ", ".join(map(str, known()))
        raise argparse.ArgumentTypeError(f"{text!r} (choose from {choices})")
    return [int(number) for number in text.split(",")]


def are_numbers(text: str) -> bool:
    """Return whether a text such as ``4`` or ``4,5`` names exercises."""
    return set(text.split(",")) <= set(map(str, known()))


def known() -> list[int]:
    """Return the numbers of all exercises."""
    return [exercise.number for exercise in EXERCISES.values()]


def joined(words: list[str]) -> list[str]:
    """Write ``--exercise 4 5`` as ``--exercise 4,5``.

    argparse would take all words that follow for numbers, also the name of a folder.
    """
    found: list[str] = []
    for word in words:
        is_next = found[-2:-1] == ["--exercise"] and are_numbers(found[-1])
        if is_next and are_numbers(word):
            found[-1] += f",{word}"
        else:
            found.append(word)
    return found


def add_sandbox(parser: argparse.ArgumentParser) -> None:
    """Add the option that says how programs are held."""
    parser.add_argument(
        "--sandbox",
        choices=["auto", "required", "none"],
        default="auto",
        help="bubblewrap, tried before (auto), and never as root (required), or none",
    )


def chosen(numbers: list[int] | None) -> list[str]:
    """Return the exercises' names for their numbers; all of them for None."""
    return [with_number(number).folder for number in sorted(set(numbers or known()))]


def run_grade(arguments: argparse.Namespace) -> int:
    """Grade a class; status 1 says that somebody needs the instructor."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl+C does
    roster = read_roster(arguments.roster) if arguments.roster else None
    with reserved(arguments.out) as place, workers_for(arguments, place) as workers:
        in_sandbox = choose_sandbox(arguments.sandbox, workers.why_no_sandbox)
        held = describe_confinement(in_sandbox)
        print(f"Programs are held by {held}.", file=sys.stderr)
        options = Options(
            chosen(arguments.exercise),
            arguments.again,
            in_sandbox,
            arguments.student,
            roster,
            arguments.column,
            arguments.run_blocked,
        )
        rows: list[Row] = []
        finished = False
        with contextlib.suppress(KeyboardInterrupt):
            rows, finished = grade_class(
                arguments.submissions, arguments.out, options, workers
            )
    if not finished:
        print("Stopped. The same command goes on from here.", file=sys.stderr)
        return STOPPED
    print(*summary(rows), sep="\n")
    if roster:
        print(arguments.out / MARKS / roster.file.name)
    print(arguments.out / "class.html")
    return int(any(row.all_needs for row in rows))


def workers_for(
    arguments: argparse.Namespace, place: Path
) -> AbstractContextManager[Workers]:
    """Return what grades: threads here, or the workers of a cluster."""
    jobs = max(arguments.jobs, 1)
    if arguments.dask:
        return cluster_at(arguments.dask, jobs, place)
    return nullcontext(ThisMachine(jobs, place))


def add_diff(commands: Commands) -> None:
    """Add the command ``diff``."""
    text = "show what a submission changed of the starter, and how the solution differs"
    parser = commands.add_parser("diff", help=text, description=text)
    parser.add_argument("submission", metavar="SUBMISSION", type=Path)
    add_exercise(parser)
    parser.add_argument("--html", metavar="FILE", type=Path, help="side by side")
    parser.set_defaults(run=run_diff)


def run_diff(arguments: argparse.Namespace) -> int:
    """Compare a submission with starter and solution."""
    pairs = compare(arguments.submission, chosen(arguments.exercise))
    if arguments.html:
        write(arguments.html, as_page(arguments.submission.name, pairs))
    else:
        sys.stdout.write(as_text(pairs, in_colour=sys.stdout.isatty()))
    return 0


def add_gradescope(commands: Commands) -> None:
    """Add the command ``gradescope``."""
    text = "write an autograder for Gradescope, and a workflow for a class repository"
    parser = commands.add_parser("gradescope", help=text, description=text)
    parser.add_argument("destination", metavar="DEST", type=Path, help="a new folder")
    add_exercise(parser)
    parser.set_defaults(run=run_gradescope)


def run_gradescope(arguments: argparse.Namespace) -> int:
    """Write the bundle."""
    write_bundle(arguments.destination, chosen(arguments.exercise))
    print(f"Zip what is in {arguments.destination}, not the folder itself.")
    return 0


def add_report(commands: Commands) -> None:
    """Add the command ``report``."""
    text = "grade one submission for another system: the bundle's programs call it"
    parser = commands.add_parser("report", help=text, description=text)
    parser.add_argument("submission", metavar="SUBMISSION", type=Path)
    add_exercise(parser)
    add_sandbox(parser)
    parser.add_argument(
        "--gradescope", action="store_true", help="print what results.json is to hold"
    )
    parser.add_argument("--classroom50", metavar="FILE", type=Path, help="result.json")
    parser.add_argument("--summary", metavar="FILE", type=Path, help="as Markdown")
    parser.set_defaults(run=run_report)


def run_report(arguments: argparse.Namespace) -> int:
    """Grade one submission; every declared check is there from the beginning."""
    exercises = chosen(arguments.exercise)
    write_reports(arguments, unfinished(exercises), [])
    # There may be none where another system runs the bundle: its reports say so.
    has_none = arguments.sandbox == "auto" and why_no_sandbox()
    in_sandbox = not has_none and choose_sandbox(arguments.sandbox)
    notes, reports = judge_all(arguments.submission, exercises, in_sandbox)
    notes = [*notes, f"Programs were held by {describe_confinement(in_sandbox)}."]
    write_reports(arguments, reports, notes)
    if arguments.gradescope:
        print(json.dumps(for_gradescope(reports, notes)))
    else:
        sys.stdout.write(as_summary(reports, notes))
    return 0


def write_reports(
    arguments: argparse.Namespace, reports: list[dict[str, Any]], notes: list[str]
) -> None:
    """Write the files that were asked for."""
    if arguments.classroom50:
        write_json(arguments.classroom50, for_classroom50(reports))
    if arguments.summary:
        write(arguments.summary, as_summary(reports, notes))


def main() -> int:
    """Run a command; an error that the user can fix gets one line."""
    arguments = build_parser().parse_args(joined(sys.argv[1:]))
    write_plainly()
    try:
        status: int = arguments.run(arguments)
    except (ClassroomError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return status


if __name__ == "__main__":
    sys.exit(main())
