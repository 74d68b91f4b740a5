"""How a stranger's program is held: by limits, and in a sandbox where there is one.

The limits are set in pytest's own process, from which every program inherits them.
The sandbox is bubblewrap's, bwrap(1): each program gets a process table of its own, and
of the file system only Python, the system's programs, and the folders that it shares
with others of its check. ``trial.py`` tries all of it before a class is graded.
"""

import atexit
import contextlib
import ctypes
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from tests.harness.exercises import ROOT

MIB = 1024 * 1024
CPU_TIME = 120  # seconds of a processor; a whole suite's right answer needs ten
FILE_SIZE = 64 * MIB  # bytes; the history of exercise 5's suite has under one
# Bytes of data. A thread's stack counts with 8 MiB, though hardly any of it is used.
# Check 4.10 has 131 clients at the same time, and two threads for each are right.
DATA = 4096 * MIB
MEMORY = 2048 * MIB  # bytes that a suite and its programs use, where these are counted
PROCESSES = 8192  # and threads, of this user in all: a thousand clients have one each
PROCESSES_INSIDE = 2048  # of them, in one sandbox: so one cannot use up the others'
DISK = 256 * MIB  # bytes of the files that a suite and its programs may write
# The other places where a program in the sandbox may write, with their sizes in bytes.
TEMPORARY = {"/dev/shm": 16 * MIB, "/tmp": 64 * MIB, "/home/student": 16 * MIB}
FROM_ETC = ["alternatives", "ld.so.cache", "localtime", "nsswitch.conf", "hosts"]
FROM_ETC += ["protocols", "services"]
SESSION = {"XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"}  # how systemd is reached
TRIAL = 10  # seconds for systemd to answer
STUDENT = "1000"  # the user's number, inside
OWN_ETC = {  # which says who that is: passwd(5)
    "passwd": f"student:x:{STUDENT}:{STUDENT}::/home/student:/bin/sh\n",
    "group": f"student:x:{STUDENT}:\n",
}
UNSHARED = ("user", "pid", "ipc", "uts")
# keyctl(2) has a number of its own on each machine, and no function in the C library.
KEYCTL = {"x86_64": 250, "i686": 288, "armv7l": 311, "ppc64le": 271, "s390x": 280}
KEYCTL_ELSEWHERE = 219
JOIN_SESSION_KEYRING = 1
FIRST_TO_GO = "500"  # of 1000, for the kernel's choice when memory runs out; proc(5)


def set_limits() -> None:
    """Limit this process and all that it starts, setrlimit(2). Windows has no such."""
    try:
        import resource
    except ImportError:
        return
    limits = {
        resource.RLIMIT_CPU: CPU_TIME,
        resource.RLIMIT_FSIZE: FILE_SIZE,
        resource.RLIMIT_DATA: DATA,
        resource.RLIMIT_NPROC: PROCESSES,
        resource.RLIMIT_CORE: 0,
    }
    for limit, most in limits.items():
        _, hard = resource.getrlimit(limit)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        with contextlib.suppress(ValueError):  # macOS has lower limits of its own
            resource.setrlimit(limit, (most, most))


def limit_processes(pid: int) -> None:
    """Limit the processes and threads of a sandbox, whose first process this is.

    In a user namespace they are counted by themselves, user_namespaces(7), and those
    outside count the others as well: so the limit can be lower than this process's own.
    """
    import resource

    limit = PROCESSES_INSIDE, PROCESSES_INSIDE
    with contextlib.suppress(OSError, ValueError):  # it may have ended already
        resource.prlimit(pid, resource.RLIMIT_NPROC, limit)  # type: ignore[attr-defined,unused-ignore]


def hold_this_process() -> None:
    """Hold this process, and all that it starts, as far as the system lets it."""
    set_limits()
    if sys.platform == "linux":
        keyctl(JOIN_SESSION_KEYRING, None)
        with contextlib.suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text(FIRST_TO_GO)


def keyctl(operation: int, *arguments: int | None) -> int:
    """Ask the kernel's store of keys; keyrings(7). Returns -1 where that fails."""
    call = ctypes.CDLL(None).syscall
    answer: int = call(keyctl_number(), operation, *arguments)
    return answer


def keyctl_number() -> int:
    """Return the number of keyctl(2) on this machine."""
    return KEYCTL.get(platform.machine(), KEYCTL_ELSEWHERE)


@cache
def why_no_sandbox() -> str:
    """Return why there is no sandbox here, or '' where there is one that holds."""
    if sys.platform != "linux":
        return "bubblewrap is for Linux only"
    if not shutil.which("bwrap"):
        return "bubblewrap is not installed (Debian: apt install bubblewrap)"
    run = subprocess.run([bubblewrap(), "--help"], capture_output=True, text=True)
    if "--disable-userns" not in run.stdout:
        return "bubblewrap is too old: it must be 0.8 or newer"
    return _try_it()


def _try_it() -> str:
    """Run the trial as a suite is run, and return what it found wrong, or ''."""
    with tempfile.TemporaryDirectory() as place:
        facts = json.dumps({"place": place, "outside": own_marks()})
        trial = [sys.executable, "-m", "tests.harness.trial", facts]
        command = [*around_suite(Path(place)), *trial]
        run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if run.returncode == 0:
        return ""
    said = (run.stdout.strip() or run.stderr.strip()).splitlines()
    return f"bubblewrap does not hold here: {'; '.join(said[-8:]) or run.returncode}"


