"""Exercise 5's console client: how it shows messages, to people and to programs."""

import pytest

from tests.harness import system
from tests.harness.lab import Lab
from tests.own.chat.desk import (
    DAY,
    GREETING,
    TERMINAL,
    Desk,
    desk_of,
    said,
    shown,
    start_client,
)

EXERCISE = "exercise5_chat_channels"
REORDERING = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
JOINED = "می\u200cخواهم क्\u200dष 👩\u200d💻"  # Persian, Hindi, and a programmer
pytestmark = pytest.mark.skipif(system.WINDOWS, reason="Windows has no pty")

desk = pytest.fixture(desk_of)


def test_a_row_says_when_the_day_changes(desk: Desk) -> None:
    desk.hear(
        "2026-11-20T23:59:59Z #general <bob> late",
        "2026-11-21T00:00:00Z #general <bob> early",
        "2026-11-21T00:01:00Z #general <bob> not so early",
    )
    desk.see(
        GREETING,
        "-- Friday 20 November 2026 --",
        "23:59 <bob> late",
        DAY,
        "00:00 <bob> early",
        "00:01 <bob> not so early",
    )


def test_times_are_local(lab: Lab) -> None:
    listener = lab.listen()
    client = start_client(lab, listener.host, listener.port, TZ="IST-5:30")
    server = lab.accept(listener, client)
    server.send(f"{GREETING}\n2026-11-20T23:59:59Z #general <bob> late\n")
    client.expect_printed(f"{DAY}\r\n05:29 <bob> late\r\n")


def test_a_row_says_when_the_channel_changes(desk: Desk) -> None:
    """Unless the greeting says it: history comes before that."""
    sport = said("who plays?").replace("#general", "#sport")
    you_are = "* you are guest1 in #sport"
    desk.hear(said("bye"), sport, you_are, sport)
    seen = [GREETING, DAY, shown("bye"), "-- #sport --", shown("who plays?"), you_are]
    desk.see(*seen, shown("who plays?"))
    back = "* you are guest1 in #general and words may follow"
    desk.hear(back, said("here again"))
    desk.see(*seen, shown("who plays?"), back, shown("here again"))


def test_history_comes_before_the_greeting(lab: Lab) -> None:
    desk = Desk(lab)
    desk.hear(said("yesterday's news"), GREETING)
    day = DAY.replace("--", "-- #general,", 1)
    desk.see(day, shown("yesterday's news"), GREETING)


@pytest.mark.parametrize(
    "line",
    [
        "* bob joined #general",
        "! there is no channel tea",
        "9999-99-99T99:99:99Z is no time",
        "a line of a server of another kind",
    ],
)
def test_other_lines_are_shown_as_they_come(desk: Desk, line: str) -> None:
    desk.hear(line)
    desk.see(GREETING, line)


def test_a_time_that_is_none_is_shown_as_it_comes(desk: Desk) -> None:
    desk.hear("2026-02-31T10:00:00Z #general <bob> hello")
    desk.see(GREETING, "2026-02-31T10:00:00Z <bob> hello")


def test_a_pipe_gets_lines_as_they_come(lab: Lab) -> None:
    listener = lab.listen()
    client = lab.start_client(listener.host, listener.port, environment=TERMINAL)
    server = lab.accept(listener, client)
    lines = f"{said('hello')}\n{GREETING}\n{said('again')}\n"
    server.send(lines)
    client.end_typing()
    server.expect("/quit\n")
    server.close()
    client.expect_exit()
    client.expect_output(lines.encode())


def test_text_is_not_turned_around(lab: Lab) -> None:
    listener = lab.listen()
    client = lab.start_client(listener.host, listener.port)
    server = lab.accept(listener, client)
    server.send(f"{said(REORDERING)}\n{said(JOINED)}\n")
    escapes = "".join(f"\\u{ord(mark):04x}" for mark in REORDERING)
    client.expect_printed(f"{said(escapes)}\n{said(JOINED)}\n")
