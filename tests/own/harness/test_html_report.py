"""The page of a run: safe, complete, and usable without seeing it."""

import re
from pathlib import Path

import pytest

from tests.harness.checks import Check
from tests.harness.failure import Failure
from tests.harness.html_report import write_html
from tests.harness.results import FAILED, Result, Run
from tests.harness.steps import Kind, Step

EXERCISE = "exercise4_multiclient"
ALERT = b"<script>alert('\x1b')</script>"


@pytest.fixture
def run() -> Run:
    """Return a run with a failure full of what a page must not take for its own."""
    check = Check("4.5", "cuts lines", 2, (), "", "Framing")
    result = Result(check, EXERCISE, FAILED, output="<script>stderr</script>")
    result.failure = Failure("Expected <b>")
    result.hint = "Use <hint> & go on."
    result.again = "pytest 'a&b'"
    result.steps = [
        Step("server", "", "starts with 127.0.0.1 4000", kind=Kind.STARTS),
        Step("alice", "server", "", ALERT, kind=Kind.MESSAGE),
        Step("server", "alice", "", b"xy" * 2500, "after <1 ms", kind=Kind.MESSAGE),
        Step("all <20>", "", "say & shout"),
    ]
    not_run = Result(Check("4.6", "<i>", 1, (), "", ""), EXERCISE)
    return Run(42, {"4.5": result, "4.6": not_run})


def test_page_escapes_what_strangers_wrote(run: Run, tmp_path: Path) -> None:
    write_html(run, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    tags = set(re.findall(r"<(\w+)", page))
    assert not tags & {"script", "b", "i", "hint", "img", "iframe", "object"}
    for text in (
        r"&lt;script&gt;alert(&#x27;\x1b&#x27;)&lt;/script&gt;",
        "&lt;script&gt;stderr&lt;/script&gt;",
        "Expected &lt;b&gt;",
        "Use &lt;hint&gt; &amp; go on.",
        "pytest &#x27;a&amp;b&#x27;",
        "all &lt;20&gt; say &amp; shout",
        "… 4,600 bytes …",
        "after &lt;1 ms",
        "--seed 42",
        "The check did not run.",
    ):
        assert text in page, text
    assert "\x1b" not in page


def test_page_has_every_step_in_an_ordered_list(run: Run, tmp_path: Path) -> None:
    write_html(run, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    steps = re.findall(r"<ol>(.*?)</ol>", page, re.DOTALL)
    assert [part.count("<li") for part in steps] == [4]
    assert page.count('aria-current="step"') == 1
    assert '<span class="spoken">alice to server: </span>' in page


def test_page_marks_the_message_that_is_wrong_or_the_last_step(
    run: Run, tmp_path: Path
) -> None:
    steps = run.results["4.5"].steps
    for index in (len(steps) - 1, 1):
        write_html(run, tmp_path / "page.html")
        page = (tmp_path / "page.html").read_text(encoding="utf-8")
        items = re.findall(r"<li[^>]*>", page.partition("<ol>")[2])
        assert [n for n, item in enumerate(items) if "failing" in item] == [index]
        steps[1].wrong = True


def test_page_needs_nothing_from_elsewhere(run: Run, tmp_path: Path) -> None:
    write_html(run, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert not re.search(r"https?:|\bsrc=|<link|@import|url\(", page)
    assert "default-src 'none'" in page
