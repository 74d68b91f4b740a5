"""Exercise 5's given window as a program: how it begins and ends."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.harness.exercises import ROOT
from tests.harness.lab import Lab, Server
from tests.own.chat.page import PACKAGE, PATIENCE
from tests.own.chat.window import Peers, display, gui_module, peers_of, running_server

EXERCISE = PACKAGE

gui = pytest.fixture(gui_module)
server = pytest.fixture(running_server)
peer = pytest.fixture(peers_of)


@pytest.mark.parametrize(
    ("method", "reason"),
    [
        ("lines", "lines() yields [], not ['hellö'], see check 5.10"),
        ("send_line", r"send_line() sends b'', not b'hell\xc3\xb6\n', see check 5.11"),
    ],
)
def test_names_the_method_that_is_missing(lab: Lab, method: str, reason: str) -> None:
    """One line, also where there is no screen: the solution with one method open."""
    client = lab.submission.folder / PACKAGE / "client.py"
    starter = (ROOT / PACKAGE / "client.py").read_text(encoding="utf-8")
    pattern = re.compile(rf"    def {method}\(.*?(?=\n    def )", re.DOTALL)
    still_open = pattern.search(starter)
    assert still_open
    solution = client.read_text(encoding="utf-8")
    text = pattern.sub(lambda _: still_open[0], solution)
    client.write_text(text, encoding="utf-8")
    said = f"error: your client.py is not finished: Connection.{reason}\n"
    assert run_gui(lab.submission.folder, DISPLAY="") == (1, said)


# The program


def run_gui(folder: Path, *arguments: str, **environment: str) -> tuple[int, str]:
    """Run the program until it ends; return its status and what is on stderr."""
    ended = subprocess.run(
        [sys.executable, "-m", f"{PACKAGE}.gui", *arguments],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert ended.stdout == ""
    return ended.returncode, ended.stderr


def test_says_how_to_get_tk(lab: Lab, tmp_path: Path) -> None:
    """A Python without tkinter: one line for each system, and status 1."""
    (tmp_path / "tkinter").mkdir()
    stub = tmp_path / "tkinter" / "__init__.py"
    stub.write_text("raise ImportError('No module named _tkinter')\n")
    status, error = run_gui(lab.submission.folder, PYTHONPATH=str(tmp_path))
    assert status == 1
    assert re.fullmatch(r"error: [^\n]*python3-tk[^\n]*python3-tkinter[^\n]*\n", error)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have a screen")
@pytest.mark.parametrize("name", ["", ":4711"])
def test_says_that_there_is_no_screen(gui: Any, lab: Lab, name: str) -> None:
    """No display, or one that is not there: one line and status 1."""
    status, error = run_gui(lab.submission.folder, DISPLAY=name)
    assert status == 1
    assert re.fullmatch(r"error: cannot open a window: [^\n]*display[^\n]*\n", error)


@pytest.mark.parametrize("port", ["http", "65536", "-1", "²"])
def test_refuses_what_is_no_port(gui: Any, lab: Lab, port: str) -> None:
    """Wrong ports are refused as by all of the lab's programs."""
    status, error = run_gui(lab.submission.folder, "127.0.0.1", "--", port, DISPLAY="")
    assert status == 1
    assert error == f"error: {port!r} is not a port number (0 to 65535)\n"


def test_needs_the_solutions_for_their_connection(gui: Any, lab: Lab) -> None:
    """Students' trees come without them."""
    status, error = run_gui(lab.submission.folder, "--solution", DISPLAY="")
    assert status == 1
    assert re.fullmatch(r"error: [^\n]*no solutions here[^\n]*\n", error)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ends_at_a_signal(
    gui: Any, server: Server, peer: Peers, number: signal.Signals
) -> None:
    """Ctrl+C in the terminal: status 0, and nothing to read.

    It is the starters' window, which has a Connection with --solution only.
    """
    bob = peer("bob")
    command = [sys.executable, "-m", f"{PACKAGE}.gui", "127.0.0.1", str(server.port)]
    with subprocess.Popen(
        [*command, "--nick", "alice", "--solution"],
        cwd=ROOT,
        env=os.environ | {"DISPLAY": display()},
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        bob.expect("is now alice")  # so the window reads and answers
        program.send_signal(number)
        _, error = program.communicate(timeout=PATIENCE)
        assert (program.returncode, error) == (0, "")
    bob.expect("alice left #general")


CLOSE = """
import sys, threading
from exercise5_chat_channels import gui

class Window(gui.Window):
    def on_people(self, *words):
        super().on_people(*words)
        self.root.destroy()  # as the window manager does

gui.Window = Window
gui.main()
print(threading.enumerate() == [threading.main_thread()])
"""


def test_ends_when_the_window_is_closed(gui: Any, lab: Lab, server: Server) -> None:
    """No thread is left, no traceback is shown."""
    ended = subprocess.run(
        [sys.executable, "-c", CLOSE, "127.0.0.1", str(server.port)],
        cwd=lab.submission.folder,
        env=os.environ | {"DISPLAY": display()},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "True\n", "")
