"""Everybody of a class is found, with a right program, in whatever delivers it."""

from pathlib import Path, PurePosixPath

import pytest

from tests.answers.hostile.attacks import SERVER
from tests.classroom.deliveries import Delivery, deliveries
from tests.classroom.errors import ClassroomError
from tests.classroom.finding import find
from tests.classroom.hand_ins import HandIn
from tests.harness import system
from tests.own.classroom.delivered import (
    BLACKBOARD,
    CANVAS,
    MOODLE,
    PEOPLE,
    SYSTEMS,
    Files,
    deliver,
    deliver_zip,
    tarred,
    zipped,
)
from tests.own.classroom.running import HELLO, RIGHT

ELF = b"\x7fELF\x02\x01\x01" + bytes(11) + b"\xf7\0"  # for BPF, which no machine is
SERVER_PATH = PurePosixPath(SERVER)


def read(delivery: Delivery, exercises: list[str] | None = None) -> HandIn:
    """Return what counts of a delivery."""
    return find(delivery.pieces, exercises or [HELLO])


def one(files: Files, place: Path) -> HandIn:
    """Return what counts of what one student hands in."""
    (delivery,) = deliveries(deliver({f"ada/{n}": d for n, d in files.items()}, place))
    return read(delivery)


@pytest.mark.parametrize("is_zip", [False, True], ids=["folder", "zip"])
@pytest.mark.parametrize("system_name", SYSTEMS)
def test_everybody_is_found(tmp_path: Path, system_name: str, is_zip: bool) -> None:
    files, expected = SYSTEMS[system_name]
    if system.WINDOWS and not is_zip:
        files = {name: data for name, data in files.items() if ":" not in name}
    place = (deliver_zip if is_zip else deliver)(files, tmp_path / "class")
    found = deliveries(place)
    assert sorted(one.id or one.name for one in found) == expected
    for delivery in found:
        hand_in = read(delivery)
        assert hand_in.files == {SERVER_PATH: RIGHT}, hand_in
        assert not hand_in.unread + hand_in.needs


def test_receipt_tells_the_user(tmp_path: Path) -> None:
    """Of users who all begin alike, the names of files do not tell them."""
    names = {n: d for n, d in BLACKBOARD.items() if "b_bell" in n}
    more = {n.replace("b_bell", "b_ash"): d for n, d in names.items()}
    more = {n: d.replace(b"b_bell", b"b_ash") for n, d in more.items()}
    found = deliveries(deliver(names | more, tmp_path / "class"))
    assert [(one.name, one.id) for one in found] == [
        ("Bob Bell", "b_ash"),
        ("Bob Bell", "b_bell"),
    ]


def test_zip_in_a_folder_is_opened(tmp_path: Path) -> None:
    deliver_zip(MOODLE, tmp_path / "class")
    assert len(deliveries(tmp_path)) == 5


def test_name_that_differs_is_said(tmp_path: Path) -> None:
    found = {d.name: d for d in deliveries(deliver(PEOPLE, tmp_path))}
    for name, called in ("ada", "Server.py"), ("dee", "main.py"):
        assert read(found[name]).notes == [f"server.py was called {called}"]
    assert read(found["lee"]).notes == []


def test_earlier_attempts_are_passed_over_and_said(tmp_path: Path) -> None:
    ada = deliveries(deliver(BLACKBOARD, tmp_path / "b"))[0]
    assert ada.notes == ["passed over earlier attempts: 1"]
    assert ada.name == "a_long"  # whose receipt is another's
    bob = deliveries(deliver(CANVAS, tmp_path / "c"))[1]
    assert read(bob).notes == [
        "server.py was called server-1.py",
        "passed over server.py",
    ]


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("lab.rar", b"Rar!\x1a\x07\1\0", "holds lab.rar, a RAR archive: ask for a zip"),
        ("lab", b"7z\xbc\xaf\x27\x1c", "holds lab, a 7-Zip archive: ask for a zip"),
        ("lab.zip", b"PK, but broken", "lab.zip is not an archive: ask for it again"),
        ("lab.zip", b"PK\3\4 broken", "lab.zip cannot be read: File is not a zip file"),
        ("a.docx", zipped(("a.xml", b"")), "holds a.docx, but no server.py"),
        ("server.c", b"", "holds server.c, but no server.py"),
        ("a.zip", tarred(("x.txt", b"")), "holds a.zip/x.txt, but no server.py"),
    ],
)
def test_what_cannot_be_read_is_named(
    tmp_path: Path, name: str, data: bytes, said: str
) -> None:
    found = one({name: data}, tmp_path)
    assert [note.removeprefix("ada/") for note in found.unread] == [said]
    assert not found.has(HELLO)


def test_encrypted_zip_is_named(tmp_path: Path) -> None:
    locked = bytearray(zipped((SERVER, RIGHT)))
    for start, flags in (b"PK\3\4", 6), (b"PK\1\2", 8):
        locked[locked.index(start) + flags] |= 1
    found = one({"lab.zip": bytes(locked)}, tmp_path)
    assert found.unread[0].endswith("is encrypted: ask for a zip without a password")


def test_changed_tree_is_taken_and_not_the_first(tmp_path: Path) -> None:
    """Of two in one hand-in; which is right, where both are changed, is a question."""
    starter = Path(SERVER).read_bytes()
    found = one({f"a/{SERVER}": starter, f"b/{SERVER}": RIGHT}, tmp_path / "1")
    assert found.files == {SERVER_PATH: RIGHT}
    assert (found.notes, found.needs) == ([f"passed over a/{SERVER}"], [])
    found = one({f"a/{SERVER}": b"other", f"b/{SERVER}": RIGHT}, tmp_path / "2")
    took = f"took a/{SERVER}, passed over b/{SERVER}"
    assert found.needs == [f"has more than one server.py: {took}"]


def test_module_that_does_not_count_is_said(tmp_path: Path) -> None:
    found = one({"server.py": b"from helper import x\n", "helper.py": b""}, tmp_path)
    (need,) = found.needs
    assert need == "server.py imports helper.py, which does not count: only server.py"


def test_program_that_cannot_run_here_is_said(tmp_path: Path) -> None:
    toml = b'"exercise1_http_hello.server" = ["./server", "{host}", "{port}"]\n'
    found = one({"lab.toml": toml}, tmp_path / "1")
    assert found.needs == ["lab.toml starts server, which was not handed in"]
    found = one({"lab.toml": toml, "server": b"#!/bin/sh\n"}, tmp_path / "2")
    assert found.notes == ["server had no run bit: it was given one"]
    assert found.executables == {PurePosixPath("server")}
    found = one({"lab.toml": toml, "server": ELF + bytes(44)}, tmp_path / "3")
    assert "server was built for" in found.needs[0]


def test_file_without_folder_may_be_any_exercise(tmp_path: Path) -> None:
    ada = deliveries(deliver({"ada/server.py": RIGHT}, tmp_path))[0]
    hand_in = read(ada, [HELLO, "exercise2_accept_loop"])
    assert hand_in.files == {}
    assert hand_in.unread[0].startswith("holds server.py, but no folder of an exercise")


def test_one_submission_is_no_class(tmp_path: Path) -> None:
    for number, name in enumerate((SERVER, "server.py", "lab.toml")):
        with pytest.raises(ClassroomError, match="is one submission: name the folder"):
            deliveries(deliver({name: RIGHT}, tmp_path / str(number)))
    with pytest.raises(ClassroomError, match="holds no submissions"):
        deliveries(deliver({"Thumbs.db": b""}, tmp_path / "empty"))
