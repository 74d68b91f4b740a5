"""Why a line does not reach the other clients of exercise 4, or not as it was said.

What the clients have seen says more than the check that has failed: whether the server
has read the line, whether the other way works, and what came in the line's place.
"""

import os
from typing import NoReturn

from tests.harness.lab import Lab
from tests.harness.patience import SLICE
from tests.harness.peer import Peer
from tests.harness.shown import show
from tests.harness.words import _

TIME_LIMIT = _(
    "Here a client may be silent as long as it likes. Where is a time limit set, as in"
    " exercise 2? For a client's socket it is to be settimeout(None), which is what"
    " accept() returns."
)
NO_PLACE = _(
    "The server serves {count} clients at the same time, and not the next one. Is there"
    " a limit, such as a pool of threads or a table of fixed size? Give every client a"
    " thread and a place of its own, however many there are."
)
NOT_SENT = _(
    "The server reads what its clients say, and sends nothing to anybody. Is the array"
    " empty? Put each client into it before its thread starts, and send to all in it."
)
ONE_PLACE = _(
    "Lines reach only the client that came last. Do all of them share one place? The"
    " clients have the same IP address: it cannot tell them apart, their sockets can."
)
ONLY_BEFORE = _(
    "Lines reach only those who came before their sender. Does the loop stop at the"
    " sender? break and return do, continue goes on. Or has each client a process, or a"
    " copy of the array, of its own? All need the same one."
)
NO_NEWLINE = _(
    "The line came, but without its \\n: send it with the line, as the receivers know"
    " by it where the line ends."
)
EMPTY_IS_A_LINE = _("An empty line is a line, too: relay its \\n.")
EMPTY_LINE = _(
    "Here is an empty line that nobody has sent. After the last \\n, split() returns an"
    " empty piece: it is the beginning of the next line, not a line."
)
ADDED = _(
    "The server adds nothing to a line: no name, no greeting. Clients receive what"
    " others have said, and nothing else."
)
CUT = _(
    "The server has ended a line where there is no \\n. Only \\n ends a line:"
    " split(b'\\n') cuts there, but splitlines() at \\r and many other characters, too."
)
STRIPPED = _(
    "Spaces and \\r belong to a line: relay it as it came, without strip(), and with"
    " the \\r where there was one."
)
NO_RETURN = _(
    "The \\r before the \\n is gone, but a line goes out as it came. strip(), replace()"
    " and splitlines() take it away: only \\n ends a line, so split(b'\\n') will do."
)
NO_TEXT = _(
    "These bytes are not UTF-8. To relay a line, the server need not understand it: do"
    " not decode it."
)
BUSY = _(
    "While nobody speaks, a server waits. A recv() that returns b'' does so again and"
    " again: leave the loop then. A selector says that a socket can be written nearly"
    " always: ask for that only while something waits to be sent."
)


def has_timed_out(peer: Peer) -> bool:
    """Return whether the server says on stderr that a time limit has run out."""
    return "timed out" in peer.program.errors()


def is_here(peer: Peer) -> bool:
    """Return whether a client is still connected, on both sides."""
    return not peer.end and peer.socket.fileno() != -1


def can_be_decoded(data: bytes) -> bool:
    """Return whether bytes are UTF-8."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def fail_unheard(
    lab: Lab, speaker: Peer, listener: Peer, line: bytes, came: bytes
) -> NoReturn:
    """Fail because a client has not heard another one's line, but only what came."""
    hint = why_unheard(lab, speaker, listener, line, came)
    got = _("but"), listener.what_ended_it()
    if came:
        got = listener.but_it_sent(), show(came)
    elif speaker.end:
        closed = _("{name}'s connection was closed").format(name=speaker.name)
        got = _("but"), closed
    listener.fail(expected=(listener.to_receive(), show(line)), got=got, hint=hint)


def why_unheard(
    lab: Lab, speaker: Peer, listener: Peer, line: bytes, came: bytes
) -> str:
    """Return the hint that follows from where a line was lost, or ''."""
    if has_timed_out(listener):
        return TIME_LIMIT
    if listener.program.traceback():
        return ""  # which says more
    if line.rstrip(b"\n") in came:
        return NO_NEWLINE
    if speaker.end or speaker.unread_by_program():
        served = sum(is_here(peer) for peer in lab.peers if peer is not speaker)
        return NO_PLACE.format(count=served) if served > 1 else ""
    if speaker.unread_by_program() is None or came or listener.end:
        return ""
    if not _hears(speaker, listener):
        return NOT_SENT
    came_first = min(speaker, listener, key=lab.peers.index)
    return ONE_PLACE if came_first is listener else ONLY_BEFORE


def _hears(listener: Peer, speaker: Peer) -> bool:
    """Return whether the other way works. It is for a hint, so do not wait long."""
    line = f"{speaker.name} asks who hears it\n".encode()
    speaker.send(line)
    while line not in listener.unread and listener.wait_for_more(10 * SLICE):
        continue
    return line in listener.unread


def why_different(wanted: bytes, listener: Peer) -> str:
    """Return the hint that follows from what came in a line's place, or ''."""
    while not listener.waited_in_vain and listener.receive_now():
        continue  # else the server has been stopped, to say where it waits
    got = listener.unread
    same = len(os.path.commonprefix([wanted, got]))
    if has_timed_out(listener):
        return TIME_LIMIT
    if not got and wanted == b"\n":
        return EMPTY_IS_A_LINE
    if got == wanted[:-1] and got:
        return NO_NEWLINE
    if wanted in got:
        return EMPTY_LINE if got.startswith(b"\n") else ADDED
    if got.startswith((wanted.strip() + b"\n", wanted.rstrip() + b"\n")):
        return STRIPPED
    if got.startswith(wanted.rstrip(b"\r\n") + b"\n"):
        return NO_RETURN
    if got[same : same + 1] == b"\n":
        return CUT
    return "" if can_be_decoded(wanted) else NO_TEXT
