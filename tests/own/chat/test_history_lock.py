"""Exercise 5's given history: one server at a time, and what is left of a dead one."""

import errno
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from exercise5_chat_channels import history
from exercise5_chat_channels.history import History, HistoryError
from tests.harness.exercises import ROOT
from tests.own.chat.messages import full_history, message, new_path, texts

path = pytest.fixture(new_path)
full = pytest.fixture(full_history)

HOLDER = """
import sys
from exercise5_chat_channels.history import History
with History(sys.argv[1]):
    print("open", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_server(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Let another process hold the history open; it is killed at the end."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True
    ) as server:
        assert server.stdout
        assert server.stdout.readline() == "open\n"
        yield server
        server.kill()


@pytest.fixture
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a history try for the lock only once."""
    monkeypatch.setattr(history, "LOCK_TRIES", 1)


def assert_in_use(path: str | Path) -> None:
    """The history is refused in one line that gives the file and the reason."""
    with pytest.raises(HistoryError) as caught:
        History(path)
    expected = f"cannot use the history file {str(path)!r}: another server uses it"
    assert str(caught.value) == expected


@pytest.mark.usefixtures("no_patience")
def test_one_server_at_a_time(full: Path) -> None:
    """In another process or in this one, until it closes."""
    with another_server(full) as server:
        assert_in_use(full)
        server.communicate()  # the end of its input
    with History(full) as first:
        assert_in_use(full)
        first.add(message("the refused one harmed nothing"))
        assert len(texts(first)) == 501
    with History(full) as second:
        assert len(texts(second)) == 501
    assert os.listdir(full.parent) == [full.name]


@pytest.mark.usefixtures("no_patience")
def test_no_other_name_of_the_file_is_a_way_around(
    full: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(full.parent)
    with History(full):
        assert_in_use(full.name)
        assert_in_use(Path("..", full.parent.name, full.name))


@pytest.mark.usefixtures("no_patience")
def test_a_link_is_no_way_around(full: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.db"
    try:
        link.symlink_to(full)
    except OSError as error:
        pytest.skip(f"no symbolic links here: {error}")
    with History(full):
        assert_in_use(link)
    with History(link):
        assert_in_use(full)


def test_other_programs_may_use_the_file(full: Path) -> None:
    """They read and write while the server does, each in its turn."""
    with another_server(full), closing(sqlite3.connect(full)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("UPDATE messages SET text = 'corrected' WHERE id = 500")
        other.commit()
        assert other.execute("SELECT count(*) FROM messages").fetchone() == (500,)
    with History(full) as opened:
        assert texts(opened)[-1] == "corrected"


@pytest.mark.usefixtures("no_patience")
def test_a_killed_server_leaves_no_lock(full: Path) -> None:
    """Its file is still there, means nothing, and goes with the next server."""
    with another_server(full) as server:
        server.kill()
        server.wait()
        assert Path(f"{full}-lock").exists()
        with History(full) as next_one:
            assert len(texts(next_one)) == 500
            assert_in_use(full)
    assert os.listdir(full.parent) == [full.name]


def test_has_patience_with_a_server_that_ends(
    full: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It dies just after the first try."""
    with another_server(full) as server:
        pauses: list[float] = []

        def kill(pause: float) -> None:
            pauses.append(pause)
            server.kill()
            server.wait()

        monkeypatch.setattr("time.sleep", kill)
        with History(full) as next_one:
            assert len(texts(next_one)) == 500
        assert pauses == [history.LOCK_PAUSE]


@pytest.mark.skipif(os.name == "nt", reason="Windows removes no file that is open")
def test_a_lock_that_was_removed_locks_nobody_out(
    full: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server closes after the next one has opened its lock, before it locks it."""
    import fcntl

    real, first = fcntl.flock, History(full)

    def close_first(file: int, operation: int) -> None:
        first.close()
        real(file, operation)

    monkeypatch.setattr(fcntl, "flock", close_first)
    with History(full):
        monkeypatch.setattr(history, "LOCK_TRIES", 1)
        assert_in_use(full)


@pytest.mark.skipif(os.name == "nt", reason="Windows locks files on every disk")
def test_says_so_where_there_are_no_locks(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some network disks have none: neither SQLite nor two servers are safe there."""

    def refuse(file: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("fcntl.flock", refuse)
    with pytest.raises(HistoryError, match=os.strerror(errno.ENOLCK)):
        History(path)
    assert not path.exists()


def test_says_so_when_the_lock_cannot_be_made(path: Path) -> None:
    """The reason names FILE-lock, since FILE itself may be in order."""
    Path(f"{path}-lock").mkdir()
    with pytest.raises(HistoryError, match=r"chat\.db-lock"):
        History(path)
