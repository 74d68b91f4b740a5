"""``grade``: a class that hands in right and odd things, in one of many ways each."""

import re
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.answers.grading import SOLUTIONS
from tests.answers.hostile.attacks import SERVER
from tests.harness.checks import checks_of
from tests.own.classroom.running import (
    GIVES_UP,
    HELD,
    HELLO,
    LIMIT,
    RIGHT,
    classroom,
    grades,
    lay_out,
    results,
)

pytestmark = pytest.mark.timeout(LIMIT)


@dataclass
class Class:
    """A graded class of odd submissions."""

    submissions: Path
    out: Path
    grades: dict[str, dict[str, str]]


FOUND = b"raise SystemExit('found')\n"


def hand_in_oddly(folder: Path) -> None:
    """Hand in what is right, and what is odd, in one of many ways each."""
    lay_out(folder / "alice")
    lay_out(folder / "bob" / "my lab" / "really", FOUND)
    with zipfile.ZipFile(folder / "carol.zip", "w") as archive:
        archive.writestr(SERVER.replace("/", "\\"), FOUND)
    with tarfile.open(folder / "dave.tar.gz", "w:gz") as tar:
        tar.add(SOLUTIONS, "dave/")
    (folder / "erin").mkdir()
    lay_out(folder / "frank", RIGHT.decode().encode("utf-16"))
    (folder / "gina").write_text("a file instead of a folder")
    (folder / "hugo.zip").write_bytes(b"PK, but broken")
    (folder / "karl").mkdir()
    (folder / "karl" / "server.py").write_bytes(FOUND)
    lay_out(folder / "=ines()", GIVES_UP)
    lay_out(folder / "Жанна", GIVES_UP)
    lay_out(folder / "mona", Path(SERVER).read_bytes().replace(b"\n", b"\r\n"))
    with zipfile.ZipFile(folder / "lara.zip", "w") as archive:
        archive.writestr("lab.toml", "")
        archive.writestr("x" * 300, "a name that no system takes")
    (folder / ".DS_Store").touch()


@pytest.fixture(scope="module")
def odd_class(tmp_path_factory: pytest.TempPathFactory) -> Class:
    """Grade exercise 1 of that class."""
    folder, out = tmp_path_factory.mktemp("class"), tmp_path_factory.mktemp("reports")
    hand_in_oddly(folder)
    options = "--exercise", 1, "--jobs", 4, *HELD
    run = classroom("grade", folder, "--out", out, *options)
    assert run.returncode == 1, run.stderr
    closing, *needs, page = run.stdout.splitlines()
    assert closing.endswith("3 could not be graded, 3 need you:")
    assert needs[0] == "  gina: holds gina, but no server.py"
    assert page == str(out / "class.html")
    return Class(folder, out, grades(out))


@pytest.mark.parametrize(
    ("student", "points", "note"),
    [
        ("alice", 10, ""),
        ("bob", 0, ""),
        ("carol", 0, ""),
        ("dave", 10, ""),
        ("erin", None, "is empty; not handed in: 1"),
        ("frank", 0, f"{SERVER} is not UTF-8"),
        ("gina", None, "holds gina, but no server.py"),
        ("hugo", None, "hugo.zip is not an archive: ask for it again"),
        ("lara", None, "exercise 1 could not be graded: cannot be laid out: "),
        ("karl", 0, ""),
        ("'=ines()", 0, ""),
        ("mona", 0, "unchanged starter: 1"),
        ("Жанна", 0, ""),
    ],
)
def test_everybody_is_graded(
    odd_class: Class, student: str, points: int | None, note: str
) -> None:
    row = odd_class.grades[student]
    assert row["sum"] == row[HELLO] == ("" if points is None else str(points))
    assert row["note"].startswith(note)
    assert bool(row["note"]) == bool(note)


@pytest.mark.parametrize("student", ["bob", "carol", "karl"])
def test_work_is_found_where_it_lies(odd_class: Class, student: str) -> None:
    """These programs say so, and end: they are faster to grade than right ones."""
    text = (odd_class.out / student / "feedback.txt").read_text("utf-8")
    assert "    | found\n" in text


def test_feedback_has_every_check(odd_class: Class) -> None:
    for student in "alice", "erin", "Жанна":
        feedback = results(odd_class.out / student)
        ids = {check["id"] for check in feedback["checks"]}
        assert ids == set(checks_of(HELLO))
        assert feedback["exercises"][0]["confinement"].startswith("limits")
    page = (odd_class.out / "Жанна" / "feedback.html").read_text("utf-8")
    text = (odd_class.out / "Жанна" / "feedback.txt").read_text("utf-8")
    assert "server had ended, with status 1" in page
    assert "server had ended, with status 1" in text


def test_reports_do_not_say_where_they_were_made(odd_class: Class) -> None:
    for file in odd_class.out.rglob("*.*"):
        if file.is_file():
            assert str(odd_class.out) not in file.read_text("utf-8")


def test_class_page_is_complete(odd_class: Class) -> None:
    page = (odd_class.out / "class.html").read_text("utf-8")
    assert page.count("<tr data-is=") == len(odd_class.grades)
    for link in set(re.findall(r'href="([^"#]+)', page)):
        assert (odd_class.out / unquote(link)).is_file()
    assert not re.search(r"(src|href)=.https?:|@import|url\(", page)
    assert "1.1</strong> listens on the HOST and PORT" in page


def times_of_results(out: Path) -> dict[str, int]:
    """Return when each student's result was written."""
    files = out.glob(f"*/{HELLO}.json")
    return {file.parent.name: file.stat().st_mtime_ns for file in files}


def test_nothing_is_graded_twice(odd_class: Class) -> None:
    """Nor anything but what has changed."""
    before = times_of_results(odd_class.out)
    changed = odd_class.submissions / "=ines()" / SERVER
    changed.write_bytes(GIVES_UP + b"# again\n")
    options = "--out", odd_class.out, "--exercise", 1, *HELD
    run = classroom("grade", odd_class.submissions, *options)
    assert run.returncode == 1, run.stderr
    after = times_of_results(odd_class.out)
    changes = [name for name, time in before.items() if after[name] != time]
    assert changes == ["=ines()"]
    assert grades(odd_class.out) == odd_class.grades
