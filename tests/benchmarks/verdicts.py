"""How long a wrong answer waits for its verdict, and whether that is right every time.

``python -m tests.benchmarks.verdicts --runs 20 --jobs 4`` grades the whole catalogue of
wrong answers twenty times. A missed mistake makes the exit status 1. ``--concerned``
runs only the checks that should object and those that they need: in half the time.
"""

import argparse
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.answers.catalogue import Wrong, all_wrong
from tests.answers.grading import concerned, grade_wrong
from tests.harness.exercises import EXERCISES

Verdict = tuple[float, list[str]]  # seconds, and what is wrong with it


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="of mistakes (all)")
    parser.add_argument("--runs", type=int, default=1, help="of each mistake (1)")
    parser.add_argument("--jobs", type=int, default=1, help="verdicts at a time (1)")
    parser.add_argument("--exercise", choices=EXERCISES, action="append")
    parser.add_argument("--concerned", action="store_true", help="not whole suites")
    return parser.parse_args()


def judge(exercise: str, wrong: Wrong, whole: bool) -> Verdict:
    """Grade one mistake by the whole suite, or by the checks that it concerns."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        only = () if whole else concerned(exercise, wrong)
        report = grade_wrong(exercise, wrong, Path(folder), only)
        return time.perf_counter() - began, wrong.objections(report)


def judge_often(
    exercise: str, wrong: Wrong, arguments: argparse.Namespace, pool: ThreadPoolExecutor
) -> list[Verdict]:
    """Grade one mistake several times, and print a line about it."""
    runs, whole = arguments.runs, not arguments.concerned
    verdicts = list(pool.map(lambda _: judge(exercise, wrong, whole), range(runs)))
    times = [seconds for seconds, _ in verdicts]
    right = sum(not objections for _, objections in verdicts)
    median, longest = statistics.median(times), max(times)
    name = f"{wrong.caught_by:<5} {wrong.name}"
    print(f"{name:<48} {median:6.2f} s {longest:8.2f} s   {right}/{runs}", flush=True)
    return verdicts


def main() -> None:
    """Grade the catalogue and print a line for each mistake."""
    arguments = parse_arguments()
    wanted = [
        (exercise, wrong)
        for exercise, wrong in all_wrong()
        if exercise in (arguments.exercise or EXERCISES)
        and wrong.name in (arguments.names or [wrong.name])
    ]
    print(f"{'caught by, mistake':<48} {'median':>8} {'longest':>10}   right")
    with ThreadPoolExecutor(arguments.jobs) as pool:
        runs = [judge_often(*one, arguments, pool) for one in wanted]
    verdicts = [verdict for run in runs for verdict in run]
    if not verdicts:
        sys.exit(f"error: no mistake has the name {' or '.join(arguments.names)}")
    objections = [text for _, texts in verdicts for text in texts]
    times = [seconds for seconds, _ in verdicts]
    summary = f"{len(wanted)} mistakes, {len(verdicts)} verdicts"
    median, longest = statistics.median(times), max(times)
    print(f"{summary:<48} {median:6.2f} s {longest:8.2f} s")
    print(*objections, f"{len(objections)} objections", sep="\n\n")
    sys.exit(1 if objections else 0)


if __name__ == "__main__":
    main()
