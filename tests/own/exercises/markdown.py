"""The lab's pages: their blocks, their prose, their headings."""

import re
from dataclasses import dataclass

from tests.answers.recordings import pages
from tests.harness.exercises import EXERCISES, ROOT
from tests.own.exercises.completeness import COMPLETE

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
HEADING = re.compile(r"^#+ (.+)$", re.M)
IDS = r"(\d+\.\d+(?:,\s+\d+\.\d+)*)"  # "4.5, 4.7"
STEP = re.compile(rf"→\s+{IDS}")


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    file: str  # "exercise4_multiclient/README.md"
    line: int
    language: str
    text: str
    before: str  # what comes before it on the page

    @property
    def folder(self) -> str:
        """The handout's exercise, or "" for the lab's own page."""
        return self.file.rpartition("/")[0]


def text_of(file: str) -> str:
    """Return a file of the lab."""
    return (ROOT / file).read_text(encoding="utf-8")


def blocks_of(file: str) -> list[Block]:
    """Return a page's fenced blocks, in order."""
    text = text_of(file)
    return [
        Block(
            file,
            line=text.count("\n", 0, match.start()) + 1,
            language=match[1],
            text=match[2],
            before=text[: match.start()].rstrip(),
        )
        for match in FENCE.finditer(text)
    ]


def prose_of(file: str) -> str:
    """Return a page without its fenced blocks."""
    return FENCE.sub("", text_of(file))


def headings_of(file: str) -> list[str]:
    """Return the headings of a page."""
    return HEADING.findall(prose_of(file))


def sections_of(file: str) -> set[str]:
    """Return the names by which one may cite a page's sections.

    A step's heading may end with the checks that it passes: they need not be cited.
    """
    headings = headings_of(file)
    return {*headings, *(heading.partition(" (→")[0] for heading in headings)}


INCOMPLETE = set(EXERCISES) - set(COMPLETE)
PAGES = [page for page in pages() if page.partition("/")[0] not in INCOMPLETE]
BLOCKS = [block for file in PAGES for block in blocks_of(file)]


# -- checks that pages name ---------------------------------------------------------


def lists_of_ids(text: str, pattern: re.Pattern[str]) -> list[set[str]]:
    """Return the checks' ids in each match of a pattern, whose group is IDS."""
    found = pattern.findall(text.replace("**", ""))
    return [set(re.split(r",\s+", ids)) for ids in found]


def steps_of(page: str) -> list[set[str]]:
    """Return the checks that each step of a handout passes: "→ 4.5, 4.7"."""
    return lists_of_ids(text_of(page), STEP)
