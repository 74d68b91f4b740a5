"""The run as one page: the score, the checks, and each failure with its diagram.

The page needs no network and no script. A failure's steps are one ordered list, which a
style sheet draws as a sequence diagram: so a screen reader, a phone and a printer get
the same steps as everybody else.
"""

from html import escape
from pathlib import Path
from string import Template

from tests.harness.page import CHECK, REPORT, page
from tests.harness.results import Result, Run
from tests.harness.steps import Step, show
from tests.harness.text_report import SIGNS

LONGEST = 400  # bytes of data that a step shows; the JSON report shows more
SHORT = 60  # characters of text that fit beside a lifeline

BODY = Template("""<header>
<h1>$exercises</h1>
<p class="score"><strong>$points</strong> of $most points <span>$counts</span></p>
<progress value="$points" max="$most" aria-label="$points of $most points"></progress>
</header>
<main>
<section aria-labelledby="checks">
<h2 id="checks">Checks</h2>
<ul class="checks">
$checks
</ul>
</section>
$failures
</main>
<footer><p>To repeat this run's random choices: <code>--seed $seed</code></p></footer>
""")

FAILURE = Template("""<section class="failure" aria-labelledby="check-$id">
<h2 id="check-$id"><span class="sign">$sign</span> $id $title</h2>
$diagram
<div class="explanation" role="group" aria-label="What went wrong">
<pre tabindex="0">$explanation</pre>
</div>
<p class="hint"><strong>Hint</strong> $hint</p>
$output
<p class="again"><strong>Again</strong> <code>$again</code></p>
</section>""")

DIAGRAM = Template("""<div class="diagram" tabindex="0" role="region"
 aria-label="The steps of check $id" style="--lines: $lines">
<div class="names" aria-hidden="true">$names</div>
<ol>
$steps
</ol>
</div>""")

OUTPUT = Template("""<details open>
<summary>The program's stderr</summary>
<pre tabindex="0">$output</pre>
</details>""")

STYLE = """
.again code { overflow-wrap: anywhere; } summary { margin: .75rem 0; }
.diagram { overflow-x: auto; margin: 1rem 0; --gutter: 1.7rem; }
.names, ol { min-width: calc(var(--lines) * 4rem + var(--gutter));
  padding-left: var(--gutter); }
.names { display: flex; }
.names span { flex: 1; text-align: center; font-weight: 600; padding: .2rem .1rem;
  border: 1px solid var(--line); border-radius: .4rem; background: var(--box);
  margin: 0 .25rem; overflow-wrap: anywhere; line-height: 1.2; }
ol { counter-reset: step; padding-bottom: .75rem; background: linear-gradient(to right,
  transparent calc(50% - 1px), var(--line) 0 50%, transparent 0) content-box
  0 0 / calc(100% / var(--lines)) 100%; }
ol li { counter-increment: step; position: relative; display: grid; padding: .3rem 0;
  grid-template-columns: repeat(calc(2 * var(--lines)), 1fr); }
ol li::before { content: counter(step); position: absolute; color: var(--quiet);
  left: calc(-1 * var(--gutter)); width: 1.3rem; text-align: right; line-height: 1.35; }
.label { width: fit-content; max-width: 100%; padding: 0 .3rem; margin: 0 .5rem;
  background: var(--page); overflow-wrap: anywhere; line-height: 1.35; }
.left { justify-self: end; text-align: right; } .across { justify-self: center; }
.event { border: 1px solid var(--line); border-radius: .6rem; background: var(--box); }
.arrow { height: 0; border-top: 2px solid var(--link); margin: .35rem 0;
  position: relative; }
.arrow::after { content: ""; position: absolute; top: -6px; right: 0;
  border: 5px solid transparent; border-left: 9px solid var(--link); border-right: 0; }
.arrow.back::after { right: auto; left: 0; transform: scaleX(-1); }
.failing .label { outline: 2px solid var(--bad); background: var(--badbox); }
.failing .label::before { content: "✗ "; color: var(--bad); }
.failing .arrow { border-color: var(--bad); }
.failing .arrow::after { border-left-color: var(--bad); }
@media (max-width: 30rem) { .names span { font-size: .8rem; margin: 0 .1rem; } }
"""


