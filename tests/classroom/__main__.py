"""The classroom's command line: ``python -m tests.classroom COMMAND --help``."""

import argparse
import os
import sys
from pathlib import Path
from typing import TypeAlias

from tests.classroom.errors import ClassroomError
from tests.classroom.grade import Options, grade_class
from tests.classroom.handout import hand_out
from tests.classroom.suite import choose_sandbox, describe_confinement
from tests.harness.submission import YOURS

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
    return parser


Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def add_handout(commands: Commands) -> None:
    """Add the command ``handout``."""
    text = "write the students' tree: no solutions, no known answers, no classroom"
    parser = commands.add_parser("handout", help=text, description=text)
    parser.add_argument("destination", metavar="DEST", type=Path, help="a new folder")
    parser.add_argument(
        "--upto",
        metavar="N",
        type=int,
        choices=range(1, len(YOURS) + 1),
        default=len(YOURS),
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
        help="holds a folder, zip or tar.gz per student, laid out like the lab",
    )
    parser.add_argument(
        "--out", metavar="REPORTS", type=Path, required=True, help="where results go"
    )
    add_exercise(parser)
    parser.add_argument(
        "--jobs",
        metavar="N",
        type=int,
        default=os.cpu_count() or 1,
        help="suites at a time (default: one per processor)",
    )
    parser.add_argument("--again", action="store_true", help="grade all anew")
    add_sandbox(parser)
    parser.set_defaults(run=run_grade)


def add_exercise(parser: argparse.ArgumentParser) -> None:
    """Add the option that chooses exercises."""
    parser.add_argument(
        "--exercise",
        metavar="N",
        type=int,
        choices=range(1, len(YOURS) + 1),
        nargs="+",
        action="extend",
        help="only these, such as --exercise 1 2 (default: all)",
    )


def add_sandbox(parser: argparse.ArgumentParser) -> None:
    """Add the option that says how programs are held."""
    parser.add_argument(
        "--sandbox",
        choices=["auto", "required", "none"],
        default="auto",
        help="hold programs in bubblewrap: where it runs (auto), or else not at all",
    )


def chosen(numbers: list[int] | None) -> list[str]:
    """Return the exercises' names for their numbers; all of them for None."""
    names = list(YOURS)
    return [names[number - 1] for number in sorted(set(numbers))] if numbers else names


def run_grade(arguments: argparse.Namespace) -> int:
    """Grade a class."""
    in_sandbox = choose_sandbox(arguments.sandbox)
    print(f"Programs are held by {describe_confinement(in_sandbox)}.", file=sys.stderr)
    exercises = chosen(arguments.exercise)
    jobs = max(arguments.jobs, 1)
    options = Options(exercises, jobs, arguments.again, in_sandbox)
    finished = grade_class(arguments.submissions, arguments.out, options)
    if not finished:
        print("Stopped. The same command goes on from here.", file=sys.stderr)
        return STOPPED
    print(arguments.out / "class.html")
    return 0


def main() -> int:
    """Run a command; what the user can mend gets one line."""
    arguments = build_parser().parse_args()
    try:
        status: int = arguments.run(arguments)
    except (ClassroomError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return status


if __name__ == "__main__":
    sys.exit(main())
