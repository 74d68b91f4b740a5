"""Copies of the lab with a sixth exercise in them: a toy of three checks.

Its files lie in ``tests/own/toy``, laid out like the lab.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.harness.exercises import ROOT

TOY = "exercise6_echo"
FILES = ROOT / "tests" / "own" / "toy"
REGISTRY = Path("tests", "harness", "exercises.py")
ENTRY = f"""\
    Exercise(
        number=6,
        folder="{TOY}",
        builds="an echo",
        learns="how an exercise is added",
        yours=("server.py",),
    ),
"""
NOT_COPIED = shutil.ignore_patterns(".*", "__pycache__", "chat.db*")
ENTRIES = re.compile(r"(?<=^_ALL = \(\n).*?(?=^\)$)", re.M | re.S)


def toy_lab(folder: Path) -> Path:
    """Copy the lab into an empty folder, add the toy to it, and return the folder."""
    shutil.copytree(ROOT, folder, dirs_exist_ok=True, ignore=NOT_COPIED)
    lay_toy_over(folder)
    register(folder, keep_others=True)
    run(folder, "tests.answers.recordings", "--table")
    return folder


def small_toy_lab(folder: Path) -> Path:
    """Fill a folder with a lab of the toy alone: enough to run its suite."""
    for file in ("pyproject.toml", "conftest.py"):
        shutil.copy(ROOT / file, folder)
    harness = REGISTRY.parent
    shutil.copytree(ROOT / harness, folder / harness, ignore=NOT_COPIED)
    lay_toy_over(folder)
    register(folder, keep_others=False)
    return folder


def lay_toy_over(folder: Path) -> None:
    """Put the toy's files into their places in a lab."""
    shutil.copytree(FILES, folder, dirs_exist_ok=True, ignore=NOT_COPIED)


def register(folder: Path, keep_others: bool) -> None:
    """Add the toy's entry to a lab's registry, or leave it there alone."""
    file = folder / REGISTRY
    text, count = ENTRIES.subn(
        lambda others: (others[0] if keep_others else "") + ENTRY,
        file.read_text(encoding="utf-8"),
    )
    assert count == 1, f"{REGISTRY} has no list of exercises where one entry fits"
    file.write_text(text, encoding="utf-8")


def run(
    lab: Path, module: str, *arguments: object, **environment: str
) -> "subprocess.CompletedProcess[str]":
    """Run a module of a copy in the copy, such as pytest or tests.classroom."""
    return subprocess.run(
        [sys.executable, "-m", module, *map(str, arguments)],
        cwd=lab,
        env=os.environ | environment,
        capture_output=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
    )
