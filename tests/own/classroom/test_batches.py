"""``grade``: batches add up, one student alone, and who needs the instructor."""

from pathlib import Path

import pytest

from tests.classroom.errors import ClassroomError
from tests.classroom.roster import read_roster
from tests.own.classroom.delivered import FILE, Files, deliver
from tests.own.classroom.no_suites import grade_without_suites
from tests.own.classroom.running import GIVES_UP, HELLO, RIGHT, grades, results

ADA, BOB = f"Ada Long_185_{FILE}_", f"Bob Bell_186_{FILE}_"
RAR = b"Rar!\x1a\x07\1\0"
CLASS: Files = {
    f"{ADA}/server.py": RIGHT,
    f"{BOB}/server.py": GIVES_UP,
    f"Cem Can_187_{FILE}_/lab.rar": RAR,
}
ASK = "  Cem Can: holds lab.rar, a RAR archive: ask for a zip"
ROSTER = """\
Name,Email
Ada Long,ada@x.edu
Bob Bell,bob@x.edu
Cem Can,cem@x.edu
Eve,e
"""


def test_batches_add_up_to_the_class(tmp_path: Path) -> None:
    whole = deliver(CLASS, tmp_path / "whole")
    said = grade_without_suites(whole, tmp_path / "out")
    assert said == ["2 graded, 1 could not be graded, 1 needs you:", ASK]
    first, *others = CLASS.items()
    for number, files in enumerate((dict(others), dict([first]))):
        batch = deliver(files, tmp_path / f"batch{number}")
        assert grade_without_suites(batch, tmp_path / "added")[1:] == [ASK]
    assert grades(tmp_path / "added") == grades(tmp_path / "out")
    cells = [row[HELLO] for row in grades(tmp_path / "out").values()]
    assert cells == ["10", "0", ""]
    note = grades(tmp_path / "out")["Cem Can_187"]["note"]
    assert note == "holds lab.rar, a RAR archive: ask for a zip"


def test_one_student_and_a_roster(tmp_path: Path) -> None:
    place, out = deliver(CLASS, tmp_path / "class"), tmp_path / "out"
    file = tmp_path / "class.csv"
    file.write_text(ROSTER)
    roster = read_roster(file)
    said = grade_without_suites(place, out, students=["ada"], roster=roster)
    assert said == ["1 graded, nobody needs you."]
    assert [*grades(out)] == ["Ada Long_ada@x.edu"]
    closing, _ = grade_without_suites(place, out, roster=roster)
    assert closing == "2 graded, 1 not handed in, 1 could not be graded, 1 needs you:"
    assert [row["sum"] for row in grades(out).values()] == ["10", "0", "", ""]
    marks = (out / "marks" / "class.csv").read_text("utf-8").splitlines()
    assert marks[1] == "Ada Long,ada@x.edu,10,10,graded"
    assert marks[4] == "Eve,e,,,not handed in"
    with pytest.raises(ClassroomError, match="--student nobody is nobody here"):
        grade_without_suites(place, out, students=["nobody"])
    with pytest.raises(ClassroomError, match="--student _18 could be Ada Long_185, "):
        grade_without_suites(place, out, students=["_18"])


def test_grade_is_never_replaced_by_none(tmp_path: Path) -> None:
    """Not by a later batch of another exercise, nor by one that cannot be read."""
    out = tmp_path / "out"
    grade_without_suites(deliver({f"{ADA}/server.py": RIGHT}, tmp_path / "1"), out)
    place = deliver({f"{ADA}/lab.rar": RAR}, tmp_path / "2")
    closing, _ = grade_without_suites(place, out, again=True)
    assert closing == "1 graded, 1 needs you:"
    assert results(out / "Ada Long_185")["points"] == 10


def test_nothing_is_told_apart_from_0(tmp_path: Path) -> None:
    (tmp_path / "class" / "bob").mkdir(parents=True)
    deliver({"ada/server.py": GIVES_UP}, tmp_path / "class")
    said = grade_without_suites(tmp_path / "class", tmp_path / "out")
    assert said == ["1 graded, 1 not handed in, nobody needs you."]
    row = grades(tmp_path / "out")["bob"]
    assert (row["sum"], row["state"]) == ("", "not handed in")


def test_reports_may_lie_among_the_submissions(tmp_path: Path) -> None:
    deliver({"alice/server.py": RIGHT}, tmp_path)
    for _ in range(2):
        grade_without_suites(tmp_path, tmp_path / "out")
    assert [*grades(tmp_path / "out")] == ["alice"]
