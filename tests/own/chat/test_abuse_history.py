"""The chat goes on while its history cannot be written."""

import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.harness.lab import Lab, Server
from tests.harness.patience import START
from tests.harness.process import SHELL
from tests.own import peers
from tests.own.chat.abuse import (
    Record,
    history_file,
    kept,
    launch,
    only_linux,
    start,
    stop,
)
from tests.own.chat.clients import (
    Chatter,
    connect,
    count,
    drive,
    ended,
    have_met,
    leave,
    ping,
)

if sys.platform != "win32":
    import resource

EXERCISE = "exercise5_chat_channels"

history = pytest.fixture(history_file)


def assert_refused_and_recovered(
    members: list[Chatter], repair: Callable[[], object]
) -> int:
    """Some is refused, and nobody sees it; once repaired, the chat goes on.

    Returns how many lines were refused. The first member speaks.
    """
    first = members[0]
    drive(members, have_met(members))
    since = len(first.lines)
    first.say(*(f"{number} {'x' * 900}" for number in range(400)))
    drive(members, count(first, b" ", since + 400))
    refused = [line for line in first.lines[since:] if line.startswith(b"! ")]
    assert refused
    assert set(refused) == {b"! the history cannot be used now"}
    repair()
    ping(members, "there is room again")
    for member in members:
        assert member.messages() == first.messages()
        assert not member.end
    return len(refused)


@only_linux
def test_disk_full(lab: Lab, history: Path, record_property: Record) -> None:
    """As far as the file may grow: RLIMIT_FSIZE, setrlimit(2), set from outside."""
    server = start(lab, history)
    members = connect(server, 3)
    size = Path(f"{history}-wal").stat().st_size
    limits = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (size + 100_000, limits[1]))
    refused = assert_refused_and_recovered(
        members,
        lambda: resource.prlimit(server.pid, resource.RLIMIT_FSIZE, limits),
    )
    assert members[0].messages() == kept(history)
    stop(server)
    leave(members)
    record_property("refused of 400", refused)


def start_on_disk(lab: Lab, folder: Path, size: str) -> Server:
    """Start the server with a small disk for its history: a tmpfs of its own.

    A user namespace lets anybody mount one, user_namespaces(7).
    """
    unshare = [peers.program("unshare"), "--map-root-user", "--mount"]
    if subprocess.run([*unshare, "true"]).returncode:
        pytest.skip("this system makes no user namespaces with unshare")
    mount = f"mount -t tmpfs -o {size} none {folder}"
    return launch(lab, folder / "chat.db", mount, [*unshare, *SHELL])


@only_linux
def test_disk_really_full(lab: Lab, tmp_path: Path, record_property: Record) -> None:
    """ENOSPC, until somebody deletes a file."""
    server = start_on_disk(lab, tmp_path, "size=1m")
    server.expect_printed("Listening on", START)
    members = connect(server, 3)
    big_file = Path(f"/proc/{server.pid}/root{tmp_path}/big")
    big_file.write_bytes(b"x" * 700_000)
    refused = assert_refused_and_recovered(members, big_file.unlink)
    stop(server)
    leave(members)
    record_property("refused of 400", refused)


@only_linux
def test_read_only_disk(lab: Lab, tmp_path: Path) -> None:
    """The user gets one line, and the server does not start."""
    server = start_on_disk(lab, tmp_path, "ro")
    server.expect_exit(1)
    assert server.errors().startswith("error: cannot use the history file")
    assert server.errors().count("\n") == 1


def test_second_server(lab: Lab, history: Path) -> None:
    """It gets one line and does not start; the first one's clients notice nothing."""
    server = start(lab, history)
    members = connect(server, 2)
    second = launch(lab, history)
    second.expect_exit(1)
    reason = "another server uses it"
    error = f"error: cannot use the history file {str(history)!r}: {reason}\n"
    assert second.errors() == error
    ping(members, "still here")
    stop(server)
    leave(members)
    stop(start(lab, history))
    assert not Path(f"{history}-lock").exists()


def test_locked_history(lab: Lab, history: Path, record_property: Record) -> None:
    """While another program writes: refused. Reading and joining go on."""
    server = start(lab, history)
    members = connect(server, 3)
    ping(members, "before")
    other = sqlite3.connect(history, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    members += connect(server, 1)
    assert members[-1].messages() == members[0].messages()
    began = time.monotonic()
    refused = assert_refused_and_recovered(members, lambda: other.execute("ROLLBACK"))
    other.close()
    record_property("refused of 400", refused)
    record_property("seconds until refused", f"{time.monotonic() - began:.1f}")
    assert members[0].messages() == kept(history)
    stop(server)
    leave(members)


def test_ends_while_locked(lab: Lab, history: Path, record_property: Record) -> None:
    """Many lines that are refused one by one do not keep Ctrl+C waiting."""
    server = start(lab, history)
    other = sqlite3.connect(history, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    (alice,) = connect(server, 1)
    alice.say(*["hello", "/who"] * 1000)
    drive([alice], count(alice, b"! the history", 1))
    record_property("seconds from Ctrl+C to the end", f"{stop(server):.2f}")
    other.close()
    drive([alice], ended([alice]))
    leave([alice])
