"""All files of a hand-in, wherever they lie: in folders, archives, archives in those.

This runs in a process of its own, see submissions.py: whatever a library raises for
what somebody handed in is a note.
"""

import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import PurePosixPath

from tests.classroom.archives import (
    ARCHIVE_NAMES,
    UnreadableError,
    in_archive,
    in_zip,
)
from tests.classroom.entries import Entry, TooMuchError, in_folder, limited, shown
from tests.classroom.hand_ins import HandIn, Piece

MOST_ARCHIVES = 20  # that are looked into at one level


@contextmanager
def careful(name: object, unread: list[str]) -> Iterator[None]:
    """Turn whatever is raised into the note that ``name`` cannot be read."""
    try:
        yield
    except (UnreadableError, TooMuchError) as error:
        unread.append(str(error))
    except Exception as error:  # of libraries that read what a stranger has made
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        unread.append(f"{shown(name)} cannot be read: {shown(reason)}")


def gather(pieces: Sequence[Piece], hand_in: HandIn) -> list[Entry]:
    """Return the files of all pieces; the last piece is the newest."""
    entries: list[Entry] = []
    for age, piece in enumerate(reversed(pieces)):
        with careful(piece.file or piece.name, hand_in.unread):
            found = limited(in_piece(piece, hand_in.notes))
            entries += [replace(entry, age=age) for entry in found]
    return entries


def in_piece(piece: Piece, notes: list[str]) -> Iterator[Entry]:
    """Yield the files of a piece; if it is an archive, those in it."""
    if piece.source.is_dir():
        found = in_folder(piece.source, piece.name, notes)
    else:
        found = in_zip(zipfile.ZipFile(piece.source), piece.name, notes)
    own_name = PurePosixPath(piece.name).name
    for entry in found:
        if str(entry.path) != own_name:
            yield entry
            continue
        entry = replace(entry, path=PurePosixPath(piece.file or own_name))
        inside = in_archive(entry, notes)
        yield from [entry] if inside is None else inside


def unpack(entries: list[Entry], hand_in: HandIn) -> list[Entry]:
    """Return the entries with what is in those that are archives, in their place."""
    packed = [e.path for e in entries if may_be_archive(e.path)][:MOST_ARCHIVES]
    unpacked: list[Entry] = []
    for entry in entries:
        inside: list[Entry] | None = None
        if entry.path in packed:
            with careful(entry.path, hand_in.unread):
                inside = in_archive(entry, hand_in.notes)
        if inside is None:
            unpacked.append(entry)
        else:
            unpacked += [inner_of(entry, one) for one in inside]
    return unpacked


def inner_of(archive: Entry, entry: Entry) -> Entry:
    """Return an archive's entry as one of what holds the archive."""
    return replace(entry, path=archive.path / entry.path, age=archive.age)


def may_be_archive(path: PurePosixPath) -> bool:
    """Return whether a file could be an archive, by its name."""
    name = path.name.lower()
    return name.endswith((*ARCHIVE_NAMES, ".gz", ".bz2", ".xz")) or not path.suffix
