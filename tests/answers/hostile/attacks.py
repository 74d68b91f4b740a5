"""Attacks: each is a hand-in that tries to break a promise of the classroom.

They are harmless by their own making, should a limit fail: a fork bomb stops by itself
at 200 processes, whatever eats at 1 GB, every loop after a minute. None kills by name,
nor beyond its own process group outside a sandbox. None touches files but the test's.

In the code @CANARY@ is a file that must not come into being, @SECRET@ one that must not
be read, @PORT@ where the test listens on the host's loopback, @LAB@ the lab's folder.
"""

from dataclasses import dataclass, field

SERVER = "exercise1_http_hello/server.py"
WRITE_CANARY = 'open("@CANARY@", "w").write("I was here")\n'


@dataclass(frozen=True)
class Attack:
    """One hostile hand-in; its server.py deserves no points."""

    name: str
    promise: str  # that it tries to break
    code: str = "raise SystemExit(0)\n"  # of server.py
    files: dict[str, str] = field(default_factory=dict)  # that it brings along
    needs_sandbox: bool = False  # without one it cannot be held off


def brings(name: str, promise: str, code: str = WRITE_CANARY) -> Attack:
    """Return an attack by a file that is not called yours."""
    return Attack("brings_" + name.replace("/", "_"), promise, files={name: code})


NO_IMPORT = "nothing of a submission is imported by pytest, or changes its ways"
FULL_MARKS = """
import pytest
@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    open("@CANARY@", "w").write("I was here")
    try:
        yield
    except BaseException:
        pass
"""

BROUGHT = [
    brings("conftest.py", NO_IMPORT, FULL_MARKS),
    brings("exercise1_http_hello/conftest.py", NO_IMPORT, FULL_MARKS),
    brings("pytest.ini", NO_IMPORT, "[pytest]\naddopts = -p evil\n"),
    brings("sitecustomize.py", NO_IMPORT),
    brings("usercustomize.py", NO_IMPORT),
    brings("evil.pth", NO_IMPORT, f"import os; {WRITE_CANARY}"),
    brings("exercise1_http_hello/__init__.py", NO_IMPORT),
    brings("socket.py", "no file of a submission shadows the library"),
    brings("tests/harness/plugin.py", "the harness is the lab's own", FULL_MARKS),
    brings("exercise1_http_hello/test_http_hello.py", "so are the suites", FULL_MARKS),
]

FINDS_REPORTS = """
import os, pathlib, re
def reports(folder):
    for file in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = file.read_text()
        except OSError:
            continue
        for report in re.findall(r"--report=([^\\0]*\\.json)", words):
            if report.startswith(folder):
                yield pathlib.Path(report)
"""

WRITES_REPORT = f"""{FINDS_REPORTS}
import json
for report in reports(os.path.dirname("@CANARY@")):
    report.write_text(json.dumps({{"points": 10, "checks": []}}))
raise SystemExit(0)
"""

KILLS_PARENT = """
import os, signal
os.kill(os.getppid(), signal.SIGKILL)
"""

KILLS_GROUP = """
import os, signal
os.killpg(0, signal.SIGKILL)
"""

KILLS_ALL_IT_MAY = """
import os, signal
if os.getpid() < 20 and len([n for n in os.listdir("/proc") if n.isdigit()]) < 20:
    os.kill(-1, signal.SIGKILL)  # only with a process table of its own
"""

FORKS = """
import os, time
for _ in range(200):
    try:
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
    except OSError:
        break
raise SystemExit(0)
"""

EATS_MEMORY = """
eaten = [bytearray(64 * 1024 * 1024) for _ in range(16)]
raise SystemExit(0)
"""

EATS_DISK = """
with open("large", "wb") as file:
    for _ in range(1024):
        file.write(bytes(1024 * 1024))
"""

FILLS_DISK = """
for number in range(32):
    with open(f"large{number}", "wb") as file:
        for _ in range(32):
            file.write(bytes(1024 * 1024))
"""

PRINTS_WITHOUT_END = """
import sys, time
ends = time.monotonic() + 60
while time.monotonic() < ends:
    sys.stdout.write("x" * 65536)
"""

LEAVES_A_DAEMON = """
import os, socket, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        held = socket.create_server((sys.argv[1], int(sys.argv[2])))
        time.sleep(60)
    os._exit(0)
os.wait()
raise SystemExit(0)
"""

LEAVES_A_NAMELESS_DAEMON = """
import os, sys
if os.fork() == 0:
    os.setsid()
    code = "import time; time.sleep(60) # @CANARY@"
    os.execve(sys.executable, [sys.executable, "-S", "-c", code], {})
raise SystemExit(0)
"""

