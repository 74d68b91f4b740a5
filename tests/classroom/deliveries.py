"""Who handed in what, in the folder or the zip that a learning system delivers."""

import contextlib
import os
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from tests.classroom.entries import open_below
from tests.classroom.errors import ClassroomError
from tests.classroom.hand_ins import Piece
from tests.classroom.systems import (
    METADATA,
    RECEIPT,
    TEAM,
    Named,
    assignment_in,
    is_archive_name,
    is_nobodys,
    named_by_person,
    named_by_system,
    submitters,
)
from tests.harness.exercises import EXERCISES

# What lies at the top of one submission, and not of a class.
ONE_SUBMISSIONS = {"lab.toml", "server.py", "client.py", *EXERCISES}
MOST_SAID = 16 * 1024 * 1024  # bytes of a system's own file
DEEPEST = 4  # folders around a class: of a course, of an assignment, of its hand-ins


@dataclass
class Delivery:
    """What came of one person."""

    name: str
    id: str = ""  # as the learning system has it
    pieces: list[Piece] = field(default_factory=list)  # the newest last
    notes: list[str] = field(default_factory=list)
    logins: tuple[str, ...] = ()  # what else tells who it is

    @property
    def source(self) -> list[str]:
        """The names under which it was delivered."""
        return [piece.name for piece in self.pieces]


@dataclass(frozen=True)
class Listing:
    """The names at one place of a class's folder or zip."""

    source: Path
    top: str  # the folder in it, or ""
    names: tuple[str, ...]

    def at(self, name: str) -> str:
        """Return a name of the listing as it is called in the source."""
        return f"{self.top}/{name}" if self.top else name


Found = tuple[Named, Piece]


def deliveries(path: Path) -> list[Delivery]:
    """Return everybody of a class, in the order of their names.

    Raises ClassroomError when there is nobody.
    """
    listing = innermost(listing_of(path))
    if ONE_SUBMISSIONS & {*listing.names}:
        text = f"{path} is one submission: name the folder that holds everybody's."
        raise ClassroomError(text)
    if METADATA in listing.names:
        found = [(named, piece_at(listing, at)) for at, named in gradescopes(listing)]
    else:
        found = [*named_pieces(listing)]
    if not found:
        raise ClassroomError(f"{path} holds no submissions.")
    return sorted(joined(found), key=lambda one: (one.name.casefold(), one.id))


def listing_of(path: Path, top: str = "") -> Listing:
    """Return the names in a folder or a zip; ClassroomError if it cannot be read."""
    try:
        if path.is_dir():
            names = [entry.name for entry in os.scandir(path / top)]
        else:
            names = names_in_zip(path, top)
    except (OSError, zipfile.BadZipFile, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ClassroomError(f"{path}: {reason}") from None
    mine = [name for name in names if name == METADATA or not is_nobodys(name)]
    return Listing(path, top, tuple(sorted(mine)))


def names_in_zip(path: Path, top: str) -> list[str]:
    """Return the names directly in a folder of a zip, or at its top."""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    start = f"{top}/" if top else ""
    inside = [name[len(start) :] for name in names if name.startswith(start)]
    return [*dict.fromkeys(name.partition("/")[0] for name in inside if name)]


def innermost(listing: Listing) -> Listing:
    """Return where the students are: folders around them, or a zip, are opened.

    Only where a learning system has made them; others may be somebody's.
    """
    place: Listing | None = listing
    for _ in range(DEEPEST):
        if place is None or is_told(place):
            break
        place = inside(place, place.names[0]) if len(place.names) == 1 else None
    return place if place and is_told(place) else listing


def inside(listing: Listing, name: str) -> Listing | None:
    """Return the listing of a folder, or of a zip in a folder; None for others."""
    try:
        if listing.source.is_dir() and is_archive_name(name):
            return listing_of(listing.source / listing.at(name))
        inner = listing_of(listing.source, listing.at(name))
    except ClassroomError:
        return None
    return inner if inner.names else None


def is_told(listing: Listing) -> bool:
    """Return whether any names are those of a learning system."""
    is_list = METADATA in listing.names
    return is_list or any(
        TEAM.fullmatch(n) or named_by_system(n) for n in listing.names
    )


def named_pieces(listing: Listing) -> Iterator[Found]:
    """Yield what each name says, and what lies there."""
    assignment, receipts = assignment_in([*listing.names]), people_in(listing)
    for name in listing.names:
        team = inside(listing, name) if TEAM.fullmatch(name) else None
        if team:
            yield from named_pieces(team)
            continue
        named = named_by_system(name) or named_by_person(name)
        if not named.name:  # Blackboard's names have only the user's
            user = named.id.removeprefix(assignment)
            person, number = receipts.get(named.id, (user, user))
            named = replace(named, name=person, id=number)
        yield named, piece_at(listing, name, named.file)


def people_in(listing: Listing) -> dict[str, tuple[str, str]]:
    """Return names and ids of Blackboard's users, from its receipts."""
    people = {}
    for name in listing.names:
        named = named_by_system(name)
        if named and named.is_receipt:
            told = RECEIPT.match(
                data_at(listing, name)[:1000].decode("utf-8", "replace")
            )
            if told and named.id.endswith(f"_{told['id']}"):
                people[named.id] = told["name"], told["id"]
    return people


def piece_at(listing: Listing, name: str, file: str = "") -> Piece:
    """Return what lies at a name."""
    return Piece(listing.source, listing.at(name), file)


def gradescopes(listing: Listing) -> Iterator[tuple[str, Named]]:
    """Yield the folders of Gradescope's list that are there, and whose they are."""
    data = data_at(listing, METADATA)
    for folder, named in submitters(data.decode("utf-8", "replace")):
        if folder in listing.names:
            yield folder, named


def data_at(listing: Listing, name: str) -> bytes:
    """Return what a system has written into a file; b"" where it can't be read."""
    place = listing.at(name)
    with contextlib.suppress(OSError, zipfile.BadZipFile, RuntimeError):
        if listing.source.is_dir():
            with open_below(listing.source, PurePosixPath(place)) as opened:
                return opened.read(MOST_SAID)
        with zipfile.ZipFile(listing.source) as archive, archive.open(place) as inner:
            return inner.read(MOST_SAID)
    return b""


def joined(found: Iterable[Found]) -> list[Delivery]:
    """Join what belongs to one person, and leave out what came before."""
    people: dict[tuple[str, str], list[Found]] = {}
    for named, piece in found:
        people.setdefault((named.name, named.id), []).append((named, piece))
    return [
        joined_for_one(name, number, mine) for (name, number), mine in people.items()
    ]


def joined_for_one(name: str, number: str, found: list[Found]) -> Delivery:
    """Return what one person has handed in: of several attempts, the last one."""
    kept = [one for one in found if not one[0].is_receipt] or found
    kept.sort(key=lambda one: one[0].age)
    newest = kept[-1][0]
    delivery = Delivery(name, number, logins=newest.logins)
    earlier = {named.age for named, _ in kept if named.is_whole} - {newest.age}
    if earlier:
        delivery.notes.append(f"passed over earlier attempts: {len(earlier)}")
        kept = [one for one in kept if one[0].age == newest.age]
    delivery.pieces = [piece for _, piece in kept]
    return delivery
