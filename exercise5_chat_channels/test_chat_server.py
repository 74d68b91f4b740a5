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
        self.nick = ""  # until the server tells it
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
        self.sees(f"'! …', because {remark}", lambda line: line.startswith("!"), remark)

    def sees_history(self, channel: str) -> list[str]:
        """Receive a channel's history, then the greeting; return the history."""
        wanted = f"'* you are {self.nick or 'guestN'} in #{channel}'"
        history = []
        while not (greeting := GREETING.match(line := self.next_line(wanted))):
            if message := MESSAGE.fullmatch(line):
                history.append(message[2])
            elif not line.startswith("* "):
                self.fail(wanted, repr(line), "")
        nick = self.nick or r"guest\d+"
        if not re.fullmatch(nick, greeting[1]) or greeting[2] != channel:
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

    def gets_into(self, channel: str) -> bool:
        """Receive ``* you are … in #CHANNEL`` or ``! …``; return whether it worked."""
        wanted = f"'* you are {self.nick} in #{channel}' or '! …'"
        line = self.sees(wanted, re.compile(r"\* you are |!").match, "")
        if not line.startswith("!"):
            self.lines.appendleft(line)
            self.is_greeted(channel)
        return not line.startswith("!")

    def moves(self, command: str, channel: str) -> list[str]:
        """Join or create a channel; return the history that it shows."""
        self.says(f"{command} {channel}")
        return self.sees_history(channel.removeprefix("#"))

    def hears(self, count: int) -> list[str]:
        """Receive so many messages; return each as ``#channel <nick> text``."""
        messages: list[str] = []
        while len(messages) < count:
            wanted = f"{count} messages (it has {len(messages)} of them)"
            line = self.sees(wanted, MESSAGE.fullmatch, "this is no message")
            messages.append(line.partition(" ")[2])
        return messages

    def hears_until(self, text: str) -> list[str]:
        """Receive messages up to one with this text; return them and that one."""
        messages = self.hears(1)
        while not messages[-1].endswith(f"> {text}"):
            messages += self.hears(1)
        return messages

    def agrees(self, messages: list[str], wanted: list[str]) -> None:
        """Fail at the first of the member's messages that is not the wanted one."""
        for n, (got, want) in enumerate(zip(messages + [""], wanted + [""], strict=False)):
            if got != want:
                twice = got in messages[:n]
                remark = "this is here for the second time" if twice else ""
                where = f"after {messages[n - 1]!r}" if n else "as the first message"
                self.fail(f"{want!r} {where}", repr(got) if got else "no more", remark)

    def sees_end(self, notice: str = "") -> None:
        """Receive ``notice`` and the end of the stream, and no message any more."""
        while not self.peer.end:
            self.peer.wait_for_more() or self.peer.end or self.peer.fail_waiting()

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
    server.history.sum_up(began, who, f"connect to #{channel}")
    return members


def all_see(members: Sequence[Member], speaker: Member, line: str, text: str) -> None:
    """Let one member send a line; all of ``members`` must see this text next."""
    speaker.says(line)
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
    next_guest = f"GUEST{int(bob.nick.removeprefix('guest')) + 1}"
    for nick in ("alice", "A-1_b", "été", "日本語", "é" * 20, "zoe"):
        alice.changes_nick(nick)
    for nick in ("zoe", "ZOE", "", "n" * 21, "a.b", "<zoe>", "zoe!", "☀"):
        bob.says(f"/nick {nick}")
        bob.is_refused(f"/nick {nick}")
    bob.changes_nick("alice")  # which is free again
    bob.changes_nick(next_guest)
    carol = arrive(server)
    carol.is_greeted("general")
    if carol.nick.upper() == next_guest:
        carol.fail("a nick that nobody has", repr(carol.nick), f"{bob.nick} is taken")


