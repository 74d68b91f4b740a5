"""Tests of exercise 5's given history: it keeps what it was given, or says why not."""

import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from exercise5_chat_channels.history import History, HistoryError, Message

REPOSITORY = Path(__file__).parent.parent
WHEN = "2026-11-21T10:00:00Z"


def message(text: object, channel: str = "general", nick: str = "alice") -> Message:
    """Return a message that says ``text``."""
    return Message(WHEN, channel, nick, str(text))


def texts(history: History, channel: str = "general", count: int = 10**6) -> list[str]:
    """Return what was said in the channel."""
    return [kept.text for kept in history.last(channel, count)]


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file in the folder, but for SQLite's lock table (FILE-shm)."""
    names = (path for path in folder.iterdir() if not path.name.endswith("-shm"))
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


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where a history may be."""
    return tmp_path / "chat.db"


@pytest.fixture
def full(path: Path) -> Path:
    """Return a history of a few hundred messages, closed."""
    with History(path) as history:
        history.add_channel("general")
        for number in range(500):
            history.add(message(f"message number {number}, nothing special"))
    return path


# What it keeps


def test_returns_the_last_messages_of_a_channel_oldest_first(path: Path) -> None:
    """Each channel has its own last messages, 50 unless told otherwise."""
    with History(path) as history:
        for number in range(60):
            history.add(message(number))
            history.add(message(-number, channel="sport"))
        assert texts(history, count=3) == ["57", "58", "59"]
        assert len(history.last("general")) == 50
        assert history.last("sport", 1) == [message(-59, channel="sport")]
        assert history.last("nowhere") == []


def test_keeps_several_messages_in_their_order_or_none_of_them(path: Path) -> None:
    nobody = Message(WHEN, "general", None, "nobody said this")  # type: ignore[arg-type]
    with History(path) as history:
        history.add()
        history.add(message("one"), message("two"), message("here", "sport"))
        with pytest.raises(HistoryError, match="NOT NULL"):
            history.add(message("refused"), nobody)
        history.add(message("three"), message("four"))
        assert texts(history) == ["one", "two", "three", "four"]
        assert texts(history, "sport") == ["here"]


def test_keeps_everything_from_run_to_run(path: Path) -> None:
    """Text of any kind comes back as it was."""
    said = ["quote ' \" ; --", "é 聊天 😀", "x" * 1000, " spaces ", "%s ? :a"]
    for text in said:
        with History(path) as history:
            history.add(message(text))
    with History(path) as history:
        assert history.last("general") == [message(text) for text in said]


def test_keeps_channels_in_the_order_of_creation(path: Path) -> None:
    """A channel added twice stays where it was."""
    for name in ("zebra", "ant", "zebra", "聊天", "ant"):
        with History(path) as history:
            history.add_channel(name)
    with History(path) as history:
        assert history.channels() == ["zebra", "ant", "聊天"]


def test_leaves_one_plain_file_behind(path: Path) -> None:
    """Closing removes the log."""
    with History(path) as history:
        history.add(message("hello"))
        assert Path(f"{path}-wal").exists()
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_is_closed_once_and_for_all(path: Path) -> None:
    """Closing twice is allowed, using a closed history is not."""
    history = History(path)
    history.close()
    history.close()
    with pytest.raises(HistoryError, match="closed"):
        history.add(message("too late"))
    with pytest.raises(HistoryError, match="closed"):
        history.last("general")


def test_takes_messages_from_many_threads(path: Path) -> None:
    """None is lost, and each thread's messages keep their order."""

    def work(nick: str) -> None:
        for number in range(200):
            history.add(message(number, nick=nick))
            history.last("general", 2)

    with History(path) as history:
        nicks = [f"nick{number}" for number in range(8)]
        threads = [threading.Thread(target=work, args=(nick,)) for nick in nicks]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        kept = history.last("general", 10**6)
    for nick in nicks:
        mine = [each.text for each in kept if each.nick == nick]
        assert mine == [str(number) for number in range(200)]