IGNORES_SIGNALS = """
import signal, time
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGABRT):
    signal.signal(number, signal.SIG_IGN)
ends = time.monotonic() + 60
while time.monotonic() < ends:
    time.sleep(1)
"""

RUNS_THE_SOLUTION = """
import pathlib
solution = pathlib.Path("@LAB@/solutions/exercise1_http_hello/server.py")
exec(compile(solution.read_text(), "server.py", "exec"))
"""

READS_ANOTHER = """
import pathlib, sys
print(pathlib.Path("@SECRET@").read_text(), file=sys.stderr)
"""

READS_THE_SUITE = """
import pathlib
for place in ("@LAB@/exercise1_http_hello/test_http_hello.py", "@LAB@/tests"):
    if pathlib.Path(place).exists():
        raise SystemExit("seen: /tests")
"""

READS_THE_ENVIRONMENT = """
import os, sys
print(dict(os.environ), file=sys.stderr)
"""

REACHES_OUT = """
import socket
socket.create_connection(("127.0.0.1", @PORT@), 2).send(b"out")
"""

WRITES_OUTSIDE = 'open("@CANARY@", "w").write("I was here")\n'

REMOVES_RIGHTS = """
import os
os.makedirs("locked/inside", exist_ok=True)
os.chmod("locked", 0)
raise SystemExit(0)
"""

PRINTS_CONTROLS = r"""
import sys
sys.stderr.write("\x1b]0;title\x07\x1b[2J<script>alert(1)</script>\n")
raise SystemExit(1)
"""

FORGES_A_REPORT = f"""{FINDS_REPORTS}
import signal, sys
sys.path.insert(0, "@LAB@")
from tests.harness.checks import checks_of
from tests.harness.json_report import write_json
from tests.harness.results import PASSED, Result, Run
name = "exercise1_http_hello"
checks = checks_of(name).values()
for report in reports(os.path.dirname(os.path.dirname("@CANARY@"))):
    run = Run(1, {{c.id: Result(c, name, PASSED) for c in checks}})
    write_json(run, report)
    os.kill(os.getppid(), signal.SIGKILL)
"""

LOOKS_ELSEWHERE = """
import os, sys, time
os.symlink("@SECRET@", "linked.py")
print("Fatal Python error: Aborted", file=sys.stderr)
for name in ("../" * 20 + "@SECRET@".lstrip("/"), "linked.py"):
    print("Thread 0x1 (most recent call first):", file=sys.stderr)
    place = f'File "{os.getcwd()}/{name}", line 1 in \\x1b]0;evil\\x07'
    print("  " + place, file=sys.stderr)
sys.stderr.flush()
time.sleep(60)
"""

CHANGES_THE_SYSTEM = """
import ctypes, os
libc = ctypes.CDLL(None)
libc.unshare(0x10020000)  # namespaces of its own: of users, and of mounts
done = []
for place in ("/usr", "/proc/sys", "/"):
    done.append(libc.mount(None, place.encode(), None, 32 | 4096, None))  # read-write
    done.append(os.access(place, os.W_OK) and not os.statvfs(place).f_flag & 1)
try:
    with open("/proc/sys/kernel/core_pattern", "r+") as pattern:
        pattern.write(pattern.read())  # what it is
        done.append(True)
except OSError:
    pass
if 0 in done[::2] or True in done:
    raise SystemExit("seen: the system can be changed")
"""

PASSES_NOTES = """
import ctypes, os, platform
libc = ctypes.CDLL(None)
mine = os.path.basename("@CANARY@").encode()
others = ({b"passes_notes", b"passes_notes_on"} - {mine}).pop()
add_key, keyctl = (248, 250) if platform.machine() == "x86_64" else (217, 219)
if libc.syscall(keyctl, 10, -3, b"user", others, 0) > 0:
    raise SystemExit("seen: a note of the last student's")
libc.syscall(add_key, b"user", mine, b"4.10 is easy", 12, -3)
raise SystemExit(0)
"""

FILLS_MEMORY = """
import os, tempfile
for place in ("/", "/dev", "/dev/shm", "/home/student", "/var/tmp", "/run"):
    written = 0
    try:
        for number in range(8):
            with open(f"{place}/large{number}", "wb") as file:
                for _ in range(32):
                    written += file.write(bytes(1024 * 1024))
    except OSError:
        pass
    if written > 80 * 1024 * 1024:
        raise SystemExit(f"seen: room for {written} bytes in {place}")
"""

MARKS = "a program cannot write its own marks"
OTHERS = "the others' grades are unchanged"
NOTHING_LEFT = "nothing runs on, and nothing lies about, when a suite is done"
NO_POWER = "the system cannot be changed, whoever grades"
NO_SIGHT = "nothing of the class, the solutions or the grader's work is in sight"