def write_html(results: Run, file: Path) -> None:
    """Write a run as a page that can be read anywhere, and mailed."""
    failed = results.with_outcome("failed", "error")
    found = dict.fromkeys(result.exercise for result in results.all.values())
    exercises = ", ".join(found) or "No checks"
    body = BODY.substitute(
        exercises=escape(exercises),
        points=results.points,
        most=results.max_points,
        counts=", ".join(results.counts()),
        checks="\n".join(map(_check, results.all.values())),
        failures="\n".join(map(_failure, failed)),
        seed=results.seed,
    )
    title = f"{results.points} of {results.max_points} points: {exercises}"
    file.write_text(page(title, body, REPORT + STYLE), encoding="utf-8")


def _check(result: Result) -> str:
    title = f"{result.check.id} {escape(result.check.title)}"
    if result.outcome in ("failed", "error"):
        title = f'<a href="#check-{result.check.id}">{title}</a>'
    elif result.outcome == "blocked":
        title += f"<br><small>{escape(result.message)}</small>"
    return CHECK.substitute(
        outcome=result.outcome,
        sign=SIGNS[result.outcome],
        title=title,
        points=result.points,
        most=result.check.points,
    )


def _failure(result: Result) -> str:
    output = escape(result.output.strip())
    return FAILURE.substitute(
        id=result.check.id,
        sign=SIGNS[result.outcome],
        title=escape(result.check.title),
        diagram=_diagram(result) if result.steps else "",
        explanation=escape(result.explanation or result.message),
        hint=escape(result.hint),
        output=OUTPUT.substitute(output=output) if output else "",
        again=escape(result.again),
    )


def _diagram(result: Result) -> str:
    lifelines = _lifelines(result.steps)
    steps = [_step(step, lifelines) for step in result.steps]
    wrong = [n for n, step in enumerate(result.steps) if step.wrong] or [-1]
    mark = '<li class="failing" aria-current="step"'
    steps[wrong[0]] = steps[wrong[0]].replace("<li", mark, 1)
    return DIAGRAM.substitute(
        id=result.check.id,
        lines=max(len(lifelines), 1),
        names="".join(f"<span>{escape(name)}</span>" for name in lifelines),
        steps="\n".join(steps),
    )


def _lifelines(steps: list[Step]) -> list[str]:
    """Return who has a lifeline: whoever starts, connects, or takes part in a message.

    Others who do something ("all 20", "Ctrl+C") get a note across all lifelines.
    """
    names: list[str] = []
    for step in steps:
        if step.to:
            names += [step.who, step.to]
        elif step.what.startswith(("starts", "connect")):  # "alice, bob connect"
            names += [name for name in step.who.split(", ") if "…" not in name]
    return list(dict.fromkeys(names))


def _step(step: Step, lifelines: list[str]) -> str:
    note = f' <span class="note">{escape(step.notes())}</span>' if step.notes() else ""
    if step.to:
        return _message(step, lifelines, note)
    text = f"{step.who} {step.what}"
    if step.who in lifelines:
        place = _place(text, lifelines.index(step.who), len(lifelines))
    else:
        place = f'across" {_columns(1, -1)}'
    return f'<li><div class="label event {place}>{escape(text)}{note}</div></li>'


def _message(step: Step, lifelines: list[str], note: str) -> str:
    """Return the names for a screen reader, the data, and the arrow below them."""
    who, to = lifelines.index(step.who), lifelines.index(step.to)
    first, last = sorted((who, to))
    text = show(step.data, LONGEST)
    nearer = first if first + last < len(lifelines) else last
    place = _place(text, nearer, len(lifelines))
    arrow = "arrow back" if who > to else "arrow"
    return (
        f'<li><div class="label {place}>'
        f'<span class="spoken">{escape(step.who)} to {escape(step.to)}: </span>'
        f'<span class="data">{escape(text)}</span>{note}</div>'
        f'<div class="{arrow}" {_columns(2 * first + 2, 2 * last + 2)}></div></li>'
    )


def _place(text: str, lifeline: int, count: int) -> str:
    """Return class and columns of a text that begins, or ends, at a lifeline."""
    if len(text) > SHORT:
        return f'wide" {_columns(1, -1)}'
    if 2 * lifeline < count:
        return f'right" {_columns(2 * lifeline + 2, -1)}'
    return f'left" {_columns(1, 2 * lifeline + 2)}'


def _columns(first: int, last: int) -> str:
    """Return the style for a place in the grid: two columns for each lifeline.

    The lifeline itself is the border between its two columns.
    """
    return f'style="grid-column: {first} / {last}"'
