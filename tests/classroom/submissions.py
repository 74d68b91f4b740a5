"""Reading what students hand in: folders and archives, none of them trusted.

Nothing is unpacked to disk. The names are looked at first; then the few files that
count are read, each up to a limit, and only those are written where they will run.
"""

import gzip
import io
import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO

from tests.harness.exercises import EXERCISES, ROOT

MOST_FILES = 20_000  # entries of a folder or an archive that are looked at
MOST_OF_A_SOURCE = 1024 * 1024  # bytes of a file called yours; solutions have 20 KB
MOST_IN_ALL = 64 * 1024 * 1024  # bytes of a submission in another language
ARCHIVES = (".zip", ".tar.gz", ".tgz")
NO_STUDENTS_WORK = {"__MACOSX", "__pycache__", "node_modules", "venv"}
# What the library raises for archives that are damaged, or that it cannot read.
DAMAGED = (OSError, EOFError, zipfile.BadZipFile, tarfile.TarError, zlib.error)
ODD = (lzma.LZMAError, struct.error, RuntimeError, ValueError)


class TooMuchError(Exception):
    """A limit of this module is exceeded; the text says which."""


@dataclass(frozen=True)
class Entry:
    """A regular file of a submission, not read yet."""

    path: PurePosixPath
    executable: bool
    read: Callable[[int], bytes]  # up to that many bytes


@dataclass
class HandIn:
    """What one student handed in, as far as it counts."""

    files: dict[PurePosixPath, bytes] = field(default_factory=dict)
    executables: set[PurePosixPath] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)  # what was odd about it
    unread: list[str] = field(default_factory=list)  # what may hold more, and why not

    @property
    def brings_commands(self) -> bool:
        """Whether it has a lab.toml, and so may be in any language."""
        return PurePosixPath("lab.toml") in self.files

    def has(self, exercise: str) -> bool:
        """Return whether there is anything to grade for an exercise."""
        return self.brings_commands or any(p.parts[0] == exercise for p in self.files)

    def is_starter(self, exercise: str) -> bool:
        """Return whether what was handed in is the exercise's starter, unchanged."""
        folder = PurePosixPath(exercise)
        mine = {p.name: d for p, d in self.files.items() if p.parent == folder}
        return not self.brings_commands and all(
            same_text(data, (ROOT / exercise / name).read_bytes())
            for name, data in mine.items()
        )

    def write_to(self, folder: Path) -> None:
        """Lay the files out like the lab. The folder is new and empty."""
        for path, data in self.files.items():
            file = folder.joinpath(*path.parts)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
            if path in self.executables:
                file.chmod(0o755)


def read_hand_in(source: Path, exercises: Sequence[str] = tuple(EXERCISES)) -> HandIn:
    """Read a student's folder or archive. Whatever is wrong with it becomes a note.

    When only one of the ``exercises`` is asked for, its files may lie without folder.
    """
    hand_in = HandIn()
    try:
        entries = list(entries_of(source, hand_in.notes))
        if len(exercises) == 1:
            entries = with_folder(entries, exercises[0], hand_in.notes)
        entries = find_root(entries, hand_in.notes)
        take(entries, hand_in)
        if not hand_in.files and not hand_in.notes:
            hand_in.notes.append("holds none of the files that are graded")
    except TooMuchError as error:
        hand_in.unread.append(str(error))
    except DAMAGED + ODD as error:
        reason = getattr(error, "strerror", None) or error
        hand_in.unread.append(f"cannot be read: {reason}")
    return hand_in


def entries_of(source: Path, notes: list[str]) -> Iterator[Entry]:
    """Yield the regular files of a folder or an archive; the rest becomes notes."""
    name = source.name.lower()
    if source.is_symlink():
        notes.append("is a link: not followed")
    elif source.is_dir():
        yield from in_folder(source, source, notes)
    elif name.endswith(".zip"):
        yield from in_zip(source, notes)
    elif name.endswith(ARCHIVES):
        yield from in_tar(source, notes)
    else:
        notes.append("is neither a folder nor an archive (zip, tar.gz)")


def in_folder(folder: Path, root: Path, notes: list[str]) -> Iterator[Entry]:
    """Yield a folder's regular files; a link is never followed."""
    for file in sorted(folder.iterdir()):
        path, mode = file.relative_to(root), file.lstat().st_mode
        if not counts(path.parts):
            continue
        if stat.S_ISDIR(mode):
            yield from in_folder(file, root, notes)
        elif stat.S_ISREG(mode):
            is_program = bool(mode & 0o100)
            yield Entry(PurePosixPath(path.as_posix()), is_program, reader(file))
        else:
            notes.append(f"{shown(path)} is a link or a device: left out")


def reader(file: Path) -> Callable[[int], bytes]:
    """Return a function that reads the beginning of a file."""

    def read(most: int) -> bytes:
        with file.open("rb") as opened:
            return opened.read(most)

    return read


def in_zip(source: Path, notes: list[str]) -> Iterator[Entry]:
    """Yield a zip archive's files that lie where they should.

    A size in a zip's directory is only a claim: what counts is what is read.
    """
    with source.open("rb") as opened:
        archive = zipfile.ZipFile(io.BytesIO(read_up_to(opened, MOST_IN_ALL)))
    for info in archive.infolist():
        mode = info.external_attr >> 16
        kind = stat.S_IFMT(mode)
        path = safe_path(info.filename, notes)
        if info.is_dir() or path is None:
            continue
        if kind not in (0, stat.S_IFREG):
            notes.append(f"{shown(path)} is a link or a device: left out")
            continue

        def read(most: int, info: zipfile.ZipInfo = info) -> bytes:
            with archive.open(info) as opened:
                return opened.read(most)

        yield Entry(path, bool(mode & 0o100), read)


