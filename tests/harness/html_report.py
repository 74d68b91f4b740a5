"""The run as one page: the score, the checks, and each failure with its diagram.

The page needs no network and no script. A failure's steps are one ordered list, which a
style sheet draws as a sequence diagram: so a screen reader, a phone and a printer get
the same steps as everybody else.
"""

from html import escape
from pathlib import Path
from string import Template

from tests.harness.diagram import draw
from tests.harness.failure import Failure
from tests.harness.results import ERROR, FAILED, Result, Run
from tests.harness.text_report import SIGNS
from tests.harness.words import _

PAGE = Template("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'">
<title>$points of $most points: $exercises</title>
<style>$style</style>
</head>
<body>
<header>
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
</body>
</html>
""")

CHECK = Template("""<li class="$outcome">
<span class="sign" aria-hidden="true">$sign</span>
<span class="title">$title</span>
<span class="points">$points/$most<span class="spoken"> points, $outcome</span></span>
</li>""")

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

OUTPUT = Template("""<details open>
<summary>The program's stderr</summary>
<pre tabindex="0">$output</pre>
</details>""")

STYLE = """
:root { color-scheme: light dark; --page: #fff; --text: #1d2228; --quiet: #59636e;
  --line: #c4cad1; --box: #f4f6f8; --good: #17692f; --bad: #b3201c; --link: #1a55b8;
  --badbox: #fdecea; }
@media (prefers-color-scheme: dark) { :root { --page: #14171b; --text: #e4e7ea;
  --quiet: #a2abb5; --line: #4a525b; --box: #1e2328; --good: #63c981; --bad: #ff8a80;
  --link: #8ab8ff; --badbox: #35191a; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 60rem; background: var(--page);
  color: var(--text); font: 1rem/1.5 system-ui, sans-serif; }
h1, h2 { line-height: 1.25; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; } a { color: var(--link); }
code, pre, .data { font-family: ui-monospace, monospace; font-size: .9rem; }
.score { font-size: 1.2rem; margin: 0; } .score strong { font-size: 2rem; }
.score span { color: var(--quiet); font-size: 1rem; margin-left: .75rem; }
progress { width: 100%; height: .75rem; accent-color: var(--good); }
.checks, ol { list-style: none; margin: 0; padding: 0; }
.checks li { display: flex; gap: .6rem; padding: .3rem 0;
  border-bottom: 1px solid var(--line); }
.title { flex: 1; overflow-wrap: anywhere; }
.title small, .note { color: var(--quiet); font-size: .85rem; }
.points { font-variant-numeric: tabular-nums; white-space: nowrap; }
.checks .sign { width: 1rem; text-align: center; } .blocked { color: var(--quiet); }
.passed .sign { color: var(--good); }
.failed .sign, .error .sign, h2 .sign { color: var(--bad); font-weight: bold; }
.failure { margin-top: 2.5rem; border-top: 3px solid var(--bad); }
pre { margin: 0; overflow-x: auto; padding: .75rem; border-radius: .4rem;
  background: var(--box); }
.explanation pre { background: var(--badbox); border-left: 4px solid var(--bad); }
.again code { overflow-wrap: anywhere; } summary { cursor: pointer; margin: .75rem 0; }
.spoken { position: absolute; width: 1px; height: 1px; overflow: hidden;
  clip-path: inset(50%); }
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
@media print { .failure { break-inside: avoid; } pre { white-space: pre-wrap; } }
"""


def write_html(run: Run, file: Path) -> None:
    """Write a run as a page that can be read anywhere, and mailed."""
    failed = run.with_outcome(FAILED, ERROR)
    page = PAGE.substitute(
        style=STYLE,
        exercises=escape(", ".join(run.exercises)) or _("No checks"),
        points=run.points,
        most=run.max_points,
        counts=", ".join(run.counts()),
        checks="\n".join(map(_check, run.results.values())),
        failures="\n".join(map(_failure, failed)),
        seed=run.seed,
    )
    file.write_text(page, encoding="utf-8")


def _check(result: Result) -> str:
    title = f"{result.check.id} {escape(result.check.title)}"
    if result.outcome in (FAILED, ERROR):
        title = f'<a href="#check-{result.check.id}">{title}</a>'
    elif why := result.why_not_run():
        title += f"<br><small>{escape(why)}</small>"
    return CHECK.substitute(
        outcome=result.outcome,
        sign=SIGNS[result.outcome],
        title=title,
        points=result.points,
        most=result.check.points,
    )


def _failure(result: Result) -> str:
    output = escape(result.output.strip())
    label = _("The steps of check {id}").format(id=result.check.id)
    failure = result.failure or Failure()
    return FAILURE.substitute(
        id=result.check.id,
        sign=SIGNS[result.outcome],
        title=escape(result.check.title),
        diagram=draw(result.steps, label) if result.steps else "",
        explanation=escape("\n".join(failure.lines())),
        hint=escape(result.hint),
        output=OUTPUT.substitute(output=output) if output else "",
        again=escape(result.again),
    )
