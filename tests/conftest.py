"""What belongs to the lab's own tests alone: the option --long, and figures."""

from typing import Any

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option of tests that can go on for much longer."""
    group = parser.getgroup("the socket lab")
    group.addoption(
        "--long", action="store_true", help="soak and abuse at full length: 6 minutes"
    )


@pytest.fixture
def long(request: pytest.FixtureRequest) -> bool:
    """Tell whether the long form of a test is wanted."""
    return bool(request.config.getoption("--long"))


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
