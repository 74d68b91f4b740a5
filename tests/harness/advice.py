"""What no check can see, and a student should know all the same."""

import re
import sys
from pathlib import Path

from tests.harness.exercises import EXERCISES
from tests.harness.results import Run
from tests.harness.words import _, ngettext

TODO = re.compile(r"^ *# TODO ", re.M)


def advice_on(run: Run, root: Path) -> list[str]:
    """Return a line for each thing that is odd in the student's folders."""
    folders = [root / exercise for exercise in run.exercises]
    lines = [line for folder in [root, *folders] for line in _hiding_files(folder)]
    if run.points == run.max_points:
        lines += [line for folder in folders for line in _open_steps(folder)]
    return lines


def _hiding_files(folder: Path) -> list[str]:
    """Name files that Python would take for its own modules.

    It looks for modules in the top folder after ``python -m``, and in a program's own
    folder when it is started by its file name. A suite copies only what is the
    student's, so there they are not in the way.
    """
    text = _("{file} hides Python's module {module} from your programs: rename it")
    return [
        text.format(file=f"{folder.name}/{file.name}", module=file.stem)
        for file in sorted(folder.glob("*.py"))
        if file.stem in sys.stdlib_module_names
    ]


def _open_steps(folder: Path) -> list[str]:
    """Count the TODO lines that are left although everything passes."""
    lines = []
    for name in EXERCISES[folder.name].yours:
        file = folder / name
        text = file.read_text("utf-8", "replace") if file.is_file() else ""
        if count := len(TODO.findall(text)):
            words = ngettext(
                "{count} TODO line is left in {file}: delete it once the step is done",
                "{count} TODO lines are left in {file}: delete each that is done",
                count,
            )
            lines.append(words.format(count=count, file=f"{folder.name}/{name}"))
    return lines
