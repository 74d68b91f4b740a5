"""What the handouts name is there: checks, headings, files, points."""

import re

import pytest

from tests.answers.recordings import points_of
from tests.harness.checks import checks_of
from tests.harness.exercises import EXERCISES, ROOT
from tests.own.exercises.completeness import COMPLETE
from tests.own.exercises.markdown import (
    IDS,
    PAGES,
    headings_of,
    lists_of_ids,
    prose_of,
    sections_of,
    steps_of,
    text_of,
)

INLINE_CODE = re.compile(r"`[^`]+`")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CITED = re.compile(r'[Ss]ee\s+"([^"]+)"')
NAMED_CHECK = re.compile(rf"(?:→|-k|[Cc]hecks?|[Cc]hecked by)\s+{IDS}")
NAMED_FILE = re.compile(r"(exercise\d+_\w+|tests)(?:\.(\w[\w.]*\w)|/(\w+\.\w+))?")
POINTS = re.compile(r"\b(\d+) points\.|\| Points \| (\d+)")
POINTS_OF_A_PART = re.compile(r"(\d+) \((\d\.\d+) to (\d\.\d+)\)")


@pytest.mark.parametrize("exercise", COMPLETE)
def test_every_check_has_a_step(exercise: str) -> None:
    """A step says which checks it passes: "→ 4.5"."""
    steps = steps_of(f"{exercise}/README.md")
    assert set().union(*steps) == set(checks_of(exercise))


@pytest.mark.parametrize("file", PAGES)
def test_every_check_that_is_named_exists(file: str) -> None:
    declared = {one for exercise in EXERCISES for one in checks_of(exercise)}
    assert set().union(*lists_of_ids(text_of(file), NAMED_CHECK)) <= declared


@pytest.mark.parametrize("exercise", COMPLETE)
def test_every_section_that_a_check_cites_exists(exercise: str) -> None:
    assert checks_of(exercise), "there is no suite"
    cited = {check.read for check in checks_of(exercise).values()}
    assert cited <= sections_of(f"{exercise}/README.md")


@pytest.mark.parametrize("file", PAGES)
def test_every_section_that_a_page_cites_exists(file: str) -> None:
    cited = {" ".join(section.split()) for section in CITED.findall(prose_of(file))}
    assert cited <= sections_of(file)


@pytest.mark.parametrize("file", PAGES)
def test_links_lead_somewhere(file: str) -> None:
    for link in LINK.findall(INLINE_CODE.sub("", prose_of(file))):
        if link.startswith(("http://", "https://")):
            continue
        path, _, anchor = link.partition("#")
        page = (ROOT / file).parent / path if path else ROOT / file
        assert page.exists(), link
        if anchor:
            headings = headings_of(page.resolve().relative_to(ROOT).as_posix())
            assert anchor in map(anchor_of, headings), link


def anchor_of(heading: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("file", PAGES)
def test_every_program_that_is_named_exists(file: str) -> None:
    """As a module, ``exercise4_multiclient.server``, or as a file with its folder."""
    for folder, module, name in NAMED_FILE.findall(text_of(file)):
        if module:
            name = module.replace(".", "/") + ".py"
            is_package = (ROOT / folder / name[:-3] / "__main__.py").exists()
            name = name[:-3] if is_package else name
        assert (ROOT / folder / name).exists(), f"{folder}/{name}"


@pytest.mark.parametrize("exercise", COMPLETE)
def test_handout_says_how_many_points(exercise: str) -> None:
    text = text_of(f"{exercise}/README.md")
    said = POINTS.search(text)
    assert said
    assert int(said[1] or said[2]) == points_of(exercise)
    ids = list(checks_of(exercise))
    for points, first, last in POINTS_OF_A_PART.findall(text):
        part = ids[ids.index(first) : ids.index(last) + 1]
        assert int(points) == sum(checks_of(exercise)[one].points for one in part)
