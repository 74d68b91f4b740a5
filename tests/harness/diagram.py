"""A check's steps as a sequence diagram, which a style sheet draws from one list.

So a screen reader, a phone and a printer get the same steps as everybody else.
"""

from html import escape
from string import Template

from tests.harness.steps import Kind, Step, show
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
