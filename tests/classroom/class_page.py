"""What the instructor gets: ``grades.csv``, and ``class.html`` with the whole class."""

from collections import Counter
from html import escape
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import quote

from tests.classroom.files import write
from tests.classroom.grades_csv import graded_exercises, write_grades
from tests.classroom.rows import Row
from tests.harness.checks import number_of
from tests.harness.exercises import EXERCISES
from tests.harness.page import page, sign_of
from tests.harness.results import BLOCKED, ERROR, FAILED, NOT_RUN, PASSED

# Outcomes from the best to the worst, as the legend names them and columns are sorted.
OUTCOMES = (PASSED, NOT_RUN, BLOCKED, FAILED, ERROR)
MOST_FAILURES = 12  # that are shown with their hints

BODY = Template("""<header>
<h1>The class</h1>
<p>$count students$graded · mean $mean of $most points ·
<a href="grades.csv">grades.csv</a></p>
<p class="legend">$legend</p>
</header>
<main>
<div class="map" tabindex="0" role="region" aria-label="Students by checks">
<table>
<thead>
<tr class="groups"><td colspan="2"></td>$groups<td></td></tr>
<tr>$heads</tr>
</thead>
<tbody>
$rows
</tbody>
<tfoot><tr>$shares</tr></tfoot>
</table>
</div>
<section>
<h2>The commonest failures</h2>
$failures
</section>
</main>""")

FAILURE = Template("""<details>
<summary><strong>$id</strong> $title <span>$count of $all</span></summary>
<p>$hint</p>
<p>$students</p>
</details>""")

STYLE = """
:root { --head: #eef1f4; --passed: #d3efda; --failed: #b8322a; --sign: #fff;
  --blocked: #e3e6e9; --error: #f7d184; }
@media (prefers-color-scheme: dark) { :root { --head: #1e2328; --passed: #16432a;
  --failed: #ff9d94; --sign: #14171b; --blocked: #2a3037; --error: #7a5a10; } }
h1 { margin: 0; }
header p { margin: .25rem 0; }
.legend span { margin-right: 1rem; white-space: nowrap; }
.legend b, td.c { display: inline-block; width: 1.4rem; text-align: center; }
.map { overflow: auto; max-height: 80vh; border: 1px solid var(--line);
  margin: 1rem 0; }
table { border-collapse: separate; border-spacing: 0; font-size: .85rem; }
th, td { padding: .15rem .3rem; border-bottom: 1px solid var(--line);
  font-weight: normal; text-align: right; white-space: nowrap; }
td.c { display: table-cell; min-width: 1.7rem; border-left: 1px solid var(--page); }
.first { border-left: 2px solid var(--quiet) !important; }
thead { position: sticky; top: 0; z-index: 3; background: var(--head); }
thead th, thead td { background: var(--head); padding: 0; }
.groups th { text-align: left; padding: .25rem .4rem; border: 0; color: var(--quiet); }
.groups span { position: sticky; left: 11.5rem; }
tfoot td, tfoot th { position: sticky; bottom: 0; background: var(--head);
  font-size: .7rem; }
th:first-child { position: sticky; left: 0; background: var(--head); text-align: left;
  max-width: 11rem; overflow: hidden; text-overflow: ellipsis; z-index: 2; }
thead button { font: inherit; font-size: .75rem; border: 0; background: none;
  color: inherit; width: 100%; padding: .3rem .15rem; cursor: pointer; }
thead button:hover { text-decoration: underline; }
thead th:first-child button { text-align: left; padding-left: .3rem; }
thead th[aria-sort="ascending"] button::after { content: " ↑"; }
thead th[aria-sort="descending"] button::after { content: " ↓"; }
.passed { background: var(--passed); }
.failed { background: var(--failed); color: var(--sign); font-weight: bold; }
.blocked, .not.run { background: var(--blocked); } .error { background: var(--error); }
td.sum { font-weight: 600; } td.notes { text-align: left; color: var(--quiet); }
details { border-bottom: 1px solid var(--line); padding: .4rem 0; }
summary span { color: var(--quiet); }
section { max-width: 60rem; } section a { margin-right: .6rem; }
@media (max-width: 40rem) { th:first-child { max-width: 7rem; }
  .groups span { left: 7.5rem; }
  body { padding: .5rem; } }
"""

SCRIPT = """
const table = document.querySelector("table"), body = table.tBodies[0];
const value = (row, column) =>
  row.cells[column].dataset.v ?? row.cells[column].innerText;
const compare = (a, b) => isNaN(a) || isNaN(b) ? a.localeCompare(b) : a - b;
const heads = table.tHead.rows[1];
heads.addEventListener("click", event => {
  const head = event.target.closest("th"), column = head?.cellIndex;
  if (!head) return;
  const sorted = head.getAttribute("aria-sort");
  const down = sorted !== "descending" && (column > 0 || sorted);
  const rows = [...body.rows].sort((a, b) =>
    compare(value(a, column), value(b, column)) * (down ? -1 : 1));
  for (const other of heads.cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", down ? "descending" : "ascending");
  body.append(...rows);
});
"""


def write_class(out: Path, rows: list[Row]) -> None:
    """Write the table and the page of a class."""
    write_grades(out / "grades.csv", rows)
    write(out / "class.html", as_page(rows))


