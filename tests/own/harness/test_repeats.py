"""Folding: what repeats itself is written once, and counted."""

import pytest

from tests.harness.repeats import fold

INNER = "Traceback (most recent call last):\n  File\n    recv()\nOSError: [Errno 9]\n"
OUTER = "Traceback (most recent call last):\n  File\nValueError: list.remove(x)\n"


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("", ""),
        ("one\ntwo\n", "one\ntwo\n"),
        ("one\n" * 1298, "one (× 1,298)\n"),
        ("\n\n\nend", "\n\n\nend"),
        ("a\nb\n" * 3, "a\nb (× 3)\n"),
        (INNER * 20 + "end\n", INNER.rstrip() + " (× 20)\nend\n"),
        ((INNER + OUTER) * 2, INNER + OUTER.rstrip() + " (× 2)\n"),
        (
            "".join(f"Exception in thread Thread-{n} (run):\n{INNER}" for n in (1, 2)),
            f"Exception in thread Thread-1 (run):\n{INNER.rstrip()} (× 2)\n",
        ),
        ("Traceback (most recent call last):", "Traceback (most recent call last):"),
    ],
)
def test_folds(text: str, folded: str) -> None:
    assert fold(text) == folded
