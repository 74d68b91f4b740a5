"""A check's steps as a sequence diagram, which a style sheet draws from one list.

So a screen reader, a phone and a printer get the same steps as everybody else.
"""

from html import escape
from string import Template

from tests.harness.shown import show
from tests.harness.steps import Kind, Step
from tests.harness.words import _

LONGEST = 400  # bytes of data that a step shows; the JSON report shows more
SHORT = 60  # characters of text that fit beside a lifeline

DIAGRAM = Template("""<div class="diagram" tabindex="0" role="region"
 aria-label="$label" style="--lines: $lines">
<div class="names" aria-hidden="true">$names</div>
<ol>
$steps
</ol>
</div>""")


DIAGRAM_STYLE = """
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


def draw(steps: list[Step], label: str) -> str:
    """Return the steps as a diagram, with a mark where it went wrong.

    ``label`` says to a screen reader what it is.
    """
    lifelines = _lifelines(steps)
    items = [_item(step, lifelines) for step in steps]
    wrong = [n for n, step in enumerate(steps) if step.wrong] or [-1]
    mark = '<li class="failing" aria-current="step"'
    items[wrong[0]] = items[wrong[0]].replace("<li", mark, 1)
    return DIAGRAM.substitute(
        label=escape(label),
        lines=max(len(lifelines), 1),
        names="".join(f"<span>{escape(name)}</span>" for name in lifelines),
        steps="\n".join(items),
    )


def _lifelines(steps: list[Step]) -> list[str]:
    """Return who has a lifeline: anyone who arrives, or takes part in a message.

    Others who do something ("all 20", "Ctrl+C") get a note across all lifelines.
    """
    names: list[str] = []
    for step in steps:
        is_message = step.kind is Kind.MESSAGE
        names += [step.who, step.to] if is_message else step.arrivals
    return list(dict.fromkeys(names))


def _item(step: Step, lifelines: list[str]) -> str:
    note = f' <span class="note">{escape(step.notes())}</span>' if step.notes() else ""
    if step.kind is Kind.MESSAGE:
        return _message(step, lifelines, note)
    text = step.event()
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
    spoken = _("{sender} to {receiver}:").format(sender=step.who, receiver=step.to)
    return (
        f'<li><div class="label {place}>'
        f'<span class="spoken">{escape(spoken)} </span>'
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
