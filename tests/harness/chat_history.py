"""What the suites do to the history's file while a server uses it.

A student's program has written that file, and SQLite may do what a file asks for, such
as delete a journal that it names. So a process of its own opens it: see
Lab.start_helper. A program in another language may keep no SQLite file. Then nothing
happens to it.
"""

import contextlib
from collections.abc import Iterator

from tests.harness.lab import Lab
from tests.harness.patience import SOON, START, slices
from tests.harness.words import _

TABLES = ("messages", "channels")
LOCK = ("BEGIN IMMEDIATE;", "ROLLBACK;")

# Does one thing to the file, waits for the end of its input, and then does another.
CHANGES = """
import contextlib, os, sqlite3, stat, sys
from pathlib import Path

name, *scripts = sys.argv[1:]
uri = f"{Path(name).as_uri()}?mode=rw"
locking = None
for script in scripts:
    with contextlib.suppress(sqlite3.Error, OSError):
        if stat.S_ISREG(os.lstat(name).st_mode):
            connection = locking or sqlite3.connect(uri, uri=True, timeout=1)
            connection.executescript(script)
            if connection.in_transaction:
                locking = connection
            else:
                connection.close()
    print("done", flush=True)
    sys.stdin.read()
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
    helper = lab.start_helper(CHANGES, str(lab.shared / "chat.db"), before, after)
    helper.stdout.wait_for(lambda data: b"done" in data, slices(START))
    yield
    helper.close_keyboard()
    helper.wait_for_exit(SOON)


def _rename(old: str, new: str) -> str:
    names = [(old.format(table), new.format(table)) for table in TABLES]
    changes = [f"ALTER TABLE {name} RENAME TO {other};" for name, other in names]
    return "".join(["BEGIN IMMEDIATE;", *changes, "COMMIT;"])
