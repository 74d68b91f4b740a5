"""Exercise 5's given history: what it refuses, and the reason that it gives."""

import os
import random
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from exercise5_chat_channels.history import History, HistoryError
from tests.own.chat.messages import (
    full_history,
    message,
    new_path,
    texts,
    write_until_killed,
)

path = pytest.fixture(new_path)
full = pytest.fixture(full_history)


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file in the folder, but for locks: SQLite's and the server's."""
    locks = ("-shm", "-lock")
    names = (path for path in folder.iterdir() if not path.name.endswith(locks))
    return {path.name: path.read_bytes() for path in names if path.is_file()}


def assert_refused(path: Path, reason: str = "") -> None:
    """The file is refused in one line that names it, and nothing is changed."""
    before = contents(path.parent) if path.parent.is_dir() else None
    with pytest.raises(HistoryError) as caught:
        History(path)
    assert str(caught.value).isprintable()
    assert repr(str(path)) in str(caught.value)
    assert reason in str(caught.value)
    assert before == (contents(path.parent) if path.parent.is_dir() else None)


def test_refuses_other_files(tmp_path: Path) -> None:
    """Text, zeros, another program's database are not ours to write to."""
    (tmp_path / "notes.txt").write_text("SQLite is not for me\n" * 100)
    (tmp_path / "short").write_text("x")
    (tmp_path / "zeros").write_bytes(bytes(8192))
    (tmp_path / "header").write_bytes(b"SQLite format 3\0")
    other = sqlite3.connect(tmp_path / "other.db")
    other.execute("CREATE TABLE messages (text)")
    other.close()
    for name in ("notes.txt", "short", "zeros", "header", "other.db"):
        assert_refused(tmp_path / name, "it is not a chat history")


def test_takes_an_empty_file(path: Path) -> None:
    """An empty file is a new history."""
    path.touch()
    with History(path) as history:
        history.add(message("hello"))
        assert texts(history) == ["hello"]


def test_refuses_what_is_no_file(tmp_path: Path) -> None:
    """A folder, a missing folder, a file taken for a folder."""
    assert_refused(tmp_path / "no" / "chat.db")
    assert_refused(tmp_path)
    (tmp_path / "file").touch()
    assert_refused(tmp_path / "file" / "chat.db")


def test_refuses_a_newer_layout(full: Path) -> None:
    """A later version may have laid the tables out in another way."""
    with sqlite3.connect(full) as newer:
        newer.execute("PRAGMA user_version = 2")
    newer.close()
    assert_refused(full, "newer")


def cut(size: int) -> Callable[[bytes], bytes]:
    """Keep only the first bytes."""
    return lambda data: data[:size]


def overwrite(start: int, new: bytes) -> Callable[[bytes], bytes]:
    """Put new bytes over those that begin at ``start``."""
    return lambda data: data[:start] + new + data[start + len(new) :]


NOISE = random.Random(2).randbytes(300)
DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "one byte is missing": cut(-1),
    "a page is missing": cut(-4096),
    "only a page is left": cut(4096),
    "only the header is left": cut(100),
    "the header is cut": cut(72),
    "something is appended": lambda data: data + b"x",
    "a page of zeros": overwrite(8192, bytes(4096)),
    "a page of noise": overwrite(12288, random.Random(1).randbytes(4096)),
    "a piece of noise": lambda data: overwrite(data.index(b"number 99,"), NOISE)(data),
    "the tables are gone": overwrite(100, bytes(3996)),
    "an impossible page size": overwrite(16, b"\x01\x01"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_refuses_a_damaged_file(full: Path, damage: str) -> None:
    """Damage is found before anything is written."""
    full.write_bytes(DAMAGE[damage](full.read_bytes()))
    assert_refused(full)


def test_refuses_a_file_that_was_damaged_after_a_kill(path: Path) -> None:
    """Its log would be carried over by anybody who opens and closes it."""
    with History(path) as history:
        for number in range(2000):
            history.add(message(f"message number {number}, nothing special"))
    write_until_killed(path, 0, 1000, lines=50)
    assert Path(f"{path}-wal").stat().st_size > 0
    path.write_bytes(
        overwrite(40960, random.Random(3).randbytes(9000))(path.read_bytes())
    )
    assert_refused(path, "it is damaged")


def test_says_so_when_another_program_locks_the_file(full: Path) -> None:
    """What is refused is not kept, and what comes after is."""
    other = sqlite3.connect(full, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    assert_refused(full, "locked")
    other.execute("ROLLBACK")
    with History(full) as history:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(HistoryError, match="cannot be used now"):
            history.add(message("refused"))
        with pytest.raises(HistoryError, match="cannot be used now"):
            history.add(message("refused"), message("refused, too"))
        with pytest.raises(HistoryError, match="cannot be used now"):
            history.add_channel("refused")
        assert len(texts(history)) == 500
        other.execute("ROLLBACK")
        history.add(message("taken"))
        assert texts(history)[499:] == ["message number 499, nothing special", "taken"]
    other.close()
    with History(full) as history:
        assert history.channels() == ["general"]
        assert len(texts(history)) == 501


@pytest.fixture
def as_nobody() -> Iterator[Path]:
    """Return a folder of somebody who is not root, since root may write everywhere."""
    if os.name == "nt":
        pytest.skip("Windows has no such modes")
    root = os.geteuid() == 0
    with tempfile.TemporaryDirectory() as name:
        if root:
            os.chown(name, 65534, 65534)
            os.seteuid(65534)
        yield Path(name)
        os.chmod(name, 0o700)
        if root:
            os.seteuid(0)


def test_refuses_what_it_may_not_write(as_nobody: Path) -> None:
    """A read-only file or folder."""
    path = as_nobody / "chat.db"
    with History(path) as history:
        history.add(message("hello"))
    as_nobody.chmod(0o500)
    assert_refused(path, f"Permission denied: '{os.path.realpath(path)}-lock'")
    assert_refused(as_nobody / "new.db", "Permission denied")
    as_nobody.chmod(0o700)
    path.chmod(0o400)
    assert_refused(path, "Permission denied")
    path.chmod(0o600)
    with History(path) as history:
        assert texts(history) == ["hello"]


def test_refuses_what_it_may_not_read(as_nobody: Path) -> None:
    """A file that may be written to only."""
    path = as_nobody / "chat.db"
    History(path).close()
    path.chmod(0o200)
    with pytest.raises(HistoryError, match="Permission denied"):
        History(path)
