"""The exercises of the lab: what each holds, builds on and needs.

Whatever has to know a folder, a number or a file of an exercise asks here. A new
exercise is its own files and one entry; ``pytest`` names what has been forgotten.
"""

import re
from dataclasses import dataclass
from pathlib import Path, PurePath

ROOT = Path(__file__).parents[2]  # the top folder of the lab


@dataclass(frozen=True)
class Exercise:
    """What the lab knows of an exercise. Other exercises are named by their folders."""

    number: int  # its checks are called NUMBER.1, NUMBER.2, …
    folder: str  # at the top of the lab, and below solutions/
    builds: str  # what the student builds, for the table in README.md
    learns: str  # what they learn from it, for the same table
    yours: tuple[str, ...]  # the files that a student edits; all others come from us
    given: tuple[str, ...] = ()  # complete files that its programs import
    continues: str = ""  # the exercise whose points the starter earns from the start
    needs: tuple[str, ...] = ()  # exercises whose programs its suite runs, if they work
    gives_up: bool = False  # its programs must give up a peer that is silent
    free: tuple[str, ...] = ()  # checks that the starter passes: they need no step

    @property
    def name(self) -> str:
        """The folder's name for a reader: ``4 multiclient``."""
        return self.folder.removeprefix("exercise").replace("_", " ")

    @property
    def programs(self) -> list[str]:
        """The programs that the student writes, such as ``["server", "client"]``."""
        return [file.removesuffix(".py") for file in self.yours]


_ALL = (
    Exercise(
        number=1,
        folder="exercise1_http_hello",
        builds="a server that shows Chrome one page",
        learns="socket, bind, listen, accept, recv, send, close; why Chrome is a TCP"
        " client",
        yours=("server.py",),
    ),
    Exercise(
        number=2,
        folder="exercise2_accept_loop",
        builds="the same for one client after another",
        learns="clients that are silent, rude or gone; status codes; leaks",
        yours=("server.py",),
        gives_up=True,
        continues="exercise1_http_hello",
        free=("2.8",),  # Ctrl+C: main() has it from exercise 1
    ),
    Exercise(
        number=3,
        folder="exercise3_tcp_client",
        builds="an HTTP client",
        learns="the other end: a stream has no messages; where an answer ends",
        yours=("client.py",),
        gives_up=True,
        needs=("exercise2_accept_loop",),
    ),
    Exercise(
        number=4,
        folder="exercise4_multiclient",
        builds="a relay between many clients",
        learns="a thread per client, an array of sockets, locks, framing, Ctrl+C",
        yours=("server.py",),
    ),
    Exercise(
        number=5,
        folder="exercise5_chat_channels",
        builds="a chat: server, client and"
        " [protocol](exercise5_chat_channels/PROTOCOL.md)",
        learns="one order, history, slow readers, floods, a clean end",
        yours=("server.py", "client.py"),
        given=(
            "startup.py",
            "names.py",
            "history.py",
            "terminal.py",
            "gui.py",
            "gui_parts.py",
            "web.py",
        ),
        continues="exercise4_multiclient",
    ),
)
EXERCISES = {exercise.folder: exercise for exercise in _ALL}  # in the order of numbers


def with_number(number: int) -> Exercise:
    """Return the exercise with this number; KeyError where there is none."""
    return {exercise.number: exercise for exercise in EXERCISES.values()}[number]


def after(folder: str) -> list[str]:
    """Return the folders of the exercises that come later."""
    folders = list(EXERCISES)
    return folders[folders.index(folder) + 1 :]


def suites_of(folder: str) -> list[Path]:
    """Return an exercise's suites, the files that hold its checks.

    A student may have tests of their own beside them.
    """
    tests = sorted((ROOT / folder).glob("test_*.py"))
    return [file for file in tests if "tests.harness.checks" in file.read_text("utf-8")]


def is_given(file: PurePath) -> bool:
    """Return whether a file, below an exercise's folder, is one that students get."""
    exercise = EXERCISES.get(file.parent.name)
    return exercise is not None and file.name in exercise.given


def is_check_id(text: str) -> bool:
    """Return whether a text has the form of a check's id, such as ``5.10``."""
    return re.fullmatch(r"\d+\.\d+", text) is not None
