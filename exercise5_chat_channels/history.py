"""The chat's memory: messages and channels in an SQLite file. A given file.

A message is in the file when ``add`` returns, and survives even a ``kill -9``:

* SQLite appends it to a *write-ahead log*, FILE-wal, with one ``write``. From then on
  the operating system has the bytes, whatever happens to the process. Now and then
  SQLite carries the log over into FILE. https://www.sqlite.org/wal.html
* All threads share *one writer*, a connection behind a lock, so that the order in which
  they call ``add`` is the order in the file.
* One server at a time: it locks FILE-lock, an empty file, while the history is open.
  Other programs may read FILE meanwhile, and write to it. So what they wrote is made
  harmless when it is read.
"""

import os
import re
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from typing import Any, BinaryIO, NamedTuple
from urllib.parse import quote

from exercise5_chat_channels.names import is_name, name_key

# How a system says that a lock is held. On other errors, the disk may have no locks.
if sys.platform == "win32":
    import msvcrt

    NOT_FREE: tuple[type[OSError], ...] = (OSError,)
else:
    import fcntl

    NOT_FREE = (BlockingIOError, FileNotFoundError)

# These two numbers stand in the file's first 100 bytes, and say whose it is and how it
# is laid out. https://www.sqlite.org/fileformat.html#the_database_header
APPLICATION_ID = int.from_bytes(b"Chat", "big")
LAYOUT = 1
SCHEMA = f"""
PRAGMA page_size = 1024;  -- bytes; each page that changes is written whole
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS channels (id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL);
CREATE TABLE IF NOT EXISTS messages (id INTEGER PRIMARY KEY, sent_at TEXT NOT NULL,
    channel TEXT NOT NULL, nick TEXT NOT NULL, text TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS messages_by_channel ON messages (channel);
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {LAYOUT};
COMMIT;
"""
INSERT = "INSERT INTO messages (sent_at, channel, nick, text) VALUES (?, ?, ?, ?)"
# Cut to size: another program may have put a whole book there.
LAST = """
SELECT substr(sent_at, 1, 100), substr(nick, 1, 100), substr(text, 1, 1024)
FROM messages WHERE channel = ? ORDER BY id DESC LIMIT ?
"""
# Seconds for which the first line waits that finds the file locked by another program;
# the next ones are refused at once. Better that than a chat that stands still.
BUSY_TIMEOUT = 0.5
# How often to try for FILE-lock, and the seconds between: a server that was killed may
# need a moment to be gone.
LOCK_TRIES, LOCK_PAUSE = 40, 0.05
# What no text holds, and no time or name: it could forge lines, or drive a terminal.
NOT_IN_TEXT = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
NOT_IN_WORD = re.compile(r"[\x00-\x1f\x7f-\x9f\s<>#*!]")


class HistoryError(Exception):
    """The history file cannot be used.

    ``str()`` is one line: when the file is opened, what is wrong with which file, for
    whoever runs the server; later, what the people in the chat may know.
    """


class Message(NamedTuple):
    """One message as it is kept."""

    when: str  # UTC, "2026-11-21T10:00:00Z"
    channel: str  # without "#"
    nick: str
    text: str


class History:
    """An open history file. Any thread may call any method.

    Every method but close raises HistoryError when the file cannot be used (any more).
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Open the file, or create it in a folder that exists.

        A file that is damaged, not ours, locked, read-only, or in use by another server
        is refused as it is.
        """
        self._path = os.fspath(path)
        self._lock = threading.Lock()
        self._patience = BUSY_TIMEOUT
        with _naming(self._path), ExitStack() as opened:
            # By its real path, so that a link to the file is no way around the lock.
            opened.enter_context(_only_server(f"{os.path.realpath(self._path)}-lock"))
            _check_header(self._path)
            _check_pages(self._path)
            self._connection = _connect(self._path, "rw")
            opened.enter_context(closing(self._connection))
            _prepare(self._connection)
            self._opened = opened.pop_all()

    def add(self, *messages: Message) -> None:
        """Keep messages, in their order, or raise HistoryError: then none was kept."""
        if len(messages) == 1:
            with self._writing():
                self._connection.execute(INSERT, messages[0])
        elif messages:
            with self._writing(), self._transaction():
                self._connection.executemany(INSERT, messages)

    def last(self, channel: str, count: int = 50) -> list[Message]:
        """Return the channel's last messages, ``count`` at most, oldest first."""
        newest_first = self._read(LAST, (channel, count))
        return [_harmless(channel, *row) for row in reversed(newest_first)]

    def add_channel(self, name: str) -> None:
        """Remember a channel; one that is known, in any spelling, stays as it is."""
        if name_key(name) not in map(name_key, self.channels()):
            with self._writing():
                insert = "INSERT OR IGNORE INTO channels (name) VALUES (?)"
                self._connection.execute(insert, (name,))

    def channels(self) -> list[str]:
        """Return the channels' names in the order of their creation.

        No two have the same name_key(). What cannot be a name is left out.
        """
        names: dict[str, str] = {}
        select = "SELECT name FROM channels WHERE length(name) BETWEEN 1 AND 100"
        for (name,) in self._read(f"{select} ORDER BY id", ()):
            if isinstance(name, str) and is_name(name):
                names.setdefault(name_key(name), name)
        return list(names.values())

    def close(self) -> None:
        """Carry the log over and remove it. Calling close again does nothing."""
        with self._lock:
            # Refused while another program reads the file. Nothing is lost by that: the
            # log stays, and SQLite carries it over the next time.
            with suppress(sqlite3.Error):
                self._connection.execute("PRAGMA journal_mode = DELETE")
            self._opened.close()

    def __enter__(self) -> "History":
        """Return the history: ``with History(path) as history``."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close."""
        self.close()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        # A statement is a transaction of its own: it happens wholly or not at all.
        with self._lock, _reporting(self._path):
            try:
                yield
            except sqlite3.OperationalError:
                self._have_patience(0)
                raise
            self._have_patience(BUSY_TIMEOUT)

    def _have_patience(self, seconds: float) -> None:
        if seconds != self._patience:
            self._connection.execute(f"PRAGMA busy_timeout = {int(1000 * seconds)}")
            self._patience = seconds

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:  # also of a text that cannot be encoded
            with suppress(sqlite3.Error):  # SQLite may have done it already
                self._connection.execute("ROLLBACK")
            raise

    def _read(self, sql: str, values: tuple[str | int, ...]) -> list[Any]:
        with self._lock, _reporting(self._path):
            return self._connection.execute(sql, values).fetchall()


