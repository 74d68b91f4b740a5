"""Processes that are running on this machine. Only Linux lets us look."""

from pathlib import Path


def running_with(mark: bytes) -> list[str]:
    """Return the commands that hold a mark in themselves or in their environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
            if mark in command + (folder / "environ").read_bytes():
                found.append(command.decode(errors="replace"))
        except OSError:
            continue  # it has just ended, or it is not ours
    return found