@check(
    "5.3",
    "shows a message to every member, its sender included, with time, channel and nick",
    points=2,
    needs=["5.1"],
    hint="Send '2026-11-21T10:00:00Z #general <guest1> hello' and a newline, with the"
    " time in UTC (time.gmtime) and the text as it came, to all members of the channel.",
    read="Messages",
)
def test_message(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "NPT-5:45")  # the time in Nepal is not UTC
    server = start(lab)
    alice, bob, carol = meet(server, 3)
    for text in ("hello", "  l'été, <bob> & #sport ☀ ", "* no notice", "! all is well"):
        for speaker in (alice, carol):
            speaker.says(text)
            for member in (alice, bob, carol):
                when = member.sees_message("general", speaker.nick, text)
                said = calendar.timegm(time.strptime(when, "%Y-%m-%dT%H:%M:%SZ"))
                if abs(said - time.time()) > 60:
                    member.fail("the time now, in UTC", repr(when), "")


@check(
    "5.4",
    "answers /channels, /who and /help",
    points=2,
    needs=["5.2"],
    hint="Answer to who asked: '* channels: #a #b' in the order of creation, '* people"
    " in #a: nick nick' sorted, and a help that begins with '* '.",
    read="Commands",
)
def test_questions(lab: Lab) -> None:
    server = start(lab, "--channels", "zebra", "ape")
    members = meet(server, 3, channel="zebra")
    for member, nick in zip(members, ("zoe", "adam", "mia"), strict=True):
        member.changes_nick(nick, "zebra")
    for member in members:
        member.says("/channels")
        member.sees_notice("* channels: #zebra #ape")
        member.says("/who")
        member.sees_notice("* people in #zebra: adam mia zoe")
    zoe = members[0]
    zoe.says("/help", "/channels")
    if zoe.next_line("'* …', the help").startswith(("* channels:", "!")):
        zoe.fail("'* …', the help", "no help before the next answer", "")
    zoe.sees_notice("* channels: #zebra #ape")


@check(
    "5.5",
    "moves a client from channel to channel with /join",
    points=2,
    needs=["5.3"],
    hint="Take the client out of its channel, put it into the other, and answer '* you"
    " are NICK in #CHANNEL'. Look first whether there is such a channel.",
    read="Channels",
)
def test_join(lab: Lab) -> None:
    server = start(lab)
    alice, bob = meet(server, 2)
    alice.moves("/join", "sport")
    bob.moves("/join", "#sport")
    for name in ("nowhere", "", "general2"):
        alice.says(f"/join {name}")
        alice.is_refused(f"/join {name}")
    for member in (alice, bob):
        alice.says("in sport")
        alice.sees_message("sport", alice.nick, "in sport")
        bob.sees_message("sport", alice.nick, "in sport")
    alice.moves("/join", "general")
    alice.says("back")
    alice.sees_message("general", alice.nick, "back")


@check(
    "5.6",
    "makes a channel with /create, once",
    points=2,
    needs=["5.4", "5.5"],
    hint="Refuse a name that is ill-formed or exists; else make the channel and let its"
    " creator join it. Look and make under one lock, or two clients both make it.",
    read="Channels",
)
def test_create(lab: Lab) -> None:
    server = start(lab)
    members = alice, bob, *_ = meet(server, 5)
    alice.moves("/create", "games")
    bob.moves("/create", "#été")
    for name in ("games", "#games", "general", "", "a.b", "c" * 21):
        bob.says(f"/create {name}")
        bob.is_refused(f"/create {name}")
    for n in range(10):
        for member in members:
            member.says(f"/create race{n}")
        winners = [member for member in members if member.gets_into(f"race{n}")]
        if len(winners) != 1:
            lab.fail(f"{len(winners)} of 5 members have made #race{n}, not 1.")
    bob.moves("/join", "games")
    races = " ".join(f"#race{n}" for n in range(10))
    bob.says("/channels")
    bob.sees_notice(f"* channels: #general #sport #games #été {races}")


@check(
    "5.7",
    "says goodbye on /quit and /quitter, and closes",
    points=1,
    needs=["5.1"],
    hint="Send '* bye', then end that client's connection: shutdown(), close().",
    read="Commands",
)
def test_quit(lab: Lab) -> None:
    server = start(lab)
    alice, bob, carol = meet(server, 3)
    for member, command in ((alice, "/quit"), (carol, "/quitter")):
        member.says(command)
        member.sees("'* bye'", lambda line: line.startswith("* bye"), "")
        member.sees_end()
    bob.says("/quit")
    bob.sees("'* bye'", lambda line: line.startswith("* bye"), "")


