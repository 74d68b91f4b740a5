"""The starters, read: what is open in them, and what is given."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.harness.checks import number_of
from tests.harness.exercises import EXERCISES, ROOT, Exercise
from tests.own.exercises.completeness import COMPLETE

TODO = re.compile(r" *# TODO (\d+\.\d+(?:, \d+\.\d+)*): (\S.*)")


def starters_of(exercise: Exercise) -> list[str]:
    """Return an exercise's starters: ``exercise4_multiclient/server.py``."""
    return [f"{exercise.folder}/{file}" for file in exercise.yours]


STARTERS = [file for name in COMPLETE for file in starters_of(EXERCISES[name])]


@dataclass(frozen=True)
class Todo:
    """A step that is open in a starter."""

    line: int
    ids: list[str]  # the checks that it names
    text: str  # what to do

    def as_next(self) -> str:
        """Return what the starter says of it when it is the next one."""
        return f"Next: TODO {', '.join(self.ids)} (line {self.line}): {self.text}\n"


def todos(path: Path) -> list[Todo]:
    """Return the open steps of a file, in the file's order."""
    lines = path.read_text(encoding="utf-8").splitlines()
    found = ((number, TODO.fullmatch(line)) for number, line in enumerate(lines, 1))
    return [Todo(line, m[1].split(", "), m[2]) for line, m in found if m]


def open_steps(path: Path) -> str:
    """Return what a starter says on stderr when it starts, without the solutions."""
    steps = sorted(todos(path), key=lambda todo: (number_of(todo.ids[0]), todo.line))
    said = "".join(todo.as_next() for todo in steps[:1])
    if len(steps) > 1:
        said += f"More steps after this one: {len(steps) - 1}\n"
    return said


def tree_of(path: Path) -> ast.Module:
    """Return a Python file's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"))


def definitions(
    node: ast.AST, inside: str = ""
) -> Iterator[tuple[str, ast.FunctionDef | ast.ClassDef]]:
    """Yield everything that is defined in a file, with its full name, in order."""
    for item in ast.iter_child_nodes(node):
        if isinstance(item, ast.FunctionDef | ast.ClassDef):
            yield inside + item.name, item
            yield from definitions(item, f"{inside}{item.name}.")


def outline(tree: ast.Module) -> list[str]:
    """Return the signature and the docstring of everything defined, in order."""
    return [
        f"{name}: {signature(item)}: {ast.get_docstring(item)}"
        for name, item in definitions(tree)
    ]


def signature(item: ast.FunctionDef | ast.ClassDef) -> str:
    """Return a definition without its body: ``port_number(text: str) -> int``."""
    decorators = "".join(f"@{ast.unparse(name)} " for name in item.decorator_list)
    if isinstance(item, ast.ClassDef):
        return f"{decorators}{item.name}({', '.join(map(ast.unparse, item.bases))})"
    returns = f" -> {ast.unparse(item.returns)}" if item.returns else ""
    return f"{decorators}{item.name}({ast.unparse(item.args)}){returns}"


def functions(path: Path) -> dict[str, ast.FunctionDef]:
    """Return the functions and methods of a file by their full names."""
    found = definitions(tree_of(path))
    return {name: item for name, item in found if isinstance(item, ast.FunctionDef)}


def given_functions(starter: Path) -> set[str]:
    """Return the names of the functions that a starter has complete.

    Nothing is open in them: no TODO stands between their first line and the next
    function's.
    """
    begins = {item.lineno: name for name, item in functions(starter).items()}
    is_open = {
        begins[max(line for line in begins if line < todo.line)]
        for todo in todos(starter)
    }
    return set(begins.values()) - is_open


def code_of(path: Path, names: set[str]) -> dict[str, str]:
    """Return the code of some functions of a file, without comments."""
    code = {name: ast.unparse(item) for name, item in functions(path).items()}
    return {name: text for name, text in code.items() if name in names}


def constants(tree: ast.Module) -> list[str]:
    """Return the assignments at the top of a file."""
    kinds = (ast.Assign, ast.AnnAssign)
    return [ast.unparse(item) for item in tree.body if isinstance(item, kinds)]


def imports(tree: ast.Module) -> set[str]:
    """Return the lines that import."""
    kinds = (ast.Import, ast.ImportFrom)
    return {ast.unparse(item) for item in tree.body if isinstance(item, kinds)}


def named_checks(exercise: str) -> set[str]:
    """Return the ids of the checks that an exercise's TODOs name."""
    files = starters_of(EXERCISES[exercise])
    return {name for file in files for todo in todos(ROOT / file) for name in todo.ids}
