"""What one student handed in, as far as it counts.

Reading it takes a process of its own, see submissions.py.
"""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from tests.classroom.starters import is_starter


@dataclass(frozen=True)
class Piece:
    """A part of what a student handed in: a folder, an archive or a file of a class."""

    source: Path  # the class's folder or zip
    name: str  # of a folder or a file in it
    file: str = ""  # what the student calls this file, where the system renamed it


@dataclass
class HandIn:
    """The files that count, and what was odd about the rest."""

    files: dict[PurePosixPath, bytes] = field(default_factory=dict)
    executables: set[PurePosixPath] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)  # what was odd, and harmless
    unread: list[str] = field(default_factory=list)  # what may hold more, and why not
    needs: list[str] = field(default_factory=list)  # what else somebody should look at

    @property
    def brings_commands(self) -> bool:
        """Whether it has a lab.toml, and so may be in any language."""
        return PurePosixPath("lab.toml") in self.files

    def has(self, exercise: str) -> bool:
        """Return whether there is anything to grade for an exercise."""
        return self.brings_commands or any(p.parts[0] == exercise for p in self.files)

    def is_starter(self, exercise: str) -> bool:
        """Return whether what was handed in is the exercise's starter, unchanged."""
        mine = {p: data for p, data in self.files.items() if p.parts[0] == exercise}
        return not self.brings_commands and all(
            is_starter(path, data) for path, data in mine.items()
        )

    def write_to(self, folder: Path) -> None:
        """Lay the files out like the lab. The folder is new and empty."""
        for path, data in self.files.items():
            file = folder.joinpath(*path.parts)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
            if path in self.executables:
                file.chmod(0o755)

    def packed(self) -> Iterator[bytes]:
        """Yield it as bytes for another process: a line of JSON, then the files."""
        head = {
            "files": [[str(path), len(data)] for path, data in self.files.items()],
            "executables": [str(path) for path in self.executables],
            "notes": self.notes,
            "unread": self.unread,
            "needs": self.needs,
        }
        yield json.dumps(head).encode() + b"\n"
        yield from self.files.values()


def unpacked(data: bytes) -> HandIn:
    """Return the hand-in that another process has packed.

    Raises ValueError, KeyError or TypeError for anything else.
    """
    line, _, rest = data.partition(b"\n")
    head = json.loads(line)
    notes, unread, needs = ([*map(str, head[k])] for k in ("notes", "unread", "needs"))
    executables = {PurePosixPath(path) for path in head["executables"]}
    hand_in = HandIn({}, executables, notes, unread, needs)
    if len(rest) != sum(size for _, size in head["files"]):
        raise ValueError("it ends too early, or too late")
    for path, size in head["files"]:
        hand_in.files[PurePosixPath(path)] = rest[:size]
        rest = rest[size:]
    return hand_in


def as_pieces(source: Path | Sequence[Piece]) -> Sequence[Piece]:
    """Return a student's folder or archive as what a class would consist of."""
    if isinstance(source, Path):
        place = Path(os.path.abspath(source))  # whatever . and .. are
        return [Piece(place.parent, place.name)]
    return source
