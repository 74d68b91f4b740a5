"""What grading a class costs, beside plain runs of the suites.

``python -m tests.benchmarks.classroom --submissions 200 --jobs 2`` makes a class out of
the right and the wrong answers, all exercises in each submission, and grades it.
Ten of the class are also graded alone, and by plain runs of ``pytest EXERCISE
--submission=DIR``; the class itself in two parts, of ten and of the rest. Times are for
one submission. On Linux.

Processor time is that of all processes, and of this one ("own"). But Linux forgets the
time of what is killed together with its process table, as programs in the sandbox are.
So the comparison is without sandbox, and what that costs is measured by itself.
"""

import argparse
import ctypes
import itertools
import os
import random
import resource
import subprocess
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.answers.catalogue import all_wrong
from tests.answers.grading import (
    RIGHT,
    lay_over_solutions,
    make_mistake,
    right_answers,
    run_suite,
)
from tests.classroom.grade import Options, grade_class, reserved
from tests.classroom.jobs import ThisMachine
from tests.classroom.suite import choose_sandbox
from tests.harness.confinement import sandboxed
from tests.harness.exercises import EXERCISES

STARTS = 50  # of a program that does nothing
SAMPLE = 10  # submissions that are also graded alone and by plain runs
PR_SET_CHILD_SUBREAPER = 36  # prctl(2)


@dataclass(frozen=True)
class Cost:
    """Seconds in all."""

    wall: float = 0.0
    processor: float = 0.0  # of all processes
    own: float = 0.0  # of this process
    orphans: int = 0  # processes that were left to us: in the sandbox, one per program

    def __add__(self, other: "Cost") -> "Cost":
        """Add two costs up."""
        wall, processor = self.wall + other.wall, self.processor + other.processor
        orphans = self.orphans + other.orphans
        return Cost(wall, processor, self.own + other.own, orphans)


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--submissions", metavar="N", type=int, default=20, help="(20)")
    parser.add_argument("--jobs", type=int, default=2, help="suites at a time (2)")
    parser.add_argument("--seed", type=int, default=1, help="of the class (1)")
    parser.add_argument(
        "--sandbox", choices=["auto", "required", "none"], default="auto"
    )
    return parser.parse_args()


def make_class(folder: Path, count: int, seed: int) -> list[Path]:
    """Write submissions: each exercise of each is right or wrong, by lot."""
    lots = random.Random(seed)
    return [make_submission(folder / f"student{n:03}", lots) for n in range(count)]


def make_submission(folder: Path, lots: random.Random) -> Path:
    """Write one submission."""
    rights = [answer for answer in right_answers() if answer[0] != "c_pthreads"]
    lay_over_solutions(folder)
    for exercise in EXERCISES:
        if lots.random() < 0.5:
            designs = [design for design, name in rights if name == exercise]
            lay_design(folder, exercise, lots.choice(designs))
        else:
            mistakes = [wrong for name, wrong in all_wrong() if name == exercise]
            make_mistake(folder, exercise, lots.choice(mistakes))
    return folder


def lay_design(folder: Path, exercise: str, design: str) -> None:
    """Put a right answer in its place."""
    for name in EXERCISES[exercise].yours:
        file = RIGHT / design / exercise / name
        if file.exists():
            (folder / exercise / name).write_bytes(file.read_bytes())


def cost_of(action: Callable[..., object], *arguments: object) -> Cost:
    """Return what an action costs, with all processes that it starts."""
    began, before, own = time.perf_counter(), processor_time(), time.process_time()
    action(*arguments)
    wall, own = time.perf_counter() - began, time.process_time() - own
    orphans = reap_orphans()
    return Cost(wall, processor_time() - before, own, orphans)


def processor_time() -> float:
    """Return the seconds of this process and of those that it has waited for."""
    ours = resource.getrusage(resource.RUSAGE_SELF)
    theirs = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ours.ru_utime + ours.ru_stime + theirs.ru_utime + theirs.ru_stime


