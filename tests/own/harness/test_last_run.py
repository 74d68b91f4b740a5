"""What is new since the last run."""

from pathlib import Path
from typing import Any, cast

import pytest

from tests.harness.checks import Check
from tests.harness.last_run import remember
from tests.harness.results import Result, Run


class Memory(dict[str, Any]):
    """A cache that forgets everything in the end."""

    def set(self, key: str, value: object) -> None:
        """Keep a value."""
        self[key] = value


def news(cache: Memory, root: str = "mine", **outcomes: str) -> str:
    """Remember a run of the checks c1, c2, …, and return what is new."""
    run = Run(seed=1)
    for name, outcome in outcomes.items():
        check = Check(name, "title", 1, (), "hint", "read")
        run.results[name] = Result(check, "exercise1_http_hello", outcome)
    return remember(cast(pytest.Cache, cache), Path(root), run)


def test_first_run_has_no_news() -> None:
    assert news(Memory(), c1="passed", c2="failed") == ""


def test_news_since_the_last_run() -> None:
    cache = Memory()
    news(cache, c1="passed", c2="failed", c3="blocked", c4="passed")
    text = news(cache, c1="failed", c2="passed", c3="passed", c4="passed")
    assert text == "the last run: better c2, c3 · worse c1"
    assert news(cache, c1="failed", c2="passed", c3="passed", c4="passed") == ""


def test_news_leave_out_what_did_not_run() -> None:
    cache = Memory()
    news(cache, c1="passed", c2="passed", c3="failed")
    assert news(cache, c1="not run", c2="error", c3="passed").endswith("better c3")
    assert news(cache, c1="failed", c2="passed", c3="passed").endswith("worse c1")


def test_news_of_another_submission() -> None:
    cache = Memory()
    news(cache, "mine", c1="passed")
    assert news(cache, "hers", c1="failed") == ""
