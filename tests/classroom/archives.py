"""Archives: recognised by their content, never unpacked to disk, none of them trusted.

The names are looked at first; a file is read only when it counts.
"""

import bz2
import gzip
import io
import lzma
import re
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import PurePosixPath
from typing import IO

from tests.classroom.entries import (
    DEEPEST,
    LONGEST_NAME,
    MARKS_ENVIRONMENT,
    Entry,
    TooMuchError,
    counts,
    limited,
    shown,
)

MOST_OF_AN_ARCHIVE = 256 * 1024 * 1024  # bytes: with a virtual environment in it
MOST_KEPT = 64 * 1024 * 1024  # bytes of it that are held in memory
MOST_UNPACKED = 1024 * 1024 * 1024  # bytes of a tar, which is one stream
HEAD = 512  # bytes that tell what a file is
# What files begin with (in a tar, what its first header holds at 257), by kind.
READABLE = {
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",  # an empty one
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\0": "xz",
}
UNREADABLE = {
    b"Rar!\x1a\x07": "a RAR archive",
    b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive",
    b"\x28\xb5\x2f\xfd": "a Zstandard archive",
}
UNREADABLE_NAMES = (".rar", ".7z", ".zst", ".lha", ".arj", ".cab", ".dmg", ".z")
ARCHIVE_NAMES = (
    *(".zip", ".tar", ".tgz", ".tbz2", ".txz", ".tar.gz", ".tar.bz2", ".tar.xz"),
    *UNREADABLE_NAMES,
)
# Zips that are somebody's text, or a program's.
DOCUMENTS = (".docx", ".odt", ".pptx", ".odp", ".xlsx", ".ods", ".jar", ".whl", ".apk")
DRIVE = re.compile("[A-Za-z]:")  # what Windows' absolute names begin with


class UnreadableError(Exception):
    """An archive that cannot be read; the text says what to do."""


def kind_of(head: bytes, name: str) -> str:
    """Return what a file is: a kind that can be read, or '' if it is no archive.

    Raises UnreadableError for an archive of another kind.
    """
    if name.lower().endswith(DOCUMENTS):
        return ""
    for magic, kind in READABLE.items():
        if head.startswith(magic):
            return kind
    if head[257:262] == b"ustar":
        return "tar"
    for magic, kind in UNREADABLE.items():
        if head.startswith(magic):
            raise UnreadableError(f"holds {shown(name)}, {kind}: ask for a zip")
    if name.lower().endswith(UNREADABLE_NAMES):
        raise UnreadableError(f"holds {shown(name)}: ask for a zip")
    if name.lower().endswith(ARCHIVE_NAMES):
        raise UnreadableError(f"{shown(name)} is not an archive: ask for it again")
    return ""


def in_archive(packed: Entry, notes: list[str]) -> list[Entry] | None:
    """Return the files of an archive; None for what is none.

    Raises UnreadableError for one that cannot be read, and what the libraries raise.
    """
    kind = kind_of(packed.read(HEAD), packed.path.name)
    return limited(opened_as(kind, packed, notes)) if kind else None


def opened_as(kind: str, packed: Entry, notes: list[str]) -> Iterator[Entry]:
    """Yield the files of an archive of this kind."""
    data = packed.read(MOST_OF_AN_ARCHIVE + 1)
    if len(data) > MOST_OF_AN_ARCHIVE:
        most = MOST_OF_AN_ARCHIVE // 1024**2
        raise TooMuchError(f"{shown(packed.path)} has more than {most} MB")
    if kind == "zip":
        yield from in_zip(zipfile.ZipFile(io.BytesIO(data)), "", notes)
    else:
        yield from in_tar(decompressed(kind, io.BytesIO(data)), notes)


def decompressed(kind: str, packed: io.BytesIO) -> IO[bytes] | io.BufferedIOBase:
    """Return the tar that a stream holds, compressed or not."""
    if kind == "gzip":
        return gzip.GzipFile(fileobj=packed)
    if kind == "bzip2":
        return bz2.BZ2File(packed)
    return lzma.LZMAFile(packed) if kind == "xz" else packed