@pytest.mark.parametrize(
    "name",
    [
        "a?mode=ro#b%20c.db",
        "file:chat.db",
        ":memory:",
        "żółć 聊天 😀.db",
        'it\'s "quoted" %41 \\.db',
        " ",
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_takes_any_name_for_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Nothing in a name means anything to SQLite."""
    monkeypatch.chdir(tmp_path)
    for text in ("one", "two"):
        with History(name) as history:
            history.add(message(text))
    with History(tmp_path / name) as history:
        assert texts(history) == ["one", "two"]
    assert os.listdir(tmp_path) == [name]


def test_follows_a_link(full: Path, tmp_path: Path) -> None:
    """A link is as good as the file."""
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "elsewhere" / "link.db"
    try:
        link.symlink_to(full)
    except OSError as error:
        pytest.skip(f"no symbolic links here: {error}")
    with History(link) as history:
        assert len(texts(history)) == 500


# What it survives

WRITER = """
import sys
from exercise5_chat_channels.history import History, Message
number, steps = int(sys.argv[2]), int(sys.argv[3])
while True:
    with History(sys.argv[1]) as history:
        print("open", flush=True)
        for number in range(number, number + steps):
            history.add(Message("", "general", "alice", str(number)))
            print(number, flush=True)
    number += 1
"""


def write_until_killed(path: Path, first: int, steps: int, lines: int) -> int:
    """Let a process write numbers, kill it at some line; return the next number.

    It opens and closes the history every few steps, so that those are hit as well.
    """
    command = [sys.executable, "-c", WRITER, str(path), str(first), str(steps)]
    with subprocess.Popen(
        command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout
        acknowledged = [writer.stdout.readline().strip() for _ in range(lines)]
        writer.kill()
        acknowledged += writer.stdout.read().split("\n")[:-1]
    assert acknowledged[0] == "open"
    return max([first, *(int(line) + 1 for line in acknowledged if line.isdigit())])


@pytest.mark.parametrize("seed", range(4))
def test_keeps_what_was_acknowledged_before_a_kill(path: Path, seed: int) -> None:
    """Wherever kill -9 hits, every message that add took is there."""
    chance = random.Random(seed)
    expected = 0
    for _ in range(8):
        steps = chance.choice([1, 3, 1000])
        expected = write_until_killed(path, expected, steps, chance.randint(1, 60))
        with History(path) as history:
            kept = texts(history)
        # The last one may be kept and yet not acknowledged. None may be missing.
        assert kept[:expected] == [str(number) for number in range(expected)]
        assert len(kept) - expected in (0, 1)
        expected = len(kept)


# What it refuses


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
        with pytest.raises(HistoryError, match="locked"):
            history.add(message("refused"))
        with pytest.raises(HistoryError, match="locked"):
            history.add(message("refused"), message("refused, too"))
        with pytest.raises(HistoryError, match="locked"):
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
    assert_refused(path)
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


FULL_DISK = """
import resource, sys
from exercise5_chat_channels.history import History, HistoryError, Message
limit, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
history, kept = History(sys.argv[1]), 0
try:
    while True:
        history.add(Message("", "general", "alice", f"{kept} {'x' * 500}"))
        kept += 1
except HistoryError as error:
    print(error)
print(kept, len(history.last("general", 10**6)))
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
history.add(Message("", "general", "alice", "there is room again"))
history.close()
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot limit the size of files")
def test_a_full_disk_refuses_a_message_and_keeps_the_others(path: Path) -> None:
    """The message refused leaves no trace; with room, it goes on."""
    command = [sys.executable, "-c", FULL_DISK, str(path)]
    ended = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
    assert ended.stderr == ""
    error, counts = ended.stdout.splitlines()
    assert repr(str(path)) in error
    acknowledged, kept = map(int, counts.split())
    assert acknowledged == kept > 10
    with History(path) as history:
        assert len(texts(history)) == kept + 1
        assert texts(history)[-1] == "there is room again"
