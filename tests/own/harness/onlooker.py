"""Watches what a process opens and starts: never what a student's program may write.

``begin()`` adds a hook to what Python reports of itself, sys.addaudithook(). As a
plugin of pytest, this module does so when the run begins. What breaks the rule is
written, a line each, to the file that the variable LAB_ONLOOKER names.
"""

import os
import sys
from pathlib import Path
from typing import Any

from tests.harness.confinement import TEMPORARY

# https://docs.python.org/3/library/audit_events.html
OPENS = {"open", "sqlite3.connect", "os.listdir", "os.scandir", "os.mkdir", "os.remove"}
OPENS |= {"os.rename", "os.link", "os.symlink", "os.chmod", "os.chown", "os.truncate"}
OPENS |= {"os.utime", "shutil.copyfile", "shutil.copytree", "shutil.move"}
# It runs what the lab has written, under limits, before there is any program.
READS_ARCHIVES = "tests.classroom.submissions"
writable: set[Path] = set()  # where a program may write that was started already


def begin() -> None:
    """Watch from now on."""
    Path(os.environ["LAB_ONLOOKER"]).touch()
    sys.addaudithook(look)


def look(event: str, arguments: tuple[Any, ...]) -> None:
    """Look at one event."""
    if event == "subprocess.Popen":
        look_at_program(*arguments[:3])
    elif event in OPENS:
        for argument in arguments[:2]:
            look_at_file(event, argument)


def look_at_program(file: Any, words: Any, folder: Any) -> None:
    """Report a program outside the sandbox; of one inside, note where it may write."""
    words = [os.fsdecode(word) for word in words]
    if Path(words[0]).name == "systemd-run":
        words = words[words.index("--") + 1 :]
    if READS_ARCHIVES in words or words == ["true"]:  # that is a trial of systemd-run
        return
    if words[0] != os.path.abspath(words[0]) or Path(words[0]).name != "bwrap":
        report(f"runs outside the sandbox: {words}")
    if folder and is_inside(os.fsdecode(folder)):
        report(f"runs in a folder that programs write to: {words}")
    for option, place in zip(words, words[1:], strict=False):
        if option in ("--bind", "--tmpfs") and place not in TEMPORARY:
            writable.add(Path(place))


def look_at_file(event: str, argument: Any) -> None:
    """Report a file or a database where a program may write."""
    is_path = isinstance(argument, (str, bytes, os.PathLike))
    if is_path and is_inside(os.fsdecode(argument)):
        report(f"{event}: {os.fsdecode(argument)}")


def is_inside(name: str) -> bool:
    """Return whether a file lies where programs write; what is below, not the place."""
    path = Path(os.path.abspath(name.removeprefix("file:").partition("?")[0]))
    return any(place in path.parents for place in writable)


def report(what: str) -> None:
    """Note what breaks the rule."""
    descriptor = os.open(os.environ["LAB_ONLOOKER"], os.O_WRONLY | os.O_APPEND)
    os.write(descriptor, f"{what}\n".encode())
    os.close(descriptor)


def pytest_configure() -> None:
    """Begin with pytest's run."""
    begin()
