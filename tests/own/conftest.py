"""What the lab's own tests share: the option --long, figures, the solutions' lab."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.answers.grading import THROUGH, solutions_lab
from tests.harness.lab import Lab

# Whatever the tests start writes UTF-8 into pipes, on Windows too.
os.environ["PYTHONUTF8"] = "1"

CHAT = Path(__file__).with_name("chat")
collect_ignore = ["toy"]  # an exercise of other labs: see toys.py


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option for tests that take long."""
    group = parser.getgroup("the socket lab")
    group.addoption(
        "--long", action="store_true", help="run all tests, and each at full length"
    )
    text = "grade answers as on another system: see tests/answers/elsewhere.py"
    group.addoption("--on", choices=["macos", "windows"], help=text)


def pytest_configure(config: pytest.Config) -> None:
    """Declare the markers; note where answers are graded."""
    if name := config.getoption("--on"):
        THROUGH[:] = [sys.executable, "-m", "tests.answers.elsewhere", name]
    config.addinivalue_line("markers", "long: a test that runs only with --long")
    meanwhile = "meanwhile: what it looks at goes on while other tests run"
    config.addinivalue_line("markers", meanwhile)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Leave the long tests out, unless they are asked for; put the others in order."""
    if not config.getoption("--long"):
        long = [item for item in items if item.get_closest_marker("long")]
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]
    items[:] = in_order(items)


def in_order(items: list[pytest.Item]) -> list[pytest.Item]:
    """Let the grading of answers begin first, in threads, and be looked at later.

    Most of it is waiting, and meanwhile others can run. But none of the chat's: the
    window's objects must not be freed by another thread, where Tk would abort.
    """
    graded = [item for item in items if item.get_closest_marker("meanwhile")]
    chat = [item for item in items if CHAT in item.path.parents]
    begin = list({item.path: item for item in reversed(graded)}.values())
    others = [item for item in items if item not in graded and item not in chat]
    later = [item for item in graded if item not in begin]
    return [*begin, *others, *later, *chat]


@pytest.fixture
def long(request: pytest.FixtureRequest) -> bool:
    """Return whether the long form of a test is wanted."""
    return bool(request.config.getoption("--long"))


@pytest.fixture
def lab(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lab]:
    """Hand a test a laboratory for the solutions of its module's EXERCISE."""
    with solutions_lab(request.module.EXERCISE, tmp_path) as laboratory:
        yield laboratory


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the figures that tests have recorded with ``record_property``."""
    reports = terminalreporter.getreports("passed") + terminalreporter.getreports(
        "failed"
    )
    measured = [(r.nodeid, r.user_properties) for r in reports if r.user_properties]
    if measured:
        terminalreporter.section("figures")
    for name, properties in measured:
        terminalreporter.write_line(name.partition("::")[2])
        for what, figure in properties:
            terminalreporter.write_line(f"    {what}: {figure}")