def adopt_orphans() -> None:
    """Become the parent of processes whose parent ends, such as what bwrap started."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def reap_orphans() -> int:
    """Wait for all processes that are left, so that their time counts; count them."""
    for count in itertools.count():
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return count
    raise AssertionError


def cost_of_sandbox(folder: Path) -> float:
    """Return the processor time, in seconds, that the sandbox adds to a program."""
    nothing = ["true"]
    plain, sandbox = (
        cost_of(run_often, command, STARTS).processor / STARTS
        for command in (nothing, sandboxed(nothing, folder))
    )
    return sandbox - plain


def run_often(command: list[str], times: int) -> None:
    """Run a command several times, one after another."""
    for _ in range(times):
        subprocess.run(command, check=True)


def run_plainly(submission: Path, jobs: int) -> None:
    """Run all suites on a submission, with nothing around them."""
    with ThreadPoolExecutor(jobs) as pool:
        for exercise in EXERCISES:
            pool.submit(run_suite, exercise, f"--submission={submission}")


def grade(class_: Path, jobs: int, in_sandbox: bool) -> None:
    """Grade a class as the command does: what has been graded already is kept."""
    options = Options(list(EXERCISES), again=False, in_sandbox=in_sandbox)
    out = class_.with_name(f"{class_.name}-reports")
    with reserved(out) as place:
        grade_class(class_, out, options, ThisMachine(jobs, place))


def print_cost(name: str, count: int, cost: Cost) -> None:
    """Print a line for one submission."""
    each = [seconds / count for seconds in (cost.wall, cost.processor, cost.own)]
    columns = "".join(f"{seconds:10.2f} s" for seconds in each)
    print(f"{name:<34}{columns}{60 * count / cost.wall:10.1f}", flush=True)


def compare(sample: list[Path], folder: Path, jobs: int) -> float:
    """Run the suites on each submission plainly and in the classroom, by turns.

    By turns, because a machine that others use is not as fast all the time. Returns the
    processor time of plain runs of one submission, in seconds.
    """
    plain = alone = Cost()
    for submission in sample:
        class_of_one = folder / f"only-{submission.name}"
        lay_over_solutions(class_of_one / submission.name, submission)
        plain += cost_of(run_plainly, submission, jobs)
        alone += cost_of(grade, class_of_one, jobs, False)
    print_cost(f"plain runs, {len(sample)} submissions", len(sample), plain)
    print_cost("the classroom, each alone", len(sample), alone)
    added = 100 * (alone.processor / plain.processor - 1)
    print(f"The classroom adds {added:.0f} % processor time.")
    return plain.processor / len(sample)


def grade_in_parts(made: list[Path], class_: Path, jobs: int, in_sandbox: bool) -> Cost:
    """Grade a class: first as many as the sample has, to see if more cost more each."""
    whole = Cost()
    class_.mkdir()
    for part in made[:SAMPLE], made[SAMPLE:]:
        for submission in part:
            submission.rename(class_ / submission.name)
        cost = cost_of(grade, class_, jobs, in_sandbox)
        whole += cost
        if part:
            which = "first" if part[0] is made[0] else "other"
            print_cost(f"the classroom, the {which} {len(part)}", len(part), cost)
    return whole


def print_cost_of_sandbox(starts: float, folder: Path, plain: float) -> None:
    """Print what the sandbox adds to a submission with that many starts of programs."""
    each = cost_of_sandbox(folder)
    added = 100 * starts * each / plain
    times = f"{1000 * each:.1f} ms to each of {starts:.0f} programs"
    print(f"The sandbox adds {times}: {added:.0f} % processor time.")


def main() -> None:
    """Grade a class, and print what it costs."""
    arguments = parse_arguments()
    jobs, in_sandbox = arguments.jobs, choose_sandbox(arguments.sandbox)
    columns = "".join(f"{name:>12}" for name in ("wall", "processor", "own"))
    print(f"{'one submission':<34}{columns}{'a minute':>10}   {jobs} suites at a time")
    adopt_orphans()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        class_ = make_class(folder / "made", arguments.submissions, arguments.seed)
        every = max(len(class_) // SAMPLE, 1)
        plain = compare(class_[::every][:SAMPLE], folder, jobs)
        whole = grade_in_parts(class_, folder / "class", jobs, in_sandbox)
        print_cost(f"the classroom, all {len(class_)}", len(class_), whole)
        if in_sandbox:
            print_cost_of_sandbox(whole.orphans / len(class_), folder, plain)


if __name__ == "__main__":
    main()
