"""What a student sees: a line per check, the first failure whole, the score."""

import re
from typing import TYPE_CHECKING

from tests.harness.checks import CheckFailedError
from tests.harness.exercises import EXERCISES, ROOT
from tests.harness.results import Result, Run

if TYPE_CHECKING:
    from _pytest._io import TerminalWriter

WIDTH = 88
SIGNS = {"passed": "✓", "failed": "✗", "blocked": "–", "error": "!"}
COLOURS = {"passed": "green", "failed": "red", "blocked": "yellow", "error": "red"}
# Frames of a traceback that are not the student's: their files have absolute names.
PYTHONS_OWN = re.compile(r'^  File "(?:/|<|[A-Z]:)[^"]*", line .*\n(?:    .*\n)*', re.M)
MOST_OUTPUT = 20  # lines of a program's stderr


def check_line(result: Result, remark: str = "") -> str:
    """Return a check's sign, number, title and points in one line."""
    check = result.check
    start = f"{SIGNS[result.outcome]} {check.id:<4} {check.title}"
    points = f"{result.points}/{check.points}"
    return f"{start:<{WIDTH - 6}} {points:>5}  {remark}".rstrip()


def failure_text(result: Result, error: CheckFailedError, history: list[str]) -> str:
    """Return the explanation of a failed check, as the design's section 6 shows it."""
    lines = [check_line(result), *history]
    lines += [f"  {line}" for line in error.lines()]
    lines += _output_lines(result.output)
    lines += paragraph("Hint", result.hint)
    lines += [f"  Again {result.again}"]
    return "\n".join(lines)


def _output_lines(output: str) -> list[str]:
    lines = PYTHONS_OWN.sub("", output + "\n").strip().splitlines()
    if not lines:
        return []
    left_out = len(lines) - MOST_OUTPUT
    if left_out > 0:
        lines = [f"… {left_out} lines left out …", *lines[-MOST_OUTPUT:]]
    return ["  The program's stderr:", *(f"    | {_cut(line)}" for line in lines)]


def _cut(line: str) -> str:
    return line if len(line) <= WIDTH else line[: WIDTH - 1] + "…"


def paragraph(word: str, text: str) -> list[str]:
    """Return text wrapped behind an indented word."""
    lines, line = [], f"  {word:<5} "
    for part in text.split():
        if len(line) + len(part) > WIDTH:
            lines.append(line.rstrip())
            line = " " * 8
        line += part + " "
    return [*lines, line.rstrip()]


def print_check(writer: "TerminalWriter", result: Result, remark: str) -> None:
    """Print a check's line as soon as its outcome is known."""
    colour = {COLOURS[result.outcome]: True}
    writer.line(check_line(result, remark), **colour)


def print_score(
    writer: "TerminalWriter", results: Run, news: str, everything: bool
) -> None:
    """Print the first failure (or all), the points, what is new, and what is next."""
    failed = results.with_outcome("failed", "error")
    failed = [result for result in failed if result.seconds or result.message]
    for result in failed if everything else failed[:1]:
        writer.line()
        writer.line(result.message)
    writer.line()
    _print_bar(writer, results)
    for line in paragraph("Since", news) if news else []:
        writer.line(line)
    _print_next(writer, results, failed, everything)


def _print_bar(writer: "TerminalWriter", results: Run) -> None:
    points, most = results.points, results.max_points
    filled = 40 * points // max(most, 1)
    bar = "█" * filled + "░" * (40 - filled)
    colour = {"green" if points == most else "yellow": True}
    counts = ", ".join(results.counts())
    writer.line(f"  Score {bar} {points}/{most}   {counts}", **colour)


def _print_next(
    writer: "TerminalWriter", results: Run, failed: list[Result], everything: bool
) -> None:
    if not failed:
        graded = {result.exercise for result in results.all.values()}
        later = list(EXERCISES)[list(EXERCISES).index(max(graded)) + 1 :]
        to_do = [name for name in later if (ROOT / name).is_dir()]  # handed out
        if to_do and results.points == results.max_points:
            writer.line(f"  Next  {to_do[0]}/README.md")
        return
    first = failed[0]
    section = f"read “{first.check.read}” in {first.exercise}/README.md"
    text = f"{first.check.id} {first.check.title}: {section}"
    for line in paragraph("Next", text):
        writer.line(line)
    if len(failed) > 1 and not everything:
        ids = ", ".join(result.check.id for result in failed[1:])
        writer.line(f"  Also failed: {ids}. Add -v to see every failure whole.")
