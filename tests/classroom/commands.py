"""What lab.toml starts: whether it was handed in, and can run on this machine.

A program without its run bit, which archives made on Windows lack, gets it back.
"""

import platform
import struct
import sys
from pathlib import PurePosixPath

from tests.classroom.entries import shown
from tests.classroom.hand_ins import HandIn

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # comes with pytest

TOML = PurePosixPath("lab.toml")
ELF = b"\x7fELF"
# e_machine at byte 18 of an ELF file, elf(5), by the name that uname(1) has for it.
MACHINES = {3: "i686", 40: "armv7l", 62: "x86_64", 183: "aarch64", 243: "riscv64"}
FORMATS = {
    b"MZ": "Windows",
    b"\xcf\xfa\xed\xfe": "macOS",
    b"\xca\xfe\xba\xbe": "macOS",
}


def look_at_commands(hand_in: HandIn) -> None:
    """Say what of lab.toml cannot work here, and make its programs executable."""
    try:
        commands = tomllib.loads(hand_in.files[TOML].decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        hand_in.needs.append(f"lab.toml cannot be read: {shown(error)}")
        return
    lists = [words for words in commands.values() if isinstance(words, list) and words]
    for word in dict.fromkeys(str(words[0]) for words in lists):
        if "/" in word and not word.startswith("/"):
            look_at_program(PurePosixPath(word), hand_in)


def look_at_program(path: PurePosixPath, hand_in: HandIn) -> None:
    """Say why a program of the student's cannot run here, if it cannot."""
    name = shown(path)
    if path not in hand_in.files:
        hand_in.needs.append(f"lab.toml starts {name}, which was not handed in")
        return
    if path not in hand_in.executables:
        hand_in.executables.add(path)
        hand_in.notes.append(f"{name} had no run bit: it was given one")
    if built_for := other_machine(hand_in.files[path]):
        hand_in.needs.append(f"{name} was built for {built_for}, not for this machine")


def other_machine(data: bytes) -> str:
    """Return the machine that a program is for, or '' if that may be this one."""
    for magic, name in FORMATS.items():
        if data.startswith(magic):
            return "" if name == {"Darwin": "macOS"}.get(platform.system()) else name
    if not data.startswith(ELF) or len(data) < 20:
        return ""
    if platform.system() != "Linux":
        return "Linux"
    order = "<" if data[5] == 1 else ">"
    (number,) = struct.unpack_from(f"{order}H", data, 18)
    machine = MACHINES.get(number, f"another processor ({number})")
    return "" if machine == platform.machine() else machine