@check(
    "5.8",
    "tells the others in the channel who joined, left, or has a new nick",
    points=1,
    needs=["5.2", "5.5"],
    hint="Send '* NICK joined #CHANNEL', '* NICK left #CHANNEL' or '* OLD is now NEW' to"
    " the other members, also when somebody connects or is suddenly gone.",
    read="Channels",
)
def test_notices(lab: Lab) -> None:
    server = start(lab)
    alice, bob, carol, dave, erin = meet(server, 5)
    for newcomer in (bob, carol, dave, erin):
        alice.sees_notice(f"* {newcomer.nick} joined #general")
    bob.moves("/join", "sport")
    old = carol.nick
    carol.changes_nick("carol")
    dave.peer.close()
    alice.sees_notice(f"* {bob.nick} left #general")
    alice.sees_notice(f"* {old} is now carol")
    alice.sees_notice(f"* {dave.nick} left #general")
    erin.peer.reset()
    alice.sees_notice(f"* {erin.nick} left #general")
    carol.moves("/join", "sport")
    carol.changes_nick("zoe", "sport")
    carol.says("/quit")
    for notice in ("carol joined #sport", "carol is now zoe", "zoe left #sport"):
        bob.sees_notice(f"* {notice}")


@check(
    "5.9",
    "says /text for //text, nothing for an empty line, and refuses what it does not know",
    points=1,
    needs=["5.3"],
    hint="Look at the start of the line: '//', then '/'. The command is the whole first"
    " word: /whoever is not /who.",
    read="Commands",
)
def test_slashes(lab: Lab) -> None:
    server = start(lab)
    alice, bob = meet(server, 2)
    for line in ("//who", "//", "///x", "//quit now", "and / or"):
        text = line.removeprefix("/")
        all_see([alice, bob], alice, line, text)
    alice.says("", "")
    all_see([alice, bob], alice, "this is no empty line", "this is no empty line")
    for line in ("/", "/nosuch", "/whoever", "/quitting", "/joinsport", "/ who"):
        alice.says(line)
        alice.is_refused(line)
    all_see([alice, bob], alice, "still here", "still here")


@check(
    "5.10",
    "shows all members the same messages in the same order",
    points=2,
    needs=["5.3"],
    hint="Hold one lock from the first member that a message is sent to, to the last."
    " Otherwise two threads send their messages in different orders.",
    read="One order",
)
def test_one_order(lab: Lab) -> None:
    server = start(lab)
    members = meet(server, 10)
    for n in range(0, 100, 10):
        for member in members:
            member.says(*(f"{member.nick} says {n + i}" for i in range(10)))
    alice, *others = members
    order = alice.hears(1000)
    for member in others:
        member.agrees(member.hears(1000), order)
    for nick in (member.nick for member in members):
        said = [f"#general <{nick}> {nick} says {n}" for n in range(100)]
        alice.agrees([message for message in order if f"<{nick}>" in message], said)


@check(
    "5.11",
    "shows who joins the last 50 messages, then what follows: nothing missing,"
    " nothing twice",
    points=3,
    needs=["5.5"],
    hint="Send the history, make the client a member and greet it under the one lock"
    " under which messages are kept and sent: what is said meanwhile comes before all"
    " of that, or after.",
    read="History",
)
def test_history(lab: Lab) -> None:
    server = start(lab)
    alice, bob, carol = meet(server, 3)
    alice.says("one", "two", "three")
    order = alice.hears_until("three")
    few = arrive(server)
    few.agrees(few.sees_history("general"), order)
    carol.moves("/join", "sport")
    joiners = []
    for n in range(ROUNDS):
        for speaker in (alice, bob):
            speaker.says(*(f"{n}.{i} of {speaker.nick}" for i in range(5)))
        carol.says("/join general", "/join sport")
        joiners.append(arrive(server))
    carol.says("/join general")
    visits = [
        (carol, carol.sees_history("general"), carol.sees_history("sport"))
        for _ in range(ROUNDS)
    ]
    joiners.append(carol)
    histories = [joiner.sees_history("general") for joiner in joiners]
    alice.says("that is all")
    order += alice.hears_until("that is all")
    for joiner, history in zip(joiners, histories, strict=True):
        visits.append((joiner, history, joiner.hears_until("that is all")))
    for member, history, live in visits:
        now = order.index(history[-1]) + 1
        member.agrees(history, order[max(now - 50, 0) : now])
        member.agrees(live, order[now : now + len(live)])


