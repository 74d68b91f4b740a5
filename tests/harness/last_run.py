"""What got better and what got worse since the run before: pytest's cache remembers."""

from pathlib import Path

import pytest

from tests.harness.results import Result, Run

LAST_RUN = "socket-lab/last-run"  # a key of pytest's cache: a file in .pytest_cache


def remember(cache: pytest.Cache, root: Path, results: Run) -> str:
    """Keep what passed, and return what is new about it: one line, or ''.

    Checks that did not run are not compared, and what is known of them is kept.
    """
    ran = [result for result in results.all.values() if _ran(result)]
    now = {result.check.id: result.outcome == "passed" for result in ran}
    last = cache.get(LAST_RUN, {})
    before = last.get("passed", {}) if last.get("root") == str(root) else {}
    cache.set(LAST_RUN, {"root": str(root), "passed": before | now})
    better = [id for id, passes in now.items() if passes and not before.get(id, True)]
    worse = [id for id, passes in now.items() if before.get(id) and not passes]
    parts = [f"better {', '.join(better)}"] * bool(better)
    parts += [f"worse {', '.join(worse)}"] * bool(worse)
    return f"the last run: {' · '.join(parts)}" if parts else ""


def _ran(result: Result) -> bool:
    return result.selected and result.outcome != "error"
