"""What got better and what got worse since the run before: pytest's cache remembers."""

from pathlib import Path

import pytest

from tests.harness.results import PASSED, Run
from tests.harness.words import _

LAST_RUN = "socket-lab/last-run"  # a key of pytest's cache: a file in .pytest_cache


def remember(cache: pytest.Cache, root: Path, run: Run) -> str:
    """Keep what passed, and return what is new about it: one line, or ''.

    Checks that did not run are not compared, and what is known of them is kept.
    """
    ran = [result for result in run.results.values() if result.ran]
    now = {result.check.id: result.outcome == PASSED for result in ran}
    last = cache.get(LAST_RUN, {})
    before = last.get("passed", {}) if last.get("root") == str(root) else {}
    cache.set(LAST_RUN, {"root": str(root), "passed": before | now})
    better = [name for name, ok in now.items() if ok and not before.get(name, True)]
    worse = [name for name, ok in now.items() if before.get(name) and not ok]
    parts = [_("better {ids}").format(ids=", ".join(better))] * bool(better)
    parts += [_("worse {ids}").format(ids=", ".join(worse))] * bool(worse)
    changes = " · ".join(parts)
    return _("the last run: {changes}").format(changes=changes) if parts else ""
