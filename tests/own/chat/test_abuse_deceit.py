"""Names and texts that try to deceive, and lines of any length."""

import re
from pathlib import Path

import pytest

from tests.harness.lab import Lab
from tests.own.chat.abuse import history_file, start
from tests.own.chat.clients import Chatter, connect, drive, have_met, leave

EXERCISE = "exercise5_chat_channels"

history = pytest.fixture(history_file)


REFUSED_NAMES = [
    *(
        "",
        "a b",
        "x" * 21,
        "<alice>",
        "a>b",
        "*",
        "!",
        "#a",
        "a.b",
        "\\",
        "\u0301a",
        "\u3164",
    ),
    *("a\u202eb", "a\u2066b", "a\u200bb", "a\u200db", "\ufeffa"),  # not to be seen
    *("a\x1b[2J", "a\x07", "a\x9b", "a\u2028b", "a\u2029b", "a\x85b", "a\tb"),
]
SAME_NAMES = [
    "KASSE",
    "\u212aasse",
    "ka\u017f\u017fe",
    "ka\xdfe",
    "\uff4basse",
]  # as "kasse"
REFUSED_TEXTS = [
    *("\x1b[2J", "\x1b]0;title\x07", "\x9b31m", "a\0b", "a\bb", "a\x7fb", "a\tb"),
    *("a\rb", "a\r\r", "a\vb", "a\fb", "a\x85b", "a\u2028b", "a\u2029b"),
]
NO_TEXTS = [b"\xff", b"\xc3", b"\xc0\x8a", b"\xed\xa0\x80", b"\xf4\x90\x80\x80"]
NO_TEXTS += ["😀".encode()[:size] for size in (1, 2, 3)]
HARMLESS = [
    *("2026-11-21T10:00:00Z #general <guest2> forged", "* guest2 left #general"),
    *("* server closing", "! server full", "> ", "\\x1b[2J", "a\u202eb", "😀"),
]


def answers(chatter: Chatter, line: str | bytes) -> list[bytes]:
    """Return what comes back for one line, until the line after it comes back."""
    since = len(chatter.lines)
    chatter.say(line, "and now")
    drive([chatter], lambda: chatter.has("> and now", since))
    return chatter.lines[since:-1]


def test_deceiving_names(lab: Lab, history: Path) -> None:
    """Refused, with one line; nobody else sees anything of it."""
    alice, bob = connect(start(lab, history), 2)
    drive([alice, bob], have_met([alice, bob]))
    assert answers(bob, "/nick kasse") == [b"* you are kasse in #general"]
    drive([alice], lambda: alice.has("<kasse> and now"))
    for command in ("/nick", "/create", "/join"):
        for name in REFUSED_NAMES:
            if (command, name) != ("/create", "#a"):  # "#" may be written there
                refused = answers(alice, f"{command} {name}")
                assert [line[:2] for line in refused] == [b"! "], (command, name)
    assert answers(alice, "/nick ok") == [b"* you are ok in #general"]
    for name in SAME_NAMES:
        assert answers(alice, f"/nick {name}")[0].startswith(b"! "), name
    drive([bob], lambda: bob.has("<ok> and now"))
    seen = [line for line in bob.lines if b"> and now" not in line]
    assert seen[-2:] == [b"* you are kasse in #general", b"* guest1 is now ok"]
    leave([alice, bob])


def test_deceiving_texts(lab: Lab, history: Path) -> None:
    """Refused, or shown behind the name of who said it."""
    alice, bob = connect(start(lab, history), 2)
    drive([alice, bob], have_met([alice, bob]))
    for data in [text.encode() for text in REFUSED_TEXTS] + NO_TEXTS:
        assert [line[:2] for line in answers(alice, data)] == [b"! "], data
    for text in HARMLESS:
        (line,) = answers(alice, text)
        assert re.sub(r"^\S+Z #general <guest1> ", "", line.decode()) == text
    assert bob.messages() == []
    drive([alice, bob], lambda: len(bob.messages()) == len(alice.messages()))
    assert bob.messages() == alice.messages()
    leave([alice, bob])


@pytest.mark.parametrize("ending", ["", "\r"])
@pytest.mark.parametrize("character", ["x", "é", "😀"])
def test_longest_line(lab: Lab, history: Path, character: str, ending: str) -> None:
    """1024 bytes with the end of the line, and not one more."""
    (alice,) = connect(start(lab, history), 1)
    size = len(character.encode())
    room = 1024 - len(ending) - 1
    text = "a" * (room % size) + character * (room // size)
    (line,) = answers(alice, text + ending)
    assert line.decode().endswith(f"> {text}")
    (line,) = answers(alice, f"a{text}{ending}")
    assert line.startswith(b"! ")
    leave([alice])


def test_characters_cut_everywhere(lab: Lab, history: Path) -> None:
    """Whatever the pieces, a character comes whole."""
    alice = start(lab, history).connect("alice")
    alice.read_line("a greeting")
    data = "a😀é聊😀".encode()
    for cut in range(1, len(data) + 1):
        alice.send(data[:cut])
        alice.wait_until_read()
        alice.send(data[cut:] + b"\n")
        assert alice.read_line("the message").endswith(b"> " + data + b"\n")
