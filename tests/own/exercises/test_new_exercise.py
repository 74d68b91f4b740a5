"""A new exercise takes its own files and one entry; what is forgotten is named.

Proved with a toy in a copy of the lab. Nothing here may carry the toy's name in its own
name: the copy's tests are chosen by that.
"""

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.own.toys import REGISTRY, TOY, run, toy_lab

SERVER = f"{TOY}/server.py"
SUITE = f"{TOY}/test_echo.py"
WRONG = f"tests/answers/wrong/{TOY}.py"
WRITE_TABLE = "run python -m tests.answers.recordings --table"
Change = tuple[str, str, str]  # a file, what stands in it, and what instead

pytestmark = pytest.mark.timeout(120)  # seconds, should a command not return


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the lab with the toy in it."""
    return toy_lab(tmp_path_factory.mktemp("lab"))


# -- everything works with it -------------------------------------------------------


@pytest.mark.parametrize(("submission", "points"), [("solutions", 4), (".", 0)])
def test_its_suite_runs(
    submission: str, points: int, copy: Path, tmp_path: Path
) -> None:
    report = tmp_path / "report.json"
    graded = run(
        copy, "pytest", TOY, f"--submission={submission}", f"--report={report}"
    )
    result = json.loads(report.read_text(encoding="utf-8"))
    assert (result["points"], result["max_points"]) == (points, 4), graded.stdout


@pytest.mark.long
def test_the_labs_own_tests_look_at_it(copy: Path) -> None:
    tests = run(copy, "pytest", "tests/own/exercises", "-k", TOY, "-q", "-rp")
    passed = re.findall(r"^PASSED .*::(\w+)\[(.*)\]$", tests.stdout, re.M)
    assert tests.returncode == 0, tests.stdout
    assert {
        ("test_nothing_is_missing", TOY),
        ("test_a_function_without_a_todo_is_complete", SERVER),
        ("test_every_step_is_named_by_a_todo", TOY),
        ("test_earns_nothing_yet", TOY),
        ("test_every_check_has_a_step", TOY),
        ("test_full_marks", f"solutions-{TOY}"),
        ("test_is_caught", f"{TOY}-always_port_8080"),
        ("test_is_caught", f"{TOY}-echoes_in_capitals"),
        ("test_is_caught", f"{TOY}-ctrl_c_not_caught"),
    } <= set(passed)
    executed = [
        place for name, place in passed if name.startswith("test_commands_print")
    ]
    assert [place.partition(":")[0] for place in executed] == [f"{TOY}/README.md"]


def test_a_class_is_graded(copy: Path, tmp_path: Path) -> None:
    shutil.copytree(copy / "solutions", tmp_path / "class" / "ada")
    options = "--exercise", 6, "--out", tmp_path / "out", "--sandbox", "none"
    graded = run(copy, "tests.classroom", "grade", tmp_path / "class", *options)
    assert graded.returncode == 0, graded.stderr
    result = json.loads((tmp_path / "out" / "ada" / f"{TOY}.json").read_text("utf-8"))
    assert result["points"] == result["max_points"] == 4


# -- what is forgotten is named -----------------------------------------------------


def line(missing: str) -> str:
    """Return what is to be read where something is missing."""
    return f"{TOY}: {missing}"


FORGOTTEN = {
    TOY: line("there is no such folder"),
    f"{TOY}/README.md": line(f"there is no {TOY}/README.md"),
    SERVER: line(f"there is no {SERVER}"),
    f"solutions/{SERVER}": line(f"there is no solutions/{SERVER}"),
    SUITE: line(f"there is no suite {TOY}/test_*.py"),
    WRONG: line(f"there is no wrong answer in {WRONG}"),
}
MISTAKEN: dict[str, tuple[Change, str]] = {
    "given file": (
        (str(REGISTRY), 'builds="an echo",', 'builds="an echo", given=("x.py",),'),
        line(f"there is no {TOY}/x.py"),
    ),
    "wrong answers": (
        (WRONG, "WRONG = [", "WRONG = []\n_ = ["),
        line(f"there is no wrong answer in {WRONG}"),
    ),
    "number": ((SUITE, '"6.3"', '"5.3"'), line("check 5.3 should be called 6.N")),
    "points": ((SUITE, "points=2", "points=0"), line("check 6.2 gives no points")),
    "row": (
        ("README.md", "| [6 Echo]", "| [6 An echo]"),
        line(f"its row in README.md's table is missing or old: {WRITE_TABLE}"),
    ),
    "another row": (
        ("README.md", "| [1 HTTP hello]", "| [1 Hello]"),
        "exercise1_http_hello: its row in README.md's table is missing or old: "
        + WRITE_TABLE,
    ),
}


def test_all_that_is_forgotten_is_named(copy: Path) -> None:
    """At once: the next tests look at each part alone."""
    files = [part for part in FORGOTTEN if part != TOY]
    with ExitStack() as stack:
        for file in files:
            stack.enter_context(without(copy / file))
        assert_are_named([FORGOTTEN[file] for file in files], copy)


@pytest.mark.long
@pytest.mark.parametrize("part", FORGOTTEN, ids=lambda part: part.replace(TOY, "6"))
def test_a_part_that_is_forgotten_is_named(part: str, copy: Path) -> None:
    with without(copy / part):
        assert_are_named([FORGOTTEN[part]], copy)


@pytest.mark.long
@pytest.mark.parametrize("what", MISTAKEN)
def test_a_mistaken_part_is_named(what: str, copy: Path) -> None:
    (file, text, instead), expected = MISTAKEN[what]
    with changed(copy / file, text, instead):
        assert_are_named([expected], copy)


def assert_are_named(expected: list[str], copy: Path) -> None:
    """Run the copy's own tests: one fails, and says what is expected."""
    chosen = "test_completeness"
    if expected[0].startswith(TOY):  # then none of the toy's other tests may fail
        chosen += f" or {TOY}"
    tests = run(copy, "pytest", "tests/own/exercises", "-k", chosen, "-q")
    assert set(expected) <= set(tests.stdout.splitlines()), tests.stdout
    assert "1 failed" in tests.stdout
    assert "error" not in tests.stdout.splitlines()[-1]


@contextmanager
def without(part: Path) -> Iterator[None]:
    """Take a file or a folder away for a while."""
    with TemporaryDirectory() as folder:
        aside = shutil.move(part, folder)
        try:
            yield
        finally:
            shutil.move(aside, part)


@contextmanager
def changed(file: Path, text: str, instead: str) -> Iterator[None]:
    """Change a file for a while."""
    before = file.read_text(encoding="utf-8")
    assert before.count(text) == 1
    file.write_text(before.replace(text, instead), encoding="utf-8")
    try:
        yield
    finally:
        file.write_text(before, encoding="utf-8")
