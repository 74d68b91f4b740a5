"""The steps of an exercise, one after another: its starter with the first ones done.

Where a starter differs from its solution, a TODO names the check that wants the change.
So the program that a student has after a step can be made from the two.
"""

import difflib
import re
from collections.abc import Iterator
from itertools import pairwise

from tests.harness.checks import number_of
from tests.harness.exercises import ROOT
from tests.own.exercises.starters import TODO

Lines = list[str]
MAIN = 'if __name__ == "__main__":\n'


def solved_up_to(starter: str, check: str) -> str:
    """Return a starter in which all TODOs up to those of a check are done."""
    done: Lines = []
    for ours, solution in places(starter):
        done += solved(ours, solution, check)
    return "".join(done)


def places(starter: str) -> Iterator[tuple[Lines, Lines]]:
    """Yield a starter's text part by part, each with what the solution has there."""
    ours, solution = (lines_of(f"{where}{starter}") for where in ("", "solutions/"))
    matcher = difflib.SequenceMatcher(None, ours, solution, autojunk=False)
    for _, a, b, c, d in matcher.get_opcodes():
        yield ours[a:b], solution[c:d]


def lines_of(path: str) -> Lines:
    """Return a program's lines, without what a starter says of its steps."""
    text, main, _ = (ROOT / path).read_text(encoding="utf-8").partition(MAIN)
    return [*text.splitlines(keepends=True), main, "    main()\n"]


def solved(ours: Lines, solution: Lines, check: str) -> Lines:
    """Return a part of a starter with the steps done up to a check."""
    if ours == solution:
        return ours
    if all(line.startswith(("import ", "from ")) for line in ours + solution):
        return sorted({*ours, *solution})  # what is imported too early does no harm
    done, last = [], number_of(check)
    for step, before, after in shares(ours, solution):
        done += after if number_of(step) <= last else before
    return done


def shares(ours: Lines, solution: Lines) -> Iterator[tuple[str, Lines, Lines]]:
    """Yield each step with its lines in a starter, and in the solution.

    Where two steps meet, a comment cannot say where the one ends: each TODO is one
    statement of the solution, or as many as it asks for with "and".
    """
    todos = [line for line in ours if TODO.fullmatch(line.rstrip("\n"))]
    assert todos, f"no TODO says that this changes:\n{''.join(ours)}"
    if len({first_check(todo) for todo in todos}) == 1:
        yield first_check(todos[0]), ours, solution
        return
    statements = list(statements_of(solution))
    begins = [n for n, line in enumerate(ours) if line in todos]
    for n, (begin, end) in enumerate(pairwise([*begins, len(ours)]), start=1):
        count = 1 + (" and " in ours[begin]) if n < len(todos) else len(statements)
        share, statements = statements[:count], statements[count:]
        before, after = ours[begin:end], [line for part in share for line in part]
        yield first_check(ours[begin]), before, after


def statements_of(lines: Lines) -> Iterator[Lines]:
    """Yield the statements of a block, each with the lines that are indented in it."""
    indent = min(len(line) - len(line.lstrip()) for line in lines if line.strip())
    statement: Lines = []
    for line in lines:
        begins = line[indent : indent + 1].strip(" )]}\n") and not re.match(
            r" *(except|else|elif|finally)\b", line
        )
        if begins and statement:
            yield statement
            statement = []
        statement.append(line)
    yield statement


def first_check(todo: str) -> str:
    """Return the first check that a TODO names: its step."""
    match = TODO.fullmatch(todo.rstrip("\n"))
    assert match
    return match[1].split(", ")[0]
