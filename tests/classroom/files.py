"""Writing a file so that whoever reads it, or kills us, never finds half of it."""

import os
from pathlib import Path


def write(file: Path, text: str) -> None:
    """Write a file whole or not at all. Only one thread writes to it at a time."""
    new = file.with_name(f".{file.name}.new")
    new.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")
    os.replace(new, file)
