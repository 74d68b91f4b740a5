"""Rosters: who is who, and the same file back with the marks, field by field."""

import csv
import io
import zipfile
from pathlib import Path

import pytest

from tests.classroom.deliveries import Delivery
from tests.classroom.errors import ClassroomError
from tests.classroom.files import write_json
from tests.classroom.marks import column_of, write_marks
from tests.classroom.people import Person, people_of
from tests.classroom.roster import Roster, read_roster
from tests.classroom.rows import GRADED, NOT_GRADED, Row
from tests.own.classroom.running import HELLO

# As download_grades() of Moodle's mod/assign/feedback/offline writes it.
MOODLE = """\
Identifier,"Full name","Email address",Status,Grade,"Maximum Grade",\
"Grade can be changed","Last modified (submission)","Last modified (grade)",\
"Feedback comments"\r
"Participant 100185","Ada Long",ada@example.edu,"Submitted for grading",,100.00,Yes,\
"Friday, 20 November 2026, 10:12 AM",-,\r
"Participant 100186","Bob Bell",bob@example.edu,"Submitted for grading",12.00,100.00,\
Yes,"Friday, 20 November 2026, 10:12 AM",-,"as before"\r
"Participant 100187","Cem Can",cem@example.edu,"No submission",,100.00,Yes,-,-,\r
"""
GERMAN = """\
ID,"Vollständiger Name",E-Mail-Adresse,Status,Bewertung,Bestwertung,\
"Bewertung kann geändert werden","Zuletzt geändert (Abgabe)",\
"Zuletzt geändert (Bewertung)","Feedback als Kommentar"
Teilnehmer/in100185,"Ada Long",ada@example.edu,-,,"100,00",Ja,-,-,
"Teilnehmer/in100186","Bob Bell",bob@example.edu,-,"12,00","100,00",Ja,-,-,
"Teilnehmer/in100187","Cem Can",cem@example.edu,-,,"100,00",Ja,-,-,
"""
FRENCH = """\
Identifiant,Nom complet,Adresse de courriel,Statut,Note,Note maximale,\
La note peut être modifiée,Dernière modification (note),Feedback par commentaires
Participant100185,Ada Long,ada@example.edu,-,,"100,00",Oui,-,
Participant100186,Bob Bell,bob@example.edu,-,"12,00","100,00",Oui,-,
Participant100187,Cem Can,cem@example.edu,-,,"100,00",Oui,-,
"""
# As Canvas exports it: lib/gradebook_importer.rb reads it back.
CANVAS = """\
Student,ID,SIS User ID,SIS Login ID,Section,Exercise 1 (55),Exercise 2 (56),Final Score
    Points Possible,,,,,20.00,15.00,(read only)
"Long, Ada",11,s11,along,A,,3.0,10
"Bell, Bob",12,s12,bbell,A,7,,20
"Can, Cem",13,s13,ccan,A,,,
"Student, Test",99,,x,A,,,
"""
LIST = """\
name;email;github;exercise1_http_hello;sum;state
Ada Long;ada@example.edu;ada-l;3;3;graded
=Bob Bell;bob@example.edu;bob-b;;;
Cem Can;cem@example.edu;cem-c;;;
"""
DELIVERED = {  # of Ada, who has 8 of 10 points, and of Bob, who could not be graded
    "moodle": [("Ada Long", "100185"), ("Bob Bell", "100186")],
    "canvas": [("longada", "11"), ("bellbob", "12")],
    "list": [("ada-l", ""), ("bob@example.edu", "")],
}
DELIVERED |= dict.fromkeys(("german", "french"), DELIVERED["moodle"])
TEXTS = {"moodle": MOODLE, "canvas": CANVAS, "list": LIST}
TEXTS |= {"german": GERMAN, "french": FRENCH}


def roster_of(kind: str, folder: Path, text: str = "") -> Roster:
    """Read one of the three."""
    file = folder / f"{kind}.csv"
    file.write_bytes((text or TEXTS[kind]).encode())
    return read_roster(file)


def class_of(kind: str, roster: Roster) -> list[Person]:
    """Return who is in the class, by what comes of them."""
    return people_of([Delivery(*told) for told in DELIVERED[kind]], roster, [])


def graded(row: Row, state: str, points: int) -> Row:
    """Return a row with a result."""
    result = {"exercise": HELLO, "state": state, "points": points, "max_points": 10}
    return Row(row.key, [{**result, "note": "", "checks": []}], source=row.source)


def written_back(kind: str, folder: Path, column: str = "") -> list[dict[str, str]]:
    """Write marks into a roster, and read it."""
    roster = roster_of(kind, folder)
    rows = {p.listed: p.row for p in class_of(kind, roster) if p.listed}
    ada, bob, _ = rows
    rows[ada], rows[bob] = (
        graded(rows[ada], GRADED, 8),
        graded(rows[bob], NOT_GRADED, 0),
    )
    column = column_of(roster, column, [HELLO])
    text = write_marks(roster, rows, [HELLO], column, folder).read_text("utf-8")
    return [*csv.DictReader(io.StringIO(text), delimiter=roster.delimiter)]


@pytest.mark.parametrize("kind", TEXTS)
def test_absent_are_listed_and_others_are_found(tmp_path: Path, kind: str) -> None:
    people = class_of(kind, roster_of(kind, tmp_path))
    assert [person.row.name.strip("=") for person in people][-1][:3] in ("Cem", "Can")
    assert [bool(person.delivery.name) for person in people] == [True, True, False]
    assert not any(person.row.needs for person in people)
    assert [person.row.state for person in people][2] == "not handed in"


