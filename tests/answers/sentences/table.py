"""What the handouts and PROTOCOL.md ask for, sentence by sentence.

A module beside this one, whose name begins with the exercise's, says of every sentence
in a handout's steps and in PROTOCOL.md what becomes of it, by the sentence's beginning:
which check notices, and a wrong answer that it catches; or that the sentence explains;
or that it is advice, and then the handout calls it that.

``python -m tests.answers.sentences EXERCISE`` prints the sentences of which nothing is
said yet. Table rows and list items are sentences, too.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.answers.catalogue import modules_of, wrong_answers
from tests.harness.checks import checks_of
from tests.harness.exercises import EXERCISES, ROOT

EXPLAINS, ADVICE = "explains", "advice"
Row = tuple[str, str] | str  # (check, wrong answer), or EXPLAINS, or ADVICE
Table = dict[str, dict[str, Row]]  # by page, "README.md"; by a sentence's beginning

BLOCK = re.compile(r"^```.*?^```$|^<!--.*?-->$", re.M | re.S)
HEADING = re.compile(r"^(#+) (.*)$", re.M)
END = re.compile(r"(?<=[.!?])\s+(?=[A-Z`*\"“(/#0-9])")


@dataclass(frozen=True)
class Sentence:
    """A sentence of a page."""

    page: str
    text: str  # with single spaces
    paragraph: str


def table_of(exercise: str) -> Table:
    """Return what is said of an exercise's sentences, page by page."""
    table: Table = {}
    for module in modules_of("sentences", exercise):
        part: Table = module.SENTENCES
        for page, rows in part.items():
            table.setdefault(page, {}).update(rows)
    return table


def sentences_of(exercise: str) -> Iterator[Sentence]:
    """Yield the sentences of a handout's steps, and of PROTOCOL.md."""
    for name in ("README.md", "PROTOCOL.md"):
        page = ROOT / exercise / name
        text = page.read_text("utf-8") if page.is_file() else ""
        for paragraph in paragraphs(text, only_steps=name == "README.md"):
            for sentence in END.split(paragraph):
                yield Sentence(name, sentence, paragraph)


def paragraphs(text: str, *, only_steps: bool) -> Iterator[str]:
    """Yield the paragraphs, list items and table rows of a page, without its blocks."""
    pieces = HEADING.split(BLOCK.sub("", text))
    for title, body in zip(pieces[2::3], pieces[3::3], strict=True):
        if only_steps and not title.startswith("Step"):
            continue
        body = re.sub(r"^( *([-*]|\d+\.) |\|)", r"\n\g<0>", body, flags=re.M)
        for paragraph in re.split(r"\n\s*\n", body):
            if re.search(r"\w", paragraph):
                text = re.sub(r"^\s*([-*]|\d+\.) ", "", paragraph)
                yield " ".join(text.split())


def unsaid(exercise: str) -> list[Sentence]:
    """Return the sentences of which the table says nothing."""
    table = table_of(exercise)
    return [one for one in sentences_of(exercise) if not rows_for(one, table)]


def rows_for(sentence: Sentence, table: Table) -> list[Row]:
    """Return what the table says of a sentence."""
    rows = table.get(sentence.page, {})
    return [row for start, row in rows.items() if sentence.text.startswith(start)]


def objections(exercise: str) -> Iterator[str]:
    """Say what is wrong with the table: holes, and rows that are not true."""
    table, checks = table_of(exercise), checks_of(exercise)
    found = list(sentences_of(exercise))
    for sentence in found:
        said = rows_for(sentence, table)
        if not said:
            yield f"{sentence.page}: nothing is said of: {sentence.text}"
        if ADVICE in said and "advice" not in sentence.paragraph.lower():
            yield f"{sentence.page}: is not called advice: {sentence.text}"
    catching = {
        wrong.name: {wrong.caught_by, *wrong.also} for wrong in wrong_answers(exercise)
    }
    for page, rows in table.items():
        texts = [one.text for one in found if one.page == page]
        for start, row in rows.items():
            if not any(text.startswith(start) for text in texts):
                yield f"{page}: no sentence begins so: {start}"
            if isinstance(row, str):
                continue
            check, wrong = row
            if check not in checks or check not in catching.get(wrong, ()):
                yield f"{page}: {check} does not catch {wrong}: {start}"


def print_unsaid(exercise: str) -> None:
    """Print the sentences of which nothing is said, as rows to fill in."""
    page = ""
    for sentence in unsaid(exercise):
        if sentence.page != page:
            page = sentence.page
            print(f"# {page}")
        print(f"        {sentence.text[:76]!r}: EXPLAINS,")


def print_all(names: list[str]) -> None:
    """Print the holes of some exercises' tables, or of all."""
    for exercise in names or EXERCISES:
        print_unsaid(exercise)
