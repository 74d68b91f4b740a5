"""Which files of a hand-in count: found where they lie, under the name that they have.

This runs in a process of its own, see submissions.py. Only what is taken is limited.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from tests.classroom.commands import TOML, look_at_commands
from tests.classroom.entries import Entry, few, shown
from tests.classroom.gathering import careful, gather, unpack
from tests.classroom.hand_ins import HandIn, Piece
from tests.classroom.starters import is_starter
from tests.harness.exercises import EXERCISES

MOST_OF_A_SOURCE = 1024 * 1024  # bytes of a file called yours; solutions have 20 KB
MOST_IN_ALL = 64 * 1024 * 1024  # bytes of a submission in another language
MOST_NAMED = 4  # files in a note
MOST_COMPARED = 20  # files that could be the one that is looked for
LEVELS = 2  # of archives in a folder or an archive
# An exercise's folder by another name: "exercise1", "Exercise 4 - final", "ex2".
LIKE_EXERCISE = re.compile(r"ex(?:ercise)?[ _-]*0*(\d+)(?:[ _-].*)?", re.I)
# What browsers, learning systems, editors and people add to a name.
ADDED = r"(?:[ _-]*\(\d+\)|[ _-]?\d{1,2}|[ _-]*(?:copy|kopie|copie|final|new|v\d+))*"
# How far a file is from the one that is looked for.
EXACT, ALIKE, PREFIXED, ALONE = range(4)


@dataclass(frozen=True)
class Candidate:
    """A file that could be one of those called yours."""

    entry: Entry
    likeness: int
    data: bytes
    is_starter: bool

    @property
    def order(self) -> tuple[int, bool, int, int, str]:
        """What comes first is taken: the newest, changed, best named, uppermost."""
        path = self.entry.path
        depth = len(path.parts)
        return self.entry.age, self.is_starter, self.likeness, depth, str(path)


def find(pieces: Sequence[Piece], exercises: Sequence[str]) -> HandIn:
    """Return what counts of a student's folders, archives and files, the newest last.

    When only one of the ``exercises`` is asked for, its files may lie without folder.
    """
    gathered = HandIn()
    entries = gather(pieces, gathered)
    found = choose(entries, exercises)
    for _ in range(LEVELS):
        inner = unpack(entries, gathered)
        if all(map(found.has, exercises)) or inner == entries:
            break
        entries, found = inner, choose(inner, exercises)
    found.notes += gathered.notes
    found.unread += gathered.unread
    if not (found.files or found.unread):
        say_what_is_there(entries, exercises, found)
    if all(map(found.has, exercises)):
        found.notes += found.unread  # nothing is missing
        found.unread = []
    for notes in found.notes, found.unread, found.needs:
        notes[:] = few(notes)
    return found


def choose(entries: list[Entry], exercises: Sequence[str]) -> HandIn:
    """Return the files that count."""
    hand_in = HandIn()
    with careful("it", hand_in.unread):
        tops = [entry for entry in entries if entry.path.name == TOML.name]
        if tops:
            top = min(tops, key=lambda entry: (entry.age, len(entry.path.parts)))
            take_all(entries, top.path.parent, hand_in)
            look_at_commands(hand_in)
            return hand_in
        for exercise in EXERCISES:
            choose_for(exercise, in_folder_of(exercise, entries), hand_in)
        if len(exercises) == 1 and not hand_in.has(exercises[0]):
            anywhere = [entry for entry in entries if not exercise_of(entry.path)]
            choose_for(exercises[0], anywhere, hand_in, may_be_alone=True)
    return hand_in


def take_all(entries: list[Entry], root: PurePosixPath, hand_in: HandIn) -> None:
    """Take everything in a folder, but what is hidden, as far as there is room."""
    room = MOST_IN_ALL
    for entry in entries:
        if root not in entry.path.parents:
            continue
        path = entry.path.relative_to(root)
        if any(part.startswith(".") for part in path.parts):
            continue
        data = entry.read(room + 1)
        if len(data) > room:
            hand_in.needs.append(f"{shown(path)} is too large: left out")
            continue
        room -= len(data)
        hand_in.files[path] = data
        if entry.executable:
            hand_in.executables.add(path)


def exercise_of(path: PurePosixPath) -> str:
    """Return the exercise in whose folder a file lies, or ''."""
    numbers = {str(exercise.number): name for name, exercise in EXERCISES.items()}
    folders = path.parts[-2::-1]  # the innermost first
    for part in folders:
        if part.casefold() in EXERCISES:
            return part.casefold()
    for part in folders:
        if (found := LIKE_EXERCISE.fullmatch(part)) and found[1] in numbers:
            return numbers[found[1]]
    return ""


def in_folder_of(exercise: str, entries: Iterable[Entry]) -> list[Entry]:
    """Return the files that lie in an exercise's folder, or deeper."""
    return [entry for entry in entries if exercise_of(entry.path) == exercise]


