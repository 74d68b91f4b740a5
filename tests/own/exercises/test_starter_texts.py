"""The starters' text: each is its solution with steps left open."""

import ast

import pytest

from tests.harness.checks import checks_of
from tests.harness.exercises import EXERCISES, ROOT
from tests.own.exercises.completeness import COMPLETE
from tests.own.exercises.markdown import steps_of
from tests.own.exercises.starters import (
    STARTERS,
    code_of,
    constants,
    functions,
    given_functions,
    imports,
    named_checks,
    outline,
    todos,
    tree_of,
)
from tests.own.exercises.steps import MAIN

each_starter = pytest.mark.parametrize("starter", STARTERS)


@each_starter
def test_has_its_solutions_functions_signatures_and_docstrings(starter: str) -> None:
    """The difference between the two is in the bodies of functions alone."""
    ours, solution = tree_of(ROOT / starter), tree_of(ROOT / "solutions" / starter)
    assert ast.get_docstring(ours) == ast.get_docstring(solution)
    assert outline(ours) == outline(solution)
    assert constants(ours) == constants(solution)
    says_what_is_next = {"import os"}  # the lines at a starter's end need it
    assert imports(ours) - says_what_is_next <= imports(solution)


@each_starter
def test_a_function_without_a_todo_is_complete(starter: str) -> None:
    given = given_functions(ROOT / starter)
    ours, solution = (code_of(ROOT / p / starter, given) for p in ("", "solutions"))
    reads_arguments = {"port_number", "parse_arguments"} & {*functions(ROOT / starter)}
    assert reads_arguments <= given
    assert reads_arguments or "startup.py" in EXERCISES[starter.partition("/")[0]].given
    assert ours == solution


@each_starter
def test_every_todo_names_checks_of_its_exercise(starter: str) -> None:
    """A TODO is a line of its own: ``# TODO 4.5: what to do``."""
    declared = set(checks_of(starter.partition("/")[0]))
    found = todos(ROOT / starter)
    assert found
    for todo in found:
        assert set(todo.ids) <= declared, todo.text
    steps, _, _ = (ROOT / starter).read_text(encoding="utf-8").partition(MAIN)
    assert steps.count("TODO") == len(found)


@pytest.mark.parametrize("exercise", COMPLETE)
def test_every_step_is_named_by_a_todo(exercise: str) -> None:
    """Every check points to a place in the code: by a TODO, or by its step's TODO."""
    named = named_checks(exercise)
    free = set(EXERCISES[exercise].free)
    assert named <= set(checks_of(exercise))
    assert not named & free
    for step in steps_of(f"{exercise}/README.md"):
        assert step & named or step <= free, f"no TODO names any of {step}"


@each_starter
def test_solution_has_no_todo(starter: str) -> None:
    """Nothing is open in a solution, and nothing in it looks for what is."""
    assert "TODO" not in (ROOT / "solutions" / starter).read_text(encoding="utf-8")


def test_all_starters_announce_their_steps_in_the_same_way() -> None:
    """They differ in the name of the finished program alone."""
    ends = set()
    for starter in STARTERS:
        _, _, end = (ROOT / starter).read_text(encoding="utf-8").partition(MAIN)
        name = starter.removesuffix(".py").replace("/", ".")
        assert f'"solutions.{name}"' in end
        ends.add(end.replace(name, "…"))
    assert len(ends) == 1
