"""A terminal with exercise 5's console client in it, by what its screen shows.

A pseudo-terminal, pty(7), is the client's keyboard and screen, and controls it. The
test is mostly the server, too, so that it decides what arrives when.
"""

import os
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.harness import pseudo_terminal
from tests.harness.lab import Lab
from tests.harness.patience import START
from tests.harness.program import Program
from tests.harness.screen import Screen
from tests.harness.symptoms import whereabouts_of

ROWS, COLUMNS = 12, 50
GREETING = "* you are guest1 in #general"
DAY = "-- Saturday 21 November 2026 --"  # before the first message
TERMINAL = {"TERM": "xterm-256color", "TZ": "UTC"}


def said(text: str, nick: str = "bob") -> str:
    """Return the line of a message, as the server sends it."""
    return f"2026-11-21T10:00:00Z #general <{nick}> {text}"


def shown(text: str, nick: str = "bob") -> str:
    """Return the same message as a terminal shows it."""
    return f"10:00 <{nick}> {text}"


def wrapped(text: str, columns: int = COLUMNS) -> list[str]:
    """Return the rows that a text fills in a terminal, which cuts no wide letter."""
    rows, used = [""], 0
    for letter in text:
        width = 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        if used + width > columns:
            rows, used = [*rows, ""], 0
        rows[-1] += letter
        used += width
    return rows


class Desk:
    """A client in its terminal, somebody who types and looks, and the server."""

    def __init__(self, lab: Lab) -> None:
        """Start the client, and be the server that it connects to."""
        listener = lab.listen()
        self.client = start_client(lab, listener.host, listener.port)
        self.client.resize_terminal(ROWS, COLUMNS)  # before it can look
        self.screen = Screen(ROWS, COLUMNS)
        self.seen = 0  # bytes of what the client has written
        self.server = lab.accept(listener, self.client)

    def sit_down(self) -> None:
        """Wait until the client shows the server's greeting."""
        self.server.send(f"{GREETING}\n")
        self.see(GREETING)

    def resize(self, rows: int, columns: int) -> None:
        """Give the window another size."""
        self.look(bytes(self.client.stdout.data))
        self.screen.resize(rows, columns)
        self.client.resize_terminal(rows, columns)

    def look(self, printed: bytes) -> Screen:
        """Let the screen show what the client has written by now."""
        self.screen.feed(printed[self.seen :])
        self.seen = len(printed)
        return self.screen

    def wait(self, condition: Callable[[Screen], object]) -> None:
        """Wait until the screen is as it should be."""
        output, waits = self.client.stdout, self.client.slices(START)
        found = output.wait_for(lambda printed: condition(self.look(printed)), waits)
        assert found, (
            self.screen.everything(),
            bytes(self.client.stdout.data),
            whereabouts_of(self.client),
        )

    def see(self, *lines: str) -> None:
        """Wait until the screen, with what has scrolled off it, shows these lines."""
        rows = [row for line in lines for row in wrapped(line, self.screen.columns)]
        wanted = [row.rstrip() for row in rows]
        self.wait(lambda screen: screen.everything() == wanted)
        assert not self.screen.unknown

    def hear(self, *lines: str) -> None:
        """Send lines to the client."""
        self.server.send("".join(f"{line}\n" for line in lines))

    def expect_left(self, status: int = 0) -> None:
        """Expect that the client ends well, and leaves its terminal as it was."""
        self.client.expect_exit(status)
        # The shell's prompt must not begin in the middle of a row.
        self.wait(lambda screen: not screen.modes and screen.column == 0)
        assert self.client.terminal_settings() == settings_of_new_terminal()
        assert self.client.errors() == ""


def settings_of_new_terminal() -> list[Any]:
    """Return the settings that a terminal has before anybody changes them."""
    outside, inside = pseudo_terminal.open_one()
    settings = pseudo_terminal.settings(outside)
    os.close(outside)
    os.close(inside)
    return settings


def start_client(lab: Lab, host: str, port: int, **environment: str) -> Program:
    """Start the solution's client in a terminal that controls it."""
    environment = TERMINAL | environment
    command = lab.submission.command(lab.exercise, "client", host, port)
    name, folder = f"client {len(lab.programs)}", lab.submission.folder
    command = replace(command, words=pseudo_terminal.in_control(command.words))
    client = Program(name, command, folder, lab.history, environment, in_terminal=True)
    lab.programs.append(client)
    return client


def desk_of(lab: Lab) -> Desk:
    """Hand a test a client that has connected, and waits for the keyboard."""
    desk = Desk(lab)
    desk.sit_down()
    desk.client.wait_until_idle()
    return desk
