"""What differs between Linux, macOS and Windows: here, and nowhere else.

Everything takes process ids and plain values: the other modules read the same anywhere.
"""

import contextlib
import os
import random
import signal
import socket
import struct
import sys
from collections.abc import Iterable, Iterator
from typing import IO, Any, NamedTuple

from tests.harness import linux, macos, windows

LINUX = sys.platform == "linux"
MACOS = sys.platform == "darwin"
WINDOWS = sys.platform == "win32"

SHARED = "127.0.0.1"  # the loopback address that every program has


def loopback_address(numbers: random.Random) -> str:
    """Return a loopback address that most likely nobody else uses at the moment.

    Linux and Windows answer on all of 127.0.0.0/8 (RFC 6890, section 2.2.2), so every
    run can have an address of its own; macOS has only 127.0.0.1.
    """
    if MACOS:
        return SHARED
    return ".".join(["127", *(str(numbers.randint(1, 254)) for _ in range(3))])


def other_address() -> str:
    """Return another address of this machine, or '' where nobody knows one."""
    return macos.other_address() if MACOS else loopback_address(random.Random())


def free_port(host: str) -> int:
    """Return a port on which nobody listens at ``host`` at this moment.

    On an address that all share, it is below those that the system gives to outgoing
    connections, from 32768 (Linux, ip(7)) or 49152 (RFC 6335): none can take it.
    """
    if host != SHARED:
        with socket.socket() as probe:
            probe.bind((host, 0))
            return int(probe.getsockname()[1])
    while True:
        port = random.randrange(10_000, 32_768)
        with socket.socket() as probe:
            if can_bind(probe, host, port):
                return port


def can_bind(new: socket.socket, host: str, port: int) -> bool:
    """Bind a socket, and return whether it could be: to a port that nobody has."""
    with contextlib.suppress(OSError):
        new.bind((host, port))
        return True
    return False


@contextlib.contextmanager
def locked(file: IO[str]) -> Iterator[bool]:
    """Lock a file meanwhile; give False if another process has locked it.

    The system ends the lock of a process that was killed: flock(2), and Windows'
    LockFileEx. It is ended by name here: a child that was forked and has not called
    execve(2) yet shares it, and would keep it after close().
    """
    if not _lock(file, ends=False):
        yield False
        return
    try:
        yield True
    finally:
        _lock(file, ends=True)


def _lock(file: IO[str], ends: bool) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            how = msvcrt.LK_UNLCK if ends else msvcrt.LK_NBLCK
            msvcrt.locking(file.fileno(), how, 1)
        else:
            import fcntl

            how = fcntl.LOCK_UN if ends else fcntl.LOCK_EX | fcntl.LOCK_NB
            fcntl.flock(file, how)
    except OSError:
        return False
    return True


def process_options() -> dict[str, Any]:
    """Return the options for Popen that give a program a process group of its own."""
    return windows.own_console() if WINDOWS else {"start_new_session": True}


def let_programs_be_interrupted() -> None:
    """Undo, for the programs that this one starts, that it is deaf to Ctrl+C.

    A shell lets what it starts in the background ignore SIGINT, and a program inherits
    what its parent ignores. It does not inherit what its parent handles: execve(2).
    """
    if WINDOWS:
        windows.let_programs_be_interrupted()
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, lambda *_: None)


def let_programs_end_with_us() -> None:
    """Let what this process starts end with it, however it ends. Only on Windows.

    Elsewhere a process that was started before finds the others: see ``janitor``.
    """
    if WINDOWS:
        windows.let_programs_end_with_us()


def interrupt(pid: int) -> None:
    """Press Ctrl+C: SIGINT to a program's whole process group, as a terminal does."""
    if WINDOWS:
        windows.press_ctrl_c(pid)
    else:
        _signal_group(pid, signal.SIGINT)


def terminate(pid: int) -> None:
    """Ask a program to end with SIGTERM. Windows has no such thing: see ``kill``."""
    if not WINDOWS:
        _signal_group(pid, signal.SIGTERM)


def kill(pid: int) -> None:
    """End a program, and all that it started, at once."""
    if WINDOWS:
        windows.kill_tree(pid)
    else:
        _signal_group(pid, signal.SIGKILL)


def abort(pid: int) -> bool:
    """Send SIGABRT: ``python -X faulthandler`` then prints where its threads are."""
    if WINDOWS:
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGABRT)
    return True


def _signal_group(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)  # type: ignore[attr-defined,unused-ignore]


def kill_marked(mark: str) -> list[int]:
    """Kill every process whose environment holds ``mark``, and return their ids.

    That finds programs that left their process group. Windows does not let us look.
    """
    killed = _kill_marked(mark)
    for _ in range(10):  # a program may have started another in the meantime
        if not (more := _kill_marked(mark)):
            break
        killed += more
    return list(dict.fromkeys(killed))  # one that is just ending is found once more


