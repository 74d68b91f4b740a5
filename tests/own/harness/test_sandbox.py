"""The sandbox holds what it promises, and the trial notices where it does not."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness import confinement, system
from tests.harness.exercises import ROOT
from tests.harness.process import Command
from tests.harness.program import Program
from tests.harness.steps import History
from tests.own import peers

no_sandbox = confinement.why_no_sandbox()
pytestmark = pytest.mark.skipif(bool(no_sandbox), reason=no_sandbox)

# Runs the trial with a sandbox that lacks some of its words.
TRIAL = """
import sys
from tests.harness import confinement, trial
whole = confinement.around_program
missing, instead = (words.split() for words in sys.argv[2:])

def lacking(*arguments):
    words = whole(*arguments)
    for at in range(len(words)):
        if words[at : at + len(missing)] == missing:
            return [*words[:at], *instead, *words[at + len(missing):]]
    raise SystemExit(f"there is no {missing} in {words}")

confinement.around_program = lacking
raise SystemExit(trial.main())
"""


def said_without(missing: str, instead: str, place: Path) -> str:
    """Return what the trial says of a sandbox without some of its words."""
    facts = json.dumps({"place": str(place), "outside": confinement.own_marks()})
    code = [sys.executable, "-c", TRIAL, facts, missing, instead]
    command = [*confinement.around_suite(place), *code]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return f"{run.stdout}{run.stderr}status {run.returncode}"


@pytest.mark.parametrize(
    ("missing", "instead", "noticed"),
    [
        ("--cap-drop ALL", "--cap-add ALL", "it has capabilities"),
        ("--disable-userns", "", "it can make user namespaces"),
        ("--unshare-pid", "", "pid: the same as outside"),
        ("--unshare-ipc", "", "ipc: the same as outside"),
        ("--unshare-uts", "", "uts: the same as outside"),
        ("--ro-bind /proc/sys /proc/sys", "", "/proc/sys can be changed"),
        ("--size 16777216", "", "/dev/shm can be written to"),
        ("--size 67108864", "", "/tmp can be written to"),
        ("--remount-ro /dev", "", "/dev can be written to"),
        ("--remount-ro /", "", "/ can be written to"),
        ("--ro-bind /usr /usr", "--bind /usr /usr", "/usr can be written to"),
        ("--remount-ro /", f"--ro-bind {ROOT} {ROOT}", f"it sees {ROOT}"),
        ("--unshare-user", "--share-net", "status"),  # bwrap refuses the rest
    ],
)
def test_trial_notices_what_is_missing(
    missing: str, instead: str, noticed: str, tmp_path: Path
) -> None:
    said = said_without(missing, instead, tmp_path)
    assert noticed in said
    assert not said.endswith("status 0")


def test_trial_finds_nothing_else(tmp_path: Path) -> None:
    assert said_without("--die-with-parent", "--die-with-parent", tmp_path) == (
        "\nstatus 0"
    )


def start(code: str, folder: Path) -> Program:
    """Start a Python program in the sandbox."""
    sandbox = confinement.around_program(folder)
    command = Command([sys.executable, "-c", code], sandbox=sandbox)
    return Program("server", command, folder, History())


HIDES = """
import os, threading
if os.fork() == 0:
    os.setsid()
    threads = [threading.Thread(target=threading.Event().wait) for _ in range(9)]
    for thread in threads:
        thread.start()
    print("ready", flush=True)
    threads[0].join()
threading.Event().wait()
"""


def test_every_process_of_the_sandbox_counts(tmp_path: Path) -> None:
    program = start(HIDES, tmp_path)
    program.expect_printed("ready")
    threads, _files = system.resources(program.pid) or (0, 0)
    program.stop()
    assert threads >= 11


def test_processes_of_a_sandbox_have_a_limit_of_their_own(tmp_path: Path) -> None:
    code = "import resource; print(*resource.getrlimit(resource.RLIMIT_NPROC))"
    program = start(code, tmp_path)
    program.expect_exit()
    most = confinement.PROCESSES_INSIDE
    assert bytes(program.stdout.data).decode() == f"{most} {most}\n"


SEES = """
import getpass, os, pwd, socket
print(getpass.getuser(), pwd.getpwuid(os.getuid()).pw_dir, os.path.expanduser("~"))
print(socket.getprotobyname("tcp"), socket.getservbyname("http", "tcp"))
print(os.environ.get("GRADERS_TOKEN"), sorted(os.listdir()))
for place in ("/var/tmp", "/tmp", "/dev/shm", "."):
    open(f"{place}/log", "w").close()
import multiprocessing
multiprocessing.Lock()
"""


@pytest.mark.skipif(not Path("/etc/services").exists(), reason="not here either")
def test_right_programs_find_what_they_expect(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADERS_TOKEN", "secret")
    program = start(SEES, tmp_path)
    program.expect_exit()
    lines = bytes(program.stdout.data).decode().splitlines()
    assert lines == ["student /home/student /home/student", "6 80", "None []"]


def test_lab_among_the_systems_programs_is_hidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Path("/usr/share/doc")  # stands for a lab in /usr/src
    monkeypatch.setattr(confinement, "ROOT", place)
    looks = "import os; print(os.listdir('/usr/share/doc'))"
    words = confinement.sandboxed([sys.executable, "-c", looks], tmp_path)
    run = subprocess.run(words, capture_output=True, text=True)
    assert run.stdout == "[]\n", run.stderr


def test_suites_have_a_control_group_where_systemd_makes_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In place of systemd a script, which writes down what it was asked for."""
    script, asked = tmp_path / "bin" / "systemd-run", tmp_path / "asked"
    script.parent.mkdir()
    words = 'while [ "$1" != -- ]; do shift; done; shift; exec "$@"'
    script.write_text(f'#!/bin/sh\necho "$@" >> {asked}\n{words}\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(script.parent), prepend=":")
    confinement.own_group.cache_clear()
    around = confinement.around_suite(tmp_path)
    confinement.own_group.cache_clear()
    assert asked.read_text().endswith("-- true\n")
    run = subprocess.run([*around, "printenv", *confinement.SESSION])
    assert run.returncode == 1
    assert "MemoryMax=2147483648" in asked.read_text().splitlines()[1]


def test_holds_for_a_user_as_for_root() -> None:
    if os.geteuid() != 0:
        pytest.skip("the other tests are run by a user already")
    code = "from tests.harness import confinement; print(confinement.why_no_sandbox())"
    user = [peers.program("setpriv"), "--reuid=65534", "--regid=65534"]
    user += ["--clear-groups", python_for(user), "-c", code]
    run = subprocess.run(user, cwd=ROOT, text=True, stdout=subprocess.PIPE)
    assert run.stdout == "\n"


def python_for(user: list[str]) -> str:
    """Return a Python that a user can run who is not root, and who can read the lab."""
    needs = "import os, sys, tests.harness.confinement; os.stat(sys.executable)"
    for python in sys.executable, "/usr/bin/python3":
        command = [*user, "--clear-groups", python, "-c", needs]
        if subprocess.run(command, cwd=ROOT, stderr=subprocess.DEVNULL).returncode == 0:
            return python
    return pytest.skip("a user can read no Python here, or not the lab")
