"""What pages quote, written anew: recordings of runs, and the table of exercises.

``python -m tests.answers.recordings`` writes it into the Markdown files. ``--check``
only says what is out of date, and exits with status 1. ``--table`` leaves the
recordings, which take a few seconds each, as they are.

A recording is the block after ``<!-- recording: NAME -->``. Its first line is the
command, such as ``$ pytest exercise4_multiclient``. NAME says what is graded: a wrong
answer to that exercise, the ``solutions``, or the ``starters``.

A line that is only … is a fold: the lines there are left out. A fold stays between the
lines that it is between now, though they may say something else: a line is known by its
first word (``Score``), or by its first two (``✓ 4.5``, ``3 alice``). What differs from
run to run is written as … within a line: addresses, times, and the seed.
"""

import argparse
import re
import shlex
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.answers.catalogue import wrong_answers
from tests.answers.grading import (
    SOLUTIONS,
    lay_over_solutions,
    make_mistake,
    run_suite,
)
from tests.harness.checks import checks_of
from tests.harness.exercises import EXERCISES, ROOT, Exercise

PLACES = ("*.md", "exercise*/*.md", "solutions/**/*.md", "tests/**/*.md")
TOYS = ROOT / "tests" / "own" / "toy"  # pages of other labs
FOLD = "…"
RECORDING = re.compile(r"^<!-- recording: (\S+) -->\n+```text\n(.*?)^```$", re.M | re.S)
TABLE = re.compile(
    r"^(<!-- table: exercises -->\n.*?)^<!-- end of table -->$", re.M | re.S
)
TABLE_HEAD = """\
<!-- table: exercises -->

| | you build | and learn | points |
| --- | --- | --- | --- |
"""
VARYING = (  # in each, what is kept, and what differs from run to run
    re.compile(r"()\b127(?:\.\d+){3}[ :]\d+"),
    re.compile(r"(\bafter )[\d.]+ \w+"),
    re.compile(r"(--seed )\d+"),
)
SEED = 5


@dataclass(frozen=True)
class Quote:
    """A part of a page that is written by this module."""

    page: str  # "README.md"
    line: int
    name: str  # a recording's name, or "" for the table of exercises
    text: str

    @property
    def what(self) -> str:
        """Where it is and what it is, in words."""
        kind = f"recording {self.name}" if self.name else "table of exercises"
        return f"{self.page}:{self.line}: the {kind}"

    def anew(self) -> str:
        """Return what the text should be."""
        return recorded(self.name, self.text) if self.name else table()


def pages() -> list[str]:
    """Return the lab's Markdown files."""
    found = [page for place in PLACES for page in sorted(ROOT.glob(place))]
    ours = [page for page in found if TOYS not in page.parents]
    return [page.relative_to(ROOT).as_posix() for page in ours]


def quotes_in(page: str) -> Iterator[Quote]:
    """Yield the parts of a page that are written by this module."""
    text = (ROOT / page).read_text(encoding="utf-8")
    for match in TABLE.finditer(text):
        yield Quote(page, line_of(match), "", match[1])
    for match in RECORDING.finditer(text):
        yield Quote(page, line_of(match), match[1], match[2])


def line_of(match: re.Match[str]) -> int:
    """Return the number of the line where a match begins."""
    return match.string.count("\n", 0, match.start()) + 1


# -- the table of exercises ---------------------------------------------------------


def table() -> str:
    """Return the table of exercises."""
    rows = "".join(f"{row(exercise)}\n" for exercise in EXERCISES.values())
    return f"{TABLE_HEAD}{rows}\n"


def row(exercise: Exercise) -> str:
    """Return an exercise's row in the table."""
    name = f"[{exercise.number} {title_of(exercise)}]({exercise.folder}/README.md)"
    cells = name, exercise.builds, exercise.learns, points_of(exercise.folder)
    return f"| {' | '.join(map(str, cells))} |"


def title_of(exercise: Exercise) -> str:
    """Return the title in the heading of a handout: ``# Exercise 4: many clients``."""
    text = (ROOT / exercise.folder / "README.md").read_text(encoding="utf-8")
    title = text.partition("\n")[0].removeprefix(f"# Exercise {exercise.number}: ")
    return title[:1].upper() + title[1:]