def as_page(rows: list[Row]) -> str:
    """Return the class's page: the map, the shares, the commonest failures."""
    exercises = graded_exercises(rows)
    checks = checks_in(rows)
    graded = [row.results for row in rows if row.results]  # the rest is still to come
    sums = [sum(result["points"] for result in results) for results in graded]
    most = sum(check["max_points"] for check in checks.values())
    body = BODY.substitute(
        count=len(rows),
        graded="" if len(graded) == len(rows) else f" · {len(graded)} graded",
        mean=f"{sum(sums) / max(len(sums), 1):.1f}",
        most=most,
        legend=_legend(),
        groups="".join(_group(exercise, rows) for exercise in exercises),
        heads=_heads(checks, exercises),
        rows="\n".join(_row(row, list(checks)) for row in rows),
        shares=_shares(rows, checks),
        failures="\n".join(_failures(rows, checks)) or "<p>There are none.</p>",
    )
    return page(f"The class: {len(rows)} students", body, STYLE, SCRIPT)


def checks_in(rows: list[Row]) -> dict[str, dict[str, Any]]:
    """Return all checks that occur, by id, in the order of the exercises."""
    checks: dict[str, dict[str, Any]] = {}
    for row in rows:
        for check in (check for result in row.results for check in result["checks"]):
            checks.setdefault(check["id"], check)
    return dict(sorted(checks.items(), key=lambda item: number_of(item[0])))


def _legend() -> str:
    return "".join(
        f'<span><b class="{outcome}">{sign_of(outcome)}</b> {outcome}</span>'
        for outcome in OUTCOMES
    )


def _group(exercise: str, rows: list[Row]) -> str:
    """Return the head of an exercise's columns, with the mean of those who have it."""
    found = [r for row in rows for r in row.results if r["exercise"] == exercise]
    mean = sum(result["points"] for result in found) / len(found)
    name = escape(EXERCISES[exercise].name)
    width, most = len(found[0]["checks"]), found[0]["max_points"]
    text = f"{name} · mean {mean:.1f} of {most}"
    return f'<th scope="colgroup" class="first" colspan="{width}"><span>{text}</span>'


def _heads(checks: dict[str, dict[str, Any]], exercises: list[str]) -> str:
    heads = ["student", "sum"]
    titles = ["", ", ".join(exercises)]
    heads += checks
    titles += [check["title"] for check in checks.values()]
    heads.append("notes")
    titles.append("")
    # The rows come in the order of the names.
    kinds = [' aria-sort="ascending"', "", *map(_first, checks), ' class="first"']
    return "".join(
        f'<th scope="col"{kind} title="{escape(title)}"><button>{escape(head)}</button>'
        for head, title, kind in zip(heads, titles, kinds, strict=True)
    )


def _first(check_id: str) -> str:
    """Return the attribute of an exercise's first column, or ''."""
    return ' class="first"' if check_id.endswith(".1") else ""


def _row(row: Row, check_ids: list[str]) -> str:
    outcomes = {c["id"]: c["outcome"] for r in row.results for c in r["checks"]}
    points = sum(result["points"] for result in row.results)
    link = f"{quote(row.key)}/feedback.html"
    head = f'<th scope="row"><a href="{link}">{escape(row.shown_name)}</a></th>'
    cells = "".join(_cell(check_id, outcomes.get(check_id)) for check_id in check_ids)
    odd = escape("; ".join(row.all_notes))
    return f'<tr>{head}<td class="sum">{points}</td>{cells}<td class="notes">{odd}</td>'


def _cell(check_id: str, outcome: str | None) -> str:
    """Return a cell of the map; ``outcome`` is None where there is no result yet."""
    first = " first" if _first(check_id) else ""
    if outcome is None:
        return f'<td class="c{first}" data-v="-1" title="{check_id}"></td>'
    return (
        f'<td class="c {escape(outcome)}{first}" data-v="{rank_of(outcome)}"'
        f' title="{check_id} {escape(outcome)}">{sign_of(outcome)}</td>'
    )


def rank_of(outcome: str) -> int:
    """Return the place of an outcome in a sorted column; unknown ones come first."""
    return len(OUTCOMES) - OUTCOMES.index(outcome) if outcome in OUTCOMES else 0


def _shares(rows: list[Row], checks: dict[str, dict[str, Any]]) -> str:
    passed, graded = _count(rows, PASSED), _count(rows)
    cells = "".join(
        f"<td{_first(name)}>{100 * passed[name] / graded[name]:.0f} %</td>"
        for name in checks
    )
    return f'<th scope="row">passed by</th><td></td>{cells}<td></td>'


def _count(rows: list[Row], outcome: str = "") -> Counter[str]:
    """Return how many have an outcome, or any, by the check's id."""
    return Counter(
        check["id"]
        for row in rows
        for result in row.results
        for check in result["checks"]
        if outcome in ("", check["outcome"])
    )


def _failures(rows: list[Row], checks: dict[str, dict[str, Any]]) -> list[str]:
    commonest = _count(rows, FAILED).most_common(MOST_FAILURES)
    return [_failure(checks[name], count, rows) for name, count in commonest]


def _failure(check: dict[str, Any], count: int, rows: list[Row]) -> str:
    """Return a failure with the hint that most students got, and links to them."""
    links, hints = [], Counter[str]()
    for row in rows:
        for found in (c for result in row.results for c in result["checks"]):
            if found["id"] == check["id"] and found["outcome"] == FAILED:
                hints[found["hint"]] += 1
                link = f"{quote(row.key)}/feedback.html#check-{check['id']}"
                links.append(f'<a href="{link}">{escape(row.shown_name)}</a>')
    return FAILURE.substitute(
        id=check["id"],
        title=escape(check["title"]),
        count=count,
        all=len(rows),
        hint=escape(hints.most_common(1)[0][0]),
        students="".join(links),
    )