def choose_for(
    exercise: str, entries: list[Entry], hand_in: HandIn, may_be_alone: bool = False
) -> None:
    """Take an exercise's files, each the best of those that it could be."""
    for name in EXERCISES[exercise].yours:
        target = PurePosixPath(exercise, name)
        found = candidates(target, entries, hand_in)
        if not found and may_be_alone and len(EXERCISES[exercise].yours) == 1:
            found = [compared(e, ALONE, target) for e in only_program(entries)]
        if found:
            take_best(target, sorted(found, key=lambda one: one.order), hand_in)
            name_left_out(target, found, entries, hand_in)


def candidates(
    target: PurePosixPath, entries: list[Entry], hand_in: HandIn
) -> list[Candidate]:
    """Return the files that could be the one that is looked for."""
    alike = [(likeness(e.path.name, target.name), e) for e in entries]
    likely = [(how, e) for how, e in alike if how is not None]
    likely.sort(key=lambda one: (one[1].age, one[0], len(one[1].path.parts)))
    found = []
    for how, entry in likely[:MOST_COMPARED]:
        with careful(entry.path, hand_in.unread):
            found.append(compared(entry, how, target))
    return found


def compared(entry: Entry, how: int, target: PurePosixPath) -> Candidate:
    """Return a candidate for a file, looked at."""
    data = entry.read(MOST_OF_A_SOURCE + 1)
    return Candidate(entry, how, data, is_starter(target, data))


def likeness(name: str, wanted: str) -> int | None:
    """Return how much a name is like the one that is looked for; None if not at all."""
    stem = re.escape(wanted.removesuffix(".py"))
    if name == wanted:
        return EXACT
    if re.fullmatch(rf"{stem}{ADDED}\.py(?:\.txt)?{ADDED}", name, re.I):
        return ALIKE
    if re.fullmatch(rf"\w[^/]*[ _-]{stem}{ADDED}\.py(?:\.txt)?", name, re.I):
        return PREFIXED
    return None


def only_program(entries: list[Entry]) -> list[Entry]:
    """Return the one file of Python that there is, in a list, if there is just one."""
    is_python = re.compile(r"[^.].*\.py(?:\.txt)?", re.I)
    found = [entry for entry in entries if is_python.fullmatch(entry.path.name)]
    return found if len(found) == 1 else []


def take_best(target: PurePosixPath, found: list[Candidate], hand_in: HandIn) -> None:
    """Take the first of the candidates; say what it was called, and what was not it."""
    best = found[0]
    if len(best.data) > MOST_OF_A_SOURCE:
        hand_in.unread.append(f"{shown(best.entry.path)} is too large: left out")
        return
    hand_in.files[target] = best.data
    if best.likeness != EXACT:
        hand_in.notes.append(f"{target.name} was called {shown(best.entry.path.name)}")
    if not is_text(best.data):
        hand_in.notes.append(f"{target} is not UTF-8")
    others = [one for one in found[1:] if one.data != best.data]
    rivals = [one for one in others if one.order[:3] == best.order[:3]]
    if rivals:
        names = shown_all(one.entry for one in rivals)
        took = f"took {shown(best.entry.path)}, passed over {names}"
        hand_in.needs.append(f"has more than one {target.name}: {took}")
    elif others:
        hand_in.notes.append(f"passed over {shown_all(one.entry for one in others)}")


def name_left_out(
    target: PurePosixPath,
    found: list[Candidate],
    entries: list[Entry],
    hand_in: HandIn,
) -> None:
    """Say which modules beside a program it imports, though only the program counts."""
    best = min(found, key=lambda one: one.order)
    exercise = EXERCISES[target.parent.name]
    for entry in entries:
        module = PurePosixPath(entry.path.name)
        is_beside = entry.path.parent == best.entry.path.parent
        is_known = module.name in (*exercise.yours, *exercise.given)
        if not is_beside or is_known or module.suffix != ".py":
            continue
        imports = rf"^\s*(?:from|import)\s+[\w., ]*\b{re.escape(module.stem)}\b"
        if re.search(imports.encode(), best.data, re.M):
            text = f"{target.name} imports {shown(module)}, which does not count"
            hand_in.needs.append(f"{text}: only {', '.join(exercise.yours)}")


def say_what_is_there(
    entries: list[Entry], exercises: Sequence[str], hand_in: HandIn
) -> None:
    """Say what a hand-in holds in which nothing was found."""
    if entries:
        yours = dict.fromkeys(name for e in exercises for name in EXERCISES[e].yours)
        wanted = f"no {' and '.join(yours)}"
        if len(exercises) > 1:
            wanted = f"no folder of an exercise, such as {exercises[0]}"
        hand_in.unread.append(f"holds {shown_all(entries)}, but {wanted}")
    elif hand_in.notes:
        hand_in.unread.append("holds nothing that can be taken")
    else:
        hand_in.notes.append("is empty")


def shown_all(entries: Iterable[Entry]) -> str:
    """Return the names of some files, and how many more there are."""
    names = [shown(entry.path) for entry in entries]
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more


def is_text(data: bytes) -> bool:
    """Return whether bytes are UTF-8 without a NUL: what Python takes for source."""
    try:
        return "\0" not in data.decode("utf-8")
    except UnicodeDecodeError:
        return False
