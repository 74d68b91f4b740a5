"""The words that exercise 5's suites are written in: members of a chat, and its lines.

What PROTOCOL.md says of a line's form is here; who must see which line, in the suites.
"""

import contextlib
import re
import time
from collections.abc import Iterable, Iterator

from tests.harness.chat_lines import LineReader
from tests.harness.failure import setting_up
from tests.harness.lab import Lab, Server
from tests.harness.patience import SOON
from tests.harness.peer import Peer
from tests.harness.shown import show
from tests.harness.words import _, ngettext

# \w knows no combining marks. So: no space, and of ASCII's punctuation only - and _.
NAME = r"[^\s!-,./:-@\[-^`{-~]+"
GREETING = re.compile(rf"\* you are ({NAME}) in #({NAME})")  # words may follow
TIME = "%Y-%m-%dT%H:%M:%SZ"
DATE_AND_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
MESSAGE = re.compile(rf"({DATE_AND_TIME}) (#{NAME} <{NAME}> .*)", re.S)
COMES_OR_GOES = re.compile(rf"\* {NAME} (joined #|left #|is now ){NAME}")
REFUSAL = re.compile(r"! \S.*", re.S)  # with words that say why
MIB = 1024 * 1024
NOT_GREETED = _(
    "This check begins with clients who are told '* you are NICK in #CHANNEL', as in"
    " 5.1, and are still there."
)


