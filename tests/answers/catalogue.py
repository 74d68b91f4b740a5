"""How the catalogue of wrong answers is written down."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Wrong:
    """One mistake: a small change to a solution, and the check that must notice it."""

    name: str  # "relays_each_recv"
    did: str  # what the student did
    tempting: str  # why one does that
    caught_by: str  # the check that names the mistake
    words: tuple[str, ...]  # what its message or hint must hold
    changes: tuple[tuple[str, str], ...]  # (text in the solution, text instead)
    file: str = "server.py"
    # Checks that may fail too, although they do not need the one above.
    also: tuple[str, ...] = ()

    def apply(self, solution: str) -> str:
        """Return the solution's text with the mistake made in it."""
        for text, instead in self.changes:
            assert solution.count(text) == 1, f"{self.name}: {text!r} is not there once"
            solution = solution.replace(text, instead)
        return solution
