"""What differs on macOS and Windows, as far as Linux can play it."""

import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from exercise5_chat_channels import terminal
from tests.classroom import files
from tests.classroom.errors import ClassroomError
from tests.classroom.progress import Progress
from tests.harness import lab, system
from tests.harness.connecting import connect
from tests.harness.exercises import ROOT
from tests.harness.failure import CheckFailedError
from tests.harness.lab import Lab
from tests.harness.patience import SOON, START
from tests.harness.steps import History
from tests.own.harness.running import (
    EXERCISE,
    play_macos,
    start,
    submit,
    waiting_program,
)

NEVER_LISTENS = "import threading\nthreading.Event().wait()\n"


class SlowRefusal(socket.socket):
    """A socket of Windows', which tries for two seconds before it is refused."""

    now = 0.0

    def connect(self, _address: Any) -> None:
        """Let the clock go on."""
        SlowRefusal.now += 2.0
        raise ConnectionRefusedError(10061, "refused")


def test_slow_refusals_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.socket", SlowRefusal)
    monkeypatch.setattr("time.monotonic", lambda: SlowRefusal.now)
    with waiting_program(tmp_path) as program:
        with pytest.raises(CheckFailedError) as caught:
            connect("browser", "127.0.0.1", 1, program, History())
    assert caught.value.failure.got == ("but", f"nobody listened for {START:g} s")
    assert START < SlowRefusal.now <= START + 2.0


def test_a_slow_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody can say what a program does, it has the time to start."""
    program = start(NEVER_LISTENS, tmp_path)
    with monkeypatch.context() as there:
        there.setattr(system, "LINUX", False)
        there.setattr(system, "WINDOWS", True)
        first = sum(program.slices(SOON))
        program.was_reached = True
        then = sum(program.slices(SOON))
    program.stop()
    assert SOON <= then < START <= first


def test_a_check_that_takes_too_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lab, "LIMIT", 0.5)
    submitted = submit(tmp_path, NEVER_LISTENS)
    laboratory = Lab(submitted, EXERCISE, tmp_path, seed=5)
    server = laboratory.start_server()
    server.exited.wait()
    with pytest.raises(CheckFailedError):
        server.expect_printed("Listening", seconds=3600)
    laboratory.clean_up()
    submitted.remove_folder()
    events = [step.event() for step in laboratory.history.steps]
    assert "the check takes more than 0.5 s: its programs are stopped" in events


@pytest.mark.skipif(system.WINDOWS, reason="few may make links there")
def test_temporary_files_behind_a_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "private").mkdir()
    (tmp_path / "tmp").symlink_to("private")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    submitted = submit(tmp_path, "raise ValueError('no')\n")
    laboratory = Lab(submitted, EXERCISE, tmp_path, seed=5)
    server = laboratory.start_server()
    server.wait_for_exit(60)
    laboratory.clean_up()
    submitted.remove_folder()
    assert f'File "{EXERCISE}{os.sep}server.py", line 1' in server.errors()


def test_lines_that_end_with_crlf(tmp_path: Path) -> None:
    program = start(
        "import sys\nsys.stdout.buffer.write(b'one\\r\\ntwo\\r\\n')", tmp_path
    )
    program.expect_printed("one\ntwo\n")
    program.expect_printed("tw")
    program.stop()
    events = [step.event() for step in program.history.steps]
    assert events == [r"server prints 'one\ntwo\n'", "server prints 'two'"]


def test_ports_where_all_share_an_address() -> None:
    ports = {system.free_port("127.0.0.1") for _ in range(20)}
    assert max(ports) < 32_768  # others take the ports above for what they connect
    assert len(ports) > 1


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux plays macOS")
def test_what_macos_says_of_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    play_macos(monkeypatch)
    listening = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(listening.getsockname())
    server, _ = listening.accept()
    with listening, client, server:
        client.sendall(b"hello")
        addresses = server.getsockname(), client.getsockname()
        assert system.unread_bytes(*addresses) == 5
        server.recv(5)
        assert system.unread_bytes(*addresses) == 0
        assert not system.others_have_closed(os.getpid())
        client.close()
        assert system.others_have_closed(os.getpid())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux plays macOS")
def test_what_macos_says_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    before = system.memory(os.getpid())
    play_macos(monkeypatch)
    held = bytearray(32 << 20)
    assert before
    assert (system.memory(os.getpid()) or 0) > before + len(held) // 2


# -- what is printed, and by whom ------------------------------------------------------


def test_signs_of_an_old_terminal() -> None:
    environment = os.environ | {"PYTHONUTF8": "0", "PYTHONIOENCODING": "cp1252"}
    code = "from tests.harness import plain; plain.write_plainly(); print('✓ ░─→ 中…')"
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE)
    assert run.stdout.decode("cp1252").rstrip() == "+ .-> ?…"


@pytest.mark.parametrize("module", ["tests.harness.plugin", "tests.classroom.__main__"])
def test_an_old_python(module: str) -> None:
    code = f"import pytest, sys\nsys.version_info = (3, 9, 18)\nimport {module}"
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    needed = "error: the lab needs Python 3.10 or newer, and this is 3.9\n"
    assert (run.returncode, run.stderr) == (1, needed)


def test_escape_sequences_on_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    monkeypatch.setattr("os.system", done.append)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setattr(system, "WINDOWS", True)
    Progress(1)
    monkeypatch.setattr(terminal, "is_terminal", lambda _: True)
    monkeypatch.setattr(terminal, "POSIX", False)
    terminal.Terminal()
    assert done == ["", ""]


def test_a_table_that_is_open_in_excel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Access is denied")

    monkeypatch.setattr("os.replace", refuse)
    with pytest.raises(ClassroomError, match="open in another program"):
        files.write(tmp_path / "class.csv", "alice,10\n")


INTERRUPTS = """
import signal, sys
from pathlib import Path
from tests.harness import system
from tests.own.harness.running import start

signal.signal(signal.SIGINT, signal.SIG_IGN)
system.let_programs_be_interrupted()
program = start(sys.argv[1], Path(sys.argv[2]))
program.expect_printed("waits")
program.interrupt()
program.expect_exit()
"""
UNTIL_CTRL_C = """
import time
try:
    print("waits", flush=True)
    while True:
        time.sleep(0.1)
except KeyboardInterrupt:
    pass
"""


def test_programs_hear_ctrl_c_though_pytest_is_deaf(tmp_path: Path) -> None:
    """As in the background of a shell; and on Windows in a new process group."""
    command = [sys.executable, "-c", INTERRUPTS, UNTIL_CTRL_C, str(tmp_path)]
    new_group = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
    run = subprocess.run(command, cwd=ROOT, creationflags=new_group)
    assert run.returncode == 0


# -- only on Windows itself ------------------------------------------------------------

LEAVES_ONE = """
import os, subprocess, sys
from tests.harness import system
system.let_programs_end_with_us()
subprocess.Popen([sys.executable, "-c", "import threading; threading.Event().wait()"])
os._exit(3)
"""


@pytest.mark.skipif(not system.WINDOWS, reason="only Windows has jobs")
def test_programs_end_with_us() -> None:
    command = [sys.executable, "-c", LEAVES_ONE]
    run = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE)  # to its last user
    assert run.returncode == 3
