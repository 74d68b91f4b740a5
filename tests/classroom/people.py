"""Who is who: a folder of reports for each person, the same one every time."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.classroom.deliveries import Delivery
from tests.classroom.entries import shown
from tests.classroom.errors import ClassroomError
from tests.classroom.roster import Listed, Roster, folded
from tests.classroom.rows import Row

OURS = {"grades.csv", "class.html", "marks"}  # names that no student's folder can have
LONGEST_NAME = 120  # bytes of a folder's name without the id; a file's name has 255
LONGEST_ID = 80
UNSAFE = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]|^\.+|[. ]+$')
# "Naming Files, Paths, and Namespaces" in Windows' documentation.
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.I)


@dataclass
class Person:
    """One of the class: as a row, and what came of them."""

    row: Row
    delivery: Delivery = field(default_factory=lambda: Delivery(""))
    listed: Listed | None = None


def people_of(
    found: list[Delivery], roster: Roster | None, earlier: Iterable[Row]
) -> list[Person]:
    """Return everybody: who handed in, and who else is on the roster."""
    keys = Keys(earlier)
    people = [person_of(delivery, roster, keys) for delivery in found]
    for listed in joined_twice(people):
        for person in people:
            if person.listed == listed:
                text = f"{listed.name or listed.id} of the roster has several hand-ins"
                person.row.needs.append(text)
                person.listed = None
    here = {person.listed for person in people}
    for listed in roster.people if roster else ():
        if listed not in here:
            row = Row(keys.key(listed.name, listed.id), id=listed.id, name=listed.name)
            people.append(Person(row, listed=listed))
    return people


def joined_twice(people: list[Person]) -> list[Listed]:
    """Return who of the roster was found more than once."""
    found = [person.listed for person in people if person.listed]
    return [*dict.fromkeys(listed for listed in found if found.count(listed) > 1)]


def person_of(delivery: Delivery, roster: Roster | None, keys: "Keys") -> Person:
    """Return whose a delivery is."""
    number, name, needs = delivery.id, delivery.name, []
    matches = roster.find(delivery) if roster else []
    listed = matches[0] if len(matches) == 1 else None
    if listed:
        number, name = listed.id, listed.name or name
    elif roster:
        ids = ", ".join(match.id for match in matches)
        several = f"could be several of the roster: {ids}"
        needs.append(several if matches else "is not on the roster")
    key = keys.key(name, number)
    if keys.was_taken:
        needs.append("is called like somebody else: is this one person?")
    row = Row(key, needs=needs, id=number, name=shown(name), source=delivery.source)
    return Person(row, delivery, listed)


class Keys:
    """Names of folders, each for one person, also where names are alike."""

    def __init__(self, earlier: Iterable[Row]) -> None:
        """Begin with the folders that are there."""
        self._owners = {as_one(row.key): (row.name, row.id) for row in earlier}
        self.was_taken = False  # whether the last name was somebody else's, too

    def key(self, name: str, number: str) -> str:
        """Return the folder's name for a person; the id is never cut."""
        person = shown(name), number
        key = folder_name(name, number)
        owner = self._owners.setdefault(as_one(key), person)
        self.was_taken = as_one(key) in OURS or owner != person
        if self.was_taken:
            digest = hashlib.sha256(f"{name}\0{number}".encode("utf-8", "replace"))
            key = f"{key}~{digest.hexdigest()[:6]}"
            self._owners[as_one(key)] = person
        return key


def as_one(key: str) -> str:
    """Return what is the same for names that are one folder on some systems."""
    return unicodedata.normalize("NFC", key).casefold()


def folder_name(name: str, number: str) -> str:
    """Return a name under which every system can have a folder."""
    person = safe_name(name)
    if not number or folded(number) == folded(name):
        return person
    if len(number) > LONGEST_ID:
        number = hashlib.sha256(number.encode("utf-8", "replace")).hexdigest()
    return f"{person}_{UNSAFE.sub('_', shown(number))}" if name else safe_name(number)


def safe_name(name: str) -> str:
    """Return a name that every system takes, and that a page can show."""
    harmless = "".join(c if c.isprintable() else "�" for c in name)
    cut = harmless.encode("utf-8")[:LONGEST_NAME].decode("utf-8", "ignore")
    safe = UNSAFE.sub("_", cut) or "_"
    return f"_{safe}" if RESERVED.match(safe) else safe


def chosen(people: list[Person], wanted: list[str]) -> list[Person]:
    """Return the people whom ``--student`` names: by id, name, or a part of it.

    Raises ClassroomError for a name that is nobody's, or several people's.
    """
    found = []
    for word in wanted:
        exact = [person for person in people if folded(word) in names_of(person)]
        part = [p for p in people if any(folded(word) in n for n in names_of(p))]
        matches = exact or part
        if len(matches) != 1:
            keys = ", ".join(person.row.key for person in matches[:5])
            text = f"could be {keys}" if matches else "is nobody here"
            raise ClassroomError(f"--student {word} {text}.")
        found += matches
    return found


def names_of(person: Person) -> set[str]:
    """Return what a person can be called."""
    row, delivery = person.row, person.delivery
    told = (row.key, row.id, row.name, delivery.name, delivery.id, *delivery.logins)
    return {folded(name) for name in (*told, *delivery.source) if name}
