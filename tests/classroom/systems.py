"""How learning systems write who a student is into the names of files and folders.

What they add for the instructor (receipts, indexes, lists) belongs to nobody.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from tests.classroom.archives import ARCHIVE_NAMES

METADATA = "submission_metadata.yml"  # Gradescope's list of who handed in what
NOBODYS = {
    *("thumbs.db", "desktop.ini", "index.html", "index.htm", "__macosx"),
    *("grades.csv", "grades.xls", "grades.xlsx", METADATA),  # Sakai, Gradescope
    *("status.csv", "status.xls", "status.xlsx"),  # Ilias
}
# Moodle, mod/assign: "Full Name_100185_assignsubmission_file_", a folder, or in front
# of a file's name. From 4.1 on, folders have no "_" at the end.
MOODLE = re.compile(
    r"(?P<name>[^_]*)_(?P<id>\d+)_assignsubmission_[a-z]+_?(?P<file>.*)", re.S
)
# Canvas: "doejane_LATE_4711_815_server-2.py", the person, the attachment, its name.
CANVAS = re.compile(
    r"(?P<name>[^_]+)_(?:LATE_)?(?P<id>\d+)_(?P<age>\d+)_(?P<file>.+)", re.S
)
# Blackboard: "Lab_jdoe_attempt_2026-11-20-10-12-13_server.py", and a receipt.
BLACKBOARD = re.compile(
    r"(?P<id>.+)_attempt_(?P<age>\d{4}(?:-\d\d){5})(?:_(?P<file>.+)|\.txt)",
    re.S,
)
# The first line of a receipt, which tells what the names of files do not.
RECEIPT = re.compile(r"Name: (?P<name>.*) \((?P<id>[^()]+)\)")
# Brightspace: "4457-1367 - Jane Doe - Nov 20, 2026 1012 PM - server.py", or a folder.
BRIGHTSPACE = re.compile(
    r"(?P<id>\d+)-\d+ - (?P<name>.+?) ?- (?P<age>[^-]*\d \d{3,4} [AP]M)"
    r"(?: - (?P<file>.+))?",
    re.S,
)
# Sakai: "Doe, Jane(jdoe)", a folder.
SAKAI = re.compile(r"(?P<name>[^()]+, ?[^()]*)\((?P<id>[^()]+)\)", re.S)
# Ilias: "Doe_Jane_jdoe_4711", a folder for each person, in one for each team.
ILIAS = re.compile(r"(?P<name>[^_]+_.*[^_])_(?P<id>[^_]+)_\d{3,}", re.S)
TEAM = re.compile(r"Team \d+")
PATTERNS = (MOODLE, CANVAS, BLACKBOARD, BRIGHTSPACE, SAKAI, ILIAS)
# A person's own file, where no system names it: "alice_server.py", "alice-client.py".
OF_PERSON = re.compile(r"(?P<id>.+)[ _-](?P<file>(?:server|client)\b.*\.py)", re.I)
SUBMISSION = re.compile(r"^(submission_\d+):\s*$", re.M)
SUBMITTER = re.compile(r"^ *- +:name:", re.M)
FIELD = re.compile(r"^ *(?:- +)?:(name|sid|email): *(.*?) *$", re.M)
MONTHS = [
    *("jan", "feb", "mar", "apr", "may", "jun"),
    *("jul", "aug", "sep", "oct", "nov", "dec"),
]


@dataclass(frozen=True)
class Named:
    """What a name says."""

    name: str
    id: str = ""  # as the system has it
    file: str = ""  # what the student calls the file
    age: str = ""  # of an attempt: what is sorted last is the newest
    is_whole: bool = True  # whether this attempt replaces the one before
    is_receipt: bool = False
    is_person_told: bool = True  # by a system, not by whoever named the file
    logins: tuple[str, ...] = ()  # what else tells who it is


def named_by_system(name: str) -> Named | None:
    """Return what a learning system's name says; None for another name."""
    for pattern in PATTERNS:
        if found := pattern.fullmatch(name):
            told = {key: text or "" for key, text in found.groupdict().items()}
            file, age = told.get("file", ""), told.get("age", "")
            return Named(
                told.get("name", "").replace("_", " ").strip(),
                told["id"],
                file,
                in_order(pattern, age),
                is_whole=pattern is not CANVAS,
                is_receipt=pattern is BLACKBOARD and not file,
            )
    return None


def named_by_person(name: str) -> Named:
    """Return what a name says that no system has made."""
    if found := OF_PERSON.fullmatch(name):
        return Named(found["id"], file=found["file"], is_person_told=False)
    stem = name
    for suffix in sorted((*ARCHIVE_NAMES, ".py"), key=len, reverse=True):
        if name.lower().endswith(suffix):
            stem = name[: -len(suffix)] or name
            break
    return Named(stem, is_person_told=False)


def in_order(pattern: "re.Pattern[str]", age: str) -> str:
    """Return an attempt's date or number as a text that is sorted as it should be."""
    if pattern is CANVAS:
        return age.zfill(20)
    return as_date(age) if pattern is BRIGHTSPACE else age


def as_date(text: str) -> str:
    """Return "Nov 20, 2026 1012 PM" or "20 November, 2026 1012 PM" for sorting."""
    words = re.findall(r"[^\W\d]+|\d+", text)
    months = [word[:3].lower() for word in words[:-1] if not word.isdigit()]
    month = MONTHS.index(months[0]) + 1 if months and months[0] in MONTHS else 0
    day, year, *_, clock = [word.zfill(4) for word in words if word.isdigit()]
    hour = int(clock[:2]) % 12 + 12 * (words[-1] == "PM")
    return f"{year}-{month:02}-{day} {hour:02}{clock[2:]}"


def assignment_in(names: list[str]) -> str:
    """Return what all of Blackboard's names begin with: the assignment's name."""
    people = {found["id"] for name in names if (found := BLACKBOARD.fullmatch(name))}
    if len(people) == 1:  # nothing to compare with: a user's name has no "_"
        return people.pop().rpartition("_")[0] + "_"
    least, most = (min(people), max(people)) if people else ("", "")
    same = 0
    while same < min(len(least), len(most)) and least[same] == most[same]:
        same += 1
    return least[: least.rfind("_", 0, same) + 1]


def submitters(metadata: str) -> Iterator[tuple[str, Named]]:
    """Yield Gradescope's folders and whose they are; a group's has several people.

    The list is YAML of one form (``:submitters:`` with ``:name:``, ``:sid:``,
    ``:email:``): so no library is needed.
    """
    _, *parts = SUBMISSION.split(metadata)
    for folder, block in zip(parts[::2], parts[1::2], strict=True):
        starts = [found.start() for found in SUBMITTER.finditer(block)]
        for start, end in zip(starts, [*starts[1:], len(block)], strict=True):
            told: dict[str, str] = {}
            for key, value in FIELD.findall(block[start:end]):
                told.setdefault(key, value.strip("'\""))
            number, email = told.get("sid", ""), told.get("email", "")
            named = Named(told["name"], number or email, logins=(email,))
            yield folder, named


def is_nobodys(name: str) -> bool:
    """Return whether a file is no student's, but hidden, or made by a system."""
    return name.startswith(".") or name.casefold() in NOBODYS


def is_archive_name(name: str) -> bool:
    """Return whether a name is that of a zip, in which a class may be."""
    return PurePosixPath(name).suffix.lower() == ".zip"
