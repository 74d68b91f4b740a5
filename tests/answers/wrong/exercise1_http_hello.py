"""Wrong answers."""

from tests.answers.catalogue import Wrong

WRONG: list[Wrong] = []
