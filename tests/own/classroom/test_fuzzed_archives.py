"""Damaged archives without end: each is read, or is a note, and nothing else happens.

They vary by a seed. 50,000 of them with ``--long``.
"""

import bz2
import gzip
import lzma
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.answers.hostile.attacks import SERVER
from tests.classroom.finding import MOST_IN_ALL, find
from tests.classroom.hand_ins import as_pieces
from tests.own.classroom.delivered import tarred, zipped
from tests.own.classroom.running import HELLO, RIGHT

SEED = 20261127
CASES, CASES_IF_LONG = 300, 50_000
NAMES = (SERVER, "a/" * 30 + SERVER, "server.py", "../x", "lab.toml", "server (1).py")
TOML = b'"exercise1_http_hello.server" = ["./a", "{port}"]\n'
# What is written into a number of an archive's: sizes, offsets, counts, kinds.
EXTREMES = (b"\xff", b"\0", b"\x7f", b"\x80", b"7", b"-")
PACKERS: tuple[Callable[[bytes], bytes], ...] = (
    bytes,
    lambda data: gzip.compress(data, 1),
    lambda data: bz2.compress(data, 1),
    lambda data: lzma.compress(data, preset=0),
)


def archive_by(lots: random.Random) -> bytes:
    """Return an archive of any kind, damaged before it was packed, after, or both."""
    names = lots.sample(NAMES, 3)
    files = [(name, lots.choice((RIGHT, TOML, b""))) for name in names]
    if lots.random() < 0.2:
        files.append(("inner.zip", damaged(zipped((SERVER, RIGHT)), lots)))
    if lots.random() < 0.5:
        return damaged(zipped(*files), lots)
    data = damaged(tarred(*files), lots)
    packed = lots.choice(PACKERS)(data)
    return damaged(packed, lots) if lots.random() < 0.3 else packed


def damaged(data: bytes, lots: random.Random) -> bytes:
    """Return data in which some bytes are others, missing, or there twice."""
    changed = bytearray(data)
    for _ in range(lots.randint(1, 6)):
        start = lots.randrange(len(changed) or 1)
        size = lots.choice((1, 2, 4, 8, 12))
        how = lots.random()
        if how < 0.4:
            changed[start : start + size] = lots.choice(EXTREMES) * size
        elif how < 0.8:
            changed[start : start + size] = lots.randbytes(size)
        elif how < 0.9:
            del changed[start : start + lots.choice((1, size, 600))]
        else:
            changed[start:start] = changed[max(0, start - 512) : start]
    return bytes(changed)


@pytest.mark.timeout(3600)  # the long form takes a few minutes
def test_damaged_archives_are_read_or_noted(tmp_path: Path, long: bool) -> None:
    file, lots = tmp_path / "lab.zip", random.Random(SEED)
    outcomes = set()
    for number in range(CASES_IF_LONG if long else CASES):
        file.write_bytes(archive_by(lots))
        found = find(as_pieces(file), [HELLO])
        notes = found.notes + found.unread + found.needs
        assert all(note.isprintable() and len(note) < 500 for note in notes), number
        assert len(notes) < 30, number
        assert sum(map(len, found.files.values())) <= MOST_IN_ALL, number
        assert found.files or notes, number
        outcomes.add((found.has(HELLO), bool(found.unread), found.brings_commands))
    assert len(outcomes) >= 3
    assert [*tmp_path.iterdir()] == [file]
