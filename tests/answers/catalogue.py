"""How the catalogue of wrong answers is written down, and what a verdict must say."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from types import ModuleType
from typing import Any

from tests.harness.exercises import EXERCISES, ROOT


@dataclass(frozen=True)
class Wrong:
    """One mistake: a small change to a right answer, and the check that notices it."""

    name: str  # "relays_each_recv"
    did: str  # what the student did
    tempting: str  # why one does that
    caught_by: str  # the check that names the mistake
    words: tuple[str, ...]  # what its message or hint must hold
    changes: tuple[tuple[str, str], ...]  # (text in the right answer, text instead)
    file: str = "server.py"
    # What it is made in, from the top folder; a whole program has no changes.
    base: str = "solutions"
    # Checks that may fail too, although they do not need the one above.
    also: tuple[str, ...] = ()
    never: tuple[str, ...] = ()  # words of hints that would mislead
    # Systems on which nobody can see it, and why: {"macos": "…"}.
    hidden_on: Mapping[str, str] = field(default_factory=dict)

    def apply(self, right: str) -> str:
        """Return a right answer's text with the mistake made in it."""
        for text, instead in self.changes:
            assert right.count(text) == 1, f"{self.name}: {text!r} is not there once"
            right = right.replace(text, instead)
        return right

    def objections(self, report: dict[str, Any]) -> list[str]:
        """Return what is wrong with a verdict on this mistake: nothing, one hopes."""
        checks = {check["id"]: check for check in report["checks"]}
        caught = checks[self.caught_by]
        others = [
            c["message"]
            for c in report["checks"]
            if c["id"] not in (self.caught_by, *self.also)
            and c["outcome"] not in ("passed", "blocked", "not run")
        ]
        if caught["outcome"] != "failed":
            return [f"{self.did}: {self.caught_by} is {caught['outcome']}", *others]
        text = caught["message"] + caught["hint"]
        objections = [
            f"{w!r} is missing in:\n{text}" for w in self.words if w not in text
        ]
        objections += [f"{w!r} is in:\n{text}" for w in self.never if w in text]
        return objections + others


def wrong_answers(exercise: str) -> list[Wrong]:
    """Return an exercise's wrong answers."""
    return [wrong for one in modules_of("wrong", exercise) for wrong in one.WRONG]


def equal_mutants(exercise: str, design: str = "solutions") -> dict[str, str]:
    """Return the labels of an answer's mutants that may live, with the reasons.

    The solutions' are in ``equal`` itself, those of other designs in folders there.
    """
    folder = "equal" if design == "solutions" else f"equal/{design}"
    modules = modules_of(folder, exercise)
    reasons = [reason for one in modules for reason in one.EQUAL.items()]
    return {label: why for why, labels in reasons for label in labels}


def modules_of(kind: str, exercise: str) -> list[ModuleType]:
    """Import all modules in a folder beside this one that begin with the exercise."""
    folder = ROOT / "tests" / "answers" / kind
    names = sorted(module.stem for module in folder.glob(f"{exercise}*.py"))
    package = f"tests.answers.{kind.replace('/', '.')}"
    return [import_module(f"{package}.{name}") for name in names]


def all_wrong() -> list[tuple[str, Wrong]]:
    """Return every exercise's wrong answers, each with its exercise."""
    return [(name, wrong) for name in EXERCISES for wrong in wrong_answers(name)]


def first_of_each_check() -> list[tuple[str, Wrong]]:
    """Return the first wrong answer that the catalogue has for each check."""
    found: dict[str, tuple[str, Wrong]] = {}
    for exercise, wrong in all_wrong():
        found.setdefault(wrong.caught_by, (exercise, wrong))
    return list(found.values())