def points_of(exercise: str) -> int:
    """Return the points that an exercise's checks have together."""
    return sum(check.points for check in checks_of(exercise).values())


# -- recordings ---------------------------------------------------------------------


def recorded(name: str, old: str) -> str:
    """Return a recording made anew, with the folds of the old one."""
    command, _, said = old.partition("\n")
    program, exercise, *options = shlex.split(command.removeprefix("$ "))
    if program != "pytest":
        raise ValueError(f"{command!r} does not run a suite")
    with tempfile.TemporaryDirectory() as folder:
        submission = submission_named(name, exercise, Path(folder))
        options += [f"--seed={SEED}", *submission]
        output = run_suite(exercise, *options).stdout
    output = output.replace(" ".join([" --submission", *submission[1:]]), "")
    lines = folded(said.splitlines(), without_variety(tidy(output)).splitlines())
    return "\n".join([command, *lines]) + "\n"


def submission_named(name: str, exercise: str, folder: Path) -> list[str]:
    """Return the options of pytest that grade what a recording is of."""
    if name == "starters":
        return []
    if name == "solutions":
        return ["--submission", str(SOLUTIONS)]
    (wrong,) = (wrong for wrong in wrong_answers(exercise) if wrong.name == name)
    make_mistake(lay_over_solutions(folder), exercise, wrong)
    return ["--submission", str(folder)]


def tidy(output: str) -> str:
    """Return a run without what only fills the screen."""
    output = re.sub(r" +$", "", output, flags=re.M)
    return re.sub(r"\n{3,}", "\n\n", output.strip("\n"))


def without_variety(output: str) -> str:
    """Return a run without what is different in the next one."""
    for pattern in VARYING:
        output = pattern.sub(rf"\1{FOLD}", output)
    return output


def folded(old: list[str], new: list[str]) -> list[str]:
    """Return new lines with the folds that the old ones have."""
    folds = [number for number, line in enumerate(old) if line == FOLD]
    result: list[str] = []
    place = 0  # in the new lines; all before it are in the result, or folded away
    for fold in folds:
        if fold > 0:
            last = find(old[fold - 1], new, place)
            result += new[place : last + 1]
            place = last + 1
        result.append(FOLD)
        if fold + 1 == len(old):
            return result
        place = find(old[fold + 1], new, place)
    return result + new[place:]


def find(line: str, lines: list[str], start: int) -> int:
    """Return the place of the line that begins as the given one does."""
    for place in range(start, len(lines)):
        if beginning(lines[place]) == beginning(line):
            return place
    raise ValueError(f"the run has no line that begins like {line!r}: fold by hand")


def beginning(line: str) -> list[str]:
    """Return the words by which a line is known."""
    words = line.split()
    return words[:1] if words and words[0].isalpha() else words[:2]


# -- the command --------------------------------------------------------------------


def rewrite(quote: Quote, text: str) -> None:
    """Put a text in a quote's place."""
    file = ROOT / quote.page
    page = file.read_text(encoding="utf-8")
    file.write_text(page.replace(quote.text, text, 1), encoding="utf-8")


def outdated(table_only: bool) -> Iterator[tuple[Quote, str]]:
    """Yield what is out of date, with what it should be."""
    for page in pages():
        for quote in quotes_in(page):
            if not (table_only and quote.name) and (new := quote.anew()) != quote.text:
                yield quote, new


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing")
    parser.add_argument("--table", action="store_true", help="leave the recordings")
    return parser.parse_args()


def main() -> None:
    """Write what is out of date anew, or say what it is."""
    arguments = parse_arguments()
    found = list(outdated(arguments.table))
    for quote, text in found:
        if arguments.check:
            print(
                f"{quote.what} is out of date: run python -m tests.answers.recordings"
            )
        else:
            rewrite(quote, text)
            print(f"{quote.what} is written anew")
    sys.exit(1 if arguments.check and found else 0)


if __name__ == "__main__":
    main()