def in_zip(archive: zipfile.ZipFile, top: str, notes: list[str]) -> Iterator[Entry]:
    """Yield the files of a zip archive that lie below ``top``, or are it.

    A size in a zip's directory is only a claim: what counts is what is read.
    """
    infos = [info for info in archive.infolist() if is_below(info.filename, top)]
    environments = environments_in([info.filename for info in infos])
    for info in infos:
        mode = info.external_attr >> 16
        inside = info.filename
        if top:
            inside = inside[len(top) + 1 :] or PurePosixPath(top).name
        path = safe_path(inside, notes)
        if info.is_dir() or path is None or info.filename.startswith(environments):
            continue
        if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
            notes.append(f"{shown(path)} is a link or a device: left out")
            continue

        def read(most: int, info: zipfile.ZipInfo = info) -> bytes:
            if info.flag_bits & 1:
                text = f"{shown(info.filename)} is encrypted: ask for a zip without"
                raise UnreadableError(f"{text} a password")
            with archive.open(info) as opened:
                return opened.read(most)

        yield Entry(path, bool(mode & 0o100), read)


def is_below(name: str, top: str) -> bool:
    """Return whether a name in an archive lies in a folder of it, or is the file."""
    return not top or name == top or name.startswith(f"{top}/")


def in_tar(
    unpacked: IO[bytes] | io.BufferedIOBase, notes: list[str]
) -> Iterator[Entry]:
    """Yield the files of a tar archive.

    It is one stream: what may be asked for is kept in memory, as far as there is room.
    """
    kept = 0
    with tarfile.open(fileobj=Measured(unpacked), mode="r|") as archive:
        for member in archive:
            if member.size < 0:
                raise tarfile.ReadError("a member has a negative size")
            path = safe_path(member.name, notes)
            if member.isdir() or path is None:
                continue
            if not member.isreg() or member.issparse():
                notes.append(f"{shown(path)} is a link, a device or sparse: left out")
                continue
            opened = archive.extractfile(member)
            data = opened.read(MOST_KEPT - kept) if opened else b""
            kept += len(data)
            yield Entry(path, bool(member.mode & 0o100), reader(data, member.size))


def reader(data: bytes, size: int) -> Callable[[int], bytes]:
    """Return a function that reads the beginning of a member, if it was kept."""

    def read(most: int) -> bytes:
        if len(data) < min(most, size):
            raise TooMuchError(f"holds more than {MOST_KEPT // 1024**2} MB")
        return data[:most]

    return read


class Measured(io.RawIOBase):
    """A stream that ends with TooMuchError where it is longer than it may be."""

    def __init__(self, stream: IO[bytes] | io.BufferedIOBase) -> None:
        """Take the stream to read."""
        self._stream, self._left = stream, MOST_UNPACKED

    def read(self, size: int = -1) -> bytes:
        """Read up to ``size`` bytes."""
        data = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise TooMuchError(f"unpacks to more than {MOST_UNPACKED // 1024**2} MB")
        return data


def environments_in(names: Iterable[str]) -> tuple[str, ...]:
    """Return the folders of an archive that are virtual environments."""
    found = [name for name in names if name.endswith(f"/{MARKS_ENVIRONMENT}")]
    return tuple(name.removesuffix(MARKS_ENVIRONMENT) for name in found)


def safe_path(name: str, notes: list[str]) -> PurePosixPath | None:
    r"""Return an archive's path, or None for one that does not count.

    Some Windows programs write ``\`` into zip archives, against its specification
    (APPNOTE.TXT, section 4.4.17.1).
    """
    path = PurePosixPath(name.replace("\\", "/"))
    is_outside = path.is_absolute() or ".." in path.parts or DRIVE.match(name)
    if is_outside or "\0" in name:
        notes.append(f"{shown(path)} leads out of the submission: left out")
        return None
    if len(path.parts) > DEEPEST or len(name) > LONGEST_NAME:
        notes.append(f"{shown(path)} lies too deep: left out")
        return None
    folders = [PurePosixPath(part) for part in path.parts]
    return path if folders and all(map(counts, folders)) else None
