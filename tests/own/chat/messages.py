"""Messages for exercise 5's given history, and a program that writes until it dies.

Test modules make their fixtures of new_path() and full_history().
"""

import subprocess
import sys
from pathlib import Path

from exercise5_chat_channels.history import History, Message
from tests.harness.exercises import ROOT

WHEN = "2026-11-21T10:00:00Z"


def message(text: object, channel: str = "general", nick: str = "alice") -> Message:
    """Return a message that says ``text``."""
    return Message(WHEN, channel, nick, str(text))


def texts(history: History, channel: str = "general", count: int = 10**6) -> list[str]:
    """Return what was said in the channel."""
    return [kept.text for kept in history.last(channel, count)]


def new_path(tmp_path: Path) -> Path:
    """Return where a history may be."""
    return tmp_path / "chat.db"


def full_history(path: Path) -> Path:
    """Return a history of a few hundred messages, closed."""
    with History(path) as history:
        history.add_channel("general")
        for number in range(500):
            history.add(message(f"message number {number}, nothing special"))
    return path


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
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout
        acknowledged = [writer.stdout.readline().strip() for _ in range(lines)]
        writer.kill()
        acknowledged += writer.stdout.read().split("\n")[:-1]
    assert acknowledged[0] == "open"
    return max([first, *(int(line) + 1 for line in acknowledged if line.isdigit())])
