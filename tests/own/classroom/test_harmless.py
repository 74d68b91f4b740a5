"""Words from outside can drive no terminal, page, spreadsheet or summary."""

import json
from pathlib import Path

import pytest

from tests.classroom.files import write_json
from tests.classroom.grades_csv import as_cell
from tests.classroom.harmless import LONGEST, all_in_page, in_markdown, in_page, lines

ESCAPE, RIGHT_TO_LEFT, C1, SEPARATOR = "\x1b[2J", "\u202e", "\x9b", "\u2028"


@pytest.mark.parametrize("evil", [ESCAPE, RIGHT_TO_LEFT, C1, SEPARATOR, "\r", "\udc80"])
def test_nothing_is_hidden_or_driven(evil: str, tmp_path: Path) -> None:
    write_json(tmp_path / "file", {"name": f"a{evil}b"})
    stored = (tmp_path / "file").read_text("utf-8")
    assert json.loads(stored) == {"name": f"a{evil}b"}
    text = f"a{evil}b"
    for shown in (
        in_page(text),
        all_in_page(text),
        in_markdown(text),
        as_cell(text),
        stored.replace("\n", ""),
    ):
        assert shown.isprintable()
        assert "a" in shown
        assert "b" in shown


@pytest.mark.parametrize(
    ("text", "html", "markdown", "cell"),
    [
        ("<b title='x'>", "&lt;b title=&#x27;x&#x27;&gt;", r"\<b title='x'\>", ""),
        ("[a](b) | `c`", "", r"\[a\](b) \| \`c\`", ""),
        ("two\n\n# lines", "two # lines", r"two \# lines", "two # lines"),
        (" \n=1+1", "=1+1", "=1+1", "'=1+1"),
        ("@ada", "@ada", r"\@ada", "'@ada"),
    ],
)
def test_text_stays_text(text: str, html: str, markdown: str, cell: str) -> None:
    assert in_page(text) == (html or text)
    assert in_markdown(text) == markdown
    assert as_cell(text) == (cell or text)


def test_notes_are_short_and_few() -> None:
    found = lines(["\x00" * 60_000_000, *map(str, range(50))])
    assert len(found[0]) == LONGEST
    assert found[0].endswith("…")
    assert len(found) < 10
    assert found[-1] == "and 43 notes more"