def in_tar(source: Path, notes: list[str]) -> Iterator[Entry]:
    """Yield a tar archive's files that lie where they should."""
    with gzip.open(source) as packed:
        data = io.BytesIO(read_up_to(packed, MOST_IN_ALL))
    archive = tarfile.TarFile(fileobj=data)
    for member in archive:
        path = safe_path(member.name, notes)
        if member.isdir() or path is None:
            continue
        if not member.isreg():
            notes.append(f"{shown(path)} is a link or a device: left out")
            continue

        def read(most: int, member: tarfile.TarInfo = member) -> bytes:
            opened = archive.extractfile(member)
            return opened.read(most) if opened else b""

        yield Entry(path, bool(member.mode & 0o100), read)


def read_up_to(opened: IO[bytes] | gzip.GzipFile, most: int) -> bytes:
    """Read a stream to its end; TooMuchError when it holds more than ``most`` bytes."""
    data = opened.read(most + 1)
    if len(data) > most:
        raise TooMuchError(f"holds more than {most // 1024**2} MB")
    return data


def safe_path(name: str, notes: list[str]) -> PurePosixPath | None:
    r"""Return an archive's path, or None for one that leads out of the submission.

    Some Windows programs write ``\`` into zip archives, against its specification
    (APPNOTE.TXT, section 4.4.17.1).
    """
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in name or "\0" in name:
        notes.append(f"{shown(path)} leads out of the submission: left out")
        return None
    return path if counts(path.parts) else None


def counts(parts: tuple[str, ...]) -> bool:
    """Return whether a file may be the student's work: no caches, nothing hidden."""
    hidden = any(part.startswith(".") for part in parts)
    return bool(parts) and not hidden and not NO_STUDENTS_WORK.intersection(parts)


def find_root(entries: list[Entry], notes: list[str]) -> list[Entry]:
    """Return the entries as seen from where the exercises' folders lie."""
    if len(entries) > MOST_FILES:
        raise TooMuchError(f"holds more than {MOST_FILES:,} files")
    if not entries and not notes:
        notes.append("is empty")
    depths = [d for d in range(8) if any(is_work(entry.path, d) for entry in entries)]
    if not depths or depths[0] == 0:
        if entries and not depths:
            notes.append(
                f"has no folder of an exercise, such as {next(iter(EXERCISES))}"
            )
        return entries
    roots = {e.path.parts[: depths[0]] for e in entries if is_work(e.path, depths[0])}
    root = min(roots)
    others = f", and {len(roots) - 1} others, which were not taken"
    notes.append(f"taken from its folder {'/'.join(root)}{others * (len(roots) > 1)}")
    return list(below(entries, root))


def with_folder(entries: list[Entry], exercise: str, notes: list[str]) -> list[Entry]:
    """Return the entries as if the exercise's files lay in its folder.

    That is what people upload when they are asked for one file.
    """
    if any(is_work(entry.path, depth) for entry in entries for depth in range(8)):
        return entries
    found = [entry for entry in entries if entry.path.name in EXERCISES[exercise].yours]
    if not found:
        return entries
    top = min((entry.path.parent for entry in found), key=lambda p: len(p.parts))
    notes.append(f"has no folder {exercise}: taken from where it lay")
    return [
        Entry(PurePosixPath(exercise, entry.path.name), entry.executable, entry.read)
        for entry in found
        if entry.path.parent == top
    ]


def is_work(path: PurePosixPath, depth: int) -> bool:
    """Return whether this is an exercise's file or lab.toml, so many folders deep."""
    here = path.parts[depth:]
    return bool(here) and (
        len(here) > 1 and here[0] in EXERCISES or here == ("lab.toml",)
    )


def below(entries: Iterable[Entry], root: tuple[str, ...]) -> Iterator[Entry]:
    """Yield the entries below a folder, with names that begin there."""
    for entry in entries:
        if entry.path.parts[: len(root)] == root:
            path = PurePosixPath(*entry.path.parts[len(root) :])
            yield Entry(path, entry.executable, entry.read)


def take(entries: list[Entry], hand_in: HandIn) -> None:
    """Read the files that are called yours; with a lab.toml, all files."""
    everything = any(str(entry.path) == "lab.toml" for entry in entries)
    room = MOST_IN_ALL
    for entry in entries:
        is_yours = str(entry.path) in ALL_YOURS
        if not is_yours and not everything:
            continue
        most = MOST_OF_A_SOURCE if is_yours else room
        data = entry.read(most + 1)
        room -= len(data)
        if len(data) > most or room < 0:
            hand_in.notes.append(f"{entry.path} is too large: left out")
            continue
        hand_in.files[entry.path] = data
        if entry.executable:
            hand_in.executables.add(entry.path)
        if is_yours and not is_text(data):
            hand_in.notes.append(f"{entry.path} is not UTF-8")


ALL_YOURS = {
    f"{exercise}/{name}" for exercise in EXERCISES for name in EXERCISES[exercise].yours
}


def same_text(data: bytes, other: bytes) -> bool:
    """Return whether two texts are the same, however an editor ends lines."""
    return data.split() == other.split()


def is_text(data: bytes) -> bool:
    """Return whether bytes are UTF-8 without a NUL: what Python takes for source."""
    try:
        return "\0" not in data.decode("utf-8")
    except UnicodeDecodeError:
        return False


def shown(path: object) -> str:
    """Return a name as it can be printed and written to a file, whatever its bytes."""
    return str(path).encode("utf-8", "backslashreplace").decode("utf-8")
