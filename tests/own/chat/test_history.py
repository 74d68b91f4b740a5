"""Exercise 5's given history: it keeps what it was given."""

import os
import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from exercise5_chat_channels.history import History, HistoryError, Message
from exercise5_chat_channels.names import name_key
from tests.harness.exercises import ROOT
from tests.own.chat.messages import (
    WHEN,
    full_history,
    message,
    new_path,
    texts,
    write_until_killed,
)

path = pytest.fixture(new_path)
full = pytest.fixture(full_history)


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
        with pytest.raises(HistoryError, match="cannot be used now"):
            history.add(message("refused"), nobody)
        history.add(message("three"), message("four"))
        assert texts(history) == ["one", "two", "three", "four"]
        assert texts(history, "sport") == ["here"]


def test_goes_on_after_a_text_that_cannot_be_kept(path: Path) -> None:
    """A lone surrogate has no UTF-8: a bug in the server, and the file is in order."""
    with History(path) as history:
        with pytest.raises(UnicodeEncodeError):
            history.add(message("refused"), message("\ud800"))
        history.add(message("one"), message("two"))
        assert texts(history) == ["one", "two"]


def test_keeps_everything_from_run_to_run(path: Path) -> None:
    """Text of any kind comes back as it was."""
    said = ["quote ' \" ; --", "é 聊天 😀", "x" * 1000, " spaces ", "%s ? :a"]
    said += ["नमस्ते", "e\u0301", "👩\u200d🔬", "<bob> * ! #"]
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


def test_a_channel_keeps_its_first_spelling(path: Path) -> None:
    for name in ("Tea", "straße", "tea", "TEA", "\uff34ea", "STRASSE", "Teas"):
        with History(path) as history:
            history.add_channel(name)
    with History(path) as history:
        assert history.channels() == ["Tea", "straße", "Teas"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Tea", "tEA"),
        ("\uff34ea", "tea"),  # full-width T
        ("caf\u00e9", "CAFE\u0301"),  # é as one character and as two
        ("\uf900", "\u8c48"),  # a compatibility ideograph
        ("\u1112\u1161\u11ab", "\ud55c"),  # three jamo, one syllable
        ("\ufb01t", "FIT"),  # a ligature
        ("straße", "STRASSE"),
        ("\u212a", "k"),  # the sign of Kelvin
    ],
)
def test_names_that_look_alike_have_one_key(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)
    assert name_key(name_key(one)) == name_key(one)


def test_names_that_differ_have_keys_that_differ() -> None:
    names = ["tea", "teas", "te-a", "te_a", "e", "é", "नमस्ते", "नमसत", "l", "1", "ι"]
    assert len({name_key(name) for name in names}) == len(names)


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
    with pytest.raises(HistoryError, match="cannot be used now"):
        history.add(message("too late"))
    with pytest.raises(HistoryError, match="cannot be used now"):
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


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(n, marks=pytest.mark.long) for n in (1, 2, 3))]
)
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
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert ended.stderr.endswith(f"{str(path)!r}: disk I/O error\n")
    error, counts = ended.stdout.splitlines()
    assert error == "the history cannot be used now"
    acknowledged, kept = map(int, counts.split())
    assert acknowledged == kept > 10
    with History(path) as history:
        assert len(texts(history)) == kept + 1
        assert texts(history)[-1] == "there is room again"