class Member(LineReader):
    """A client in the chat. In the steps it is called by its nick."""

    def __init__(self, peer: Peer) -> None:
        """Take over a connection on which nothing was received yet."""
        super().__init__(peer)
        self.nick = ""  # until the greeting says it
        self.channel = ""

    # -- saying -----------------------------------------------------------------------

    def says(self, *lines: str) -> None:
        """Send lines in one segment."""
        self.peer.send(as_lines(lines))

    def spells(self, *lines: str) -> None:
        """Send lines byte by byte: the server has read each before the next goes."""
        for byte in as_lines(lines):
            self.peer.send(bytes([byte]))
            self.peer.wait_until_read()

    def says_last(self, words: str) -> None:
        """Send words without a newline, then no more: ``printf words | nc -N``."""
        self.peer.send(words)
        self.peer.half_close()

    def takes_nick(self, nick: str) -> None:
        """Take another nick, and see that it worked."""
        self.says(f"/nick {nick}")
        self.nick = nick
        self.is_greeted(self.channel)

    def joins(self, channel: str) -> list[str]:
        """Move to another channel; return the history that the server shows."""
        self.says(f"/join {channel}")
        return self.sees_history(channel)

    # -- seeing what must come next ---------------------------------------------------

    def sees(self, speaker: "Member", text: str, remark: str = "") -> str:
        """Receive this message and none before it; return when it was said."""
        end = f"#{self.channel} <{speaker.nick}> {text}"
        wanted = show(f"{time.strftime(TIME, time.gmtime())} {end}".encode())
        line = self.awaits(wanted, lambda line: not line.startswith("* "), remark)
        message = MESSAGE.fullmatch(line)
        if not message or message[2] != end:
            self.fail(wanted, line, remark)
        return message[1]

    def sees_notice(self, text: str) -> None:
        """Receive this notice, perhaps after others."""
        self.awaits(repr(text), lambda line: line == text, "")

    def sees_change(self, text: str) -> None:
        """Receive this notice of who comes or goes, and no other one before it."""
        line = self.awaits(repr(text), COMES_OR_GOES.fullmatch, "")
        if line != text:
            is_own = line.startswith(f"* {self.nick} ") or line.endswith(self.nick)
            self.fail(repr(text), line, _("this is for the others") if is_own else "")

    def sees_people(self) -> list[str]:
        """Receive the answer to /who, perhaps after other notices; return the nicks."""
        start = f"* people in #{self.channel}: "
        answer = self.awaits(f"'{start}…'", lambda line: line.startswith(start), "")
        return answer.removeprefix(start).split(" ")

    def is_refused(self, line: str) -> None:
        """Receive ``! …``, the answer to a line that must be refused."""
        line = line if line.isascii() and line.isprintable() else _spelt_out(line)
        wanted = _("'! …', because {line} must be refused").format(line=line)
        self.sees_refusal(wanted)

    def sees_refusal(self, wanted: str) -> None:
        """Receive ``! …``; ``wanted`` says that, and why it must come."""
        self.awaits(wanted, REFUSAL.fullmatch, "")

    def sees_history(self, channel: str) -> list[str]:
        """Receive a channel's history, then the greeting; return the history.

        Messages said in the channel that is left come before, and are returned, too.
        """
        wanted = f"'* you are {self.nick or 'guestN'} in #{channel}'"
        messages = []
        while not (greeting := GREETING.match(line := self.next_line(wanted))):
            if message := MESSAGE.fullmatch(line):
                messages.append(message[0])
            elif line.startswith("* "):
                self.skipped.append(line)
            else:
                self.fail(wanted, line)
        nick = self.nick or r"guest\d+"
        if not re.fullmatch(nick, greeting[1]) or greeting[2] != channel:
            self.fail(wanted, line)
        self.nick = self.peer.name = greeting[1]
        self.channel = channel
        return messages

    def is_greeted(self, channel: str) -> None:
        """Receive ``* you are …`` for this channel, and no message before it."""
        if messages := self.sees_history(channel):
            self.fail("'* you are …'", messages[0], _("before it"))

    def gets_into(self, channel: str) -> bool:
        """Receive ``* you are … in #CHANNEL`` or ``! …``; return whether it worked."""
        greeting = f"'* you are {self.nick or 'guestN'} in #{channel}'"
        wanted = _("{line} or {other}").format(line=greeting, other="'! …'")
        line = self.awaits(wanted, re.compile(r"\* you are |! \S").match, "")
        if line.startswith("! "):
            return False
        self.lines.appendleft(line)
        self.is_greeted(channel)
        return True

    def hears_itself(self, text: str) -> str:
        """Receive its own message, and return the line; "" if ``! …`` comes instead."""
        wanted = _("{line} or {other}").format(line=repr(f"… {text}"), other="'! …'")
        line = self.awaits(wanted, lambda line: not line.startswith("* "), "")
        if REFUSAL.fullmatch(line):
            return ""
        self.lines.appendleft(line)
        self.sees(self, text)
        return line

    def sees_end(self) -> None:
        """Receive nothing but notices any more, and the end of the stream."""
        wanted = _("the end of the stream")
        self.peer.unread = self.peer.read_to_end(wanted, SOON)
        self.split_lines()
        for line in self.lines:
            if not line.startswith("* "):
                self.fail(wanted, line)
        self.peer.expect_end()

    # -- hearing much, to be compared later -------------------------------------------

    def next_message(self, waiting_for: str) -> str:
        """Receive a message, any; return the whole line."""
        return self.awaits(waiting_for, MESSAGE.fullmatch, _("this is not a message"))

    def hears(self, count: int) -> list[str]:
        """Receive this many messages."""
        heard: list[str] = []
        while (n := len(heard)) < count:
            waiting_for = ngettext(
                "{count} messages, but only {n} has come",
                "{count} messages, but only {n} have come",
                n,
            )
            heard.append(self.next_message(waiting_for.format(count=count, n=n)))
        return heard

    def hears_until(self, text: str, *, skip: str = "* ") -> list[str]:
        """Receive messages up to one with this text; return them and that one.

        Lines that begin with ``skip`` may come as well.
        """
        wanted = _("messages, the last with {text}").format(text=repr(text))
        messages: list[str] = []
        while not messages or not messages[-1].endswith(f"> {text}"):
            if not (line := self.next_line(wanted)).startswith(("* ", skip)):
                self.lines.appendleft(line)
                messages.append(self.next_message(wanted))
        return messages

    def hears_rest(self) -> list[str]:
        """Receive everything to the end of the connection; return the messages."""
        while not self.peer.end and self.peer.wait_for_more():
            self.split_lines()
        if not self.peer.end:
            self.fail_waiting(_("the end of the stream"))
        return list(filter(MESSAGE.fullmatch, self.lines))

    def agrees(self, messages: list[str], wanted: list[str], why: str) -> None:
        """Fail at the first of the member's messages that is not the wanted one."""
        if messages == wanted:
            return
        pairs = zip([*messages, None], [*wanted, None], strict=False)
        n = next(n for n, (got, want) in enumerate(pairs) if got != want)
        again = set(messages[n : n + 1]) & set(messages[:n])
        lead = (
            _("{name} received {message}.")
            if n
            else _("{name}'s first message is wrong.")
        )
        lead = lead.format(name=self.peer.name, message=text_at(messages, n - 1))
        expected = _("Next we expected") if n else _("We expected")
        self.peer.fail(
            lead,
            expected=(expected, text_at(wanted, n)),
            got=(_("but the server sent"), text_at(messages, n)),
            remark=_("which has come before") if again else why,
            hint=self.hint,
        )