@contextmanager
def _naming(path: str) -> Iterator[None]:
    """Turn an error of SQLite or of the system into one that names the file."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        reason = " ".join(str(error).split())
        raise HistoryError(f"cannot use the history file {path!r}: {reason}") from error


@contextmanager
def _reporting(path: str) -> Iterator[None]:
    """Say on stderr what is wrong with which file, and raise what all may know."""
    try:
        with _naming(path):
            yield
    except HistoryError as error:
        print(f"error: {error}", file=sys.stderr)
        raise HistoryError("the history cannot be used now") from error


@contextmanager
def _only_server(lock: str) -> Iterator[None]:
    """Hold the lock. If the process dies, the system frees it, even after kill -9."""
    for _ in range(LOCK_TRIES):
        with open(lock, "ab") as file:
            if _try_to_lock(file):
                try:
                    yield
                finally:
                    _remove(file)
                return
        time.sleep(LOCK_PAUSE)
    raise TimeoutError("another server uses it")


def _try_to_lock(file: BinaryIO) -> bool:
    """Lock the file unless another process has done so."""
    with suppress(*NOT_FREE):
        if sys.platform == "win32":
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # A server that closed since we opened the file has removed it. Locking it now
        # would keep nobody out: the next server makes a new one.
        return os.path.samestat(os.fstat(file.fileno()), os.stat(file.name))
    return False


def _remove(file: BinaryIO) -> None:
    """Remove the file. Windows lets nobody remove a file that is still open."""
    if sys.platform == "win32":
        file.close()
    with suppress(OSError):
        os.remove(file.name)


def _harmless(channel: str, when: object, nick: object, text: object) -> Message:
    """Return a message that forges no line, whoever wrote these into the file."""
    return Message(
        NOT_IN_WORD.sub("\ufffd", str(when)),
        channel,
        NOT_IN_WORD.sub("\ufffd", str(nick)),
        NOT_IN_TEXT.sub("\ufffd", str(text)),
    )


def _connect(path: str, mode: str) -> sqlite3.Connection:
    """Open the file, in mode "ro" (it will not be written to) or "rw"."""
    connection = sqlite3.connect(
        # Quoted, since a name may hold "?", "#" and "%", which mean something in a URI.
        f"file:{quote(os.fsencode(os.path.abspath(path)), safe='')}?mode={mode}",
        uri=True,
        timeout=BUSY_TIMEOUT,
        isolation_level=None,  # no transaction but ours
        check_same_thread=False,  # the lock is for that
    )
    connection.text_factory = lambda data: data.decode(errors="replace")
    return connection


def _check_header(path: str) -> None:
    """Look at the first bytes before SQLite does, which may write while it opens."""
    with open(path, "a+b") as file:  # appending: creates a file, but never empties one
        file.seek(0)
        header = file.read(100)
    ours = header[:16] == b"SQLite format 3\0" and (
        header[68:72] == APPLICATION_ID.to_bytes(4, "big")
    )
    if header and not ours:
        raise sqlite3.DatabaseError("it is not a chat history")


def _check_pages(path: str) -> None:
    """Look for damage without writing: even closing a writer carries the log over."""
    real = os.path.realpath(path)  # logs lie beside the file, not beside a link to it
    # FILE-journal is there if a server was killed while it switched the log on or off.
    # Only a writer can take back what was done by half.
    mode = "rw" if os.path.exists(f"{real}-journal") else "ro"
    with closing(_connect(path, mode)) as connection:
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        (page_size,) = connection.execute("PRAGMA page_size").fetchone()
    # quick_check takes bytes cut off the end for zeros. (They may be in a log, though.)
    whole = os.path.getsize(real) == pages * page_size or os.path.exists(f"{real}-wal")
    if verdict != "ok" or not whole:
        raise sqlite3.DatabaseError("it is damaged")


def _prepare(connection: sqlite3.Connection) -> None:
    """Create the tables of a new file, and switch the log on."""
    (layout,) = connection.execute("PRAGMA user_version").fetchone()
    if layout > LAYOUT:
        raise sqlite3.DatabaseError(f"a newer program made it (layout {layout})")
    if layout == 0:
        # Before there is a log: _check_header looks for our number in FILE itself.
        connection.executescript(SCHEMA)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
