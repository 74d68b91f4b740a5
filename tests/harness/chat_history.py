"""What the suites do to the history's file while a server uses it.

A student's program has written that file, and SQLite may do what a file asks for, such
as delete a journal that it names. So a process of its own opens it: see
Lab.helper. A program in another language may keep no SQLite file. Then nothing
happens to it.
"""

import contextlib
import os
from collections.abc import Iterator

from tests.harness.lab import Lab
from tests.harness.patience import START, slices
from tests.harness.process import Process
from tests.harness.words import _

TABLES = ("messages", "channels")
LOCK = ("BEGIN IMMEDIATE;", "ROLLBACK;")

# Runs each script that comes in a line, and says when it has.
CHANGES = """
import contextlib, os, sqlite3, stat, sys
from pathlib import Path

name = sys.argv[1]
uri = f"{Path(name).as_uri()}?mode=rw"
locking = None
for script in sys.stdin:
    with contextlib.suppress(sqlite3.Error, OSError):
        if stat.S_ISREG(os.lstat(name).st_mode):
            connection = locking or sqlite3.connect(uri, uri=True, timeout=1)
            connection.executescript(script)
            if connection.in_transaction:
                locking = connection
            else:
                connection.close()
                locking = None
    print("done", flush=True)
"""


@contextlib.contextmanager
def nothing_kept(lab: Lab) -> Iterator[None]:
    """Lock the history: a server that wants to write to it has to wait."""
    with _changed(lab, *LOCK):
        what = _("locks the history: nothing can be kept now")
        lab.history.event(_("a program"), what)
        yield


@contextlib.contextmanager
def history_damaged(lab: Lab) -> Iterator[None]:
    """Take the tables away: a server can neither read nor write, and need not wait."""
    with _changed(lab, _rename("{}", "{}_away"), _rename("{}_away", "{}")):
        what = _("damages the history: nothing can be kept or read now")
        lab.history.event(_("a program"), what)
        yield
    lab.history.event(_("a program"), _("repairs it"))


@contextlib.contextmanager
def _changed(lab: Lab, before: str, after: str) -> Iterator[None]:
    """Run one SQL script on the history, and another one later."""
    helper = lab.helper(CHANGES, str(lab.shared / "chat.db"))
    _run(helper, before)
    yield
    _run(helper, after)


def _run(helper: Process, script: str) -> None:
    """Let the helper run a script, and wait until it has."""
    done = helper.stdout.data.count(b"done") + 1
    with contextlib.suppress(OSError):  # a file that has ended it changes no more
        os.write(helper.keyboard, f"{script}\n".encode())
    helper.stdout.wait_for(lambda data: data.count(b"done") == done, slices(START))


def _rename(old: str, new: str) -> str:
    names = [(old.format(table), new.format(table)) for table in TABLES]
    changes = [f"ALTER TABLE {name} RENAME TO {other};" for name, other in names]
    return "".join(["BEGIN IMMEDIATE;", *changes, "COMMIT;"])
