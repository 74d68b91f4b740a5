"""How the catalogue of wrong answers is written down, and what a verdict must say."""

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from tests.harness.exercises import EXERCISES


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
    base: str = "solutions"  # the right answer that it is made in, from the top folder
    # Checks that may fail too, although they do not need the one above.
    also: tuple[str, ...] = ()

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
        if caught["outcome"] != "failed":
            return [f"{self.did}: {self.caught_by} is {caught['outcome']}"]
        text = caught["message"] + caught["hint"]
        objections = [
            f"{w!r} is missing in:\n{text}" for w in self.words if w not in text
        ]
        for id, check in checks.items():
            allowed = id == self.caught_by or id in self.also
            if not allowed and check["outcome"] not in ("passed", "blocked"):
                objections.append(check["message"])
        return objections


def all_wrong() -> list[tuple[str, Wrong]]:
    """Return every exercise's wrong answers, each with its exercise."""
    modules = {name: import_module(f"tests.answers.wrong.{name}") for name in EXERCISES}
    return [(name, wrong) for name, module in modules.items() for wrong in module.WRONG]
