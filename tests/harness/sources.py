"""The text of a submission's programs, read once: before any of them has run.

Afterwards a program may have put anything there, such as a link to another's file. So
whoever explains a failure looks here, and never into the work folder again.
"""

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

Sources: TypeAlias = Mapping[Path, str]  # the text by a file's name in the work folder
MOST = 1024 * 1024  # bytes of a file; solutions have 20 KB


def read_sources(folder: Path) -> Sources:
    """Return the text of the Python files in a folder and in those below it."""
    files = [*folder.glob("*.py"), *folder.glob("*/*.py")]
    return {file: text for file in files for text in _text_of(file)}


def line_of(sources: Sources, file: Path, number: int) -> str:
    """Return a line, counted from 1; '' where there is none."""
    lines = sources.get(file, "").splitlines()
    return lines[number - 1] if 0 < number <= len(lines) else ""


def _text_of(file: Path) -> Iterator[str]:
    """Yield the text of a regular file; of a link, or what is too large, nothing."""
    status = file.lstat()
    is_small = stat.S_ISREG(status.st_mode) and status.st_size <= MOST
    if is_small and os.access(file, os.R_OK):
        yield file.read_text("utf-8", "replace")
