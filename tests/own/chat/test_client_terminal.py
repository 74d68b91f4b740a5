"""Tests of exercise 5's console client in a real terminal, by what its screen shows."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.harness import system
from tests.harness.lab import Lab
from tests.harness.peer import Peer
from tests.harness.process import clean_environment
from tests.own.chat.desk import (
    COLUMNS,
    DAY,
    GREETING,
    Desk,
    desk_of,
    said,
    settings_of_new_terminal,
    shown,
    start_client,
    wrapped,
)

EXERCISE = "exercise5_chat_channels"
ENTER, BACKSPACE = "\r", "\x7f"
CTRL_C, CTRL_D, CTRL_U, CTRL_W = "\x03", "\x04", "\x15", "\x17"
LEFT, DELETE, F5, LINUX_F1 = "\x1bOD", "\x1b[3~", "\x1b[15;2~", "\x1b[[A"
pytestmark = pytest.mark.skipif(system.WINDOWS, reason="Windows has no pty")

desk = pytest.fixture(desk_of)


# -- lines that arrive while one types ---------------------------------------------


def test_keeps_what_is_typed_in_one_piece(desk: Desk) -> None:
    desk.client.type("hel")
    desk.see(GREETING, "hel")
    desk.hear(said("one"), "* carol joined #general")
    seen = [GREETING, DAY, shown("one"), "* carol joined #general"]
    desk.see(*seen, "hel")
    assert desk.screen.column == len("hel")
    desk.client.type("lo")
    desk.see(*seen, "hello")
    desk.client.type(ENTER)
    desk.server.expect("hello\n")
    desk.hear(said("hello", "guest1"))
    desk.see(*seen, shown("hello", "guest1"))


@pytest.mark.parametrize(
    "typed",
    [
        "l'été à la mer",
        "東京 と 😀",
        "e\u0301te\u0301 in two pieces",
        "x" * COLUMNS,  # up to the last column
        "longer than the row " * 6,
        "x" + "東京" * COLUMNS,  # one column stays empty at the end of each row
    ],
)
def test_keeps_lines_of_any_width(desk: Desk, typed: str) -> None:
    drawn = typed.replace("\u0301", "")  # our screen does not draw accents over letters
    desk.client.type(typed)
    desk.see(GREETING, drawn)
    far = "東京 is far " * 9
    desk.hear(said(far))
    desk.see(GREETING, DAY, shown(far), drawn)
    desk.hear(said("near"))
    desk.see(GREETING, DAY, shown(far), shown("near"), drawn)
    desk.client.type(ENTER)
    desk.server.expect(f"{typed}\n")
    desk.see(GREETING, DAY, shown(far), shown("near"))


@pytest.mark.parametrize(
    ("typed", "draft"),
    [
        ("東京" + BACKSPACE, "東"),
        ("a" + "東京" * COLUMNS + BACKSPACE * 2 * COLUMNS, "a"),
        ("été" + BACKSPACE * 2 + "a", "éa"),
        ("a draft" + CTRL_U + "another", "another"),
        ("two words " + CTRL_W, "two "),
        ("le" + LEFT + DELETE + F5 + LINUX_F1 + "ft", "left"),
        ("a\x00b", "ab"),
        (BACKSPACE + CTRL_U + CTRL_W + "a" + CTRL_D + "b", "ab"),
    ],
)
def test_edits_what_is_typed(desk: Desk, typed: str, draft: str) -> None:
    desk.client.type(typed)
    desk.see(GREETING, draft)
    desk.hear(said("meanwhile"))
    desk.see(GREETING, DAY, shown("meanwhile"), draft)
    desk.client.type(ENTER)
    desk.server.expect(f"{draft}\n")


def test_scrolls_at_the_bottom(desk: Desk) -> None:
    desk.client.type("in the middle")
    desk.see(GREETING, "in the middle")
    texts = [f"line {number} " + "and more " * (number % 9) for number in range(40)]
    desk.hear(*map(said, texts))
    seen = [GREETING, DAY, *map(shown, texts)]
    desk.see(*seen, "in the middle")
    desk.client.type(" of a word" + ENTER)
    desk.server.expect("in the middle of a word\n")
    desk.hear("* bye")
    desk.see(*seen, "* bye")


def test_keeps_what_is_typed_when_the_window_changes(desk: Desk) -> None:
    desk.client.type("été")
    desk.see(GREETING, "été")
    desk.resize(6, 30)
    desk.hear(said("in a small window of a few columns"))
    small = shown("in a small window of a few columns")
    desk.see(GREETING, DAY, small, "été")
    desk.client.type(" and longer than the window")
    desk.see(GREETING, DAY, small, "été and longer than the window")
    desk.resize(24, 90)
    desk.hear(said("in a large window"))
    rows = [*wrapped(DAY, 30), *wrapped(small, 30), shown("in a large window")]
    desk.see(GREETING, *rows, "été and longer than the window")
    desk.client.type(ENTER)
    desk.server.expect("été and longer than the window\n")


def test_shows_commands_and_no_escapes(desk: Desk) -> None:
    desk.client.type("/who" + ENTER)
    desk.server.expect("/who\n")
    desk.hear("* people in #general: guest1")
    seen = [GREETING, "/who", "* people in #general: guest1"]
    desk.see(*seen)
    desk.client.wait_until_idle()
    desk.client.type("ty")
    desk.hear(said("\x1b[2J\x1b[H"))
    desk.see(*seen, DAY, shown(r"\x1b[2J\x1b[H"), "ty")


def test_takes_its_terminal_back_after_ctrl_z(desk: Desk) -> None:
    """The shell has set the terminal to its own liking meanwhile."""
    desk.client.type("hel")
    desk.see(GREETING, "hel")
    desk.client.change_terminal(settings_of_new_terminal())
    desk.client.history.event("the user", "presses Ctrl+Z, then types fg")
    os.kill(desk.client.pid, signal.SIGCONT)
    desk.client.expect_printed("\r\x1b[Jhel")
    desk.see(GREETING, "hel")
    desk.client.type("lo" + ENTER)
    desk.server.expect("hello\n")
    desk.client.type(CTRL_C)
    desk.server.expect("/quit\n")
    desk.server.close()
    desk.expect_left()


def test_needs_no_terminal_that_can_erase(lab: Lab) -> None:
    listener = lab.listen()
    client = start_client(lab, listener.host, listener.port, TERM="dumb")
    server = lab.accept(listener, client)
    client.type("hello" + ENTER)
    server.expect("hello\n")
    server.send(said("hello", "guest1") + "\n")
    client.expect_printed(said("hello", "guest1"))
    client.type(CTRL_D)
    server.expect("/quit\n")
    server.close()
    client.expect_exit()
    assert b"\x1b" not in client.stdout.data


def test_goes_on_when_nobody_reads_what_it_prints(lab: Lab) -> None:
    """Behind "| head -1": no traceback, and what is typed is still said."""
    server = lab.start_server("--history", str(lab.folder / "chat.db"))
    bob = server.connect("bob")
    bob.read_line("the greeting")
    module = ["-m", f"{EXERCISE}.client", server.host, str(server.port)]
    with subprocess.Popen(
        [sys.executable, *module],
        cwd=lab.submission.folder,
        env=clean_environment(),  # PYTHONUNBUFFERED would leave nothing to flush
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as client:
        assert client.stdin
        assert client.stdout
        assert client.stdout.readline().endswith(" in #general\n")
        client.stdout.close()
        client.stdin.write("".join(f"line {number}\n" for number in range(50)))
        client.stdin.close()
        bob.expect("* guest2 joined #general\n")
        for number in range(50):
            assert bob.read_line("a line").endswith(b"> line %d\n" % number)
        assert client.stderr
        assert client.stderr.read() == ""
    assert client.returncode == 0


# -- pasting -----------------------------------------------------------------------


def test_pastes_200_lines_whole(lab: Lab) -> None:
    """Also while their receipts arrive."""
    server = lab.start_server("--history", str(lab.folder / "chat.db"))
    bob = server.connect("bob")
    bob.read_line("the greeting")
    client = start_client(lab, server.host, server.port)
    bob.expect("* guest2 joined #general\n")
    client.expect_printed("you are guest2")
    lines = [f"{number} été {'東京 ' * (number % 10)}end" for number in range(200)]
    client.type("".join(line + ENTER for line in lines))
    for line in lines:
        received = bob.read_line("a pasted line").decode()
        assert received.endswith(f" #general <guest2> {line}\n")
    client.expect_printed("> 199 ")


def test_pastes_a_few_lines_and_shows_them_once(desk: Desk) -> None:
    lines = ["one", "two " * 20, "three"]
    desk.client.type("".join(line + ENTER for line in lines))
    for line in lines:
        desk.server.expect(f"{line}\n")
    desk.hear(said("one", "guest1"), said("two", "guest1"))
    desk.see(GREETING, DAY, shown("one", "guest1"), shown("two", "guest1"))


# -- ways out ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("draft", "key"),
    [
        ("/quit", ENTER),
        ("/quitter", ENTER),
        ("", CTRL_D),
        ("", CTRL_C),
        ("a draft", CTRL_C),
    ],
)
def test_leaves_the_terminal_as_it_was(desk: Desk, draft: str, key: str) -> None:
    desk.client.type(draft)
    desk.see(GREETING, *filter(None, [draft]))
    desk.client.wait_until_idle()
    desk.client.type(key)
    desk.server.expect("/quit\n")
    desk.hear("* bye")
    desk.server.close()
    desk.expect_left()
    rows = [row.removesuffix("^C") for row in desk.screen.everything()]
    assert list(filter(None, rows)) == [GREETING, *filter(None, [draft]), "* bye"]


def test_ends_at_sigterm_as_at_ctrl_c(desk: Desk) -> None:
    desk.client.type("a draft")
    desk.see(GREETING, "a draft")
    desk.client.wait_until_idle()
    desk.client.terminate()
    desk.server.expect("/quit\n")
    desk.server.close()
    desk.expect_left()
    assert desk.screen.everything() == [GREETING, "a draft"]


@pytest.mark.parametrize("leave", [Peer.close, Peer.reset])
def test_leaves_the_draft_when_the_server_goes(
    desk: Desk, leave: Callable[[Peer], None]
) -> None:
    desk.client.type("a draft")
    desk.see(GREETING, "a draft")
    leave(desk.server)
    desk.expect_left()
    notice = "The server has closed the connection."
    assert desk.screen.everything() == [GREETING, notice, "a draft"]


def test_ends_when_the_server_goes_at_once(lab: Lab) -> None:
    """The news may come before the client waits for the keyboard: it is not lost."""
    desks = [Desk(lab) for _ in range(5)]
    for desk in desks:
        desk.hear("! server full")
        desk.server.close()
    for desk in desks:
        desk.expect_left()
        assert desk.screen.lines()[0] == "! server full"
