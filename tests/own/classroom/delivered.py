"""What learning systems deliver, as they name it: folders and files of a class.

Right programs in all of it, unless said otherwise.
"""

import bz2
import io
import tarfile
import zipfile
from pathlib import Path

from tests.answers.hostile.attacks import SERVER
from tests.own.classroom.running import RIGHT

Files = dict[str, bytes]  # by the name in what is delivered
FILE = "assignsubmission_file"
ONLINE = "assignsubmission_onlinetext"


def zipped(*files: tuple[str, bytes]) -> bytes:
    """Return a zip of files."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, data in files:
            archive.writestr(name, data)
    return packed.getvalue()


def tarred(*files: tuple[str, bytes]) -> bytes:
    """Return a tar of files."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, data in files:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return packed.getvalue()


LAB = (SERVER, RIGHT)
MOODLE: Files = {
    f"Ada Long_100185_{FILE}_/{SERVER}": RIGHT,
    f"Bob Bell_100186_{FILE}_/my lab.zip": zipped((f"lab/{SERVER}", RIGHT)),
    f"Cem Can_100187_{FILE}_server.py": RIGHT,
    f"Cem Can_100187_{ONLINE}_onlinetext.html": b"<p>Here it is",
    f"Dee Dee_100188_{FILE}/server.py": RIGHT,
    f"Dee Dee_100189_{FILE}/server.py": RIGHT,
    "Thumbs.db": b"",
}
CANVAS: Files = {
    "adalong_LATE_11_201_server-2.py": RIGHT,
    "bellbob_12_202_server.py": b"an earlier file",
    "bellbob_12_203_server-1.py": RIGHT,
    "cancem_13_204_lab.tar.bz2": bz2.compress(tarred(LAB)),
}
RECEIPT = b"Name: Bob Bell (b_bell)\r\nAssignment: Lab_1\r\n"
BLACKBOARD: Files = {
    "Lab_1_a_long_attempt_2026-11-20-10-12-13_server.py": b"an earlier file",
    "Lab_1_a_long_attempt_2026-11-20-10-12-13.txt": b"Name: Ada Long",
    "Lab_1_a_long_attempt_2026-11-21-09-00-00_server.py": RIGHT,
    "Lab_1_a_long_attempt_2026-11-21-09-00-00.txt": b"Name: Ada Long",
    "Lab_1_b_bell_attempt_2026-11-20-10-12-13_lab.zip": zipped(LAB),
    "Lab_1_b_bell_attempt_2026-11-20-10-12-13.txt": RECEIPT,
}
BRIGHTSPACE: Files = {
    "index.html": b"<html>",
    "44571-1367 - Ada Long - Nov 20, 2026 1012 PM - server.py": RIGHT,
    "44571-1367 - Ada Long - Nov 20, 2026 1100 AM - server.py": b"an earlier file",
    f"44572-1367 - Bob Bell - 20 November, 2026 912 AM/{SERVER}": RIGHT,
}
ILIAS: Files = {
    "Lab 1/Abgaben/Long_Ada_along_4711/server.py": RIGHT,
    f"Lab 1/Abgaben/Bell_Bob_bbell_4712/{SERVER}": RIGHT,
    "Lab 1/status.xlsx": b"",
}
SAKAI: Files = {
    "Lab 1/grades.csv": b"",
    "Lab 1/Long, Ada(along)/Submission attachment(s)/server.py": RIGHT,
    "Lab 1/Long, Ada(along)/Feedback Attachment(s)/server.py": b"the instructor's",
    "Lab 1/Long, Ada(along)/timestamp.txt": b"20261120101213000",
}
GRADESCOPE: Files = {
    "export/submission_metadata.yml": b"""---
submission_1:
  :submitters:
  - :name: Ada Long
    :sid: '71'
    :email: ada@example.edu
  - :name: Bob Bell
    :sid: '72'
    :email: bob@example.edu
  :created_at: 2026-11-20 10:12:13
submission_2:
  :submitters:
  - :name: Cem Can
    :sid: '73'
    :email: cem@example.edu
""",
    "export/submission_1/server.py": RIGHT,
    f"export/submission_2/{SERVER}": RIGHT,
}
GITHUB: Files = {
    f"lab-ada/{SERVER}": RIGHT,
    "lab-ada/.git/HEAD": b"ref: refs/heads/main",
    "lab-bob.zip": zipped((f"lab-bob-main/{SERVER}", RIGHT)),
}
PEOPLE: Files = {
    "ada/Server.py": RIGHT,
    "bob/server (1).py": RIGHT,
    "cem/server.py.txt": RIGHT,
    "dee/main.py": RIGHT,
    "eve_server.py": RIGHT,
    "fay.tar.gz": zipped(LAB),
    "gus": zipped((f"Lab: mine/{SERVER}", RIGHT)),
    "hal/deep.zip": zipped(("inner.zip", zipped(LAB))),
    f"ida/.homework/{SERVER}": RIGHT,
    f"jan/venv/{SERVER}": RIGHT,
    "kim/Exercise 1/server - Kopie.py": RIGHT,
    "lee/exercise1/server.py": RIGHT,
}
SYSTEMS: dict[str, tuple[Files, list[str]]] = {  # with the ids, or names, of everybody
    "Moodle": (MOODLE, ["100185", "100186", "100187", "100188", "100189"]),
    "Canvas": (CANVAS, ["11", "12", "13"]),
    "Blackboard": (BLACKBOARD, ["a_long", "b_bell"]),
    "Brightspace": (BRIGHTSPACE, ["44571", "44572"]),
    "Ilias": (ILIAS, ["along", "bbell"]),
    "Sakai": (SAKAI, ["along"]),
    "Gradescope": (GRADESCOPE, ["71", "72", "73"]),
    "GitHub": (GITHUB, ["lab-ada", "lab-bob"]),
    "people": (
        PEOPLE,
        [
            "ada",
            "bob",
            "cem",
            "dee",
            "eve",
            "fay",
            "gus",
            "hal",
            "ida",
            "jan",
            "kim",
            "lee",
        ],
    ),
}


def deliver(files: Files, place: Path) -> Path:
    """Lay a class out in a new folder, as if its zip was unpacked."""
    for name, data in files.items():
        file = place / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return place


def deliver_zip(files: Files, place: Path) -> Path:
    """Write a class as the zip that is downloaded."""
    file = place.with_suffix(".zip")
    file.write_bytes(zipped(*files.items()))
    return file