@check(
    "5.12",
    "keeps every message that anybody has seen, through Ctrl+C and kill -9",
    points=2,
    needs=["5.11"],
    hint="Give a message to the history before you send it to anybody: history.add() has"
    " it in the file when it returns.",
    read="History",
)
def test_survives(lab: Lab) -> None:
    port = system.free_port(lab.host)
    seen: list[str] = []
    for run, stop in enumerate(("interrupt", "kill", "kill", "kill", "kill", "")):
        server = start(lab, port=port)
        members = [arrive(server) for _ in range(8)]
        histories = [member.sees_history("general") for member in members]
        kept = [text for text in histories[0] if f"> {run - 1}." in text]
        members[0].agrees(kept[: len(seen)], seen)
        if stop:
            seen = talk_and_stop(server, stop, members, run, lab)


def talk_and_stop(server, stop, members, run, lab) -> list[str]:
    """Stop a server in the middle of talk; return the messages that anybody saw."""
    for member in members:
        member.says(*(f"{run}.{n} of {member.nick}" for n in range(6)))
    heard = members[0].hears(lab.numbers.randint(1, 40))
    getattr(server, stop)()
    heard += members[0].hears_rest()
    return max([heard, *(member.hears_rest() for member in members[1:])], key=len)


@check(
    "5.13",
    "brings back the channels that people made",
    points=1,
    needs=["5.6"],
    hint="history.add_channel() when one is made, history.channels() at the start.",
    read="History",
)
def test_channels_come_back(lab: Lab) -> None:
    server = start(lab)
    (alice,) = meet(server, 1)
    alice.moves("/create", "games")
    alice.moves("/create", "été")
    server.kill()
    server = start(lab, port=server.port)
    (bob,) = meet(server, 1)
    bob.says("/channels")
    bob.sees_notice("* channels: #general #sport #games #été")
    bob.moves("/join", "games")


@check(
    "5.14",
    "keeps channels apart",
    points=2,
    needs=["5.5"],
    hint="Send a message to the members of its channel only, show only that channel's"
    " history, and take who moves out of the old channel.",
    read="Channels",
)
def test_apart(lab: Lab) -> None:
    server = start(lab)
    alice, bob, carol, dave = members = meet(server, 4)
    for member in (carol, dave):
        member.moves("/join", "sport")
    for n in range(20):
        for member in members:
            member.says(*(f"{n}.{i} of {member.nick}" for i in range(2)))
    for member, channel in zip(members, ("general", "general", "sport", "sport")):
        for message in member.hears(80):
            if not message.startswith(f"#{channel} <"):
                member.fail(f"messages in #{channel} only", repr(message), "")
    erin = arrive(server)
    ...


@check(
    "5.15",
    "refuses a line over 1024 bytes, and keeps the connection",
    points=2,
    needs=["5.3"],
    hint="Count bytes, the end included. Of a line that has become too long keep no more"
    " than tells that it is, read on to its end, and answer '! …' once.",
    read="Whole lines",
)
def test_long_lines(lab: Lab) -> None:
    server = start(lab)
    alice, bob = meet(server, 2)
    everybody = [alice, bob]
    all_see(everybody, alice, "x" * 1023, "x" * 1023)
    all_see(everybody, alice, "é" * 511, "é" * 511)
    all_see(everybody, alice, "x" * 1022 + "\r", "x" * 1022)
    for line in ("x" * 1024, "é" * 512, "x" * 1500, "/nick " + "x" * 2000):
        alice.says(line)
        alice.is_refused(f"a line of {len(line.encode()) + 1} bytes")
    for piece in 
