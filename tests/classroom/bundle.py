"""The bundle that grades elsewhere: for Gradescope, GitHub, Classroom 50, and workers.

It holds the suites of the exercises that it grades, and what these need. It holds no
starter: each is the solution of the exercise before. So it may be public.
"""

from pathlib import Path

from tests.classroom.files import copy_lab, write, write_json
from tests.classroom.gradescope import for_gradescope, unfinished
from tests.classroom.starters import write_digests
from tests.harness.exercises import EXERCISES, ROOT

COPIED = ["tests/harness", "tests/classroom"]
COPIED_FILES = ["pyproject.toml", "requirements.txt", "conftest.py", "LICENSE"]

SETUP = """#!/usr/bin/env bash
# Runs once, as root, when Gradescope builds its image (Ubuntu).
set -euo pipefail
apt-get update
apt-get install -y --no-install-recommends python3 python3-venv bubblewrap
python3 -m venv /autograder/venv
/autograder/venv/bin/pip install -r /autograder/source/requirements.txt
useradd --system grader
"""

RUN = """#!/usr/bin/env bash
# Runs for each submission, as root. The user "grader" grades it, to whom the results do
# not belong; they are put in place when no process of that user is left.
set -u
cd "${AUTOGRADER:-/autograder}"
user="${GRADER:-grader}"
python="${PYTHON:-/autograder/venv/bin/python}"
as_grader=(setpriv --reuid "$user" --regid "$user" --clear-groups
    env -i PATH="$PATH" LANG=C.UTF-8 HOME=/tmp)

[ "$(id -u)" = 0 ] || { echo "error: $0 is for root, in a container" >&2; exit 1; }
chmod 700 results
cp source/stopped.json results/results.json  # 0 points, should anything go wrong
chmod -R a+rX source submission

cd source
"${as_grader[@]}" "$python" -m tests.classroom report ../submission \\
    --exercise EXERCISES --sandbox auto --gradescope > ../results/graded.json
status=$?
# kill(1): -1 is every process that the user may end. For root, that would be too many.
"${as_grader[@]}" bash -c '[ $(id -u) != 0 ] && kill -KILL -1' 2>/dev/null
[ $status = 0 ] && mv ../results/graded.json ../results/results.json
"""

WORKFLOW = """# Grades on every push: green for full marks. The summary has the score.
# A student can change this file in their own repository: take it as feedback. For
# marks, run `python -m tests.classroom grade` yourself, or let Classroom 50 call it.
name: grade
on: [push, workflow_dispatch]
permissions:
  contents: read

jobs:
  grade:
    runs-on: ubuntu-latest
    timeout-minutes: 15
    steps:
      - uses: actions/checkout@v6
        with:
          path: submission
          persist-credentials: false
      # The class's copy of the bundle, which students cannot change. A private one
      # needs the secret SOCKET_LAB_TOKEN: a token that may read it, and nothing else.
      - uses: actions/checkout@v6
        with:
          repository: ${{ vars.SOCKET_LAB_GRADER }}
          token: ${{ secrets.SOCKET_LAB_TOKEN || github.token }}
          path: grader
          persist-credentials: false
      - uses: actions/setup-python@v6
        with:
          python-version: "3.13"
      - run: python -m pip install -r grader/requirements.txt
      - name: Install the sandbox
        run: |
          INSTALL
      - working-directory: grader
        run: >-
          python -m tests.classroom report ../submission --exercise EXERCISES
          --sandbox required
          --classroom50 ../result.json --summary "$GITHUB_STEP_SUMMARY"
      - name: All points
        run: jq --exit-status '.score == .["max-score"]' result.json
"""

# Ubuntu 24.04 lets no ordinary user make namespaces, which bubblewrap needs:
# ubuntu.com/blog/ubuntu-23-10-restricted-unprivileged-user-namespaces
INSTALL = (
    "sudo apt-get update",
    "sudo apt-get install -y --no-install-recommends bubblewrap",
    "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
)

AUTOGRADER50 = '''"""Grades the checkout that it is run in, for Classroom 50.

All of this folder belongs to CLASSROOM/autograders/ASSIGNMENT/.
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
RESULT = Path("result.json").absolute()
PIP = [sys.executable, "-m", "pip", "install", "--quiet"]
REPORT = [sys.executable, "-m", "tests.classroom", "report", str(Path.cwd())]
SANDBOX = """
INSTALL
"""

# Where there is no sudo, or no apt-get, the report says that there was no sandbox.
subprocess.run(["bash", "-ec", SANDBOX], stdout=sys.stderr, check=False)
subprocess.run([*PIP, "-r", str(HERE / "requirements.txt")], check=True)
options = ["--exercise", *"EXERCISES".split(), "--sandbox", "auto"]
options += ["--classroom50", str(RESULT)]
sys.exit(subprocess.run([*REPORT, *options], cwd=HERE).returncode)
'''


def write_bundle(destination: Path, exercises: list[str]) -> None:
    """Write the autograder: zip its contents, not the folder, for Gradescope."""
    copy_lab(destination, COPIED, [*COPIED_FILES, *files_of(exercises)])
    write_digests(destination)
    write_json(destination / "stopped.json", for_gradescope(unfinished(exercises)))
    numbers = " ".join(str(EXERCISES[exercise].number) for exercise in exercises)
    for name, text in programs(numbers).items():
        write(destination / name, text)
    for name in "setup.sh", "run_autograder":
        (destination / name).chmod(0o755)


def files_of(exercises: list[str]) -> list[str]:
    """Return the suites of some exercises, and the files that their programs import."""
    found = []
    for exercise in exercises:
        suites = sorted((ROOT / exercise).glob("test_*.py"))
        names = [*EXERCISES[exercise].given, *(suite.name for suite in suites)]
        found += [f"{exercise}/{name}" for name in names]
    return found


def programs(numbers: str) -> dict[str, str]:
    """Return the programs that other systems run, for exercises such as ``4 5``."""
    step = WORKFLOW.replace("INSTALL", "\n          ".join(INSTALL))
    classroom50 = AUTOGRADER50.replace("INSTALL", "\n".join(INSTALL))
    texts = {
        "setup.sh": SETUP,
        "run_autograder": RUN,
        "grade.yml": step,
        "autograder.py": classroom50,
    }
    return {name: text.replace("EXERCISES", numbers) for name, text in texts.items()}
