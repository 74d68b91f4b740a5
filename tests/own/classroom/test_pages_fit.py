"""The pages fit a desk's screen and a phone's, and run no stranger's script."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.answers.grading import RIGHT, SOLUTIONS
from tests.classroom.class_page import as_page
from tests.classroom.differences import as_page as diff_page
from tests.classroom.differences import compare
from tests.classroom.feedback import write_feedback
from tests.classroom.files import write, write_json
from tests.classroom.harmless import without_scripts
from tests.classroom.rows import GRADED, Row
from tests.classroom.suite import without_result
from tests.harness.exercises import EXERCISES
from tests.harness.page import page as page_of
from tests.own.browser import Browser

LONG_NAME = "Wolfeschlegelsteinhausenbergerdorff_" * 4
LIGHT, DARK = "rgb(255, 255, 255)", "rgb(20, 23, 27)"


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Write each kind of page, with long words in it."""
    folder = tmp_path_factory.mktemp("pages")
    results = [
        {**without_result(name, "w" * 300), "exercise": name, "state": GRADED}
        | {"note": "", "confinement": "limits"}
        for name in EXERCISES
    ]
    for result in results:
        write_json(folder / f"{result['exercise']}.json", result)
        write(folder / f"{result['exercise']}.txt", "")
    row = Row("ada", results, notes=["n" * 300], needs=["x" * 300], name=LONG_NAME)
    write_feedback(row, folder)
    write(folder / "class.html", as_page([row] * 40))
    for name, source in ("c", RIGHT / "c_pthreads"), ("python", SOLUTIONS):
        diff = diff_page(LONG_NAME, compare(source, list(EXERCISES)))
        write(folder / f"{name}.html", diff)
    return sorted(folder.glob("*.html"))


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    """Start Chromium with a tab."""
    browser = Browser(tmp_path)
    try:
        browser.open_tab()
        yield browser
    finally:
        browser.stop()


def value_of(browser: Browser, expression: str) -> object:
    """Return what a page's script would see."""
    answer = browser.call("Runtime.evaluate", expression=expression)
    return answer["result"]["value"]


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_is_wider_than_the_screen(
    browser: Browser, pages: list[Path], width: int
) -> None:
    """The map of the class scrolls within its frame."""
    assert len(pages) == 4
    metrics = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    browser.call("Emulation.setDeviceMetricsOverride", **metrics)
    for page in pages:
        browser.page("Page.navigate", url=page.as_uri())
        wide = value_of(browser, "document.documentElement.scrollWidth")
        assert wide == width, page.name


def test_nothing_is_cut_in_print(browser: Browser, pages: list[Path]) -> None:
    """A frame that scrolls would print what it shows, and lose the rest."""
    browser.call("Emulation.setEmulatedMedia", media="print")
    hidden = """[...document.querySelectorAll("main *, table *")].filter(part =>
        /auto|scroll|hidden/.test(getComputedStyle(part).overflow) &&
        (part.scrollWidth > part.clientWidth + 1 ||
         part.scrollHeight > part.clientHeight + 1) && !part.matches(".spoken")
        ).map(part => part.outerHTML).join()"""
    for page in pages:
        browser.page("Page.navigate", url=page.as_uri())
        assert value_of(browser, hidden) == "", page.name


def test_page_of_a_suite_runs_no_script(browser: Browser, tmp_path: Path) -> None:
    """A student's program may have written it, where there is no sandbox."""
    forged = page_of("it", "<p>said</p>", script="document.title = 'forged'")
    for text, title in (forged, "forged"), (without_scripts(forged), "it"):
        write(tmp_path / "page.html", text)
        browser.page("Page.navigate", url=(tmp_path / "page.html").as_uri())
        assert value_of(browser, "document.title") == title
        assert value_of(browser, "document.compatMode") == "CSS1Compat"
        assert value_of(browser, "document.characterSet") == "UTF-8"


@pytest.mark.parametrize(("scheme", "colour"), [("light", LIGHT), ("dark", DARK)])
def test_pages_are_as_dark_as_the_reader_likes(
    browser: Browser, pages: list[Path], scheme: str, colour: str
) -> None:
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.call("Emulation.setEmulatedMedia", features=features)
    for page in pages:
        browser.page("Page.navigate", url=page.as_uri())
        seen = value_of(browser, "getComputedStyle(document.body).backgroundColor")
        assert seen == colour, page.name
