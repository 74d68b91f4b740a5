"""What the starters are, also where they are not: a bundle has their digests instead.

A starter is the solution of the exercise before it, so a bundle must not hold any.
"""

import hashlib
import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path, PurePosixPath

from tests.classroom.files import write_json
from tests.harness.exercises import EXERCISES, ROOT

DIGESTS = Path("starters.json")  # at the top of a bundle


def is_starter(path: PurePosixPath, data: bytes) -> bool:
    """Return whether a file is the starter of its name, however its lines end."""
    return digest_of(data) == _digests().get(str(path))


def digest_of(data: bytes) -> str:
    """Return a digest of a text that does not depend on white space."""
    return hashlib.sha256(b" ".join(data.split())).hexdigest()


def write_digests(bundle: Path) -> None:
    """Write the digests of all starters for a bundle."""
    write_json(bundle / DIGESTS, digests_of(ROOT, EXERCISES))


@cache
def _digests() -> dict[str, str]:
    """Return the digests of the starters by file; in a bundle, those written for it."""
    if (ROOT / DIGESTS).exists():
        stored: dict[str, str] = json.loads((ROOT / DIGESTS).read_text("utf-8"))
        return stored
    return digests_of(ROOT, EXERCISES)


def digests_of(root: Path, exercises: Iterable[str]) -> dict[str, str]:
    """Return the digests of the starters that lie in a folder, by file."""
    names = [f"{e}/{name}" for e in exercises for name in EXERCISES[e].yours]
    files = {name: root / name for name in names if (root / name).exists()}
    return {name: digest_of(file.read_bytes()) for name, file in files.items()}
