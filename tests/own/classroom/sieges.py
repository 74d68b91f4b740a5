"""A class in which nearly everybody attacks."""

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.answers.hostile.attacks import BROUGHT, SERVER, Attack
from tests.classroom.grade import Options, grade_class, reserved
from tests.classroom.jobs import ThisMachine
from tests.harness.exercises import ROOT
from tests.own.classroom.running import HELLO, grades, lay_out

SECRET = "3d0c5a5e-not-to-be-seen"


@dataclass
class Siege:
    """A class in which nearly everybody attacks."""

    out: Path
    grades: dict[str, dict[str, str]]
    listener: socket.socket
    canaries: Path
    secret: str
    in_sandbox: bool


def besiege(
    folder: Path,
    attacks: Sequence[Attack],
    in_sandbox: bool,
    listener: socket.socket,
) -> Siege:
    """Grade attacks between two right submissions."""
    class_, out, canaries = (
        folder / "class",
        folder / "out",
        folder / "out" / "canaries",
    )
    canaries.mkdir(parents=True)
    (folder / "secret.txt").write_text(SECRET)
    for name in "aaa_right", "zzz_right":
        lay_out(class_ / name)
    for attack in attacks:
        if in_sandbox or not attack.needs_sandbox:
            # What is only brought along is not even read: once is enough.
            name = "brings_all" if attack in BROUGHT else attack.name
            write_attack(attack, class_ / name, folder, listener)
    options = Options([HELLO], again=False, in_sandbox=in_sandbox)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADERS_TOKEN", SECRET)
        with reserved(out) as place:
            assert grade_class(class_, out, options, ThisMachine(4, place))[1]
    return Siege(out, grades(out), listener, canaries, SECRET, in_sandbox)


def write_attack(
    attack: Attack, place: Path, folder: Path, listener: socket.socket
) -> None:
    """Lay an attack out as a hand-in, with the test's own targets filled in."""
    targets = {
        "@CANARY@": str(folder / "out" / "canaries" / attack.name),
        "@SECRET@": str(folder / "secret.txt"),
        "@PORT@": str(listener.getsockname()[1]),
        "@LAB@": str(ROOT),
    }
    for name, code in {SERVER: attack.code, **attack.files}.items():
        for word, target in targets.items():
            code = code.replace(word, target)
        file = place / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(code, encoding="utf-8")
