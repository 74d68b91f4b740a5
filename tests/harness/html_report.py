"""The run as one page: the score, the checks, and each failure with its diagram.

The page needs no network and no script. A failure's steps are one ordered list, which a
style sheet draws as a sequence diagram: so a screen reader, a phone and a printer get
the same steps as everybody else.
"""

from html import escape
from pathlib import Path
from string import Template

from tests.harness.diagram import DIAGRAM_STYLE, draw
from tests.harness.failure import Failure
from tests.harness.page import REPORT, check_item, page, score_of, sign_of
from tests.harness.results import ERROR, FAILED, Result, Run
from tests.harness.words import _

BODY = Template("""<header>
<h1>$exercises</h1>
$score
</header>
<main>
<section aria-labelledby="checks">
<h2 id="checks">$heading</h2>
<ul class="checks">
$checks
</ul>
</section>
$failures
</main>
<footer><p>$repeat</p></footer>
""")

FAILURE = Template("""<section class="failure" aria-labelledby="check-$id">
<h2 id="check-$id"><span class="sign">$sign</span> $id $title</h2>
$diagram
<div class="explanation" role="group" aria-label="$what_went_wrong">
<pre tabindex="0">$explanation</pre>
</div>
<p class="hint"><strong>$hint_label</strong> $hint</p>
$output
<p class="again"><strong>$again_label</strong> <code>$again</code></p>
</section>""")

OUTPUT = Template("""<details open>
<summary>$label</summary>
<pre tabindex="0">$output</pre>
</details>""")

STYLE = """
.again code { overflow-wrap: anywhere; } summary { margin: .75rem 0; }
"""


def write_html(run: Run, file: Path) -> None:
    """Write a run as a page that can be read anywhere, and mailed."""
    exercises = ", ".join(run.exercises) or _("No checks")
    score = _("{points} of {most} points").format(
        points=run.points, most=run.max_points
    )
    repeat = _("To repeat this run's random choices: {option}")
    body = BODY.substitute(
        exercises=escape(exercises),
        score=score_of(run.points, run.max_points, ", ".join(run.counts())),
        heading=_("Checks"),
        checks="\n".join(map(_check, run.results.values())),
        failures="\n".join(map(_failure, run.with_outcome(FAILED, ERROR))),
        repeat=repeat.format(option=f"<code>--seed {run.seed}</code>"),
    )
    text = page(f"{score}: {exercises}", body, REPORT + STYLE + DIAGRAM_STYLE)
    file.write_text(text, encoding="utf-8")


def _check(result: Result) -> str:
    title = f"{result.check.id} {escape(result.check.title)}"
    if result.outcome in (FAILED, ERROR):
        title = f'<a href="#check-{result.check.id}">{title}</a>'
    elif note := result.why_not_run() or result.warning():
        title += f"<br><small>{escape(note)}</small>"
    return check_item(result.outcome, title, result.points, result.check.points)


def _failure(result: Result) -> str:
    label = _("The steps of check {id}").format(id=result.check.id)
    failure = result.failure or Failure()
    return FAILURE.substitute(
        id=result.check.id,
        sign=sign_of(result.outcome),
        title=escape(result.check.title),
        diagram=draw(result.steps, label) if result.steps else "",
        what_went_wrong=_("What went wrong"),
        explanation=escape("\n".join(failure.lines())),
        hint_label=_("Hint"),
        hint=escape(result.hint),
        output=_output(escape(result.output.strip())),
        again_label=_("Again"),
        again=escape(result.again),
    )


def _output(text: str) -> str:
    label = _("The program's stderr")
    return OUTPUT.substitute(label=label, output=text) if text else ""
