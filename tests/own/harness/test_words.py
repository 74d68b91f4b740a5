"""Words: all that a student reads can be translated, and nothing depends on English.

The suites run in a pseudo-language, in a copy of the lab. What is left without its mark
has to be data, code, a command or a name.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from tests.answers.catalogue import Wrong, all_wrong
from tests.answers.grading import lay_over_solutions, make_mistake
from tests.harness.exercises import EXERCISES, ROOT
from tests.own import peers

NOT_COPIED = shutil.ignore_patterns(".*", "__pycache__", "right", "own", "benchmarks")
# What may be left: text in quotes, addresses and sizes, what follows a place in code,
# the student's own stderr, commands, and names of files.
DATA = re.compile(
    "|".join(
        (
            r"(?<!\w)b?'(?:[^'\\\n]|\\.)*'",
            r'b?"(?:[^"\\\n]|\\.)*"',
            r"^ +\|.*",  # the student's own stderr
            r":  .*$",  # a line of code
            r"pytest exercise.*|exercise\d_\w+",
            r"\b[A-Z][\w-]+: .*$|HTTP/.*",  # a header, a status line
            r"\S*[./]\S+|#\S+|\w+\(\)",  # addresses, file names, calls, channels
        )
    ),
    re.M,
)
# People, keys, signals, names of the field, and of functions.
NAMES = set(
    re.split(
        " ",
        "alice bob carol dave erin zoe Ctrl SIGINT SIGTERM SIGABRT kill ms HTTP README"
        " Content Length Type Connection Host GET OK MiB guest",
    )
)


def one_of_each_exercise() -> list[tuple[str, Wrong]]:
    """Return a wrong answer of each exercise, which one check catches in every run.

    Not 3.5: other suites may have port 8080, and then its steps are others.
    """
    found: dict[str, tuple[str, Wrong]] = {}
    for exercise, wrong in all_wrong():
        if wrong.caught_by in ("1.5", "2.5", "3.4", "4.5", "5.5"):
            found.setdefault(exercise, (exercise, wrong))
    return list(found.values())


@dataclass(frozen=True)
class Printed:
    """What a suite has printed and written."""

    text: str
    report: dict[str, Any]
    page: str


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the lab that speaks the pseudo-language, too."""
    peers.package("babel")
    from tests.own.harness import pseudo

    folder = tmp_path_factory.mktemp("words") / "lab"
    shutil.copytree(ROOT, folder, ignore=NOT_COPIED)
    assert pseudo.translate(folder) > 300
    return folder


def grade(lab: Path, exercise: str, submission: Path, language: str) -> Printed:
    """Run a suite in a language."""
    page, report = submission / f"{language}.html", submission / f"{language}.json"
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", exercise, "-v"]
    command += [f"--submission={submission}", "--seed=1"]
    command += [f"--report={page}", f"--report={report}"]
    run = subprocess.run(
        command,
        cwd=lab,
        env=os.environ | {"LANGUAGE": language},
        capture_output=True,
        encoding="utf-8",
    )
    content = json.loads(report.read_text("utf-8"))
    return Printed(run.stdout, content, page.read_text("utf-8"))


Runs = dict[tuple[str, str], "Future[Printed]"]


@pytest.fixture(scope="module")
def runs(lab: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    """Grade a wrong answer of each exercise in both languages."""
    from tests.own.harness import pseudo

    found: Runs = {}
    with ThreadPoolExecutor(4) as pool:
        for exercise, wrong in one_of_each_exercise():
            folder = lay_over_solutions(tmp_path_factory.mktemp("wrong") / wrong.name)
            make_mistake(folder, exercise, wrong)
            for language in ("en", pseudo.LANGUAGE):
                arguments = lab, exercise, folder, language
                found[exercise, language] = pool.submit(grade, *arguments)
        yield found


def words_left(text: str) -> set[str]:
    """Return the words of a text that are not marked, and neither data nor names."""
    from tests.own.harness.pseudo import unmarked

    left = DATA.sub(" ", unmarked(text))
    return set(re.findall(r"[^\W\d_]{2,}", left)) - NAMES


@pytest.mark.parametrize("exercise", EXERCISES)
def test_nothing_is_written_past_the_translation(exercise: str, runs: Runs) -> None:
    printed = runs[exercise, "en_XA"].result()
    assert "⟦" in printed.text
    assert words_left(printed.text) == set()
    for check in printed.report["checks"]:
        assert words_left(check["title"] + check["hint"]) == set()
    body = re.sub(r"<(style|title|pre).*?</\1>|<[^>]+>", " ", printed.page, flags=re.S)
    assert words_left(unescape(body)) == set()


@pytest.mark.parametrize("exercise", EXERCISES)
def test_no_diagram_depends_on_english(exercise: str, runs: Runs) -> None:
    english, pseudo = (runs[exercise, lang].result() for lang in ("en", "en_XA"))
    assert shape_of(pseudo) == shape_of(english)


def shape_of(printed: Printed) -> list[tuple[object, ...]]:
    """Return what must be the same in every language: verdicts, steps, lifelines."""
    names = re.findall(r'<div class="names".*?</div>', printed.page)
    lifelines = [block.count("<span>") for block in names]
    checks = [
        (check["id"], check["outcome"], [step["kind"] for step in check["steps"]])
        for check in printed.report["checks"]
    ]
    return [*checks, tuple(lifelines)]
