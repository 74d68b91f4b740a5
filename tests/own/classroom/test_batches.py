"""``grade``: batches add up, one student alone, and who needs the instructor."""

from pathlib import Path

import pytest

from tests.own.classroom.delivered import FILE, Files, deliver
from tests.own.classroom.running import (
    GIVES_UP,
    HELLO,
    LIMIT,
    classroom,
    grades,
    results,
)

pytestmark = pytest.mark.timeout(LIMIT)

ADA, BOB = f"Ada Long_185_{FILE}_", f"Bob Bell_186_{FILE}_"
RAR = b"Rar!\x1a\x07\1\0"
CLASS: Files = {
    f"{ADA}/server.py": GIVES_UP,
    f"{BOB}/server.py": b"# Bob\n" + GIVES_UP,
    f"Cem Can_187_{FILE}_/lab.rar": RAR,
}
ROSTER = (
    "Name,Email\nAda Long,ada@x.edu\nBob Bell,bob@x.edu\nCem Can,cem@x.edu\nEve,e\n"
)


def grade(place: Path, out: Path, *options: str) -> tuple[int, list[str], str]:
    """Grade exercise 1; return the status, what was printed, and the errors."""
    run = classroom("grade", place, "--out", out, "--exercise", 1, *options)
    return run.returncode, run.stdout.splitlines(), run.stderr


def test_batches_add_up_to_the_class(tmp_path: Path) -> None:
    whole = deliver(CLASS, tmp_path / "whole")
    status, said, _ = grade(whole, tmp_path / "out")
    assert status == 1
    assert said == [
        "2 graded, 1 could not be graded, 1 needs you:",
        "  Cem Can: holds lab.rar, a RAR archive: ask for a zip",
        str(tmp_path / "out" / "class.html"),
    ]
    first, *others = CLASS.items()
    for number, files in enumerate(({first[0]: first[1]}, dict(others))):
        batch = deliver(files, tmp_path / f"batch{number}")
        status, _, _ = grade(batch, tmp_path / "added")
        assert status == number
    assert grades(tmp_path / "added") == grades(tmp_path / "out")
    cells = [row[HELLO] for row in grades(tmp_path / "out").values()]
    assert cells == ["0", "0", ""]
    note = grades(tmp_path / "out")["Cem Can_187"]["note"]
    assert note == "holds lab.rar, a RAR archive: ask for a zip"


def test_one_student_and_a_roster(tmp_path: Path) -> None:
    place, out = deliver(CLASS, tmp_path / "class"), tmp_path / "out"
    roster = tmp_path / "class.csv"
    roster.write_text(ROSTER)
    status, said, _ = grade(place, out, "--student", "ada", "--roster", str(roster))
    assert status == 0
    assert said[0] == "1 graded, nobody needs you."
    assert [*grades(out)] == ["Ada Long_ada@x.edu"]
    status, said, _ = grade(place, out, "--roster", str(roster))
    assert said[0] == "2 graded, 1 not handed in, 1 could not be graded, 1 needs you:"
    assert [row["sum"] for row in grades(out).values()] == ["0", "0", "", ""]
    marks = (out / "marks" / "class.csv").read_text("utf-8").splitlines()
    assert marks[1] == "Ada Long,ada@x.edu,0,0,graded"
    assert marks[4] == "Eve,e,,,not handed in"
    status, _, error = grade(place, out, "--student", "nobody")
    assert (status, error.splitlines()[-1]) == (
        1,
        "error: --student nobody is nobody here.",
    )


def test_grade_is_never_replaced_by_none(tmp_path: Path) -> None:
    """Not by a later batch of another exercise, nor by one that cannot be read."""
    grade(deliver({f"{ADA}/server.py": GIVES_UP}, tmp_path / "1"), tmp_path / "out")
    status, said, _ = grade(
        deliver({f"{ADA}/lab.rar": RAR}, tmp_path / "2"), tmp_path / "out", "--again"
    )
    assert status == 1
    assert said[0] == "1 graded, 1 needs you:"
    assert results(tmp_path / "out" / "Ada Long_185")["state"] == "graded"
