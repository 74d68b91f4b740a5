"""The class's page: whom it counts, what it shows, and how it is sorted."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.classroom.class_map import rank_of
from tests.classroom.class_page import as_page
from tests.classroom.feedback import write_feedback
from tests.classroom.files import write_json
from tests.classroom.gradescope import as_summary, for_classroom50, for_gradescope
from tests.classroom.rows import GRADED, NOT_GRADED, NOT_HANDED_IN, Row
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
    result |= {"note": "", "confinement": "limits", "in_sandbox": True}
    return {**result, "state": GRADED, "checks": checks}


def row_of(name: str, *outcomes: str, **fields: str) -> Row:
    """Return a student's row, of one check for each outcome."""
    results = [result_of(*outcomes) | fields] if outcomes else []
    return Row(name, results, source=[name])


def test_class_page_counts_only_who_has_a_grade() -> None:
    """It is also looked at while the class is being graded."""
    absent = row_of("eve", "not run", "not run", state=NOT_HANDED_IN)
    unread = row_of("joe", "not run", "not run", state=NOT_GRADED, note="is a .rar")
    rows = [row_of("ada", "passed", "failed"), row_of("bob"), absent, unread]
    page = as_page([*rows, row_of("una", "passed", "passed")])
    counts = "2 graded, 1 not handed in, 1 could not be graded, 1 to come, 1 needs you"
    assert f"<strong>{counts}</strong> · mean 1.5, median 1.5 of 2 points" in page
    assert '<td class="c">100 %</td><td class="c">50 %</td>' in page
    assert "1 of 2</span></summary>" in page  # of the commonest failure
    assert page.count('<td class="c away" data-v="-1" title="1.1 not handed in">') == 1
    needs = page.partition('<section class="needs">')[2].partition("</section>")[0]
    assert "exercise 1 could not be graded: is a .rar" in needs
    assert needs.count("<li>") == 1
    bars = re.findall(r"<li style=[^>]*>(\d*)<b>", page)
    assert bars == ["", "", "", "", "", "1", "", "", "", "", "1"]


def test_class_page_says_what_it_means_to_have_no_sandbox() -> None:
    rows = [row_of("ada", "passed"), row_of("bob", "passed")]
    assert "without a sandbox" not in as_page(rows)
    rows[0].results[0]["in_sandbox"] = False
    assert "without a sandbox: 1 of 2 results" in as_page(rows)


def test_class_page_shows_any_outcome() -> None:
    rows = [row_of("ada", "not run", "passed"), row_of("bob", NEW_OUTCOME, "passed")]
    page = as_page(rows)
    assert 'class="c not run"' in page
    assert 'title="1.1 &lt;new&gt;">?</td>' in page
    assert '<td class="c">0 %</td><td class="c">100 %</td>' in page


def test_notes_are_short_few_and_harmless() -> None:
    notes = ["a/\x1b[2J\u202e<b> is left out", "x" * 60_000, *map(str, range(50))]
    page = as_page([Row("ada", [result_of("passed")], notes=notes, needs=notes)])
    assert len(page) < len(as_page([row_of("ada", "passed")])) + 3000
    assert r"a/\x1b[2J\u202e&lt;b&gt; is left out" in page
    assert "and 44 notes more" in page
    assert "<summary>a/" in page  # folded in the map: rows stay low


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


def dom_after(page: str, script: str, folder: Path) -> str:
    """Return what Chromium makes of a page, after a script of the test's own."""
    page = page.replace("script-src ", f"script-src {source_of(script)} ")
    file = folder / "class.html"
    file.write_text(
        page.replace("</body>", f"<script>{script}</script></body>"), "utf-8"
    )
    return subprocess.run(
        chromium(folder, "--dump-dom", file.as_uri()),
        capture_output=True,
        encoding="utf-8",
        check=True,
    ).stdout


def test_class_page_is_sorted_and_filtered(tmp_path: Path) -> None:
    sums = {"ada": 1, "bob": 2, "eve": 0, "joe": 2}
    rows = [row_of(n, *["passed"] * s, *["failed"] * (2 - s)) for n, s in sums.items()]
    rows.append(row_of("una", "not run", "not run", state=NOT_HANDED_IN))
    script = """document.querySelectorAll('thead button')[1].click();
        document.querySelector('select').value = 'graded';
        document.querySelector('input').value = 'O';
        document.querySelector('form').dispatchEvent(new Event('input'));"""
    dom = dom_after(as_page(rows), script, tmp_path)
    shown = [int(points) for points in re.findall(r'class="sum" data-v="(-?\d+)', dom)]
    assert shown == [2, 2, 1, 0, -1]
    sorted_by = re.findall(r'<th [^>]*aria-sort="(\w+)"[^>]*><button[^>]*>(\w+)', dom)
    assert sorted_by == [("descending", "sum")]
    visible = re.findall(r'<tr data-is="[^"]*"><th scope="row" title="(\w+)', dom)
    assert visible == ["bob", "joe"]
    assert "<output>2 of 5</output>" in dom


@pytest.mark.parametrize("name", ["</title><script>", "<i>", "'\"&"])
def test_names_are_only_text(name: str) -> None:
    page = as_page([row_of(name, "failed")])
    assert name not in page
    assert page.count("<script>") == 1
