"""Files written whole or not at all, and parts of the lab copied to a new folder."""

import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.classroom.errors import ClassroomError
from tests.harness.exercises import ROOT

NOT_COPIED = shutil.ignore_patterns(".*", "__pycache__", "chat.db*")


def write(file: Path, text: str) -> None:
    """Write a file whole or not at all. Only one thread writes to it at a time."""
    new = file.with_name(f".{file.name}.new")
    new.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")
    try:
        os.replace(new, file)
    except PermissionError:  # Windows replaces no file that another program has open
        text = f"{file} cannot be replaced: is it open in another program?"
        raise ClassroomError(text) from None


def write_json(file: Path, content: dict[str, Any]) -> None:
    """Write a file of JSON in the same way, in ASCII: it can hide or drive nothing."""
    write(file, json.dumps(content, indent=1))


def copy_lab(destination: Path, folders: Iterable[str], files: Iterable[str]) -> None:
    """Copy folders and files of the lab; ClassroomError if something is there."""
    if destination.exists() and any(destination.iterdir()):
        raise ClassroomError(f"{destination} is not empty.")
    destination.mkdir(parents=True, exist_ok=True)
    for name in folders:
        shutil.copytree(ROOT / name, destination / name, ignore=NOT_COPIED)
    for name in files:
        (destination / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, destination / name)
