"""Terminals for programs, pty(7). Windows has none that could be looked at."""

import os
import struct
import sys
from collections.abc import Sequence
from typing import Any

# A new session has no controlling terminal; its leader may take one, ioctl_tty(2).
TAKE_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


def open_one() -> tuple[int, int]:
    """Return the two ends of a new terminal, ours and the program's, pty(7).

    It is given a size, as every terminal has: else it had 0 columns.
    """
    outside, inside = os.openpty()  # type: ignore[attr-defined,unused-ignore]
    resize(outside, 24, 80)
    return outside, inside


def resize(terminal: int, rows: int, columns: int) -> None:
    """Give a terminal another size; its programs get SIGWINCH, ioctl_tty(2)."""
    import fcntl  # these two are not on Windows
    import termios

    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def settings(terminal: int) -> list[Any]:
    """Return what a terminal does with what is typed, such as echo it; termios(3)."""
    import termios  # not on Windows

    return termios.tcgetattr(terminal)


def change(terminal: int, settings: list[Any]) -> None:
    """Give a terminal other settings at once, as any program in it can; termios(3)."""
    import termios  # not on Windows

    termios.tcsetattr(terminal, termios.TCSANOW, settings)


def in_control(command: Sequence[str]) -> list[str]:
    """Return the command such that its terminal controls it: Ctrl+C there is SIGINT."""
    return [sys.executable, "-c", TAKE_TERMINAL, *command]
