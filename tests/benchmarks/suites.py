"""How long the suites take, and whether they ever fail a right answer.

Run ``python -m tests.benchmarks.suites`` for the times, one run at a time, and with
``--runs 20 --jobs 4`` for the steadiness under load. ``--load`` adds a busy loop on
each core; ``--all`` runs the suites on the right answers in other designs, too.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.answers.grading import SOLUTIONS, grade, prepare_right, right_answers
from tests.harness.exercises import EXERCISES

BUSY = "while True: pass"
EMPTY_TEST = "def test_nothing(): assert True"


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5, help="of each suite (5)")
    parser.add_argument("--jobs", type=int, default=1, help="suites at a time (1)")
    parser.add_argument("--load", action="store_true", help="keep all cores busy, too")
    parser.add_argument("--all", action="store_true", help="on all right answers")
    parser.add_argument("--submission", type=Path, help="instead of the solutions")
    parser.add_argument("--exercise", choices=EXERCISES, action="append")
    return parser.parse_args()


def seconds_of(action: Callable[[], object]) -> float:
    """Return how long an action takes by the wall clock."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


@contextmanager
def busy_cores() -> Iterator[None]:
    """Keep every core busy meanwhile."""
    command = [sys.executable, "-c", BUSY]
    loops = [subprocess.Popen(command) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()


def print_yardsticks(folder: Path) -> None:
    """Print what nothing at all costs on this machine."""
    (folder / "test_empty.py").write_text(EMPTY_TEST)
    print_time("a Python program", [sys.executable, "-c", "pass"])
    pytest = [sys.executable, "-m", "pytest", "-q", "--rootdir", str(folder)]
    print_time("an empty pytest", [*pytest, str(folder)])


def print_time(name: str, command: list[str]) -> None:
    """Print the median time of five runs of a command."""
    times = [
        seconds_of(lambda: subprocess.run(command, capture_output=True, check=True))
        for _ in range(5)
    ]
    print(f"{name:<42} {statistics.median(times):6.2f} s")


def answers(arguments: argparse.Namespace, folder: Path) -> list[tuple[str, Path]]:
    """Return what is to be graded: exercises, each with a submission."""
    found = [(e, arguments.submission or SOLUTIONS) for e in EXERCISES]
    if arguments.all:
        designs = {design for design, _ in right_answers()}
        prepared = {design: prepare_right(design, folder) for design in designs}
        found = [(exercise, prepared[design]) for design, exercise in right_answers()]
    return [(e, path) for e, path in found if e in (arguments.exercise or EXERCISES)]


def print_runs(
    exercise: str, submission: Path, folder: Path, runs: int, pool: ThreadPoolExecutor
) -> list[str]:
    """Run one suite several times, print a line about it, and return what failed."""
    name = f"{exercise}  {submission.name}"
    files = [folder / f"{name}-{number}.json" for number in range(runs)]
    reports: list[dict[str, Any]] = []

    def run(file: Path) -> float:
        return seconds_of(lambda: reports.append(grade(exercise, submission, file)))

    times = list(pool.map(run, files))
    checks = [check for report in reports for check in report["checks"]]
    failed = [check["message"] for check in checks if check["outcome"] != "passed"]
    median, longest = statistics.median(times), max(times)
    seconds = f"{median:6.2f} s {longest:8.2f} s"
    print(f"{name:<42} {seconds} {len(failed):8} failed", flush=True)
    return failed


def main() -> None:
    """Run the suites and print a line for each."""
    arguments = parse_arguments()
    failures: list[str] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        pool = stack.enter_context(ThreadPoolExecutor(arguments.jobs))
        print_yardsticks(folder)
        if arguments.load:
            stack.enter_context(busy_cores())
        print(f"{'suite':<42} {'median':>8} {'longest':>10}   of {arguments.runs} runs")
        for answer in answers(arguments, folder):
            failures += print_runs(*answer, folder, arguments.runs, pool)
    print(*failures, f"{len(failures)} checks failed", sep="\n\n")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