def own_marks() -> dict[str, str]:
    """Return what tells this process from one in a sandbox: namespaces(7), its keys."""
    kinds = ("user", "pid", "ipc", "uts", "mnt", "net")
    marks = {kind: os.readlink(f"/proc/self/ns/{kind}") for kind in kinds}
    return marks | {"session keyring": str(keyctl(0, -3, 0))}


def around_suite(place: Path) -> list[str]:
    """Return the words in front of a command that give it a loopback of its own.

    And a disk of its own, in memory, at ``place``: it cannot fill the machine's.
    """
    words = [*own_group(), bubblewrap(), "--dev-bind", "/", "/", "--unshare-net"]
    for name in sorted(SESSION):
        words += ["--unsetenv", name]
    words += ["--die-with-parent", "--size", str(DISK), "--tmpfs", str(place)]
    return [*words, "--"]


@cache
def own_group() -> tuple[str, ...]:
    """Return the words that limit the memory of all that a command starts, or none.

    Only a control group counts what is shared or in a file without a name. systemd-run
    makes one where it may, systemd.resource-control(5): so it is tried.
    """
    program = shutil.which("systemd-run") or "systemd-run"
    user = () if os.geteuid() == 0 else ("--user",)  # type: ignore[attr-defined,unused-ignore]
    words = (program, *user, "--scope", "--quiet", "--collect", "--no-ask-password")
    for limit in f"MemoryMax={MEMORY}", "MemorySwapMax=0", f"TasksMax={PROCESSES // 2}":
        words += ("--property", limit)
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        trial = [*words, "--", "true"]
        subprocess.run(trial, check=True, capture_output=True, timeout=TRIAL)
        return (*words, "--")
    return ()


def bubblewrap() -> str:
    """Return where bwrap is: never to be looked for where a program may write."""
    return os.path.abspath(shutil.which("bwrap") or "/usr/bin/bwrap")


def sandboxed(command: Sequence[str], folder: Path, *others: Path) -> list[str]:
    """Return the command that runs ``command`` in the sandbox; see around_program()."""
    return [*around_program(folder, *others), "--", *command]


def around_program(folder: Path, *others: Path) -> list[str]:
    """Return the words of the sandbox in which a program runs in ``folder``.

    To this one, and to ``others``, it may write; and to small places in memory. Its
    first process leads a session, so that signals reach all in the sandbox at once.
    """
    words = [bubblewrap(), *(f"--unshare-{kind}" for kind in UNSHARED)]
    words += ["--uid", STUDENT, "--gid", STUDENT, "--disable-userns"]
    words += ["--cap-drop", "ALL", "--die-with-parent", "--new-session"]
    words += ["--proc", "/proc", "--ro-bind", "/proc/sys", "/proc/sys", "--dev", "/dev"]
    for place, size in TEMPORARY.items():
        words += ["--size", str(size), "--tmpfs", place]
    words += ["--symlink", "/tmp", "/var/tmp", "--setenv", "TMPDIR", "/tmp"]
    words += ["--setenv", "HOME", "/home/student", "--setenv", "USER", "student"]
    words += _read_only()
    for writable in (folder, *others):
        words += ["--bind", str(writable), str(writable)]
    for place in ("/dev", *_hidden(), "/"):  # only now: there is no more to mount in it
        words += ["--remount-ro", place]
    return [*words, "--chdir", str(folder)]


def _read_only() -> list[str]:
    """Return bwrap's words for what can be read: the system's programs, and Python."""
    words: list[str] = []
    for name in ("bin", "sbin", "lib", "lib32", "lib64"):
        words += _same_as_outside(Path("/", name))
    words += ["--ro-bind", str(own_etc()), "/etc"]
    # The outer ones first: what is inside another is mounted in it.
    for place in sorted({"/usr", sys.base_prefix, sys.prefix, *_hidden()}):
        hides = ["--size", "4096", "--tmpfs", place]
        words += hides if place in _hidden() else ["--ro-bind", place, place]
    return words


@cache
def own_etc() -> Path:
    """Return the sandbox's /etc: one folder, since each mount takes time."""
    folder = Path(tempfile.mkdtemp(prefix="lab-etc-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for file in (Path("/etc", name) for name in FROM_ETC):
        if file.is_dir():
            shutil.copytree(file, folder / file.name, symlinks=True)
        elif file.exists():
            shutil.copyfile(file, folder / file.name)
    for name, text in OWN_ETC.items():
        (folder / name).write_text(text)
    return folder


def _hidden() -> list[str]:
    """Return the lab's folder if it lies where everything can be read."""
    seen = map(Path, ("/usr", sys.base_prefix, sys.prefix))
    return [str(ROOT)] if any(place in ROOT.parents for place in seen) else []


def _same_as_outside(path: Path) -> list[str]:
    """Return bwrap's words for a folder that some systems have as a link into /usr."""
    if path.is_symlink():
        return ["--symlink", os.readlink(path), str(path)]
    return ["--ro-bind", str(path), str(path)] if path.exists() else []