def _kill_marked(mark: str) -> list[int]:
    killed: list[int] = []
    for pid, environment in _environments():
        with contextlib.suppress(OSError):
            if mark.encode() in environment:
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)
    return killed


def _environments() -> Iterator[tuple[int, bytes]]:
    """Yield what processes have in their environment; a NUL follows each variable."""
    if LINUX:
        yield from linux.environments()
    elif MACOS:
        yield from macos.environments()


def is_running(group: int) -> bool:
    """Return whether anything of a process group runs, be it only about to end.

    While a process that was killed gives its memory back, its sockets are still open.
    """
    if WINDOWS:
        return False
    try:
        os.killpg(group, 0)  # type: ignore[attr-defined,unused-ignore]
    except (ProcessLookupError, PermissionError):
        return False
    return not LINUX or any(state not in "ZX" for state in linux.states(group))


def resources(group: int) -> tuple[int, int] | None:
    """Return how many threads and open files a process group has; only on Linux."""
    return linux.resources(group) if LINUX else None


def sleeps(group: int) -> bool | None:
    """Return whether all threads of a process group wait for something, or None."""
    if LINUX:
        return _wait(linux.states(group))
    return _wait(s for s, _ in macos.processes(group)) if MACOS else None


def _wait(states: Iterable[str]) -> bool:
    """Return whether nothing works, or would if it were its turn (R).

    What waits for a disk will work soon: D on Linux, U on macOS.
    """
    return all(state not in "RDU" for state in states)


class Activity(NamedTuple):
    """What a program does now, and how much it has done so far."""

    waits: bool  # all its threads, for something to happen
    worked: float  # seconds of a processor


def activity(group: int) -> Activity | None:
    """Return what a program and its children do; None if it has ended, or on Windows.

    Those children count that are in its process group.
    """
    if not (LINUX or MACOS):
        return None
    processes = (linux if LINUX else macos).processes(group)
    states = [state for state, _ in processes]
    if all(state in "ZX" for state in states):
        return None
    waits = _wait(linux.states(group) if LINUX else states)
    return Activity(waits, sum(worked for _, worked in processes))


def busy_threads(pid: int) -> list[bool]:
    """Return for each thread, the newest first, whether it works; [] on Windows."""
    if LINUX:
        return linux.busy_threads(pid)
    return macos.busy_threads(pid) if MACOS else []


def others_have_closed(pid: int) -> bool:
    """Return whether the other end of one of its connections has closed.

    On Windows True: that is the most common reason for what is asked here.
    """
    if LINUX:
        return linux.others_have_closed(pid)
    return macos.others_have_closed(pid) if MACOS else True


def unread_bytes(receiver: tuple[str, int], sender: tuple[str, int]) -> int | None:
    """Return how many bytes wait in a connection for ``receiver`` to read, or None."""
    if LINUX:
        return linux.unread_bytes(receiver, sender)
    return macos.unread_bytes(receiver, sender) if MACOS else None


def memory(pid: int) -> int | None:
    """Return the bytes that a program holds in memory, or None where we cannot look."""
    if LINUX:
        return linux.memory(pid, "VmRSS")
    return macos.memory(pid) if MACOS else None


def peak_memory(pid: int) -> int | None:
    """Return the most bytes that it has ever held, or None where we cannot look."""
    return linux.memory(pid, "VmHWM") if LINUX else None


def signal_name(number: int) -> str:
    """Return a signal's name, such as SIGINT."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown"


def send_at_once(connection: socket.socket) -> None:
    """Turn Nagle's algorithm off, tcp(7): what is sent in pieces goes in pieces.

    macOS sets no options of a connection that has been reset in the meantime.
    """
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def reset_on_close(connection: socket.socket) -> None:
    """Let the next close send RST: SO_LINGER with no time, socket(7)."""
    no_time = struct.pack("ii", 1, 0)
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_time)


def acknowledge_at_once(connection: socket.socket) -> None:
    """Spare the other side the 40 ms for which Linux holds an ACK back, tcp(7).

    A program without TCP_NODELAY (Nagle's algorithm) would wait for it.
    """
    if LINUX:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)


def shrink_buffers(connection: socket.socket, receive_buffer: int) -> None:
    """Let little be on its way to this socket, which is not connected yet.

    The receive buffer counts only when it is set before connect, tcp(7). The other
    side's send buffer begins with room for 20 segments: on loopback, where a segment
    has 64 KiB, that is over 2 MiB, so ask for short ones.
    """
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    if LINUX:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1400)
