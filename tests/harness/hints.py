"""The table of symptoms: what was seen of a program, and the hint that follows from it.

A hint of this table replaces the check's own, which was written before anything was
seen. The first row that fits counts. Each row has a test that provokes it, in
``tests/own/harness/test_hints.py``.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tests.harness.words import _


@dataclass(frozen=True)
class Row:
    """A traceback's last line, as a regular expression, and what to do about it.

    A row that ``wins`` is a mistake whatever the check is about. Any other may be what
    the check provokes: then a hint that the suite gives for this case knows more.
    """

    exception: str
    hint: str
    code: str = ""  # a regular expression for the student's own line, where it matters
    wins: bool = True


READ_IT = _("Read the traceback from its last line upward.")

UNREADABLE = (
    Row(
        r"SyntaxError: (\(unicode error\) 'utf-8' codec|Non-UTF-8)",
        _(
            "The file is not saved as UTF-8, as Python expects it: choose UTF-8 in your"
            " editor, and save it again."
        ),
    ),
    Row(
        r"(SyntaxError|ValueError): source code string cannot contain null bytes",
        _(
            "The file is saved as UTF-16, or holds zero bytes: choose UTF-8 in your"
            " editor, and save it again."
        ),
    ),
    Row(
        "TabError|IndentationError",
        _(
            "Look at how that line and the line before it are indented: four spaces for"
            " each level, and no tabs."
        ),
    ),
    Row(
        "SyntaxError",
        _(
            "Look at that line, and at the line before it: a bracket, a quote or a"
            " colon is often missing there."
        ),
    ),
)

IMPORTS = (
    Row(
        "ModuleNotFoundError",
        _(
            "Python finds no such module. Is the name spelled right? The programs need"
            " nothing but the standard library, and what lies in their own folder."
        ),
    ),
    Row("ImportError", _("The module has nothing of that name. Is it spelled right?")),
)

CALLS = (
    Row(
        r"TypeError: .*\b(bind|connect|connect_ex)\(\) takes exactly one argument",
        _(
            "bind() and connect() take one argument, a pair: bind((host, port)), with"
            " two brackets."
        ),
    ),
    Row(
        r"TypeError: bind\(\): AF_INET address must be tuple",
        _("The address is a pair of host and port: bind((host, port))."),
    ),
    Row(
        "TypeError: 'str' object cannot be interpreted as an integer",
        _("The port must be a number, not text: int(port)."),
        code=r"bind|connect|listen|create_server",
    ),
    Row(
        r"TypeError: setsockopt\(\) takes exactly 3 arguments",
        _(
            "setsockopt() takes a level, an option and a value:"
            " setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)."
        ),
    ),
    Row(
        r"TypeError: .*argument after \* must be an iterable",
        _(
            "A thread's args must be a sequence, also when there is only one:"
            " args=[client], or args=(client,) with its comma."
        ),
    ),
    Row(
        "AssertionError: group argument must be None",
        _("Name what Thread() is given: Thread(target=function, args=[client])."),
    ),
    Row(
        r"TypeError: .*(missing \d+ required|takes .*\d+.* given)",
        _(
            "The call does not fit the function: count the arguments in the call and in"
            " its def line. A method gets self in addition."
        ),
    ),
)

TEXT_AND_BYTES = (
    Row(
        "TypeError: (a bytes-like object is required, not 'str'|can't concat str to)"
        "|TypeError: .*must be bytes .*not str|TypeError: .*bytes-like object, str",
        _(
            "Sockets carry bytes, and this is text (str): write b'…' for a constant, or"
            " turn text into bytes with text.encode()."
        ),
    ),
    Row(
        r"TypeError: .*(\(not \"bytes\"\)|, not bytes|expected str instance, bytes)",
        _(
            "This is bytes where text (str) is needed. Bytes from a socket go with"
            " bytes: b'…'. Where you need text, use data.decode()."
        ),
    ),
    Row(
        "AttributeError: '(str|bytes)' object has no attribute '(de|en)code'",
        _("decode() makes text from bytes, encode() bytes from text: that is done."),
    ),
    Row(
        "TypeError: can't concat int to bytes",
        _(
            "A loop over bytes, or data[0], gives numbers. A slice gives bytes:"
            " data[0:1]."
        ),
    ),
)

NAMES = (
    Row(
        r"(AttributeError|TypeError): .*'tuple' object (has no attribute|does not)",
        _(
            "accept() returns a pair, and only its first half is the socket:"
            " client, address = listening.accept()."
        ),
    ),
    Row(
        "(AttributeError|TypeError): .*NoneType",
        _(
            "Something is None here. Where does it come from? A function without a"
            " return, and a method such as list.append(), returns None."
        ),
    ),
    Row(
        "AttributeError: __enter__",  # of what, Python 3.10 does not say
        _(
            "accept() returns a pair, a function without a return None. 'with' needs"
            " the socket itself: client, address = listening.accept()."
        ),
    ),
    Row(
        "UnboundLocalError",
        _(
            "On this way through the function, the variable has not been given a value:"
            " the line that does so is in an if, a loop or a try that was not reached."
            " Give it a value before."
        ),
    ),
    Row(
        "NameError",
        _(
            "Nothing has that name here. Is it spelled as where it was made? What a"
            " function makes is known in it alone; what belongs to self needs self."
        ),
    ),
    Row(
        "AttributeError",
        _(
            "It has nothing of that name. Is the name spelled right, and is the object"
            " what you think it is?"
        ),
    ),
)

SOCKETS = (
    Row(
        r"OSError: \[Errno 9\]|OSError: \[WinError 10038\]"
        r"|ValueError: (Invalid file descriptor: -1|file descriptor cannot be a neg)",
        _(
            "You use a socket that is already closed. Who closed it? A with block does,"
            " at its end. After close(), leave the loop."
        ),
    ),
    Row(
        r"OSError: \[(Errno (107|57)|WinError 10057)\]",
        _(
            "This socket leads to nobody. recv() and sendall() need the socket that"
            " accept() returns, not the listening one."
        ),
        code=r"\.recv|\.send",
    ),
    Row(
        r"OSError: \[(Errno 22|WinError 10022)\]",
        _("A socket accepts only after listen()."),
        code=r"accept",
    ),
    Row(
        r"OSError: \[(Errno (98|48)|WinError 10048)\]",
        _(
            "The port is in use. If it is only the last connection in TIME_WAIT,"
            " SO_REUSEADDR helps. If another server listens there, catch OSError around"
            " bind(), say so in one line that begins with 'error: ', and end with"
            " status 1."
        ),
        wins=False,
    ),
    Row(
        "(ConnectionResetError|BrokenPipeError|ConnectionAbortedError)"
        r"|OSError: \[(Errno (107|57)|WinError 10057)\]",
        _(
            "The other side has gone. That can happen at any time, so it must be"
            " caught: except OSError, around the work for one connection."
        ),
        wins=False,
    ),
    Row(
        "TimeoutError",
        _(
            "A socket has a time limit, settimeout(), and it was over. Where the limit"
            " is meant to be, catch TimeoutError around the wait."
        ),
        wins=False,
    ),
    Row(
        "BlockingIOError",
        _(
            "The socket does not block, and nothing can be read or sent at the moment:"
            " catch BlockingIOError and wait with select. Is it meant not to block?"
        ),
        wins=False,
    ),
    Row(
        r"OSError: \[(Errno 24|WinError 10024)\]",
        _(
            "Sockets that nobody closes stay open, until the system gives no more:"
            " close() each client's socket on every way out, after errors too, by"
            " 'with' or 'finally'. shutdown() does not close."
        ),
    ),
    Row(
        "ConnectionRefusedError|socket.gaierror",
        _(
            "A host may be unknown, and nobody may listen there: catch OSError around"
            " connect(), and say why in one line that begins with 'error: '."
        ),
        wins=False,
    ),
)

VALUES = (
    Row(
        "UnicodeDecodeError",
        _(
            "What came is not UTF-8, or only a part of a character has come so far."
            " Bytes can be compared, cut and passed on without decode()."
        ),
        wins=False,
    ),
    Row(
        "IndexError|ValueError: not enough values to unpack",
        _(
            "There are fewer parts than you take. What came may be empty, or half a"
            " line: count the parts before you use them."
        ),
        wins=False,
    ),
    Row(
        "ValueError: too many values to unpack",
        _(
            "There are more parts than you take: a value can hold the separator, too,"
            " as in 'Host: localhost:8080'. partition() and split(…, 1) cut once."
        ),
        wins=False,
    ),
    Row(
        r"ValueError: invalid literal for int\(\)",
        _("What came is not a number: look before you call int()."),
        wins=False,
    ),
    Row(
        r"ValueError: .*\.remove\(x\): |KeyError",
        _(
            "It is not in there (any more). Is it taken out twice, by two functions or"
            " two threads?"
        ),
        wins=False,
    ),
    Row(
        "RuntimeError: .* changed size during iteration",
        _(
            "A loop goes through something that changes meanwhile, perhaps in another"
            " thread: hold the lock, or go through a copy, list(…)."
        ),
    ),
    Row(
        "RuntimeError: (threads can only be started once|cannot join)",
        _("Each thread is a Thread of its own, and is started once."),
    ),
    Row(
        "RuntimeError: (release unlocked|cannot release)",
        _("A lock is freed by the one who took it, and once. Use 'with lock:'."),
    ),
    Row(
        "RecursionError",
        _("A function calls itself without end: use a loop instead."),
    ),
    Row(
        "KeyboardInterrupt",
        _(
            "Ctrl+C raises KeyboardInterrupt wherever the main thread is: catch it in"
            " main(), around everything that waits."
        ),
        wins=False,
    ),
)

TRACEBACKS = (*UNREADABLE, *IMPORTS, *CALLS, *TEXT_AND_BYTES, *NAMES, *SOCKETS, *VALUES)

SETTING_UP = _(
    "The check had only just begun: this is not yet what it is about. Has the server"
    " started, does it accept the clients, does it answer them?"
)


def row_for(exception: str, code: str, rows: Sequence[Row] = TRACEBACKS) -> Row | None:
    """Return the first row that fits an exception and the line that raised it."""
    for row in rows:
        if re.match(row.exception, exception) and re.search(row.code, code):
            return row
    return None
