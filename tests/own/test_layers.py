"""The house: what may import what, and how long its parts may be.

Suites and classroom import the harness; answers, benchmarks and own all of these.
Nobody imports a module of tests.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.exercises import EXERCISES, ROOT

# The folders in tests/, each with those that its modules may import from.
LAYERS = {
    "harness": {"harness"},
    "classroom": {"harness", "classroom"},
    "answers": {"harness", "classroom", "answers"},
    "benchmarks": {"harness", "classroom", "answers", "benchmarks"},
    "own": {"harness", "classroom", "answers", "benchmarks", "own"},
}
GIVEN = {name for name, exercise in EXERCISES.items() if exercise.given}
LONGEST_FUNCTION = 40  # lines, from def to its end
LONGEST_TESTS = 400  # lines of a module of tests
LONGEST_MODULE = 350  # lines of a module of the harness


def python_files(*patterns: str) -> list[Path]:
    """Return files of the lab, from its top folder."""
    found = (path for pattern in patterns for path in sorted(ROOT.glob(pattern)))
    return [path.relative_to(ROOT) for path in found]


SUITES = python_files("exercise*/test_*.py")
PROGRAMS = [
    *(file for file in python_files("exercise*/*.py") if file not in SUITES),
    *python_files("solutions/*/*.py"),
]
IN_LAYERS = [
    file
    for layer in LAYERS
    for file in python_files(f"tests/{layer}/**/*.py")
    if not {"toy", "right"} & set(file.parts)  # another lab, and programs
]
ALL = [*python_files("*.py"), *SUITES, *PROGRAMS, *IN_LAYERS]


def each(files: list[Path]) -> pytest.MarkDecorator:
    """Return the decorator for a test of each of these files."""
    return pytest.mark.parametrize("file", files, ids=map(Path.as_posix, files))


def tree_of(file: Path) -> ast.Module:
    """Return a file's syntax tree."""
    return ast.parse((ROOT / file).read_text(encoding="utf-8"))


def imported(file: Path) -> Iterator[str]:
    """Yield all that a file imports: ``tests.harness.words._``, ``os``."""
    for node in ast.walk(tree_of(file)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno} imports relatively"
            yield from (f"{node.module}.{name.name}" for name in node.names)


def ours(file: Path) -> set[str]:
    """Return what a file imports of the lab, by folder: ``tests.harness``."""
    names = [name.split(".") for name in imported(file)]
    tops = {"tests", "solutions", "conftest", *EXERCISES}
    return {
        ".".join(name[: 2 if name[0] == "tests" else 1])
        for name in names
        if name[0] in tops
    }


# -- layers -------------------------------------------------------------------------


def test_every_folder_of_tests_is_a_layer() -> None:
    folders = {file.parts[1] for file in python_files("tests/**/*.py")}
    assert folders == set(LAYERS)


@each(IN_LAYERS)
def test_a_module_imports_only_from_the_layers_below(file: Path) -> None:
    allowed = {f"tests.{layer}" for layer in LAYERS[file.parts[1]]}
    given = GIVEN if file.parts[1] == "own" else set()  # files that are tested there
    assert ours(file) <= allowed | given


@each(SUITES)
def test_a_suite_imports_the_harness_alone(file: Path) -> None:
    assert ours(file) <= {"tests.harness"}


@each(PROGRAMS)
def test_a_program_imports_the_standard_library_and_its_own_package(file: Path) -> None:
    package = file.parts[-2]
    names = {name.partition(".")[0] for name in imported(file)}
    assert names <= {package, *sys.stdlib_module_names}


@each(ALL)
def test_nobody_imports_a_module_of_tests(file: Path) -> None:
    parts = {part for name in imported(file) for part in name.split(".")}
    modules = {path.stem for path in python_files("tests/**/test_*.py")}
    modules |= {suite.stem for suite in SUITES}
    assert not parts & modules


# -- measures -----------------------------------------------------------------------


def too_long(files: list[Path], most: int) -> list[str]:
    """Return a line for each file that has more lines."""
    lengths = {file: len(lines_of(file)) for file in files}
    return [
        f"{file.as_posix()} has {length} lines, {most} are the most"
        for file, length in lengths.items()
        if length > most
    ]


def lines_of(file: Path) -> list[str]:
    """Return the lines of a file."""
    return (ROOT / file).read_text(encoding="utf-8").splitlines()


def long_functions(file: Path) -> Iterator[str]:
    """Yield a line for each function that is too long."""
    for node in ast.walk(tree_of(file)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            if length > LONGEST_FUNCTION:
                place = f"{file.as_posix()}:{node.lineno}"
                yield f"{place}: {node.name}() has {length} lines"


def report(offenders: list[str]) -> None:
    """Fail with a line for each offender, where there is one."""
    if offenders:
        pytest.fail("\n".join(offenders), pytrace=False)


def test_no_function_is_too_long() -> None:
    files = [
        *ALL,
        *python_files("tests/answers/right/**/*.py", "tests/own/toy/**/*.py"),
    ]
    report([line for file in files for line in long_functions(file)])


def test_no_module_of_tests_is_too_long() -> None:
    report(too_long([f for f in ALL if f.name.startswith("test_")], LONGEST_TESTS))


def test_no_module_of_the_harness_is_too_long() -> None:
    report(too_long(python_files("tests/harness/**/*.py"), LONGEST_MODULE))
