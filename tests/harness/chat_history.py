"""What the suites do to the history's file while a server uses it.

A program in another language may keep no SQLite file. Then nothing happens to it.
"""

import contextlib
import sqlite3
from collections.abc import Iterator

from tests.harness.lab import Lab
from tests.harness.words import _

TABLES = ("messages", "channels")


@contextlib.contextmanager
def nothing_kept(lab: Lab) -> Iterator[None]:
    """Lock the history: a server that wants to write to it has to wait."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(sqlite3.Error):
            stack.enter_context(_opened(lab)).execute("BEGIN IMMEDIATE")
            what = _("locks the history: nothing can be kept now")
            lab.history.event(_("a program"), what)
        yield


@contextlib.contextmanager
def history_damaged(lab: Lab) -> Iterator[None]:
    """Take the tables away: a server can neither read nor write, and need not wait."""
    _rename(lab, "{table}", "{table}_away")
    what = _("damages the history: nothing can be kept or read now")
    lab.history.event(_("a program"), what)
    yield
    _rename(lab, "{table}_away", "{table}")
    lab.history.event(_("a program"), _("repairs it"))


def _opened(lab: Lab) -> contextlib.closing[sqlite3.Connection]:
    file = (lab.folder / "chat.db").as_uri()
    return contextlib.closing(sqlite3.connect(f"{file}?mode=rw", uri=True, timeout=1))


def _rename(lab: Lab, old: str, new: str) -> None:
    names = [(old.format(table=t), new.format(table=t)) for t in TABLES]
    changes = [f"ALTER TABLE {name} RENAME TO {other};" for name, other in names]
    with contextlib.suppress(sqlite3.Error), _opened(lab) as connection:
        connection.executescript("".join(["BEGIN IMMEDIATE;", *changes, "COMMIT;"]))
