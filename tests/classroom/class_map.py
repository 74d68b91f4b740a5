"""The map on the class's page: students by checks, sorted and filtered by a script."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import Any
from urllib.parse import quote

from tests.classroom.harmless import in_page, lines
from tests.classroom.rows import (
    GRADED,
    HAVE_POINTS,
    NOT_GRADED,
    NOT_HANDED_IN,
    TO_COME,
    UNCHANGED,
    Row,
    points_of,
    state_of,
)
from tests.harness.checks import number_of
from tests.harness.exercises import EXERCISES
from tests.harness.page import sign_of
from tests.harness.results import BLOCKED, ERROR, FAILED, NOT_RUN, PASSED

Checks = dict[str, dict[str, dict[str, Any]]]  # by exercise and by id

# Outcomes from the best to the worst, as the legend names them and columns are sorted.
OUTCOMES = (PASSED, NOT_RUN, BLOCKED, FAILED, ERROR)
# Of results without points: the class of their cells, and the sign in them.
STATES = {NOT_HANDED_IN: ("away", ""), NOT_GRADED: ("unread", "?"), TO_COME: ("", "")}
NEEDS_YOU = "needs you"  # what the filter calls rows that have needs
LONG_NOTE = 60  # characters, from which on a note is folded
MOST_PRINTED = 60  # checks for which a sheet has room; of more, it has the points only

MAP_STYLE = """
:root { --head: #eef1f4; --passed: #d3efda; --failed: #b8322a; --sign: #fff;
  --blocked: #e3e6e9; --error: #f7d184; }
@media (prefers-color-scheme: dark) { :root { --head: #1e2328; --passed: #16432a;
  --failed: #ff9d94; --sign: #14171b; --blocked: #2a3037; --error: #7a5a10; } }
.legend span { margin-right: 1rem; white-space: nowrap; }
.legend b, td.c { display: inline-block; width: 1.4rem; text-align: center; }
.legend b { height: 1.4rem; vertical-align: bottom; }
.filter { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; }
.filter[hidden] { display: none; }
.filter input, .filter select { font: inherit; color: inherit; padding: .2rem .4rem;
  background: var(--page); border: 1px solid var(--line); border-radius: .3rem; }
.map { overflow: auto; max-height: 80vh; border: 1px solid var(--line);
  margin: .5rem 0 1rem; width: fit-content; max-width: 100%; }
table { border-collapse: separate; border-spacing: 0; font-size: .85rem; }
th, td { padding: .15rem .3rem; border-bottom: 1px solid var(--line);
  font-weight: normal; text-align: right; white-space: nowrap; }
td.c { display: table-cell; min-width: 1.7rem; border-left: 1px solid var(--page); }
.first { border-left: 2px solid var(--quiet) !important; }
thead { position: sticky; top: 0; z-index: 3; background: var(--head); }
thead th, thead td { background: var(--head); padding: 0; vertical-align: bottom; }
.groups th { text-align: left; padding: .25rem .4rem; border: 0; color: var(--quiet); }
.groups span { position: sticky; left: 11.5rem; }
tfoot td, tfoot th { position: sticky; bottom: 0; background: var(--head);
  font-size: .7rem; }
th:first-child { position: sticky; left: 0; background: var(--head); text-align: left;
  max-width: 11rem; overflow: hidden; text-overflow: ellipsis; z-index: 2; }
thead button { font: inherit; font-size: .75rem; border: 0; background: none;
  color: inherit; width: 100%; padding: .3rem .15rem; cursor: pointer; }
thead button:hover { text-decoration: underline; }
thead small { display: block; color: var(--quiet); }
thead th:first-child button, th.notes, th.notes button { text-align: left;
  padding-left: .3rem; }
thead th[aria-sort="ascending"] button::after { content: " ↑"; }
thead th[aria-sort="descending"] button::after { content: " ↓"; }
.passed { background: var(--passed); }
.failed { background: var(--failed); color: var(--sign); font-weight: bold; }
.blocked, .not.run { background: var(--blocked); }
.error, .unread { background: var(--error); }
.away { background: repeating-linear-gradient(135deg, transparent 0 3px,
  var(--line) 3px 4px); }
td.sum { font-weight: 600; }
td.notes { text-align: left; color: var(--quiet); white-space: normal;
  min-width: 24rem; max-width: 24rem; overflow-wrap: anywhere; }
.notes details { border: 0; padding: 0; }
.only-printed { display: none; }
@media (max-width: 40rem) { th:first-child { max-width: 7rem; }
  .groups span { left: 7.5rem; } }
@media print {
  @page { size: A4 landscape; margin: 10mm; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .filter, thead button, .wide .c, .wide .groups { display: none; }
  .only-printed { display: block; } table:not(.wide) + .only-printed { display: none; }
  .map { overflow: visible; max-height: none; max-width: none; border: 0; }
  thead, th:first-child, tfoot td, tfoot th, .groups span { position: static; }
  tfoot { display: table-row-group; }
  th:first-child { white-space: normal; overflow-wrap: anywhere; }
  tr { break-inside: avoid; }
  table { font-size: 7pt; } td.c { min-width: 0; padding: .1rem 0; width: 1rem; }
  thead th { padding: .1rem; } td.notes { min-width: 0; max-width: none; }
  .away::after { content: "○"; color: var(--quiet); }
}
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
const filter = document.querySelector(".filter");
const [words, state, count] = filter.querySelectorAll("input, select, output");
filter.hidden = false;
filter.addEventListener("input", () => {
  for (const row of body.rows) row.hidden =
    !row.textContent.toLowerCase().includes(words.value.toLowerCase()) ||
    state.value && !row.dataset.is.split(", ").includes(state.value);
  const shown = [...body.rows].filter(row => !row.hidden).length;
  count.value = `${shown} of ${body.rows.length}`;
});
filter.addEventListener("submit", event => event.preventDefault());
addEventListener("beforeprint", () => {
  for (const folded of body.querySelectorAll("details")) folded.open = true;
});
"""


def checks_in(rows: Iterable[Row]) -> Checks:
    """Return all checks that occur, by exercise and by id, in their order."""
    found: Checks = {}
    for result in (result for row in rows for result in row.results):
        checks = found.setdefault(result["exercise"], {})
        for check in result["checks"]:
            checks.setdefault(check["id"], check)
    return {
        exercise: dict(sorted(found[exercise].items(), key=lambda c: number_of(c[0])))
        for exercise in EXERCISES
        if exercise in found
    }


def most_points(checks: dict[str, dict[str, Any]]) -> int:
    """Return how many points there are for some checks."""
    return sum(check["max_points"] for check in checks.values())


def graded_results(rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
    """Yield the results that have points: nobody's who handed nothing in."""
    for row in rows:
        yield from (r for r in row.results if state_of(r) in HAVE_POINTS)


def count_of(rows: Iterable[Row], outcome: str = "") -> Counter[str]:
    """Return how many have an outcome, or any, by the check's id."""
    return Counter(
        check["id"]
        for result in graded_results(rows)
        for check in result["checks"]
        if outcome in ("", check["outcome"])
    )


def legend() -> str:
    """Return what the colours and signs mean."""
    cells = [(outcome, sign_of(outcome), outcome) for outcome in OUTCOMES]
    cells += [(*STATES[state], state) for state in (NOT_HANDED_IN, NOT_GRADED)]
    return "".join(
        f'<span><b class="{kind}">{sign}</b> {name}</span>'
        for kind, sign, name in cells
    )


def states() -> str:
    """Return what the filter offers, as HTML."""
    names = [NEEDS_YOU, GRADED, UNCHANGED, NOT_HANDED_IN, NOT_GRADED]
    return "".join(f"<option>{name}</option>" for name in names)


def table_of(rows: Sequence[Row], checks: Checks) -> str:
    """Return the table: a row per student, and the shares that passed."""
    lines = [_row(row, checks) for row in rows]
    wide = ' class="wide"' if sum(map(len, checks.values())) > MOST_PRINTED else ""
    return (
        f"<table{wide}>\n<thead>\n<tr class='groups'><td colspan='2'></td>"
        f"{''.join(_groups(rows, checks))}<td></td></tr>\n"
        f"<tr>{''.join(_heads(checks))}</tr>\n</thead>\n<tbody>\n"
        + "\n".join(lines)
        + f"\n</tbody>\n<tfoot><tr>{''.join(_shares(rows, checks))}</tr></tfoot>\n"
        "</table>"
    )


def _groups(rows: Sequence[Row], checks: Checks) -> Iterator[str]:
    """Yield the head of each exercise's columns, with the mean of those who have it."""
    for exercise in checks:
        found = [r for r in graded_results(rows) if r["exercise"] == exercise]
        mean = sum(result["points"] for result in found) / max(len(found), 1)
        text = f"{escape(EXERCISES[exercise].name)} · mean {mean:.1f}"
        width = len(checks[exercise]) + 1
        yield f'<th scope="colgroup" class="first" colspan="{width}">'
        yield f"<span>{text}</span></th>"


def _heads(checks: Checks) -> Iterator[str]:
    most = sum(map(most_points, checks.values()))
    yield _head("student", "", "")
    yield _head("sum", f"of {most}", "")
    for exercise in checks:
        most, number = most_points(checks[exercise]), EXERCISES[exercise].number
        yield _head(f"{number}", f"of {most}", "first", f"exercise {number}")
        for check in checks[exercise].values():
            yield _head(check["id"], f"{check['max_points']}", "c", check["title"])
    yield _head("notes", "", "notes")


def _head(name: str, most: str, kind: str, title: str = "") -> str:
    about = f' title="{escape(title)}"' if title else ""
    text = f"{name}<small>{most}</small>"
    # Chromium prints no buttons at the top of a second sheet.
    printed = f'<span class="only-printed" aria-hidden="true">{text}</span>'
    button = f'<button type="button">{text}</button>'
    return f'<th scope="col" class="{kind}"{about}>{button}{printed}</th>'


def _row(row: Row, checks: Checks) -> str:
    results = {result["exercise"]: result for result in row.results}
    cells = [cell for e in checks for cell in _cells(results.get(e), checks[e])]
    link = f"{quote(row.key)}/feedback.html"
    about = in_page(" ".join(dict.fromkeys([row.shown_name, row.id or row.key])))
    told = ", ".join([row.state, NEEDS_YOU] if row.all_needs else [row.state])
    return (
        f'<tr data-is="{told}"><th scope="row" title="{about}">'
        f'<a href="{link}">{in_page(row.shown_name)}</a></th>'
        f"{_points(row.points, 'sum')}{''.join(cells)}"
        f'<td class="notes">{_notes(row)}</td></tr>'
    )


def _points(points: int | None, kind: str) -> str:
    """Return a cell of points; without any it is no 0, and sorted before it."""
    value, shown = (-1, "–") if points is None else (points, f"{points}")
    return f'<td class="{kind}" data-v="{value}">{shown}</td>'


def _cells(
    result: dict[str, Any] | None, checks: dict[str, dict[str, Any]]
) -> Iterator[str]:
    """Yield the cells of one exercise: its points, and each check."""
    state = state_of(result) if result else TO_COME
    yield _points(points_of(result) if result else None, "first")
    outcomes = {c["id"]: c["outcome"] for c in result["checks"]} if result else {}
    for check_id in checks:
        if state in STATES:
            yield _cell(check_id, state, *STATES[state], rank=-1)
        else:
            outcome = str(outcomes.get(check_id, NOT_RUN))
            sign, rank = sign_of(outcome), rank_of(outcome)
            yield _cell(check_id, outcome, outcome, sign, rank)


def _cell(check_id: str, text: str, kind: str, sign: str, rank: int) -> str:
    return (
        f'<td class="c {escape(kind)}" data-v="{rank}"'
        f' title="{check_id} {escape(text)}">{sign}</td>'
    )


def rank_of(outcome: str) -> int:
    """Return the place of an outcome in a sorted column; unknown ones come first."""
    return len(OUTCOMES) - OUTCOMES.index(outcome) if outcome in OUTCOMES else 0


def _notes(row: Row) -> str:
    """Return a row's notes; long ones are folded, so that rows stay low."""
    notes = lines(row.all_notes)
    whole = escape("; ".join(notes))
    if len("; ".join(notes)) <= LONG_NOTE:
        return whole
    start = escape(notes[0][: LONG_NOTE - 1])
    return f"<details><summary>{start}…</summary>{whole}</details>"


def _shares(rows: Sequence[Row], checks: Checks) -> Iterator[str]:
    """Yield the share of those with a grade who passed each check."""
    passed, graded = count_of(rows, PASSED), count_of(rows)
    yield '<th scope="row">passed by</th><td></td>'
    for exercise in checks:
        yield '<td class="first"></td>'
        for name in checks[exercise]:
            share = f"{100 * passed[name] / graded[name]:.0f} %" if graded[name] else ""
            yield f'<td class="c">{share}</td>'
    yield "<td></td>"
