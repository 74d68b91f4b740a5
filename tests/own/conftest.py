"""What the lab's own tests share: the option --long, figures, the solutions' lab."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.answers.grading import solutions_lab
from tests.harness.lab import Lab

collect_ignore = ["toy"]  # an exercise of other labs: see toys.py


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option for tests that take long."""
    group = parser.getgroup("the socket lab")
    group.addoption(
        "--long", action="store_true", help="run all tests, and each at full length"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker of such tests."""
    config.addinivalue_line("markers", "long: a test that runs only with --long")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Leave the tests marked as long out, unless they are asked for."""
    if config.getoption("--long"):
        return
    long = [item for item in items if item.get_closest_marker("long")]
    config.hook.pytest_deselected(items=long)
    items[:] = [item for item in items if item not in long]


@pytest.fixture
def long(request: pytest.FixtureRequest) -> bool:
    """Tell whether the long form of a test is wanted."""
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
