"""``--roster FILE.csv``: who is in the class, as a learning system lists it.

Moodle's grading worksheet, Canvas' gradebook and plain lists are told apart by their
columns. Moodle's importer, mod/assign/feedback/offline, finds a student by the number
in ``Identifier``; Canvas' importer, lib/gradebook_importer.rb, by ``ID``.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tests.classroom.deliveries import Delivery
from tests.classroom.errors import ClassroomError

MOODLE, CANVAS, LIST = "Moodle's worksheet", "Canvas' gradebook", "a list"
# Columns by what they tell, as systems and people call them, the steadiest id first.
IDS = (
    *("id number", "idnumber", "student id", "student number", "sid", "orgdefinedid"),
    *("matriculation number", "matrikelnummer", "sis user id"),
)
LOGINS = (
    *("sis login id", "username", "user name", "login", "login id", "user", "eid"),
    *("email", "email address", "e-mail", "e-mail address", "mail"),
    *("github", "github username", "github_username"),
)
OTHER_IDS = ("id", "identifier")  # Canvas' own, and one that Moodle changes each time
NAMES = ("full name", "student", "name", "student name", "display name")
FIRST = ("first name", "first name(s)", "firstname", "given name")
LAST = ("last name", "lastname", "surname", "family name")
MOODLES = {"identifier", "grade", "last modified (grade)"}  # needed by its importer
# Moodle's columns in other languages, by the one that tells which language it is.
TRANSLATED = {
    "zuletzt geändert (bewertung)": {
        "id": "identifier",
        "vollständiger name": "full name",
        "id-nummer": "id number",
        "e-mail-adresse": "email address",
        "bewertung": "grade",
        "bestwertung": "maximum grade",
        "skala": "scale",
        "zuletzt geändert (bewertung)": "last modified (grade)",
    },
    "dernière modification (note)": {
        "identifiant": "identifier",
        "nom complet": "full name",
        "numéro d'identification": "id number",
        "adresse de courriel": "email address",
        "note": "grade",
        "note maximale": "maximum grade",
        "barème": "scale",
        "dernière modification (note)": "last modified (grade)",
    },
}
# Canvas' rows about assignments, and the student whom it has for trying things out.
NO_STUDENT = re.compile(
    r"\s*(points possible|manual posting|muted|student, test)\b", re.I
)
MOST = 64 * 1024 * 1024  # bytes of the file


@dataclass(frozen=True)
class Listed:
    """One of the class."""

    line: int  # of the roster's rows
    id: str  # the steadiest that there is
    name: str
    ids: frozenset[str]  # all that may stand for this person, folded
    number: str = ""  # in this assignment of Moodle's


@dataclass(frozen=True)
class Roster:
    """A table of the class, which can be written back."""

    file: Path
    header: list[str]
    rows: list[list[str]]
    delimiter: str = ","
    line_end: str = "\n"
    has_bom: bool = False

    @cached_property
    def columns(self) -> list[str]:
        """The header, folded, and in English where it is Moodle's."""
        columns = [*map(folded, self.header)]
        for sign, english in TRANSLATED.items():
            if sign in columns:
                columns = [english.get(name, name) for name in columns]
        return columns

    @property
    def kind(self) -> str:
        """Whose table this is."""
        if set(self.columns) >= MOODLES:
            return MOODLE
        is_canvas = self.columns[:2] == ["student", "id"] and "section" in self.columns
        return CANVAS if is_canvas else LIST

    @cached_property
    def people(self) -> list[Listed]:
        """Everybody on it."""
        return [*self._people()]

    def _people(self) -> Iterator[Listed]:
        for line, row in enumerate(self.rows):
            is_student = row and not (self.kind == CANVAS and NO_STUDENT.match(row[0]))
            cells = dict(zip(self.columns, map(str.strip, row), strict=False))
            if is_student and any(cells.values()):
                yield listed_in(line, cells, self.kind)

    def find(self, delivery: Delivery) -> list[Listed]:
        """Return whom a delivery may be of: by an id if there is one, else by name."""
        told = {folded(one) for one in (delivery.id, *delivery.logins) if one}
        for listed in self.people:
            if listed.number and listed.number == delivery.id:
                return [listed]
        by_id = [
            listed
            for listed in self.people
            if told & listed.ids and may_be(delivery.name, listed.name, told)
        ]
        if by_id:
            return by_id
        named = folded(delivery.name)
        by_login = [listed for listed in self.people if named in listed.ids]
        return by_login or [p for p in self.people if is_same(delivery.name, p.name)]


def read_roster(file: Path) -> Roster:
    """Read a roster; ClassroomError if it is none, or its columns say nothing."""
    try:
        data = file.read_bytes()[:MOST]
        text = data.decode("utf-8-sig")
        sample = text.partition("\n")[0]
        delimiter = max(",;\t", key=sample.count)
        table = [*csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise ClassroomError(f"{file}: {reason}") from None
    header, rows = (table[0], table[1:]) if table else ([], [])
    line_end = "\r\n" if "\r\n" in text else "\n"
    has_bom = data.startswith(b"\xef\xbb\xbf")
    roster = Roster(file, header, rows, delimiter, line_end, has_bom)
    if not any(listed.id or listed.name for listed in roster.people):
        wanted = "a column such as Name, Email, Username or Student ID, and students"
        raise ClassroomError(f"{file} is no roster: it needs {wanted}.")
    return roster


def listed_in(line: int, cells: dict[str, str], kind: str) -> Listed:
    """Return the person of a row."""
    number = ""
    if kind == MOODLE:
        number = re.sub(r"^\D*", "", cells.pop("identifier"))
    parts = first_of(cells, FIRST), first_of(cells, LAST)
    name = first_of(cells, NAMES) or " ".join(filter(None, parts))
    ids = [cells[n] for n in (*IDS, *LOGINS, *OTHER_IDS) if cells.get(n)]
    known = frozenset(map(folded, ids))
    return Listed(line, ids[0] if ids else number, name, known, number)


def first_of(cells: dict[str, str], columns: tuple[str, ...]) -> str:
    """Return the first cell that is not empty."""
    return next((cells[name] for name in columns if cells.get(name)), "")


def folded(text: str) -> str:
    """Return a text for comparing: alike forms of letters are one."""
    return unicodedata.normalize("NFKC", text).casefold().strip()


def may_be(delivered: str, listed: str, told: set[str]) -> bool:
    """Return whether an id's name agrees, where both sides have one."""
    is_known = delivered and listed and folded(delivered) not in told
    return not is_known or is_same(delivered, listed)


def is_same(one: str, other: str) -> bool:
    """Return whether two names are the same: "Doe, Jane", "Jane Doe", "doejane"."""
    words, others = (sorted(re.findall(r"\w+", folded(name))) for name in (one, other))
    if words == others:
        return bool(words)
    together = re.sub(r"\W", "", folded(one))
    parts = re.findall(r"\w+", folded(other))
    turned = ("".join(parts[n:] + parts[:n]) for n in range(len(parts)))
    return bool(together) and together in turned
