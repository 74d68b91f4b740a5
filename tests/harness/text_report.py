"""What a student sees: a line per check, the first failure whole, the score."""

import re
from typing import TYPE_CHECKING

from tests.harness.exercises import EXERCISES, ROOT, after
from tests.harness.failure import Failure
from tests.harness.results import BLOCKED, ERROR, FAILED, NOT_RUN, PASSED, Result, Run
from tests.harness.shown import harmless
from tests.harness.steps import numbered
from tests.harness.words import _, ngettext

if TYPE_CHECKING:
    from _pytest._io import TerminalWriter

WIDTH = 88
SIGNS = {PASSED: "✓", FAILED: "✗", BLOCKED: "–", NOT_RUN: "·", ERROR: "!"}
COLOURS = {PASSED: "green", FAILED: "red", BLOCKED: "yellow", ERROR: "red"}
# Frames of a traceback that are not the student's: their files have absolute names.
PYTHONS_OWN = re.compile(r'^  File "(?:/|<|[A-Z]:)[^"]*", line .*\n(?:    .*\n)*', re.M)
MOST_OUTPUT = 20  # lines of a program's stderr
SLOW = 5.0  # seconds: of a check that took longer, its line says how long


def check_line(result: Result, remark: str = "") -> str:
    """Return a check's sign, number, title and points in one line."""
    check = result.check
    start = f"{SIGNS[result.outcome]} {check.id:<4} {check.title}"
    points = f"{result.points}/{check.points}"
    return f"{start:<{WIDTH - 6}} {points:>5}  {remark}".rstrip()


def remark_on(result: Result) -> str:
    """Return what follows a check's points: why it is blocked, or that it was slow."""
    if result.seconds >= SLOW:
        return _("after {count} s").format(count=f"{result.seconds:.0f}")
    if result.outcome == BLOCKED:
        return _("needs {id}").format(id=result.blocked_by)
    return ""


def message_of(result: Result) -> str:
    """Return a failure whole, as a student reads it; or why there is no verdict."""
    if not result.failure:
        return result.why_not_run()
    lines = [check_line(result), *numbered(result.steps, result.again)]
    lines += explanation_of(result.failure)
    lines += _output_lines(result.output)
    lines += paragraph(_("Hint"), result.hint)
    lines += paragraph(_("Again"), result.again, wrapped=False)
    return "\n".join(lines)


def explanation_of(failure: Failure) -> list[str]:
    """Return what was expected and what came, indented."""
    return [f"  {line}" for line in failure.lines()]


def _output_lines(output: str) -> list[str]:
    lines = PYTHONS_OWN.sub("", output + "\n").strip().splitlines()
    if not lines:
        return []
    if (left_out := len(lines) - MOST_OUTPUT) > 0:
        text = ngettext(
            "… {count} line left out …", "… {count} lines left out …", left_out
        )
        lines = [text.format(count=left_out), *lines[-MOST_OUTPUT:]]
    title = _("The program's stderr:")
    return [f"  {title}", *(f"    | {_cut(line)}" for line in lines)]


def _cut(line: str) -> str:
    return line if len(line) <= WIDTH else line[: WIDTH - 1] + "…"


def paragraph(word: str, text: str, *, wrapped: bool = True) -> list[str]:
    """Return text after an indented word; a command is not wrapped."""
    start = f"  {word:<5} "
    if not wrapped:
        return [start + text]
    lines, line = [], start
    for part in text.split():
        if len(line) + len(part) > WIDTH and line.strip():
            lines.append(line.rstrip())
            line = " " * len(start)
        line += part + " "
    return [*lines, line.rstrip()]


def print_check(writer: "TerminalWriter", result: Result) -> None:
    """Print a check's line as soon as its outcome is known."""
    colour = COLOURS.get(result.outcome)
    line = check_line(result, remark_on(result))
    writer.line(line, **({colour: True} if colour else {}))
    if warning := result.warning():
        writer.line(f"       {warning}", yellow=True)


def print_score(
    writer: "TerminalWriter", run: Run, news: str, everything: bool, given: str
) -> None:
    """Print the first failure (or all), the points, what is new, and what is next.

    ``given`` are the options that say what is graded: they belong to a command.
    """
    failed = run.with_outcome(FAILED, ERROR)
    for result in failed if everything else failed[:1]:
        writer.line()
        writer.line(message_of(result))
    writer.line()
    _print_bar(writer, run)
    for line in paragraph(_("Since"), news) if news else []:
        writer.line(line)
    lines = _next_after_failure(failed, everything) if failed else _next(run, given)
    for line in lines:
        writer.line(line)


def print_advice(writer: "TerminalWriter", advice: list[str]) -> None:
    """Print what no check can see."""
    for text in advice:
        for line in paragraph(_("Note"), harmless(text)):
            writer.line(line, yellow=True)


def _print_bar(writer: "TerminalWriter", run: Run) -> None:
    points, most = run.points, run.max_points
    filled = 40 * points // max(most, 1)
    bar = "█" * filled + "░" * (40 - filled)
    colour = {"green" if points == most else "yellow": True}
    counts = ", ".join(run.counts())
    (line,) = paragraph(_("Score"), f"{bar} {points}/{most}   {counts}", wrapped=False)
    writer.line(line, **colour)


def _next_after_failure(failed: list[Result], everything: bool) -> list[str]:
    first = failed[0]
    text = _("{id} {title}: read “{section}” in {handout}").format(
        id=first.check.id,
        title=first.check.title,
        section=first.check.read,
        handout=f"{first.exercise}/README.md",
    )
    lines = paragraph(_("Next"), text)
    if len(failed) > 1 and not everything:
        lines += [f"  {line}" for line in _also_failed(first, failed[1:])]
    return lines


def _also_failed(first: Result, others: list[Result]) -> list[str]:
    """Return which other checks failed: in the same step, or in others that follow."""
    same = [result for result in others if result.check.read == first.check.read]
    later = [result for result in others if result not in same]
    lines = []
    if same:
        text = _("Also failed in this step: {ids}.").format(ids=_ids(same))
        lines.append(text)
    if later:
        text = _("Also failed, in other steps: {ids}.").format(ids=_ids(later))
        lines.append(text)
    lines[-1] += " " + _("Add -v to see every failure whole.")
    return lines


def _ids(results: list[Result]) -> str:
    return ", ".join(result.check.id for result in results)


def _next(run: Run, given: str) -> list[str]:
    """Return what to do when nothing has failed: run the rest, or go on."""
    if not run.with_outcome(PASSED):
        return []
    if run.points < run.max_points:
        return _next_in(run, given)
    later = after(max(run.exercises, key=list(EXERCISES).index))
    handouts = [f"{name}/README.md" for name in later if (ROOT / name).is_dir()]
    return paragraph(_("Next"), handouts[0]) if handouts else []


def _next_in(run: Run, given: str) -> list[str]:
    """Return what follows when not all has run: all checks, and the next one."""
    command = f"pytest {' '.join(run.exercises)}{given}"
    left = run.with_outcome(NOT_RUN)
    if not all(result.reason for result in left):
        text = _("the run was stopped; now all: {command}")
        return paragraph(_("Next"), text.format(command=command), wrapped=False)
    text = _("passed; now all: {command}").format(command=command)
    lines = paragraph(_("Next"), text, wrapped=False)
    results = list(run.results.values())
    last = max(n for n, result in enumerate(results) if result.outcome == PASSED)
    for result in results[last + 1 : last + 2]:
        step = _("Then {id}: “{section}”")
        step = step.format(id=result.check.id, section=result.check.read)
        lines.append(f"        {step}")
    return lines
