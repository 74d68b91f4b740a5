"""What the instructor gets: ``grades.csv``, and ``class.html`` with the whole class."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import mean, median
from string import Template
from typing import Any
from urllib.parse import quote

from tests.classroom.class_map import (
    MAP_STYLE,
    SCRIPT,
    checks_in,
    count_of,
    graded_results,
    legend,
    most_points,
    states,
    table_of,
)
from tests.classroom.files import write
from tests.classroom.grades_csv import write_grades
from tests.classroom.harmless import all_in_page, in_page, lines
from tests.classroom.rows import Row, counts_of
from tests.harness.page import page
from tests.harness.results import FAILED

MOST_FAILURES = 12  # that are shown with their hints

BODY = Template("""<header>
<h1>The class</h1>
<p><strong>$counts</strong> · $marks<a href="grades.csv">grades.csv</a></p>
$histogram
$needs
</header>
<main>
<p class="legend">$legend</p>
<form class="filter" hidden>
<label>Find <input type="search"></label>
<label>Show <select><option value="">everybody</option>$states</select></label>
<output></output>
</form>
<div class="map" tabindex="0" role="region" aria-label="Students by checks">
$table
<p class="only-printed">The map of the checks is wider than this sheet:
grade one exercise to print it.</p>
</div>
<section>
<h2>The commonest failures</h2>
$failures
</section>
</main>
<footer>$held</footer>""")

NEEDS = Template("""<section class="needs">
<h2>Who needs you</h2>
<ul>
$students
</ul>
</section>""")

FAILURE = Template("""<details>
<summary><strong>$id</strong> $title <span>$count of $all</span></summary>
<p>$hint</p>
<p>$students</p>
</details>""")

NO_SANDBOX = Template("""<p>Graded without a sandbox: $count of $all results.
There, a program could have read what grades it, disturbed it, and written its own
points. Read the code of anyone who has more points than you expect.</p>""")

STYLE = """
h1 { margin: 0; }
header p { margin: .25rem 0; }
.needs { border-left: 4px solid var(--error); padding-left: .75rem; }
.needs h2 { margin: .5rem 0 0; } .needs ul { margin: 0; padding-left: 1.2rem; }
.needs li { overflow-wrap: anywhere; }
.histogram { display: flex; gap: 3px; align-items: flex-end; list-style: none;
  height: 6.3rem; margin: .75rem 0; padding: 0; max-width: 32rem; }
.histogram li { flex: 1; text-align: center; font-size: .75rem; line-height: 1.3; }
.histogram b { display: block; background: var(--link);
  height: calc(var(--share) * 4rem); }
.histogram span { color: var(--quiet); }
details { border-bottom: 1px solid var(--line); padding: .4rem 0; }
summary span { color: var(--quiet); }
section { max-width: 60rem; } section a { margin-right: .6rem; }
@media (max-width: 40rem) { body { padding: .5rem; } }
"""


def write_class(out: Path, rows: list[Row]) -> None:
    """Write the table and the page of a class."""
    write_grades(out / "grades.csv", rows)
    write(out / "class.html", as_page(rows))


def as_page(rows: list[Row]) -> str:
    """Return the class's page: who needs you, the map, the commonest failures."""
    checks = checks_in(rows)
    most = sum(map(most_points, checks.values()))
    sums = [row.points for row in rows if row.points is not None]
    body = BODY.substitute(
        counts=counts_of(rows),
        marks=_marks(sums, most),
        histogram=_histogram(sums, most) if sums and most else "",
        needs=_needs(rows),
        legend=legend(),
        states=states(),
        table=table_of(rows, checks),
        failures="\n".join(_failures(rows)) or "<p>There are none.</p>",
        held=_held(rows),
    )
    title = f"The class: {len(rows)} students"
    return page(title, body, STYLE + MAP_STYLE, SCRIPT)


def _marks(sums: list[int], most: int) -> str:
    """Return mean and median of those who have a grade."""
    if not sums:
        return ""
    return f"mean {mean(sums):.1f}, median {median(sums):g} of {most} points · "


def _histogram(sums: list[int], most: int) -> str:
    """Return how many have how many points, in steps of ten percent."""
    found = Counter(10 * points // most for points in sums)
    highest = max(found.values())
    bars = [
        f'<li style="--share: {found[step] / highest:.2f}">{found[step] or ""}<b></b>'
        f"<span>{10 * step}</span></li>"
        for step in range(11)
    ]
    label = "Students by points, in percent"
    return f'<ol class="histogram" title="{label}">{"".join(bars)}</ol>'


def _needs(rows: Sequence[Row]) -> str:
    """Return who needs somebody to look, and why."""
    needing = [row for row in rows if row.all_needs]
    if not needing:
        return ""
    items = [f"<li>{_link(row)} {_reasons(row)}</li>" for row in needing]
    return NEEDS.substitute(students="\n".join(items))


def _reasons(row: Row) -> str:
    return "; ".join(map(in_page, lines(row.all_needs)))


def _link(row: Row, anchor: str = "") -> str:
    address = f"{quote(row.key)}/feedback.html{anchor}"
    return f'<a href="{address}">{in_page(row.shown_name)}</a>'


def _held(rows: Sequence[Row]) -> str:
    """Return what it means where there was no sandbox."""
    held = [result.get("in_sandbox", False) for result in graded_results(rows)]
    if all(held):
        return ""
    return NO_SANDBOX.substitute(count=held.count(False), all=len(held))


def _failures(rows: Sequence[Row]) -> list[str]:
    graded = count_of(rows)
    commonest = count_of(rows, FAILED).most_common(MOST_FAILURES)
    return [_failure(name, graded[name], rows) for name, _ in commonest]


def _failure(check_id: str, graded: int, rows: Sequence[Row]) -> str:
    """Return a failure with the hint that most students got, and links to them."""
    found = [(row, check) for row in rows for check in _failed(row, check_id)]
    hints = Counter(check["hint"] for _, check in found)
    links = [_link(row, f"#check-{check_id}") for row, _ in found]
    return FAILURE.substitute(
        id=check_id,
        title=in_page(found[0][1]["title"]),
        count=len(found),
        all=graded,
        hint=all_in_page(hints.most_common(1)[0][0]),
        students="".join(links),
    )


def _failed(row: Row, check_id: str) -> list[dict[str, Any]]:
    """Return a row's result of a check, if it failed."""
    checks = [c for result in graded_results([row]) for c in result["checks"]]
    return [c for c in checks if c["id"] == check_id and c["outcome"] == FAILED]
