"""Tries the sandbox: a program in it looks whether all that it promises holds.

``python -m tests.harness.trial FACTS`` runs where pytest would, and starts the program
as a student's is started. What does not hold, it prints, a line each.
"""

import json
import sys
from pathlib import Path

from tests.harness import confinement
from tests.harness.exercises import ROOT
from tests.harness.patience import START
from tests.harness.process import Command, Process

# It sees nothing of the lab, so it must stand alone.
INSIDE = """
import ctypes, json, os, re, resource, socket, sys, threading
facts = json.loads(sys.argv[1])

def report(what, wrong):
    if wrong:
        print(what)

def try_to(action, *arguments):
    try:
        action(*arguments)
    except OSError:
        return False
    return True

status = open("/proc/self/status").read()
held = re.findall(r"Cap(?:Prm|Eff|Bnd|Amb):\\t0+\\n", status)
report("it has capabilities", len(held) != 4)
report("it may gain privileges", "NoNewPrivs:\\t1" not in status)
libc = ctypes.CDLL(None)
report("it can make user namespaces", libc.unshare(0x10000000) == 0)

for kind, outside in facts["outside"].items():
    inside = str(libc.syscall(facts["keyctl"], 0, -3, 0))
    if kind != "session keyring":
        inside = os.readlink(f"/proc/self/ns/{kind}")
    report(f"{kind}: the same as outside", inside == outside)
report("it has a network", [name for _, name in socket.if_nameindex()] != ["lo"])
processes = [name for name in os.listdir("/proc") if name.isdigit()]
report("it sees other processes", len(processes) > 4)

for line in open("/proc/self/mountinfo"):
    place, options = line.split()[4:6]
    kind = line.partition(" - ")[2].split()[0]
    if "rw" not in options.split(",") or kind in ("proc", "devpts"):
        continue
    if os.path.isdir(place) or not place.startswith("/dev/"):
        room = os.statvfs(place)
        is_held = kind == "tmpfs" and room.f_blocks * room.f_frsize <= facts["most"]
        report(f"{place} can be written to, without limit", not is_held)
for place in ("/", "/dev", "/usr", "/proc/sys", "/etc"):
    is_held = os.statvfs(place).f_flag & os.ST_RDONLY
    report(f"{place} can be written to", not is_held and os.access(place, os.W_OK))
report("/proc/sys can be changed", not os.statvfs("/proc/sys").f_flag & os.ST_RDONLY)
report("sysrq can be written to", os.access("/proc/sysrq-trigger", os.W_OK))
for place in facts["hidden"]:
    report(f"it sees {place}", os.path.exists(place) and os.listdir(place))
for name in ("CPU", "FSIZE", "DATA", "NPROC", "CORE"):
    _, most = resource.getrlimit(getattr(resource, f"RLIMIT_{name}"))
    report(f"no limit {name}", most == resource.RLIM_INFINITY)
most = resource.getrlimit(resource.RLIMIT_NPROC)[1]
report("too many processes may run in it", most > facts["processes"])

# And what every program needs.
report("it cannot write to its folder", not try_to(open, "written", "w"))
with socket.create_server(("127.1.2.3", 0)) as listening:
    reach = socket.create_connection, listening.getsockname()
    report("it cannot reach itself", not try_to(*reach))
thread = threading.Thread(target=print, args=["ready"])
thread.start()
thread.join()
"""


def main() -> int:
    """Run the program in a sandbox; return 0 if all holds."""
    facts = json.loads(sys.argv[1])
    confinement.hold_this_process()
    place = Path(facts["place"])
    shared, own = place / "shared", place / "own"
    shared.mkdir()
    own.mkdir()
    (own / "secret.txt").touch()
    facts |= {"hidden": [str(ROOT), str(own)], "most": confinement.DISK}
    facts |= {"keyctl": confinement.keyctl_number()}
    facts |= {"processes": confinement.PROCESSES_INSIDE}
    words = [sys.executable, "-I", "-S", "-c", INSIDE, json.dumps(facts)]
    sandbox = confinement.around_program(shared)
    program = Process(Command(words, sandbox=sandbox), shared)
    program.wait_for_exit(START)
    program.stop()
    stdout, stderr = (bytes(o.data).decode() for o in (program.stdout, program.stderr))
    print(stdout.replace("ready\n", "") + stderr)
    return 0 if (stdout, program.process.returncode) == ("ready\n", 0) else 1


if __name__ == "__main__":
    sys.exit(main())