def _spelt_out(line: str) -> str:
    """Return a line that may look like another, and how Python writes it in ASCII."""
    return f"{line} ({ascii(line)})" if line.isprintable() else ascii(line)


def as_lines(lines: Iterable[str]) -> bytes:
    """Return lines as they are sent."""
    return "".join(f"{line}\n" for line in lines).encode()


def without_time(messages: Iterable[str]) -> list[str]:
    """Return messages as ``#channel <nick> text``."""
    return [message.partition(" ")[2] for message in messages]


def text_at(messages: list[str], n: int) -> str:
    """Return a message as a failure shows it, or 'nothing more'."""
    return show(messages[n].encode()) if 0 <= n < len(messages) else _("nothing more")


def start(
    lab: Lab,
    *options: str,
    port: int | None = None,
    environment: dict[str, str] | None = None,
) -> Server:
    """Start a server whose history lies in the check's own folder."""
    words = ("--history", str(lab.shared / "chat.db"), *options)
    return lab.start_server(*words, port=port, environment=environment)


def arrive(server: Server, receive_buffer: int = 0) -> Member:
    """Connect a client; what it receives first is left to the caller."""
    return Member(server.connect(_("a client"), receive_buffer))


@setting_up(NOT_GREETED)
def connect_all(
    server: Server, count: int, channel: str = "general", receive_buffer: int = 0
) -> list[Member]:
    """Connect clients one after another, each up to its greeting."""
    began = len(server.history.steps)
    members: list[Member] = []
    while len(members) < count:
        members.append(arrive(server, receive_buffer))
        members[-1].is_greeted(channel)
    nicks = [member.nick for member in members]
    who = f"{nicks[0]} … {nicks[-1]}" if count > 3 else ", ".join(nicks)
    what = ngettext(
        "connects, and comes to {channel}", "connect, and come to {channel}", count
    )
    server.history.sum_up(began, who, what.format(channel=f"#{channel}"))
    return members


def all_see(members: Iterable[Member], speaker: Member, line: str, text: str) -> None:
    """Let one member send a line; all of ``members`` must see this text next."""
    speaker.says(line)
    for member in members:
        member.sees(speaker, text)


@contextlib.contextmanager
def hinting(hint: str, *members: Member) -> Iterator[None]:
    """Give members a hint for what fails in this block, in place of the check's."""
    before = [member.hint for member in members]
    for member in members:
        member.hint = hint
    yield
    for member, old in zip(members, before, strict=True):
        member.hint = old


CHANGES_NOTHING = _(
    "A refused line changes nothing: see all that may be wrong before you change"
    " anything, and answer with one '! …'."
)


@contextlib.contextmanager
def refused_lines(
    speaker: Member, *others: Member, hint: str = CHANGES_NOTHING
) -> Iterator[None]:
    """See that the lines which are refused in this block have changed nothing.

    The speaker talks on under its nick, in its channel, and has seen all its ``!``. And
    the others have noticed nothing.
    """
    all_see([speaker, *others], speaker, "before", "before")
    for other in others:
        other.skipped.clear()
    yield
    with hinting(hint, speaker, *others):
        all_see([speaker, *others], speaker, "as before", "as before")
        for other in others:
            for notice in filter(COMES_OR_GOES.fullmatch, other.skipped):
                other.fail(_("nothing of a line that is refused"), notice)


def people(asker: Member, command: str = "/who") -> list[str]:
    """Ask with /who; return the nicks as they are listed."""
    asker.says(command)
    return asker.sees_people()


def are_here(members: Iterable[Member], asker: Member, command: str = "/who") -> None:
    """See that /who lists these members, sorted as text or by the guests' numbers."""
    by_number = sorted(
        (member.nick for member in members), key=lambda nick: int(nick[5:])
    )
    listed = people(asker, command)
    if listed not in (by_number, sorted(by_number)):
        opening = f"* people in #{asker.channel}: "
        wanted, got = (opening + " ".join(nicks) for nicks in (by_number, listed))
        remark = _("not sorted") if set(listed) == set(by_number) else ""
        asker.fail(repr(wanted), got, remark)
