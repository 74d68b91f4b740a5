"""The checks of exercise 5's server: a chat with channels, as PROTOCOL.md has it."""

import calendar
import re
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import NoReturn

import pytest

from tests.harness import system
from tests.harness.checks import check
from tests.harness.lab import Lab, Server
from tests.harness.patience import ANSWER, SOON, slices, wait_until
from tests.harness.peer import Peer, exchange
from tests.harness.steps import show

GREETING = re.compile(r"\* you are ([\w-]+) in #([\w-]+)(?![\w-])")  # words may follow
MESSAGE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) (#[\w-]+ <[\w-]+> .*)", re.S)


class Member:
    """A client in the chat. In the steps it is called by its nick.

    A notice ("* …") that nobody waits for is skipped: a server may say more than it
    must. A message or a refusal ("! …") that nobody waits for fails the check.
    """

    def __init__(self, peer: Peer) -> None:
        """Take over a connection on which nothing was received yet."""
        self.peer = peer
        self.nick = r"guest\d+"  # not told yet: what it may be
        self.lines: deque[str] = deque()  # received, but not yet looked at

    def says(self, *lines: str) -> None:
        """Send lines, in one segment when they are few."""
        self.peer.send("".join(f"{line}\n" for line in lines))

    def next_line(self, waiting_for: str) -> str:
        """Receive the next line, whatever its kind, without its newline."""
        while not self.lines:
            if b"\n" not in self.peer.unread and not self.peer.wait_for_more():
                self.peer.fail_waiting(waiting_for, ANSWER)
            *lines, self.peer.unread = self.peer.unread.split(b"\n")
            self.lines.extend(line.decode(errors="backslashreplace") for line in lines)
        return self.lines.popleft()

    def sees(self, wanted: str, is_it: Callable[[str], object], remark: str) -> str:
        """Receive a line that ``is_it``; ``wanted`` is how it looks. Skip notices."""
        while not is_it(line := self.next_line(wanted)):
            if not line.startswith("* "):
                self.fail(wanted, repr(line), remark)
        return line

    def sees_message(self, channel: str, nick: str, text: str, remark: str = "") -> str:
        """Receive this message next, and return when it was said."""
        end = f"#{channel} <{nick}> {text}"
        wanted = repr(f"2026-11-21T10:00:00Z {end}")
        line = self.sees(wanted, lambda line: not line.startswith("* "), remark)
        message = MESSAGE.fullmatch(line)
        if not message or message[2] != end:
            self.fail(wanted, repr(line), remark)
        return message[1]

    def sees_notice(self, text: str, remark: str = "") -> None:
        """Receive this notice, perhaps after other notices."""
        self.sees(repr(text), lambda line: line == text, remark)

    def is_refused(self, what: str) -> None:
        """Receive ``! …``; ``what`` is the line that must be refused."""
        remark = f"{what} must be refused"
        self.sees(f"'! …', because {remark}", lambda line: line[0] == "!", remark)

    def sees_history(self, channel: str) -> list[str]:
        """Receive a channel's history, then the greeting; return the history."""
        wanted = f"'* you are {self.nick.replace(chr(92) + 'd+', 'N')} in #{channel}'"
        history = []
        while not (greeting := GREETING.match(line := self.next_line(wanted))):
            if message := MESSAGE.fullmatch(line):
                history.append(message[2])
            elif not line.startswith("* "):
                self.fail(wanted, repr(line), "")
        if not re.fullmatch(self.nick, greeting[1]) or greeting[2] != channel:
            self.fail(wanted, repr(line), "")
        self.nick = self.peer.name = greeting[1]
        return history

    def is_greeted(self, channel: str) -> None:
        """Receive ``* you are …``, and no message before it."""
        if history := self.sees_history(channel):
            self.fail("'* you are …' first", repr(history[0]), "nobody has said this")

    def changes_nick(self, nick: str, channel: str = "general") -> None:
        """Take another nick."""
        self.says(f"/nick {nick}")
        self.nick = nick
        self.is_greeted(channel)

    def moves(self, command: str, channel: str) -> list[str]:
        """Join or create a channel; return the history that it shows."""
        self.says(f"{command} {channel}")
        return self.sees_history(channel.removeprefix("#"))

    def hears(self, count: int) -> list[str]:
        """Receive so many messages; return each as ``#channel <nick> text``."""
        messages: list[str] = []
        while len(messages) < count:
            wanted = f"{count} messages (it has received {len(messages)} so far)"
            line = self.sees(wanted, MESSAGE.fullmatch, "this is no message")
            messages.append(line.partition(" ")[2])
        return messages

    def hears_until(self, text: str) -> list[str]:
        """Receive messages up to one with this text; return them, that one as well."""
        messages = self.hears(1)
        while not messages[-1].endswith(f"> {text}"):
            messages += self.hears(1)
        return messages

    def fail(self, wanted: str, got: str, remark: str, hint: str = "") -> NoReturn:
        """Fail with what was expected, and the line that came instead."""
        lead = f"Expected {self.peer.name} to receive"
        came = ("but the server sent", got)
        self.peer.fail(expected=(lead, wanted), got=came, remark=remark, hint=hint)


def start(lab: Lab, *options: str, port: int | None = None) -> Server:
    """Start a server whose history lies in the check's own folder."""
    history = ("--history", str(lab.folder / "chat.db"))
    return lab.start_server(*history, *options, port=port)


def arrive(server: Server, receive_buffer: int = 0) -> Member:
    """Connect a client; what it receives first is left to the caller."""
    return Member(server.connect("a client", receive_buffer))


def meet(server: Server, count: int, channel: str = "general") -> list[Member]:
    """Connect clients one after another, each up to its greeting."""
    began = len(server.history.steps)
    members = []
    for _ in range(count):
        members.append(arrive(server))
        members[-1].is_greeted(channel)
    nicks = [member.nick for member in members]
    who = f"{nicks[0]} … {nicks[-1]}" if count > 3 else ", ".join(nicks)
    server.history.sum_up(began, who, f"connect, and are told that they are {who}")
    return members


def all_see(members: Sequence[Member], speaker: Member, text: str) -> None:
    """Let one member say something; every one of ``members`` must see it next."""
    speaker.says(text)
    for member in members:
        member.sees_message("general", speaker.nick, text)


@check(
    "5.1",
    "tells a new client its nick guestN and the first channel",
    points=1,
    hint="As soon as a client has connected, send it '* you are guestN in #CHANNEL' and"
    " a newline. N is a number that nobody else has, CHANNEL the first of --channels.",
    read="The protocol",
)
def test_greeting(lab: Lab) -> None:
    server = start(lab, "--channels", "kitchen", "garden")
    alice, bob, carol = meet(server, 3, channel="kitchen")
    if len({alice.nick, bob.nick, carol.nick}) < 3:
        carol.fail("a nick that nobody has", repr(carol.nick), "")


@check(
    "5.2",
    "changes a nick, and refuses one that is taken or ill-formed",
    points=2,
    needs=["5.1"],
    hint="Look for the nick, without case (str.casefold), among all clients' nicks; and"
    " see that it is 1 to 20 letters, digits, - or _ of any script. Answer '* you are …'"
    " or '! …'.",
    read="Commands",
)
def test_nick(lab: Lab) -> None:
    server = start(lab)
    alice, bob = meet(server, 2)
    for nick in ("alice", "A-1_b", "été", "日本語", "é" * 20, "zoe"):
        alice.changes_nick(nick)
    for nick in ("zoe", "ZOE", "", "n" * 21, "a.b", "<zoe>", "zoe!", "☀"):
        bob.says(f"/nick {nick}")
        bob.is_refused(f"/nick {nick}")
    bob.changes_nick("alice")  # free again
    next_guest = f"guest{int(server.history_of_guests()) + 1}"
    bob.changes_nick(next_guest)
    carol = arrive(server)
    carol.is_greeted("general")
    if carol.nick == next_guest:
        carol.fail("a nick that nobody has", repr(next_guest), "somebody took it")
