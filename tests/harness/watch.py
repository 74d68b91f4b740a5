"""``--watch``: the suites run again whenever one of the student's files changes."""

import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.harness.plain import write_plainly
from tests.harness.words import _

if TYPE_CHECKING:
    from watchfiles import Change

MISSING = _("--watch needs the package watchfiles: python -m pip install watchfiles")
DEBOUNCE = 200  # milliseconds in which an editor may write several files


def watch(root: Path, exercises: Sequence[str], arguments: Sequence[str]) -> int:
    """Run pytest now and after each change, until Ctrl+C; return the status 0."""
    try:
        from watchfiles import DefaultFilter, run_process
    except ImportError:
        raise pytest.UsageError(MISSING) from None
    write_plainly()
    folders = [folder for name in exercises if (folder := root / name).is_dir()]
    if (root / "lab.toml").is_file() or not folders:  # any file may count
        folders = [root]
    not_the_chat = [*DefaultFilter.ignore_entity_patterns, r"\.db(-\w+)?$"]
    logging.getLogger("watchfiles").setLevel(logging.ERROR)  # it logs each stop
    run_process(
        *folders,
        target=run_once,
        args=(arguments,),
        callback=announce,
        watch_filter=DefaultFilter(ignore_entity_patterns=not_the_chat),
        debounce=DEBOUNCE,
    )
    return 0


def run_once(arguments: Sequence[str]) -> None:
    """Run pytest: the work of a process of its own, which a change may interrupt."""
    write_plainly()
    pytest.main(list(arguments))
    print("\n  " + _("Watching for changes; Ctrl+C ends."), flush=True)


def announce(changes: "set[tuple[Change, str]]") -> None:
    """Print a rule that names what has changed, without an editor's passing files."""
    files = {Path(file) for _change, file in changes}
    names = ", ".join(sorted(file.name for file in files if file.exists()))
    print(f"\n──── {time.strftime('%H:%M:%S')} {names} ".ljust(88, "─"), flush=True)
