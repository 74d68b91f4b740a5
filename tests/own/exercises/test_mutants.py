"""Every small change of a solution is noticed, or listed with the reason why not.

``python -m tests.benchmarks.mutants`` grades all of them. The long test here grades
those of the lines that the last change of a solution touched.
"""

import subprocess

import pytest

from tests.answers.catalogue import equal_mutants
from tests.answers.grading import right_answers
from tests.benchmarks.mutants import ALIVE, candidates, judge, touched
from tests.benchmarks.mutations import mutants_of
from tests.harness.exercises import ROOT
from tests.own import peers
from tests.own.background import in_background
from tests.own.exercises.completeness import COMPLETE

PROGRAM = '''\
def serve(client, lock):
    """Send a greeting, once."""
    with lock:
        try:
            client.sendall(b"hello")
        except OSError:
            return 1
        finally:
            client.close()
    if 0 < lock.count and lock.open:
        print(f"{lock}")
'''
CHANGES = [
    ("statement removed", "client.close()", "pass"),
    ("with unwrapped", "with lock:", "if True:"),
    ("except removed", "        except OSError:\n            return 1", ""),
    ("try unwrapped", "try:", "if True:"),
    ("condition true", "0 < lock.count and lock.open", "True"),
    ("part of and left out", "0 < lock.count and lock.open", "(lock.open)"),
    ("border moved", "0 < lock", "0 <= lock"),
    ("number changed", "return 1", "return 2"),
    ("argument left out", 'sendall(b"hello")', "sendall()"),
    ("sendall made send", "sendall", "send"),
    ("text changed", 'b"hello"', 'b"Xhello"'),
    ("text changed", 'f"{lock}"', 'f"X{lock}"'),
]


@pytest.mark.parametrize(("kind", "text", "instead"), CHANGES)
def test_each_kind_of_change_is_made(kind: str, text: str, instead: str) -> None:
    mutants = [m.source for m in mutants_of(PROGRAM) if f"· {kind}: " in m.label]
    if kind == "try unwrapped":  # which takes its except and finally along
        assert any("try:" not in mutant for mutant in mutants)
    else:
        assert any(PROGRAM.replace(text, instead, 1) in mutant for mutant in mutants)


def test_what_only_windows_runs_stays() -> None:
    program = PROGRAM + '    if sys.platform == "win32":\n        os.system("")\n'
    assert len(mutants_of(program)) == len(mutants_of(PROGRAM))


def test_words_for_readers_stay() -> None:
    program = PROGRAM + '    print("gone", file=sys.stderr)\n'
    sources = [mutant.source for mutant in mutants_of(program)]
    assert not any("XSend" in source or "Xgone" in source for source in sources)


LISTED = [
    (design, exercise)
    for design, exercise in right_answers()
    if exercise in COMPLETE and equal_mutants(exercise, design)
]


@pytest.mark.parametrize(("design", "exercise"), LISTED)
def test_few_are_listed_as_equal_and_all_are_there(design: str, exercise: str) -> None:
    labels = {mutant.label for mutant in candidates(exercise, design)}
    listed = equal_mutants(exercise, design)
    assert not set(listed) - labels
    assert len(listed) <= len(labels) / 8


@pytest.mark.long
def test_the_last_change_of_the_solutions_is_noticed() -> None:
    peers.program("git")
    if not (ROOT / ".git").exists():
        pytest.skip("this is no clone")
    command = ["git", "log", "-1", "--no-merges", "--format=%H", "--", "solutions"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    before = f"{run.stdout.strip()}~1"
    mutants = [
        mutant
        for exercise in COMPLETE
        for mutant in touched(candidates(exercise), before)
        if mutant.label not in equal_mutants(exercise)
    ]
    if not mutants:
        pytest.skip("the last change has touched nothing that anybody could see")
    with in_background(2) as pool:
        verdicts = list(pool.map(judge, mutants))
    assert not [v.label for v in verdicts if v.killed_by == ALIVE]
