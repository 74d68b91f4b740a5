"""Archives and folders that are traps: none of it is unpacked, or counts."""

import io
import struct
import sys
import tarfile
import zipfile
from pathlib import Path, PurePosixPath

import pytest

from tests.answers.hostile.archives import ARCHIVES, Build
from tests.classroom import entries, finding, submissions
from tests.classroom.entries import open_below
from tests.classroom.finding import find
from tests.classroom.hand_ins import HandIn, as_pieces
from tests.classroom.submissions import read_hand_in
from tests.harness import system
from tests.own.classroom.running import HELLO, RIGHT

SERVER = PurePosixPath(HELLO, "server.py")


def found_in(source: Path) -> HandIn:
    """Read a hand-in in this process, where a limit can be changed."""
    return find(as_pieces(source), [HELLO])


@pytest.mark.skipif(system.WINDOWS, reason="Windows has no such files")
@pytest.mark.parametrize("build", ARCHIVES, ids=lambda build: build.__name__)
def test_hostile_archive(build: Build, tmp_path: Path) -> None:
    """Nothing of it counts, nothing is unpacked, and a note says what was odd."""
    build(tmp_path / "mallory", RIGHT)
    (source,) = tmp_path.iterdir()
    found = read_hand_in(source)
    notes = found.notes + found.unread + found.needs
    assert found.files == {}
    assert notes
    assert not any("holds mallory" in note for note in notes)
    assert all(note.isprintable() and len(note) < 500 for note in notes)
    assert len(notes) < 20
    assert list(tmp_path.iterdir()) == [source]


def test_reading_stops_at_the_limits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entries, "MOST_NAMES", 10)
    for number in range(11):
        (tmp_path / f"{number}").touch()
    assert found_in(tmp_path).unread == ["holds more than 10 files"]


def test_limits_count_what_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A project with its virtual environment is graded."""
    monkeypatch.setattr(entries, "MOST_NAMES", 10)
    file = tmp_path / "a" / SERVER
    file.parent.mkdir(parents=True)
    file.write_bytes(RIGHT)
    for place in "a/env/lib", "a/.git/objects", "a/node_modules/x":
        (tmp_path / place).mkdir(parents=True)
        for number in range(20):
            (tmp_path / place / f"{number}.py").touch()
    (tmp_path / "a/env/pyvenv.cfg").touch()
    found = found_in(tmp_path / "a")
    assert found.files == {SERVER: RIGHT}
    assert not found.unread + found.needs


def test_rest_of_a_large_submission_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is never less than no room: 3 MB could become 6 GB."""
    monkeypatch.setattr(finding, "MOST_IN_ALL", 1000)
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("lab.toml", "")
        for number in range(5):
            archive.writestr(f"{number}", bytes(600))
    found = found_in(tmp_path / "a.zip")
    assert sum(map(len, found.files.values())) == 600
    assert len(found.needs) == 4


def member(name: str, size: int) -> bytes:
    """Return the header of a tar's member, whatever its size is said to be."""
    info = tarfile.TarInfo(name)
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    header[124:136] = b"\xff" * 4 + struct.pack(">q", size) if size < 0 else b"7" * 12
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header)


@pytest.mark.parametrize("size", [-512, 8**12])
def test_tar_of_a_size_that_cannot_be(tmp_path: Path, size: int) -> None:
    """107 bytes of one, compressed, would be read for ever."""
    (tmp_path / "a.tar").write_bytes(member(str(SERVER), size) + bytes(1024))
    found = found_in(tmp_path / "a.tar")
    assert found.files == {}
    assert found.unread


def test_sparse_member_is_left_out(tmp_path: Path) -> None:
    """225 bytes of one would be 3 GB."""
    info = tarfile.TarInfo(str(SERVER))
    info.pax_headers = {"GNU.sparse.size": str(3 * 1024**3), "GNU.sparse.map": "0,0"}
    with tarfile.open(tmp_path / "a.tar.xz", "w:xz", format=tarfile.PAX_FORMAT) as tar:
        tar.addfile(info, io.BytesIO())
    found = found_in(tmp_path / "a.tar.xz")
    assert found.files == {}
    assert "sparse" in found.notes[0]


def test_names_that_are_no_names(tmp_path: Path) -> None:
    """Empty, deep and long ones take nothing from the right one."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name in "/", "a/" * 5000 + "server.py", "\u2028\x1b]0;\x9b" * 900:
            archive.writestr(zipfile.ZipInfo(name), b"")
        archive.writestr(str(SERVER), RIGHT)
    found = found_in(tmp_path / "a.zip")
    assert found.files == {SERVER: RIGHT}
    assert all(note.isprintable() and len(note) < 200 for note in found.notes)


@pytest.mark.skipif(system.WINDOWS, reason="only administrators make links there")
@pytest.mark.parametrize("swapped", ["class/mallory", f"class/mallory/{SERVER}"])
def test_file_that_is_swapped_for_a_link_is_not_read(
    tmp_path: Path, swapped: str
) -> None:
    secret = tmp_path / "secret" / SERVER
    for file in secret, tmp_path / "class/mallory" / SERVER:
        file.parent.mkdir(parents=True)
        file.write_bytes(RIGHT)
    with open_below(tmp_path, PurePosixPath("class/mallory") / SERVER) as opened:
        assert opened.read() == RIGHT
    link = tmp_path / swapped
    link.rename(tmp_path / "moved")
    link.symlink_to(secret if link.suffix else tmp_path / "secret")
    with pytest.raises(OSError, match="."):
        open_below(tmp_path, PurePosixPath("class/mallory") / SERVER)


def test_reader_that_fails_is_the_students_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be killed for its memory or time, or say what makes no sense."""
    lists = '"executables": [], "notes": [], "unread": [], "needs": []'
    cut = f'{{"files": [["{SERVER}", 9]], {lists}}}\ncut'.encode()
    for answer in b"", b"{", b'{"files": 3}\n', b"[]\n", cut:
        monkeypatch.setattr(submissions, "ask", lambda _, a=answer: a)
        found = read_hand_in(tmp_path, [HELLO])
        assert found.unread
        assert not found.has(HELLO)


def test_reader_that_takes_too_long_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    never = [sys.executable, "-c", "import threading; threading.Event().wait()"]
    monkeypatch.setattr(submissions, "COMMAND", never)
    monkeypatch.setattr(submissions, "LONGEST", 0.1)
    assert read_hand_in(tmp_path, [HELLO]).unread[0].startswith("cannot be read: ")
