"""What belongs to an exercise, and what of it has been forgotten."""

from collections.abc import Iterator

from tests.answers.catalogue import wrong_answers
from tests.answers.recordings import TABLE, row, table
from tests.harness.checks import checks_of
from tests.harness.exercises import EXERCISES, ROOT, Exercise, suites_of

WRITE_TABLE = "run python -m tests.answers.recordings --table"


def missing_parts(exercise: Exercise) -> list[str]:
    """Return a line for everything of an exercise that is not there."""
    found = ["there is no such folder"]
    if (ROOT / exercise.folder).is_dir():
        found = [*missing_files(exercise), *missing_checks(exercise)]
        found += missing_mistakes(exercise)
        found = found or missing_row(exercise)  # which is made from all of these
    return [f"{exercise.folder}: {what}" for what in found]


def missing_files(exercise: Exercise) -> Iterator[str]:
    """Say which files are not there."""
    files = ["README.md", *exercise.yours, *exercise.given]
    wanted = [f"{exercise.folder}/{file}" for file in files]
    wanted += [f"solutions/{exercise.folder}/{file}" for file in exercise.yours]
    for file in wanted:
        if not (ROOT / file).is_file():
            yield f"there is no {file}"


def missing_checks(exercise: Exercise) -> Iterator[str]:
    """Say whether suites, their checks or points are not there."""
    if not suites_of(exercise.folder):
        yield f"there is no suite {exercise.folder}/test_*.py"
        return
    checks = checks_of(exercise.folder)
    if not checks:
        yield "its suites declare no checks"
    for check in checks.values():
        if not check.id.startswith(f"{exercise.number}."):
            yield f"check {check.id} should be called {exercise.number}.N"
        if check.points <= 0:
            yield f"check {check.id} gives no points"


def missing_mistakes(exercise: Exercise) -> list[str]:
    """Say whether there is no wrong answer."""
    if wrong_answers(exercise.folder):
        return []
    return [f"there is no wrong answer in tests/answers/wrong/{exercise.folder}.py"]


def missing_row(exercise: Exercise) -> list[str]:
    """Say whether README.md's table lacks the exercise, or says something else."""
    found = TABLE.search((ROOT / "README.md").read_text(encoding="utf-8"))
    if found and row(exercise) in found[1].splitlines():
        return []
    return [f"its row in README.md's table is missing or old: {WRITE_TABLE}"]


def wrong_on_first_page() -> str:
    """Say what is wrong in README.md's table, where no exercise lacks anything."""
    found = TABLE.search((ROOT / "README.md").read_text(encoding="utf-8"))
    if len(COMPLETE) < len(EXERCISES) or (found and found[1] == table()):
        return ""
    return f"README.md's table of exercises is out of date: {WRITE_TABLE}"


# Tests of an exercise leave out one that is not complete: what is missing is to be read
# in one line, not in the failures of them all.
COMPLETE = [name for name, one in EXERCISES.items() if not missing_parts(one)]
