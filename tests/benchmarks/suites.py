"""How long the suites take, and whether they ever fail a right answer.

Run ``python -m tests.benchmarks.suites`` for the times, one run at a time, and with
``--runs 20 --jobs 4`` for the steadiness under load. ``--load`` adds a busy loop on
each core; ``--all`` runs the suites on the right answers in other designs, too.
``--sandbox`` runs them as the classroom does, with the programs in a sandbox.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from tests.answers.grading import SOLUTIONS, grade, prepare_right, right_answers
from tests.classroom import suite
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
    parser.add_argument("--sandbox", action="store_true", help="as in the classroom")
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


def report_of(
    exercise: str, submission: Path, folder: Path, in_sandbox: bool
) -> dict[str, Any]:
    """Run one suite, plainly or as the classroom does; return its report."""
    work = Path(tempfile.mkdtemp(dir=folder))
    if not in_sandbox:
        return grade(exercise, submission, work / "report.json")
    return suite.run(exercise, submission, work, True, threading.Event()).report


def print_runs(
    name: str, run: Callable[[], dict[str, Any]], runs: int, pool: ThreadPoolExecutor
) -> int:
    """Run one suite several times, print what came of it, and count what failed."""
    reports: list[dict[str, Any]] = []

    def run_once(_number: int) -> float:
        return seconds_of(lambda: reports.append(run()))

    times = list(pool.map(run_once, range(runs)))
    checks = [check for report in reports for check in report["checks"]]
    failed = [check for check in checks if check["outcome"] != "passed"]
    median, longest = statistics.median(times), max(times)
    seconds = f"{median:6.2f} s {longest:8.2f} s"
    print(f"{name:<42} {seconds} {len(failed):8} failed", flush=True)
    for check in failed:
        print(f"\n{name}  {check['id']}\n{check['message']}\n", flush=True)
    return len(failed)


def main() -> None:
    """Run the suites and print a line for each."""
    arguments = parse_arguments()
    failures = 0
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        pool = stack.enter_context(ThreadPoolExecutor(arguments.jobs))
        print_yardsticks(folder)
        if arguments.load:
            stack.enter_context(busy_cores())
        print(f"{'suite':<42} {'median':>8} {'longest':>10}   of {arguments.runs} runs")
        for exercise, submission in answers(arguments, folder):
            name = f"{exercise}  {submission.name}"
            run = partial(report_of, exercise, submission, folder, arguments.sandbox)
            failures += print_runs(name, run, arguments.runs, pool)
    print(f"\n{failures} checks failed")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
