"""Exercise 5's given history: files of other programs, or of an older server."""

import random
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from exercise5_chat_channels.history import History, Message
from tests.own.chat.messages import WHEN, message, new_path, texts

path = pytest.fixture(new_path)

FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
BAD = "�"


def edit(path: Path, sql: str, *rows: tuple[Any, ...]) -> None:
    """Execute a statement with each row, as another program would."""
    with closing(sqlite3.connect(path)) as other, other:
        other.executemany(sql, rows or [()])


def insert(path: Path, *rows: tuple[Any, ...]) -> None:
    """Put messages into the file as they are: time, nick, text."""
    History(path).close()
    columns = "(channel, sent_at, nick, text) VALUES ('general', ?, ?, ?)"
    edit(path, f"INSERT INTO messages {columns}", *rows)


def read(path: Path) -> list[Message]:
    """Return what #general shows."""
    with History(path) as history:
        return history.last("general")


@pytest.mark.parametrize(
    ("row", "shown"),
    [
        ((WHEN, "alice", "a\nb\r\x1b[2J\tc\x00d\x9be"), "a�b��[2J�c"),
        ((WHEN, "alice", "a\u2028b\u2029c\x85d\x7fe"), "a�b�c�d�e"),
        ((WHEN, "alice", 17), "17"),
        ((WHEN, "alice", b"\n\xff"), r"b'\n\xff'"),
        ((WHEN, "alice", "x" * 5_000_000), "x" * 1024),
        ((WHEN, "alice", ""), ""),
    ],
)
def test_a_text_that_nobody_can_say_is_harmless(
    path: Path, row: tuple[Any, ...], shown: str
) -> None:
    """It shows what was there, and the messages around it are as they were."""
    insert(path, (WHEN, "bob", "before"), row, (WHEN, "bob", "after"))
    before, kept, after = read(path)
    assert (before.text, after.text) == ("before", "after")
    assert kept.text.startswith(shown)
    assert len(kept.text) <= 1024
    assert not FORBIDDEN.search(kept.text)


@pytest.mark.parametrize(
    ("when", "nick"),
    [
        (WHEN, "al\nice"),
        (WHEN, "alice> hello\u2028<bob"),
        ("* you are eve in #sport", "alice"),
        ("! refused\n", "alice"),
        (b"\n", b"\n"),
        ("9" * 5_000_000, "x" * 5_000_000),
    ],
)
def test_a_time_or_nick_that_nobody_has_is_harmless(
    path: Path, when: Any, nick: Any
) -> None:
    """The line that shows the message has three words before the text, no more."""
    insert(path, (when, nick, "hello"))
    (kept,) = read(path)
    line = f"{kept.when} #{kept.channel} <{kept.nick}> {kept.text}"
    assert re.fullmatch(r"[^\s*!#<>]+ #general <[^\s*!#<>]+> hello", line)
    assert not FORBIDDEN.search(line)
    assert len(line) < 300


def test_bytes_that_are_not_utf8_are_replaced(path: Path) -> None:
    """In any column; one such row does not make the channel unusable."""
    History(path).close()
    bad = "CAST(x'61ff62' AS TEXT)"
    edit(
        path,
        "INSERT INTO messages (channel, sent_at, nick, text)"
        f" VALUES ('general', {bad}, {bad}, {bad})",
    )
    assert read(path) == [Message("a�b", "general", "a�b", "a�b")]


@pytest.mark.parametrize("seed", range(3))
def test_no_row_at_all_forges_a_line(path: Path, seed: int) -> None:
    """Whatever characters it is made of."""
    chance = random.Random(seed)
    below = [256, 0x3000, 0xD800]
    rows = [
        tuple(
            "".join(chr(chance.randrange(chance.choice(below))) for _ in range(20))
            for _ in range(3)
        )
        for _ in range(300)
    ]
    insert(path, *rows)
    with History(path) as history:
        kept = history.last("general", 300)
    assert len(kept) == 300
    for each in kept:
        assert not FORBIDDEN.search("".join(each))
        assert not re.search(r"[\s<>]", each.when + each.nick)


def test_a_channel_that_cannot_be_one_is_left_out(path: Path) -> None:
    """The others are as they were, and what is alike counts once."""
    with History(path) as history:
        history.add_channel("tea")
    names = [
        "a\nb",
        "",
        "a b",
        "#a",
        "a\x1b",
        "<a>",
        b"a",
        "Tea",
        "\uff34ea",
        "x" * 101,
    ]
    edit(path, "INSERT INTO channels (name) VALUES (?)", *((n,) for n in names))
    edit(path, "INSERT INTO channels (name) VALUES (CAST(x'61ff' AS TEXT))")
    with History(path) as history:
        history.add_channel("聊天")
        assert history.channels() == ["tea", "聊天"]


FIRST_LAYOUT = """
PRAGMA page_size = 1024;
CREATE TABLE channels (id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL);
CREATE TABLE messages (id INTEGER PRIMARY KEY, sent_at TEXT NOT NULL,
    channel TEXT NOT NULL, nick TEXT NOT NULL, text TEXT NOT NULL);
CREATE INDEX messages_by_channel ON messages (channel);
PRAGMA application_id = 0x43686174;
PRAGMA user_version = 1;
INSERT INTO channels (name) VALUES ('Tea');
INSERT INTO messages (sent_at, channel, nick, text)
    VALUES ('2026-11-21T10:00:00Z', 'Tea', 'alice', 'hello');
"""


def test_opens_what_the_first_version_made(path: Path) -> None:
    """As it is written here; this text never changes."""
    with closing(sqlite3.connect(path)) as old:
        old.executescript(FIRST_LAYOUT)
    with History(path) as history:
        history.add_channel("tea")
        assert history.channels() == ["Tea"]
        assert history.last("Tea") == [message("hello", "Tea")]
        history.add(message("again", "Tea"))
        assert texts(history, "Tea") == ["hello", "again"]
