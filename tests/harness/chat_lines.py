"""The lines that a client of the chat receives, read one after another.

A server may say more than it must: a notice ("* …") that nobody waits for is skipped. A
message or a refusal ("! …") that nobody waits for fails the check.
"""

from collections import deque
from collections.abc import Callable
from typing import NoReturn

from tests.harness.peer import Peer
from tests.harness.shown import show
from tests.harness.words import _


class LineReader:
    """Cuts what a peer receives into lines, and fails where another was expected."""

    def __init__(self, peer: Peer) -> None:
        """Take over a connection on which nothing was received yet."""
        self.peer = peer
        self.lines: deque[str] = deque()  # received, but not yet looked at
        self.skipped: list[str] = []  # notices that nobody waited for
        self.hint = ""  # for when something is missing or different
        self.hint_at_end = ""  # for when it is missing because the connection ended

    # -- receiving --------------------------------------------------------------------

    def next_line(self, waiting_for: str) -> str:
        """Receive the next line, whatever its kind, without its newline."""
        self.split_lines()
        while not self.lines:
            if not self.peer.wait_for_more():
                self.fail_waiting(waiting_for)
            self.split_lines()
        return self.lines.popleft()

    def awaits(self, wanted: str, is_it: Callable[[str], object], remark: str) -> str:
        """Receive a line that ``is_it``, and skip notices; ``wanted`` says which."""
        while not is_it(line := self.next_line(wanted)):
            if not line.startswith("* "):
                self.fail(wanted, line, remark)
            self.skipped.append(line)
        return line

    def receives_now(self) -> bool:
        """Take what has arrived, at most 64 KiB; return whether there was anything."""
        something = self.peer.receive_now(64 * 1024)
        self.split_lines()
        return something

    def split_lines(self) -> None:
        """Cut what was received into lines; the last may not be complete yet."""
        *lines, self.peer.unread = self.peer.unread.split(b"\n")
        self.lines.extend(line.decode(errors="backslashreplace") for line in lines)

    # -- looking at what has come -----------------------------------------------------

    def has_answer(self) -> bool:
        """Return whether more than notices was received: a message, or a refusal."""
        self.split_lines()
        return not all(line.startswith("* ") for line in self.lines)

    def has_heard(self, text: str) -> bool:
        """Return whether the last line but for notices is a message with it."""
        said = (line for line in reversed(self.lines) if not line.startswith("* "))
        return next(said, "").endswith(f"> {text}")

    # -- failing ----------------------------------------------------------------------

    def fail(self, wanted: str, line: str, remark: str = "") -> NoReturn:
        """Fail with what was expected, and the line that came instead."""
        self.peer.history.blame_last_message(self.peer.name)
        self.peer.fail(
            expected=(self.peer.to_receive(), wanted),
            got=(_("but the server sent"), show(line.encode())),
            remark=remark,
            hint=self.hint,
        )

    def fail_waiting(self, wanted: str) -> NoReturn:
        """Fail because nothing came any more."""
        ended = _("The server has disconnected {name}.").format(name=self.peer.name)
        came = self.peer.what_ended_it()
        if self.skipped:
            last = repr(self.skipped[-1])
            came = _("{what_ended_it}, after {line}").format(
                what_ended_it=came, line=last
            )
        self.peer.fail(
            ended if self.peer.end else "",
            expected=(self.peer.to_receive(), wanted),
            got=(_("but"), came),
            hint=(self.hint_at_end if self.peer.end else "") or self.hint,
        )
