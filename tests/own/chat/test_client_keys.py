"""Exercise 5's console client in a real terminal: keys, and lines typed before."""

import pytest

from tests.harness import system
from tests.own.chat.desk import DAY, GREETING, Desk, desk_of, said, shown

EXERCISE = "exercise5_chat_channels"
ENTER, ESCAPE, TAB, CTRL_L = "\r", "\x1b", "\t", "\x0c"
UP, DOWN, VT100_UP = "\x1b[A", "\x1b[B", "\x1bOA"
REFUSED = "! a text has no control characters and no line separators"
pytestmark = pytest.mark.skipif(system.WINDOWS, reason="Windows has no pty")

desk = pytest.fixture(desk_of)


@pytest.mark.parametrize("later", ["hello", "[hello", "Ohello", "é"])
def test_escape_does_not_eat_the_next_key(desk: Desk, later: str) -> None:
    desk.client.type(f"say{ESCAPE}")
    desk.see(GREETING, "say")
    desk.client.wait_until_idle()  # by now it knows that no arrow has begun
    desk.client.type(later)
    desk.see(GREETING, f"say{later}")


def test_an_arrow_in_pieces_is_no_text(desk: Desk) -> None:
    desk.client.type("hello" + ENTER)
    desk.server.expect("hello\n")
    for piece in UP:
        desk.client.type(piece)
    desk.see(GREETING, "hello")


def test_a_pasted_tab_is_refused_by_the_server_and_comes_back(desk: Desk) -> None:
    desk.client.type(f"a{TAB}b")
    desk.see(GREETING, r"a\tb")
    desk.client.type(ENTER)
    desk.server.expect("a\tb\n")
    desk.hear(REFUSED)
    desk.see(GREETING, REFUSED)
    desk.client.type(UP)
    desk.see(GREETING, REFUSED, r"a\tb")
    desk.client.type("\x7f\x7f b" + ENTER)
    desk.server.expect("a b\n")
    desk.see(GREETING, REFUSED)


def test_up_brings_lines_back_and_down_the_draft(desk: Desk) -> None:
    for line in ("first", "/second", "second and longer than the row " * 3):
        desk.client.type(line + ENTER)
        desk.server.expect(f"{line}\n")
    desk.see(GREETING, "/second")
    seen = [GREETING, "/second"]
    steps = [
        ("a draft", "a draft"),
        (UP, line),
        (VT100_UP, "/second"),
        (UP, "first"),
        (UP, "first"),
        (DOWN * 3, "a draft"),
        (DOWN, "a draft"),
        (UP * 2 + " and more", "/second and more"),
    ]
    for keys, draft in steps:
        desk.client.type(keys)
        desk.see(*seen, draft)
    desk.hear(said("meanwhile"))
    desk.see(*seen, DAY, shown("meanwhile"), "/second and more")


def test_a_line_typed_twice_comes_back_once(desk: Desk) -> None:
    for line in ("one", "two", "two", ""):
        desk.client.type(line + ENTER)
        desk.server.expect(f"{line}\n")
    desk.client.type(UP * 2)
    desk.see(GREETING, "one")


def test_ctrl_l_draws_the_draft_again(desk: Desk) -> None:
    desk.client.type("a draft" + CTRL_L + "!")
    desk.see(GREETING, "a draft!")
