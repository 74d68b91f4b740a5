"""Hostile archives and folders: built where the test wants them, never unpacked."""

import gzip
import io
import os
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from tests.answers.hostile.attacks import SERVER

Build = Callable[[Path, bytes], None]  # the path without its suffix; a right server.py


def _zip(place: Path, *files: tuple[str, bytes]) -> None:
    with zipfile.ZipFile(f"{place}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(name, data)


def _tar(place: Path, member: tarfile.TarInfo, data: bytes = b"") -> None:
    with tarfile.open(f"{place}.tar.gz", "w:gz", format=tarfile.PAX_FORMAT) as archive:
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))


def climbs_out(place: Path, right: bytes) -> None:
    """Name files that lie above the archive."""
    _zip(
        place, (f"../{SERVER}", right), (f"exercise1_http_hello/../../{SERVER}", right)
    )


def absolute_names(place: Path, right: bytes) -> None:
    """Name a file from the root."""
    _zip(place, (f"/{place.parent}/canary", right), ("C:\\canary", right))


def device_as_server(place: Path, right: bytes) -> None:
    """Have the system's random numbers for a program: they never end."""
    member = tarfile.TarInfo(SERVER)
    member.type, member.devmajor, member.devminor = tarfile.CHRTYPE, 1, 9
    _tar(place, member)


def link_in_tar(place: Path, right: bytes) -> None:
    """Have a link to the solution for a program."""
    member = tarfile.TarInfo(SERVER)
    member.type = tarfile.SYMTYPE
    member.linkname = str(Path("solutions", SERVER).absolute())
    _tar(place, member)


def link_in_zip(place: Path, right: bytes) -> None:
    """Do the same in a zip archive."""
    link = zipfile.ZipInfo(SERVER)
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(f"{place}.zip", "w") as archive:
        archive.writestr(link, str(Path("solutions", SERVER).absolute()))


def zip_bomb(place: Path, right: bytes) -> None:
    """Grow from 100 KB to 100 MB."""
    with zipfile.ZipFile(f"{place}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open(SERVER, "w") as file:
            for _ in range(100):
                file.write(bytes(1024 * 1024))


def tar_bomb(place: Path, right: bytes) -> None:
    """Grow from 100 KB to 100 MB before the first name can be read."""
    with gzip.open(f"{place}.tar.gz", "wb", compresslevel=1) as file:
        for _ in range(100):
            file.write(bytes(1024 * 1024))


def broken_zip(place: Path, right: bytes) -> None:
    """End in the middle."""
    _zip(place, (SERVER, right))
    file = Path(f"{place}.zip")
    file.write_bytes(file.read_bytes()[:200])


def wrong_sum(place: Path, right: bytes) -> None:
    """Hold other bytes than the archive's checksum says."""
    with zipfile.ZipFile(f"{place}.zip", "w") as archive:
        archive.writestr(SERVER, right)
    file = Path(f"{place}.zip")
    file.write_bytes(file.read_bytes().replace(b"socket", b"sacket", 1))


def odd_names(place: Path, right: bytes) -> None:
    """Have names that no terminal likes, and no UTF-8."""
    _zip(
        place,
        ("exercise1_http_hello/\x1b[2J.py", right),
        ("\udcff.py".encode("utf-8", "surrogateescape").decode("latin-1"), right),
    )


def link_as_server(place: Path, right: bytes) -> None:
    """Hand in a folder with a link to the solution."""
    file = place / SERVER
    file.parent.mkdir(parents=True)
    file.symlink_to(Path("solutions", SERVER).absolute())


def link_as_folder(place: Path, right: bytes) -> None:
    """Be a link to the solutions."""
    place.symlink_to(Path("solutions").absolute())


def pipe_as_server(place: Path, right: bytes) -> None:
    """Have a named pipe for a program: reading it never ends."""
    file = place / SERVER
    file.parent.mkdir(parents=True)
    os.mkfifo(file)


def huge_server(place: Path, right: bytes) -> None:
    """Have a program of 1 GB, of which the disk stores nothing."""
    file = place / SERVER
    file.parent.mkdir(parents=True)
    with file.open("wb") as opened:
        opened.truncate(1024**3)


ARCHIVES: list[Build] = [
    climbs_out,
    absolute_names,
    device_as_server,
    link_in_tar,
    link_in_zip,
    zip_bomb,
    tar_bomb,
    broken_zip,
    wrong_sum,
    odd_names,
    link_as_server,
    link_as_folder,
    pipe_as_server,
    huge_server,
]
