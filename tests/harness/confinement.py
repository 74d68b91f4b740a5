"""How a stranger's program is held: by limits, and in a sandbox where there is one.

The limits are set in pytest's own process, from which every program inherits them.
The sandbox is bubblewrap's, bwrap(1): each program gets a process table of its own, and
of the file system only Python, the system's programs, and its work folder.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

MIB = 1024 * 1024
CPU_TIME = 120  # seconds of a processor; a whole suite's right answer needs ten
FILE_SIZE = 64 * MIB  # bytes; the history of exercise 5's suite has under one
# Bytes of data; a thread's stack counts with 8 MiB, though hardly any of it is used.
# The solutions need less than 512 MiB.
MEMORY = 2048 * MIB
PROCESSES = 8192  # and threads, of this user in all: a thousand clients have one each
TEMPORARY = 64 * MIB  # bytes of the sandbox's /tmp
DISK = 256 * MIB  # bytes of all other files that a suite and its programs may write
FROM_ETC = ("alternatives", "ld.so.cache", "localtime", "nsswitch.conf", "hosts")
OWN_TABLE = ("--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts")


def set_limits() -> None:
    """Limit this process and all that it starts, setrlimit(2). Windows has no such."""
    try:
        import resource
    except ImportError:
        return
    limits = {
        resource.RLIMIT_CPU: CPU_TIME,
        resource.RLIMIT_FSIZE: FILE_SIZE,
        resource.RLIMIT_DATA: MEMORY,
        resource.RLIMIT_NPROC: PROCESSES,
        resource.RLIMIT_CORE: 0,
    }
    for limit, most in limits.items():
        _, hard = resource.getrlimit(limit)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        with contextlib.suppress(ValueError):  # macOS has lower limits of its own
            resource.setrlimit(limit, (most, most))


@cache
def why_no_sandbox() -> str:
    """Return why there is no sandbox here, or '' where there is one."""
    if sys.platform != "linux":
        return "bubblewrap is for Linux only"
    if not shutil.which("bwrap"):
        return "bubblewrap is not installed (Debian: apt install bubblewrap)"
    # Twice, as it is used: around the suite, and around each program.
    with tempfile.TemporaryDirectory() as name:
        does_nothing = sandboxed([shutil.which("true") or "true"], Path(name))
        trial = around_suite(Path(name)) + does_nothing
        run = subprocess.run(trial, capture_output=True, text=True, check=False)
    if run.returncode == 0:
        return ""
    return f"bubblewrap does not run here: {run.stderr.strip() or run.returncode}"


def around_suite(place: Path) -> list[str]:
    """Return the words in front of a command that give it a loopback of its own.

    And a disk of its own, in memory, at ``place``: it cannot fill the machine's.
    """
    words = ["bwrap", "--dev-bind", "/", "/", "--unshare-net", "--die-with-parent"]
    return [*words, "--size", str(DISK), "--tmpfs", str(place), "--"]


def sandboxed(command: Sequence[str], folder: Path, *others: Path) -> list[str]:
    """Return the command that runs ``command`` in the sandbox, in ``folder``.

    To this one, and to ``others``, it may write.
    setsid(1) makes the program the leader of a process group, as it is without sandbox.
    """
    words = ["bwrap", *OWN_TABLE, "--die-with-parent", "--proc", "/proc"]
    words += ["--dev", "/dev", "--size", str(TEMPORARY), "--tmpfs", "/tmp"]
    words += ["--ro-bind", "/usr", "/usr", "--dir", "/home/student"]
    words += ["--setenv", "HOME", "/home/student", "--setenv", "TMPDIR", "/tmp"]
    for name in ("bin", "sbin", "lib", "lib32", "lib64"):
        words += _same_as_outside(Path("/", name))
    for name in FROM_ETC:
        words += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    for prefix in dict.fromkeys([sys.base_prefix, sys.prefix]):
        words += ["--ro-bind", prefix, prefix]
    for writable in (folder, *others):
        words += ["--bind", str(writable), str(writable)]
    return [*words, "--chdir", str(folder), "--", "setsid", *command]


def _same_as_outside(path: Path) -> list[str]:
    """Return bwrap's words for a folder that some systems have as a link into /usr."""
    if path.is_symlink():
        return ["--symlink", os.readlink(path), str(path)]
    return ["--ro-bind", str(path), str(path)] if path.exists() else []
