"""A class as it comes: 85 students, and all the ways in which they hand in.

No suite runs: what is tried is only that everybody's program is found.
"""

import gzip
import lzma
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.harness import system
from tests.own.classroom.delivered import FILE, Files, deliver, tarred, zipped
from tests.own.classroom.no_suites import grade_without_suites
from tests.own.classroom.running import HELLO, LIMIT, RIGHT, grades

pytestmark = [pytest.mark.timeout(LIMIT), pytest.mark.long]

LAB = (f"{HELLO}/server.py", RIGHT)
# What a student may hand in who has the right program: a file's name, and the file.
RIGHT_ONES: list[tuple[str, bytes]] = [
    ("server.py", RIGHT),
    ("Server.py", RIGHT),
    ("server (1).py", RIGHT),
    ("server-2.py", RIGHT),
    ("server.py.txt", RIGHT),
    ("main.py", RIGHT),
    ("ex1_server.py", RIGHT),
    LAB,
    (f"lab/really/{HELLO}/server.py", RIGHT),
    (f"Lab: sockets/{HELLO}/server.py", RIGHT),
    (f".homework/{HELLO}/server.py", RIGHT),
    ("Exercise 1/server.py", RIGHT),
    ("lab.zip", zipped(LAB)),
    ("lab.zip", zipped(("server.py", RIGHT))),
    ("lab-main.zip", zipped((f"lab-main/{HELLO}/server.py", RIGHT))),
    ("lab.zip", zipped((f"lab\\{HELLO}\\server.py", RIGHT))),
    ("lab.zip", zipped(("inner.zip", zipped(LAB)))),
    ("lab.zip", zipped((f"__MACOSX/{HELLO}/._server.py", b"\0"), LAB)),
    ("lab.zip", zipped(("lab/env/pyvenv.cfg", b""), ("lab/env/server.py", b""), LAB)),
    ("lab.tar", tarred(LAB)),
    ("lab.tar.gz", gzip.compress(tarred(LAB))),
    ("lab.tgz", gzip.compress(tarred(LAB))),
    ("lab.tar.xz", lzma.compress(tarred(LAB))),
    ("lab.tar.gz", zipped(LAB)),  # a zip, renamed
    ("lab", zipped(LAB)),
]
# And who needs the instructor: the file, and what is said.
UNREADABLE: list[tuple[str, bytes, str]] = [
    ("lab.rar", b"Rar!\x1a\x07\1\0", "ask for a zip"),
    ("lab.7z", b"7z\xbc\xaf\x27\x1c", "ask for a zip"),
    ("lab.zip", b"PK, but broken", "ask for it again"),
    ("lab.zip", zipped(LAB)[:90], "cannot be read"),
    ("server.docx", b"not a zip, either", "holds server.docx, but no server.py"),
]
NAMES = [("Anna Long-Name-" + "of-Somebody" * 9, 100185), ("René Bell", 100186)]


def class_of_85() -> dict[str, Files]:
    """Return the files of everybody, by their folder, as Moodle names it."""
    everybody: dict[str, Files] = {}
    ways = [*RIGHT_ONES, *[(name, data) for name, data, _ in UNREADABLE]]
    if system.WINDOWS:
        ways = [way for way in ways if ":" not in way[0]]
    for number in range(84):
        name, first = NAMES[number % 2]
        folder = f"{name}_{first + 2 * (number // 2)}_{FILE}_"
        file, data = ways[number % len(ways)]
        everybody[folder] = {f"{folder}/{file}": data}
    flat = f"Zoë Flat_200001_{FILE}"
    everybody[flat] = {
        f"{flat}_server.py": RIGHT,
        flat.replace("file", "onlinetext_onlinetext.html"): b"<p>see the file",
    }
    return everybody


def graded(files: Files, place: Path, out: Path) -> None:
    """Grade a class, or a part of it."""
    grade_without_suites(deliver(files, place), out)


def test_everybody_is_graded_or_named(tmp_path: Path) -> None:
    everybody = class_of_85()
    graded(merged(everybody.values()), tmp_path / "class", tmp_path / "out")
    rows = grades(tmp_path / "out")
    assert len(rows) == len({row["id"] for row in rows.values()}) == 85
    for folder, files in everybody.items():
        row = next(r for r in rows.values() if f"_{r['id']}_" in folder)
        ((name, data), *_) = files.items()
        what = next((w for n, d, w in UNREADABLE if d == data), "")
        assert row["sum"] == ("" if what else "10"), (name, row)
        assert what in row["note"]
        assert bool(what) == (row["state"] == "could not be graded")


def merged(parts: Iterable[Files]) -> Files:
    """Return the files of several people together."""
    return {name: data for files in parts for name, data in files.items()}


def test_three_batches_are_one_class(tmp_path: Path) -> None:
    everybody = [*class_of_85().values()]
    graded(merged(everybody), tmp_path / "class", tmp_path / "one")
    for number in range(3):
        batch = merged(everybody[number::3])
        graded(batch, tmp_path / f"batch{number}", tmp_path / "three")
    assert grades(tmp_path / "three") == grades(tmp_path / "one")
    one, three = ((tmp_path / n / "grades.csv").read_bytes() for n in ("one", "three"))
    assert one == three
