"""Whether the suites notice every small change of an answer.

``python -m tests.benchmarks.mutants exercise4_multiclient`` grades each mutant of the
solution and names those that live. What is known of a mutant is kept in ``.mutants``:
an interrupted run goes on where it stopped, and ``--alive`` grades those once more
that lived. The reasons why some have to live are in ``tests/answers/equal``.
"""

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from tests.answers.catalogue import equal_mutants
from tests.answers.grading import RIGHT, SOLUTIONS, grade, lay_over_solutions
from tests.benchmarks.mutations import mutants_of
from tests.harness.exercises import EXERCISES, ROOT

KEPT = ROOT / ".mutants"
ALIVE = "alive"


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant."""

    key: str  # of its program's text
    label: str
    line: int
    killed_by: str  # a check, or ALIVE


@dataclass(frozen=True)
class Candidate:
    """A mutant that is to be graded."""

    exercise: str
    design: str
    file: str
    label: str  # begins with the file's name where an exercise has several
    line: int
    source: str

    @property
    def path(self) -> Path:
        """The file of the answer that it is a mutant of."""
        return answer(self.design) / self.exercise / self.file

    @property
    def key(self) -> str:
        """What tells this mutant from all others."""
        text = f"{self.exercise} {self.design} {self.file}\n{self.source}"
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("exercises", nargs="*", metavar="EXERCISE", help="(all)")
    parser.add_argument("--design", default="solutions", help="a right answer's name")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="at a time")
    parser.add_argument("--only", default="", help="those with this in their label")
    parser.add_argument("--since", metavar="REV", help="those of lines changed since")
    again = parser.add_mutually_exclusive_group()
    again.add_argument("--alive", action="store_true", help="again those that lived")
    again.add_argument("--again", action="store_true", help="forget what is known")
    parser.add_argument("--list", action="store_true", help="what is known, no run")
    return parser.parse_args()


def answer(design: str) -> Path:
    """Return the folder of a right answer."""
    return SOLUTIONS if design == "solutions" else RIGHT / design


def candidates(exercise: str, design: str = "solutions") -> list[Candidate]:
    """Return every mutant of an answer to an exercise."""
    folder = answer(design) / exercise
    files = [file for file in EXERCISES[exercise].yours if (folder / file).is_file()]
    return [
        Candidate(
            exercise,
            design,
            file,
            f"{file} · {mutant.label}" if len(files) > 1 else mutant.label,
            mutant.line,
            mutant.source,
        )
        for file in files
        for mutant in mutants_of((folder / file).read_text("utf-8"))
    ]


def touched(found: list[Candidate], revision: str) -> list[Candidate]:
    """Return the mutants whose lines have changed since a commit."""
    return [one for one in found if one.line in changed_lines(one.path, revision)]


@cache
def changed_lines(file: Path, revision: str) -> set[int]:
    """Return the numbers of a file's lines that are new since a commit."""
    command = ["git", "diff", "-U0", revision, "--", str(file)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    hunks = re.findall(r"^@@ \S+ \+(\d+)(?:,(\d+))? @@", run.stdout, re.M)
    return {
        line
        for start, count in hunks
        for line in range(int(start), int(start) + int(count or 1))
    }


def judge(candidate: Candidate) -> Verdict:
    """Grade one mutant up to the first check that it fails."""
    with tempfile.TemporaryDirectory() as folder:
        submission = Path(folder, "submission")
        lay_over_solutions(submission, answer(candidate.design))
        file = submission / candidate.exercise / candidate.file
        file.write_text(candidate.source, encoding="utf-8")
        report = grade(candidate.exercise, submission, Path(folder, "r.json"), "-x")
    failed = [c["id"] for c in report["checks"] if c["outcome"] in ("failed", "error")]
    killer = failed[0] if failed else ALIVE
    return Verdict(candidate.key, candidate.label, candidate.line, killer)


class Book:
    """What is known of an answer's mutants: a file of one verdict a line."""

    def __init__(self, file: Path) -> None:
        """Read what is known."""
        self.file = file
        lines = file.read_text("utf-8").splitlines() if file.exists() else []
        verdicts = (Verdict(**json.loads(line)) for line in lines)
        self.verdicts = {verdict.key: verdict for verdict in verdicts}

    def add(self, verdict: Verdict) -> None:
        """Write down a verdict, so that an interrupted run loses none."""
        self.verdicts[verdict.key] = verdict
        with self.file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(verdict)) + "\n")


def to_grade(
    found: list[Candidate], book: Book, arguments: argparse.Namespace
) -> list[Candidate]:
    """Return the mutants of which nothing is known, or that are asked for again."""
    known = {} if arguments.again else book.verdicts
    return [
        one
        for one in found
        if one.key not in known
        or (arguments.alive and known[one.key].killed_by == ALIVE)
    ]


def graded(mutants: list[Candidate], jobs: int) -> Iterator[Verdict]:
    """Grade mutants, several at a time, and say on stderr how far it is."""
    with ThreadPoolExecutor(jobs) as pool:
        futures = [pool.submit(judge, mutant) for mutant in mutants]
        for number, future in enumerate(as_completed(futures), 1):
            end = "\r" if sys.stderr.isatty() else "\n"
            if sys.stderr.isatty() or number % 25 == 0:
                print(f"{number}/{len(mutants)}", end=end, file=sys.stderr, flush=True)
            yield future.result()


def report(exercise: str, design: str, found: list[Candidate], book: Book) -> int:
    """Print the survivors and the score; return how many should not live."""
    verdicts = [book.verdicts[one.key] for one in found if one.key in book.verdicts]
    reasons = equal_mutants(exercise, design)
    alive = [v for v in verdicts if v.killed_by == ALIVE]
    unexplained = [v for v in alive if v.label not in reasons]
    for verdict in unexplained:
        print(f"{verdict.line:>5}  {verdict.label}")
    killed, listed = len(verdicts) - len(alive), len(alive) - len(unexplained)
    share = f"{killed / max(len(verdicts), 1):.1%}"
    print(
        f"{exercise}: {len(found)} mutants, {len(verdicts)} graded, {killed} killed"
        f" ({share}), {listed} equal, {len(unexplained)} alive"
    )
    return len(unexplained)


def main() -> None:
    """Grade the mutants of which nothing is known, and print which live."""
    arguments = parse_arguments()
    KEPT.mkdir(exist_ok=True)
    alive = 0
    for exercise in arguments.exercises or EXERCISES:
        if exercise not in EXERCISES:
            sys.exit(f"error: there is no {exercise}")
        found = candidates(exercise, arguments.design)
        found = [one for one in found if arguments.only in one.label]
        if arguments.since:
            found = touched(found, arguments.since)
        book = Book(KEPT / f"{exercise}-{arguments.design}.jsonl")
        missing = [] if arguments.list else to_grade(found, book, arguments)
        for verdict in graded(missing, arguments.jobs):
            book.add(verdict)
        alive += report(exercise, arguments.design, found, book)
    sys.exit(1 if alive else 0)


if __name__ == "__main__":
    main()
