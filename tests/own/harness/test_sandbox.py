"""The sandbox holds what it promises, and the trial notices where it does not."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness import confinement
from tests.harness.exercises import ROOT

no_sandbox = confinement.why_no_sandbox()
pytestmark = pytest.mark.skipif(bool(no_sandbox), reason=no_sandbox)

# Runs the trial with a sandbox that lacks some of its words.
TRIAL = """
import sys
from tests.harness import confinement, trial
whole = confinement.sandboxed
missing, instead = (words.split() for words in sys.argv[2:])

def lacking(*arguments):
    words = whole(*arguments)
    for at in range(len(words)):
        if words[at : at + len(missing)] == missing:
            return [*words[:at], *instead, *words[at + len(missing):]]
    raise SystemExit(f"there is no {missing} in {words}")

confinement.sandboxed = lacking
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