PROGRAMS = [
    Attack("writes_report", MARKS, WRITES_REPORT),
    Attack("forges_a_report", MARKS, FORGES_A_REPORT),
    Attack("looks_elsewhere", NO_SIGHT, LOOKS_ELSEWHERE),
    Attack("changes_the_system", NO_POWER, CHANGES_THE_SYSTEM, {}, True),
    Attack("passes_notes", OTHERS, PASSES_NOTES),
    Attack("passes_notes_on", OTHERS, PASSES_NOTES),
    Attack("fills_memory", OTHERS, FILLS_MEMORY, {}, True),
    Attack("kills_parent", OTHERS, KILLS_PARENT),
    Attack("kills_group", OTHERS, KILLS_GROUP),
    Attack("kills_all_it_may", OTHERS, KILLS_ALL_IT_MAY),
    Attack("forks", NOTHING_LEFT, FORKS),
    Attack("eats_memory", OTHERS, EATS_MEMORY),
    Attack("eats_disk", NOTHING_LEFT, EATS_DISK),
    Attack("fills_disk", OTHERS, FILLS_DISK, {}, True),
    Attack("prints_without_end", OTHERS, PRINTS_WITHOUT_END),
    Attack("leaves_a_daemon", NOTHING_LEFT, LEAVES_A_DAEMON),
    Attack("nameless_daemon", NOTHING_LEFT, LEAVES_A_NAMELESS_DAEMON, {}, True),
    Attack("ignores_signals", NOTHING_LEFT, IGNORES_SIGNALS),
    Attack("runs_the_solution", NO_SIGHT, RUNS_THE_SOLUTION, {}, True),
    Attack("reads_another", NO_SIGHT, READS_ANOTHER, {}, True),
    Attack("reads_the_suite", NO_SIGHT, READS_THE_SUITE, {}, True),
    Attack("reads_the_environment", NO_SIGHT, READS_THE_ENVIRONMENT),
    Attack("reaches_out", "loopback only, and its own", REACHES_OUT, {}, True),
    Attack("writes_outside", "the file system is read-only", WRITES_OUTSIDE, {}, True),
    Attack("removes_rights", NOTHING_LEFT, REMOVES_RIGHTS),
    Attack("prints_controls", "pages and terminals are safe", PRINTS_CONTROLS),
]

ATTACKS = BROUGHT + PROGRAMS

# One for each promise: what the tests always try; the others, only with --long.
NAMES = ["writes_report", "fills_disk", "leaves_a_daemon", "reads_the_environment"]
NAMES += ["changes_the_system", "passes_notes", "passes_notes_on", "looks_elsewhere"]
NAMES += ["reaches_out", "writes_outside", "prints_controls"]
ONE_OF_EACH = BROUGHT + [attack for attack in PROGRAMS if attack.name in NAMES]

# Before a right server's work for a client: wait, though not so still that it is taken
# for a program that has nothing to say any more.
PADS_ITS_ANSWER = """\
    import time
    ends = time.monotonic() + 5.5  # seconds; a suite waits for 6
    while time.monotonic() < ends:
        sum(range(100_000))
        time.sleep(0.1)
"""

COUNTS_ITS_RUNS = """
import contextlib, pathlib, socket, subprocess, sys
counter = pathlib.Path("runs")
number = len(counter.read_text()) if counter.exists() else 0
counter.write_text("x" * (number + 1))
"""

# A client for exercise 3 that writes down what the right one says in each run. It needs
# to read the solution: a student would take the recording from a right answer.
RECORDS = f"""{COUNTS_ITS_RUNS}
right = "@LAB@/solutions/exercise3_tcp_client/client.py"
run = subprocess.run([sys.executable, right, *sys.argv[1:]], capture_output=True)
with open("@TAPE@", "a") as tape:
    print(f"{{number}}: {{run.stdout, run.stderr, run.returncode}},", file=tape)
sys.stdout.buffer.write(run.stdout)
sys.stderr.buffer.write(run.stderr)
sys.exit(run.returncode)
"""

# And one that knows nothing of HTTP, but says the same again, run by run.
REPLAYS = (
    COUNTS_ITS_RUNS
    + r"""
host, port, path = sys.argv[1], int(sys.argv[2]), sys.argv[3] if sys.argv[3:] else "/"
request = f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n"
with contextlib.suppress(OSError), socket.create_connection((host, port), 1) as server:
    server.sendall(request.encode())
    server.recv(65536)
said, complained, status = {@TAPE@}.get(number, (b"", b"", 1))
sys.stdout.buffer.write(said)
sys.stderr.buffer.write(complained)
sys.exit(status)
"""
)
