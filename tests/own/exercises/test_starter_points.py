"""What starters earn: nothing of their own exercise, and all of the one before."""

from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from tests.answers.grading import grade
from tests.harness.exercises import EXERCISES, ROOT
from tests.own.background import in_background
from tests.own.exercises.completeness import COMPLETE

GOES_ON = [name for name in COMPLETE if EXERCISES[name].continues]
Verdicts = dict[tuple[str, str], "Future[dict[str, Any]]"]
# Exercise 4 starts several servers in one folder: each is to have its own history.
MAIN = 'if __name__ == "__main__":\n'
OWN_HISTORY = f'{MAIN}    sys.argv += ["--history", f"{{os.getpid()}}.db"]\n'
# Until check 2.6 answers half a request with 400, it gets the page.
# Until check 5.22 gives clients outboxes, its main thread needs the lock that a thread
# holds while it sends to a sleeper. So beside a sleeper it does not end.
NOT_YET = {"exercise2_accept_loop": {"1.9"}, "exercise5_chat_channels": {"4.12"}}

pytestmark = [pytest.mark.timeout(300), pytest.mark.meanwhile]


@pytest.fixture(scope="session")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Verdicts]:
    """Grade each starter by its own suite, and by that of the exercise before."""
    folder = tmp_path_factory.mktemp("starters")
    wanted = [(name, name) for name in COMPLETE]
    wanted += [(name, EXERCISES[name].continues) for name in GOES_ON]
    with in_background(2) as pool:
        yield {pair: pool.submit(grade_starter, *pair, folder) for pair in wanted}


def grade_starter(starter: str, suite: str, folder: Path) -> dict[str, Any]:
    """Hand a starter in as an answer to a suite's exercise, and grade it."""
    submission = folder / f"{starter} as {suite}"
    (submission / suite).mkdir(parents=True)
    for file in EXERCISES[suite].yours:
        text = (ROOT / starter / file).read_text("utf-8")
        if starter == "exercise5_chat_channels" and suite != starter:
            text = text.replace(MAIN, OWN_HISTORY)
        (submission / suite / file).write_text(text, encoding="utf-8")
    return grade(suite, submission, submission / "report.json")


@pytest.mark.parametrize("exercise", COMPLETE)
def test_earns_nothing_yet(exercise: str, verdicts: Verdicts) -> None:
    """Points are for what students do. So all of it is open."""
    report = verdicts[exercise, exercise].result()
    earned = {check["id"] for check in report["checks"] if check["points"]}
    assert report["max_points"] > 0
    assert earned == set()


@pytest.mark.parametrize("exercise", GOES_ON)
def test_earns_the_exercise_before(exercise: str, verdicts: Verdicts) -> None:
    """The step begins where the one before has ended."""
    report = verdicts[exercise, EXERCISES[exercise].continues].result()
    failed = {check["id"]: check["message"] for check in report["checks"]}
    allowed = NOT_YET.get(exercise, set())
    failures = [text for name, text in failed.items() if text and name not in allowed]
    assert report["max_points"] > 0
    assert not failures, "\n".join(failures)