@pytest.mark.parametrize(
    ("kind", "column", "marks"),
    [
        ("moodle", "Grade", ["80.00", "12.00", ""]),  # of 100
        ("german", "Bewertung", ["80.00", "12,00", ""]),
        ("french", "Note", ["80.00", "12,00", ""]),
        ("canvas", "Exercise 1 (55)", ["16.00", "7", ""]),  # of 20
        ("list", HELLO, ["8", "", ""]),
    ],
)
def test_marks_come_back(
    tmp_path: Path, kind: str, column: str, marks: list[str]
) -> None:
    """All other fields stay as they are; who has no grade keeps the cell, too."""
    after = written_back(kind, tmp_path)
    delimiter = ";" if kind == "list" else ","
    before = [*csv.DictReader(io.StringIO(TEXTS[kind]), delimiter=delimiter)]
    students = [row for row in after if "Points" not in str([*row.values()][0])]
    assert [row[column] for row in students][:3] == marks
    ours = {column, "sum", "state"} if kind == "list" else {column}
    for old, new in zip(before, after, strict=True):
        assert {k: v for k, v in new.items() if k not in ours} == {
            k: v for k, v in old.items() if k not in ours
        }
        assert [*new] == [*old]


def test_list_says_the_state(tmp_path: Path) -> None:
    after = written_back("list", tmp_path)
    states = [row["state"] for row in after]
    assert states == ["graded", "could not be graded", "not handed in"]


def test_moodles_feedback_is_named_as_it_was_downloaded(tmp_path: Path) -> None:
    """Its importer takes the name, the number and the plugin from a folder's name."""
    roster = roster_of("moodle", tmp_path)
    rows = {p.listed: p.row for p in class_of("moodle", roster) if p.listed}
    for row in rows.values():
        (tmp_path / row.key).mkdir()
        write_json(tmp_path / row.key / "feedback.json", {})
        (tmp_path / row.key / "feedback.html").write_text(row.key)
    write_marks(roster, rows, [HELLO], "Grade", tmp_path)
    with zipfile.ZipFile(tmp_path / "marks" / "feedback.zip") as archive:
        names = archive.namelist()
    told = [name.partition("/")[0].split("_", 4) for name in names]
    assert [part[:4] for part in told] == [
        [name, number, "assignsubmission", "file"]
        for name, number in (("Ada Long", "100185"), ("Bob Bell", "100186"))
    ] + [["Cem Can", "100187", "assignsubmission", "file"]]
    assert {name.rpartition("/")[2] for name in names} == {"feedback.html"}


def test_column_has_to_be_clear(tmp_path: Path) -> None:
    roster = roster_of("canvas", tmp_path)
    assert column_of(roster, "exercise 2", [HELLO]) == "Exercise 2 (56)"
    both = [HELLO, "exercise2_accept_loop"]
    with pytest.raises(
        ClassroomError, match=r"--column; there are: Exercise 1 \(55\),"
    ):
        column_of(roster, "", both)


def test_scale_takes_no_points(tmp_path: Path) -> None:
    text = MOODLE.replace("Maximum Grade", "Scale")
    with pytest.raises(ClassroomError, match="has a scale, which takes no points"):
        column_of(roster_of("scale", tmp_path, text), "", [HELLO])


def test_twins_are_told_apart_by_id_or_are_a_question(tmp_path: Path) -> None:
    text = "id,name\n71,Ada Long\n72,Ada Long\n73,Bob Bell\n"
    roster = roster_of("twins", tmp_path, text)
    found = [Delivery("Ada Long", "72"), Delivery("71"), Delivery("Ada Long")]
    people = people_of(found, roster, [])
    assert [person.row.id for person in people] == ["72", "71", "", "73"]
    assert people[2].row.needs == ["could be several of the roster: 71, 72"]
    assert len({person.row.key for person in people}) == 4


def test_person_keeps_a_folder_though_moodles_numbers_change(tmp_path: Path) -> None:
    first = class_of("moodle", roster_of("moodle", tmp_path))
    later = roster_of("moodle", tmp_path, MOODLE.replace("1001", "2001"))
    delivered = [
        Delivery(name, f"2{number[1:]}") for name, number in DELIVERED["moodle"]
    ]
    keys = [person.row.key for person in people_of(delivered, later, [])]
    assert keys == [person.row.key for person in first]
    assert keys[0] == "Ada Long_ada@example.edu"


def test_id_of_another_list_is_no_match(tmp_path: Path) -> None:
    """Moodle's 73 may be somebody's number in another list by chance."""
    roster = roster_of("numbers", tmp_path, "id,name\n73,Bob Bell\n74,Ada Long\n")
    (ada, bob) = people_of([Delivery("Ada Long", "73")], roster, [])
    assert (ada.row.id, bob.row.id) == ("74", "73")
    (guest, *_) = people_of([Delivery("Eve", "9")], roster, [])
    assert guest.row.needs == ["is not on the roster"]


@pytest.mark.parametrize("data", [b"", b"a,b\n1,2\n", b"\xff\xfe", b"PK\3\4"])
def test_file_that_is_no_roster(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "r.csv"
    file.write_bytes(data)
    with pytest.raises(ClassroomError, match=r"r\.csv"):
        read_roster(file)
    with pytest.raises(ClassroomError, match="No such file"):
        read_roster(tmp_path / "missing.csv")
