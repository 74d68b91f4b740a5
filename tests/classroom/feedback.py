"""What one student gets: ``feedback.html``, ``feedback.json`` and ``feedback.txt``."""

import contextlib
import json
from dataclasses import replace
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from tests.classroom.files import write, write_json
from tests.classroom.harmless import all_in_page, in_page, line, lines
from tests.classroom.rows import HAVE_POINTS, UNCHANGED, Row, state_of
from tests.harness.exercises import EXERCISES
from tests.harness.page import REPORT, check_item, page, score_of, sign_of
from tests.harness.results import ERROR, FAILED

BRIEF = ("id", "title", "outcome", "max_points", "hint")

BODY = Template("""<header>
<h1>$student</h1>
$score
$notes
</header>
<main>
$exercises
</main>""")

NO_GRADE = Template("""<section aria-labelledby="$name">
<h2 id="$name">$name: $state</h2>
<p class="note">$note</p>
</section>""")

EXERCISE = Template("""<section aria-labelledby="$name">
<h2 id="$name">$name: $points of $most points</h2>
<ul class="checks">
$checks
</ul>
<p class="note">$note Programs were held by $confinement.</p>
</section>
$failures""")

FAILURE = Template("""<section class="failure" id="check-$id">
<h2><span class="sign">$sign</span> $id $title</h2>
<div class="explanation"><pre tabindex="0">$message</pre></div>
</section>""")

STYLE = """
body { overflow-wrap: anywhere; }
@media print { h2, .checks li { break-inside: avoid; break-after: avoid; }
  .explanation pre { overflow-wrap: anywhere; font-size: 8pt; } }
@media (max-width: 40rem) { body { padding: .5rem; } pre { font-size: .75rem; } }
"""


def results_of(folder: Path) -> list[dict[str, Any]]:
    """Return a student's results, in the order of the exercises."""
    results = []
    for exercise in EXERCISES:
        # What is not there, or was not written by us, is graded by the next call.
        with contextlib.suppress(OSError, ValueError):
            text = (folder / f"{exercise}.json").read_text("utf-8")
            results.append(json.loads(text))
    return results


def write_feedback(row: Row, folder: Path) -> Row:
    """Put a student's results together into the three files of feedback.

    Returns the row with them in brief, as the class's page needs them.
    """
    folder.mkdir(exist_ok=True)
    results = results_of(folder)
    row = replace(row, results=[in_brief(result) for result in results])
    summary = {
        "student": row.shown_name,
        "id": row.id,
        "name": row.name,
        "source": list(row.source),
        "state": row.state,
        "notes": list(row.notes),
        "needs": list(row.needs),
        "points": sum(result["points"] for result in results),
        "max_points": sum(result["max_points"] for result in results),
        "exercises": [without_checks(result) for result in results],
        "checks": [check for result in results for check in result["checks"]],
    }
    write_json(folder / "feedback.json", summary)
    write(folder / "feedback.txt", as_text(summary, folder))
    write(folder / "feedback.html", as_page(summary, results, folder))
    return row


def in_brief(result: dict[str, Any]) -> dict[str, Any]:
    """Return a result without what makes it large: a class has thousands of checks."""
    checks = [{key: check[key] for key in BRIEF} for check in result["checks"]]
    return {**result, "checks": checks}


def without_checks(result: dict[str, Any]) -> dict[str, Any]:
    """Return what is said of an exercise as a whole."""
    return {key: value for key, value in result.items() if key != "checks"}


def as_text(summary: dict[str, Any], folder: Path) -> str:
    """Return what a terminal would have shown the student, suite after suite."""
    parts = [f"{line(summary['student'])}: {_score(summary)}"]
    parts += [f"Note: {note}" for note in _notes(summary)]
    for result in summary["exercises"]:
        name = result["exercise"]
        said = (folder / f"{name}.txt").read_text("utf-8")
        parts.append(f"\n==== {name} ====\n\n{said.strip()}")
    return "\n".join(parts) + "\n"


def _score(summary: dict[str, Any]) -> str:
    """Return the points in words, or why there are none."""
    if summary["state"] not in HAVE_POINTS:
        return str(summary["state"])
    return f"{summary['points']} of {summary['max_points']} points"


def _notes(summary: dict[str, Any]) -> list[str]:
    return lines([*summary["needs"], *summary["notes"]])


def as_page(
    summary: dict[str, Any], results: list[dict[str, Any]], folder: Path
) -> str:
    """Return the page with all checks, and each failure as the terminal shows it."""
    notes = "\n".join(f"<p>Note: {escape(note)}</p>" for note in _notes(summary))
    has_points = summary["state"] in HAVE_POINTS
    bar = score_of(summary["points"], summary["max_points"])
    body = BODY.substitute(
        student=in_page(summary["student"]),
        score=bar if has_points else f'<p class="score">{summary["state"]}</p>',
        notes=notes,
        exercises="\n".join(_exercise(result, folder) for result in results),
    )
    title = f"{line(summary['student'])}: {_score(summary)}"
    return page(title, body, REPORT + STYLE)


def _exercise(result: dict[str, Any], folder: Path) -> str:
    state = state_of(result)
    if state not in HAVE_POINTS:
        note = "" if result["note"] == state else all_in_page(result["note"])
        return NO_GRADE.substitute(name=result["exercise"], state=state, note=note)
    failed = [c for c in result["checks"] if c["outcome"] in (FAILED, ERROR)]
    diagrams = f"{result['exercise']}.html"
    note = "The starter was handed in unchanged. " if state == UNCHANGED else ""
    if (folder / diagrams).exists() and (folder / diagrams).stat().st_size:
        note += f'<a href="{diagrams}">The same with diagrams of the steps</a>.'
    return EXERCISE.substitute(
        name=result["exercise"],
        points=result["points"],
        most=result["max_points"],
        checks="\n".join(map(_check, result["checks"])),
        note=note,
        confinement=escape(result["confinement"]),
        failures="\n".join(map(_failure, failed)),
    )


def _check(check: dict[str, Any]) -> str:
    title = f"{check['id']} {escape(check['title'])}"
    if check["outcome"] in (FAILED, ERROR):
        title = f'<a href="#check-{check["id"]}">{title}</a>'
    elif check["message"]:  # why it did not run
        title += f"<br><small>{in_page(check['message'])}</small>"
    points, most = check["points"], check["max_points"]
    return check_item(check["outcome"], title, points, most)


def _failure(check: dict[str, Any]) -> str:
    return FAILURE.substitute(
        id=check["id"],
        sign=sign_of(check["outcome"]),
        title=escape(check["title"]),
        message=all_in_page(check["message"]),
    )
