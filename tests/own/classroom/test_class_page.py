"""The class's page: whom it counts, what it shows, and how it is sorted."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.classroom.class_page import as_page, rank_of
from tests.classroom.feedback import write_feedback
from tests.classroom.files import write_json
from tests.classroom.gradescope import as_summary, for_classroom50, for_gradescope
from tests.classroom.rows import Row
from tests.harness.page import source_of
from tests.own.browser import chromium
from tests.own.classroom.running import HELLO

NEW_OUTCOME = "<new>"  # that a later version of the suites may bring


def result_of(*outcomes: str) -> dict[str, Any]:
    """Return a result with one check, of one point, for each outcome."""
    checks = [
        {
            "id": f"1.{number}",
            "title": "listens",
            "outcome": outcome,
            "points": int(outcome == "passed"),
            "max_points": 1,
            "message": "what happened",
            "hint": "what to do",
        }
        for number, outcome in enumerate(outcomes, 1)
    ]
    points = outcomes.count("passed")
    result = {"exercise": HELLO, "points": points, "max_points": len(checks)}
    return {**result, "note": "", "confinement": "limits", "checks": checks}


def row_of(name: str, *outcomes: str) -> Row:
    """Return a student's row, of one check for each outcome."""
    return Row(name, [result_of(*outcomes)] if outcomes else [])


def test_class_page_counts_only_who_is_graded() -> None:
    """It is also looked at while the class is being graded."""
    page = as_page([row_of("ada", "passed"), row_of("bob")])
    assert "2 students · 1 graded · mean 1.0 of 1 points" in page
    assert '<td class="first">100 %</td>' in page


def test_class_page_shows_any_outcome() -> None:
    rows = [row_of("ada", "not run", "passed"), row_of("bob", NEW_OUTCOME, "passed")]
    page = as_page(rows)
    assert 'class="c not run first"' in page
    assert 'title="1.1 &lt;new&gt;">?</td>' in page
    assert '<td class="first">0 %</td><td>100 %</td>' in page


def test_not_run_is_sorted_beside_blocked() -> None:
    outcomes = ["passed", "failed", "error", "not run", "blocked", NEW_OUTCOME]
    ranked = sorted(outcomes, key=rank_of)
    assert ranked == [NEW_OUTCOME, "error", "failed", "blocked", "not run", "passed"]


def test_feedback_and_other_systems_take_any_outcome(tmp_path: Path) -> None:
    result = result_of("passed", "not run", NEW_OUTCOME)
    write_json(tmp_path / f"{HELLO}.json", result)
    (tmp_path / f"{HELLO}.txt").write_text("the terminal")
    write_feedback(Row("ada"), tmp_path)
    page = (tmp_path / "feedback.html").read_text("utf-8")
    assert '<li class="not run">\n<span class="sign" aria-hidden="true">·<' in page
    assert '<li class="&lt;new&gt;">\n<span class="sign" aria-hidden="true">?<' in page
    statuses = [t["status"] for t in for_gradescope([result])["tests"]]
    assert statuses == ["passed", "failed", "failed"]
    passed = [test["passed"] for test in for_classroom50([result])["tests"]]
    assert passed == [True, False, False]
    assert "| 1.2 listens | 0/1 | not run |" in as_summary([result])


def test_class_page_is_sorted_by_clicking(tmp_path: Path) -> None:
    sums = {"ada": 1, "bob": 2, "eve": 0, "joe": 2}
    rows = [row_of(n, *["passed"] * s, *["failed"] * (2 - s)) for n, s in sums.items()]
    clicks = "document.querySelectorAll('thead button')[1].click()"
    page = as_page(rows).replace("script-src ", f"script-src {source_of(clicks)} ")
    file = tmp_path / "class.html"
    file.write_text(
        page.replace("</body>", f"<script>{clicks}</script></body>"), "utf-8"
    )
    dom = subprocess.run(
        chromium(tmp_path, "--dump-dom", file.as_uri()),
        capture_output=True,
        encoding="utf-8",
        check=True,
    ).stdout
    shown = [int(points) for points in re.findall(r'class="sum">(\d+)', dom)]
    assert shown == sorted(sums.values(), reverse=True)
    sorted_by = re.findall(r'<th [^>]*aria-sort="(\w+)"[^>]*><button>(\w+)', dom)
    assert sorted_by == [("descending", "sum")]
    assert shown != list(sums.values())


@pytest.mark.parametrize("name", ["</title><script>", "<b>", "'\"&"])
def test_names_are_only_text(name: str) -> None:
    page = as_page([row_of(name, "failed")])
    assert name not in page
    assert page.count("<script>") == 1
