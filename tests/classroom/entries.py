"""The files of a hand-in, looked at and not read yet: in folders, by descriptors.

A student's program that still runs may swap a file for a link while the class is read.
So every step down is one open(2) that follows no link, and what is read is what was
looked at.
"""

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

MOST_NAMES = 100_000  # of a folder or an archive that are looked at
DEEPEST = 40  # folders within folders
LONGEST_NAME = 1000  # characters of a path
LONGEST_SHOWN = 80  # characters of it in a note
MOST_NOTES = 8  # of one kind on a hand-in
NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)  # Windows has none of these
NO_WAIT = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
FOLDER = getattr(os, "O_DIRECTORY", 0)
# What programs make beside a student's work, and systems beside everybody's.
MADE_BY_PROGRAMS = {
    *("__MACOSX", "__pycache__", "node_modules", "site-packages", "$RECYCLE.BIN"),
    *(".git", ".svn", ".hg", ".venv", ".tox", ".idea", ".vscode", ".vs", ".cache"),
    *(".pytest_cache", ".mypy_cache", ".ruff_cache", ".ipynb_checkpoints"),
    "Feedback Attachment(s)",  # Sakai's: the instructor's own
}
MARKS_ENVIRONMENT = "pyvenv.cfg"  # lies at the top of a virtual environment
MADE_BY_SYSTEMS = {"thumbs.db", "desktop.ini", "icon"}


class TooMuchError(Exception):
    """A limit is exceeded; the text says which."""


@dataclass(frozen=True)
class Entry:
    """A regular file of a hand-in, not read yet."""

    path: PurePosixPath
    executable: bool
    read: Callable[[int], bytes]  # up to that many bytes
    age: int = 0  # 0 for what came last


def in_folder(top: Path, name: str, notes: list[str]) -> Iterator[Entry]:
    """Yield the files of the folder ``name`` in ``top``, or the file of that name.

    A link is never followed.
    """
    mode = (top / name).lstat().st_mode
    if stat.S_ISREG(mode):
        yield file_at(top, PurePosixPath(name), mode, PurePosixPath(name).name)
    elif not stat.S_ISDIR(mode):
        notes.append("is a link or a device: left out")
    else:
        yield from below(top, PurePosixPath(name), PurePosixPath(), notes)


def below(
    top: Path, folder: PurePosixPath, inside: PurePosixPath, notes: list[str]
) -> Iterator[Entry]:
    """Yield the files of a folder; ``inside`` is its name for the reader."""
    try:
        with os.scandir(top / folder) as found:
            children = sorted(found, key=lambda child: child.name)
    except PermissionError:
        notes.append(f"{shown(inside)} may not be read: left out")
        return
    if any(child.name == MARKS_ENVIRONMENT for child in children):
        return
    for child in children:
        path = inside / child.name
        if not counts(path):
            continue
        mode = child.stat(follow_symlinks=False).st_mode
        if stat.S_ISDIR(mode) and len(path.parts) < DEEPEST:
            yield from below(top, folder / child.name, path, notes)
        elif stat.S_ISREG(mode):
            yield file_at(top, folder / child.name, mode, str(path))
        else:
            notes.append(f"{shown(path)} is a link, a device or too deep: left out")


def file_at(top: Path, where: PurePosixPath, mode: int, path: str) -> Entry:
    """Return the entry of a file of a folder."""

    def read(most: int) -> bytes:
        with open_below(top, where) as opened:
            return opened.read(most)

    return Entry(PurePosixPath(path), bool(mode & 0o100), read)


def open_below(top: Path, where: PurePosixPath) -> BinaryIO:
    """Open a regular file, openat(2): no step from ``top`` on follows a link."""
    if os.open not in os.supports_dir_fd:  # Windows, where only some may make links
        return (top / where).open("rb")
    place = os.open(top, os.O_RDONLY | FOLDER)
    try:
        for part in where.parts[:-1]:
            inner = os.open(part, os.O_RDONLY | FOLDER | NO_FOLLOW, dir_fd=place)
            os.close(place)
            place = inner
        flags = os.O_RDONLY | NO_FOLLOW | NO_WAIT
        opened = os.fdopen(os.open(where.name, flags, dir_fd=place), "rb")
    finally:
        os.close(place)
    if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
        opened.close()
        raise OSError(f"{shown(where)} is no longer a regular file")
    return opened


def limited(entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries; TooMuchError when they are too many to be looked at."""
    found = []
    for entry in entries:
        found.append(entry)
        if len(found) > MOST_NAMES:
            raise TooMuchError(f"holds more than {MOST_NAMES:,} files")
    return found


def counts(path: PurePosixPath) -> bool:
    """Return whether a file or folder may be a student's work."""
    is_made = path.name in MADE_BY_PROGRAMS or path.name.casefold() in MADE_BY_SYSTEMS
    return not is_made and not path.name.startswith("._")


def shown(path: object) -> str:
    """Return a name that is harmless in a terminal, a page and a file, and short."""
    text = "".join(c if c.isprintable() else "�" for c in str(path))
    if len(text) > LONGEST_SHOWN:
        half = LONGEST_SHOWN // 2
        text = f"{text[:half]}…{text[-half:]}"
    return text


def few(notes: list[str]) -> list[str]:
    """Return the first of many notes, and how many there are."""
    notes = list(dict.fromkeys(notes))
    if len(notes) <= MOST_NOTES:
        return notes
    return [*notes[:MOST_NOTES], f"and {len(notes) - MOST_NOTES} notes more"]
