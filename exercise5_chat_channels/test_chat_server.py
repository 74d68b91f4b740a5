"""The checks of exercise 5's server: a chat with channels, as PROTOCOL.md has it."""

import calendar
import contextlib
import re
import select
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import NoReturn

import pytest

from tests.harness import system
from tests.harness.checks import check
from tests.harness.exchange import exchange
from tests.harness.lab import Lab, Server
from tests.harness.patience import ANSWER, SOON
from tests.harness.peer import Peer
from tests.harness.steps import show

GREETING = re.compile(r"\* you are ([\w-]+) in #([\w-]+)(?![\w-])")  # words may follow
TIME = "%Y-%m-%dT%H:%M:%SZ"
MESSAGE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) (#[\w-]+ <[\w-]+> .*)", re.S)
MIB = 1024 * 1024
TICK = 0.01  # seconds


def as_lines(lines: Iterable[str]) -> bytes:
    """Return lines as they are sent."""
    return "".join(f"{line}\n" for line in lines).encode()


def without_time(messages: Iterable[str]) -> list[str]:
    """Return messages as ``#channel <nick> text``."""
    return [message.partition(" ")[2] for message in messages]


def text_at(messages: list[str], n: int) -> str:
    """Return a message as a failure shows it, or 'nothing more'."""
    return show(messages[n].encode()) if 0 <= n < len(messages) else "nothing more"


class Member:
    """A client in the chat. In the steps it is called by its nick.

    A server may say more than it must: a notice ("* …") that nobody waits for is
    skipped. A message or a refusal ("! …") that nobody waits for fails the check.
    """

    def __init__(self, peer: Peer) -> None:
        """Take over a connection on which nothing was received yet."""
        self.peer = peer
        self.nick = ""  # until the server tells it
        self.channel = ""
        self.lines: deque[str] = deque()  # received, but not yet looked at
        self.skipped: list[str] = []  # notices that nobody waited for
        self.hint = ""  # for when something is missing or different

    # -- saying -----------------------------------------------------------------------

    def says(self, *lines: str) -> None:
        """Send lines in one segment."""
        self.peer.send(as_lines(lines))

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

    def next_line(self, waiting_for: str) -> str:
        """Receive the next line, whatever its kind, without its newline."""
        self.split_lines()
        while not self.lines:
            if not self.peer.wait_for_more():
                self.fail_waiting(waiting_for)
            self.split_lines()
        return self.lines.popleft()

    def receives_now(self) -> bool:
        """Take what has arrived, at most 64 KiB; return whether there was anything."""
        something = self.peer.receive_now(64 * 1024)
        self.split_lines()
        return something

    def has_heard(self, text: str) -> bool:
        """Tell whether the last line, but for notices, is a message with this text."""
        said = (line for line in reversed(self.lines) if not line.startswith("* "))
        return next(said, "").endswith(f"> {text}")

    def ended(self) -> str:
        """Say that the server has disconnected the member, if it has."""
        return " (disconnected)" if self.peer.end else ""

    def has_answer(self) -> bool:
        """Tell whether more than notices was received: a message, or a refusal."""
        self.split_lines()
        return not all(line.startswith("* ") for line in self.lines)

    def split_lines(self) -> None:
        """Cut what was received into lines; the last may not be complete yet."""
        *lines, self.peer.unread = self.peer.unread.split(b"\n")
        self.lines.extend(line.decode(errors="backslashreplace") for line in lines)

    def awaits(self, wanted: str, is_it: Callable[[str], object], remark: str) -> str:
        """Receive a line that ``is_it``, and skip notices; ``wanted`` says which."""
        while not is_it(line := self.next_line(wanted)):
            if not line.startswith("* "):
                self.fail(wanted, line, remark)
            self.skipped.append(line)
        return line

    def sees(self, speaker: "Member", text: str, remark: str = "") -> str:
        """Receive this message and none before it; return when it was said."""
        end = f"#{self.channel} <{speaker.nick}> {text}"
        wanted = repr(f"{time.strftime(TIME, time.gmtime())} {end}")
        line = self.awaits(wanted, lambda line: not line.startswith("* "), remark)
        message = MESSAGE.fullmatch(line)
        if not message or message[2] != end:
            self.fail(wanted, line, remark)
        return message[1]

    def sees_notice(self, text: str) -> None:
        """Receive this notice, perhaps after others."""
        self.awaits(repr(text), lambda line: line == text, "")

    def is_refused(self, what: str) -> None:
        """Receive ``! …``, the answer to a line that must be refused."""
        wanted = f"'! …', because {what} must be refused"
        self.awaits(wanted, lambda line: line.startswith("!"), "")

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
            self.fail("'* you are …'", messages[0], "before it")

    def gets_into(self, channel: str) -> bool:
        """Receive ``* you are … in #CHANNEL`` or ``! …``; return whether it worked."""
        wanted = f"'* you are {self.nick or 'guestN'} in #{channel}' or '! …'"
        line = self.awaits(wanted, re.compile(r"\* you are |!").match, "")
        if line.startswith("!"):
            return False
        self.lines.appendleft(line)
        self.is_greeted(channel)
        return True

    def sees_end(self) -> None:
        """Receive nothing but notices any more, and the end of the stream."""
        wanted = "the end of the stream"
        self.peer.unread = self.peer.read_to_end(wanted, SOON)
        self.split_lines()
        for line in self.lines:
            if not line.startswith("* "):
                self.fail(wanted, line)
        self.peer.expect_end()

    # -- hearing much, to be compared later -------------------------------------------

    def next_message(self, waiting_for: str) -> str:
        """Receive a message, any; return the whole line."""
        return self.awaits(waiting_for, MESSAGE.fullmatch, "this is no message")

    def hears(self, count: int) -> list[str]:
        """Receive so many messages."""
        return [
            self.next_message(f"{count} messages, but only {n} have come")
            for n in range(count)
        ]

    def hears_until(self, text: str) -> list[str]:
        """Receive messages up to one with this text; return them and that one."""
        messages = [self.next_message(f"messages, the last with {text!r}")]
        while not messages[-1].endswith(f"> {text}"):
            messages.append(self.next_message(f"messages, the last with {text!r}"))
        return messages

    def hears_rest(self) -> list[str]:
        """Receive everything to the end of the connection; return the messages."""
        while not self.peer.end and self.peer.wait_for_more():
            self.split_lines()
        if not self.peer.end:
            self.fail_waiting("the end of the stream")
        return list(filter(MESSAGE.fullmatch, self.lines))

    def agrees(self, messages: list[str], wanted: list[str], why: str) -> None:
        """Fail at the first of the member's messages that is not the wanted one."""
        if messages == wanted:
            return
        pairs = zip([*messages, None], [*wanted, None], strict=False)
        n = next(n for n, (got, want) in enumerate(pairs) if got != want)
        again = set(messages[n : n + 1]) & set(messages[:n])
        name, last = self.peer.name, text_at(messages, n - 1)
        self.peer.fail(
            f"{name} received {last}." if n else f"{name}'s first message is wrong.",
            expected=("Next we expected" if n else "We expected", text_at(wanted, n)),
            got=("but the server sent", text_at(messages, n)),
            remark="which has come before" if again else why,
            hint=self.hint,
        )

    # -- failing ----------------------------------------------------------------------

    def fail(self, wanted: str, line: str, remark: str = "") -> NoReturn:
        """Fail with what was expected, and the line that came instead."""
        self.peer.history.blame_last_message(self.peer.name)
        self.peer.fail(
            expected=(f"Expected {self.peer.name} to receive", wanted),
            got=("but the server sent", show(line.encode())),
            remark=remark,
        )

    def fail_waiting(self, wanted: str) -> NoReturn:
        """Fail because nothing came any more."""
        ended = f"The server has disconnected {self.peer.name}."
        last = f", after {self.skipped[-1]!r}" if self.skipped else ""
        self.peer.fail(
            expected=(f"Expected {self.peer.name} to receive", wanted),
            got=("but", self.peer.what_ended_it() + last),
            hint=ended if self.peer.end else self.hint,
        )


def start(lab: Lab, *options: str, port: int | None = None) -> Server:
    """Start a server whose history lies in the check's own folder."""
    history = ("--history", str(lab.folder / "chat.db"))
    return lab.start_server(*history, *options, port=port)


def arrive(server: Server, receive_buffer: int = 0) -> Member:
    """Connect a client; what it receives first is left to the caller."""
    return Member(server.connect("a client", receive_buffer))


def meet(
    server: Server, count: int, channel: str = "general", receive_buffer: int = 0
) -> list[Member]:
    """Connect clients one after another, each up to its greeting."""
    began = len(server.history.steps)
    members = []
    for _ in range(count):
        members.append(arrive(server, receive_buffer))
        members[-1].is_greeted(channel)
    nicks = [member.nick for member in members]
    who = f"{nicks[0]} … {nicks[-1]}" if count > 3 else ", ".join(nicks)
    server.history.sum_up(began, who, f"connect, and come to #{channel}")
    return members


def all_see(members: Iterable[Member], speaker: Member, line: str, text: str) -> None:
    """Let one member send a line; all of ``members`` must see this text next."""
    speaker.says(line)
    for member in members:
        member.sees(speaker, text)


@check(
    "5.1",
    "tells a new client its nick guestN and the first channel",
    points=1,
    hint="As soon as a client has connected, send it '* you are guestN in #CHANNEL' and"
    " a newline. N is a number that nobody else has, CHANNEL the first of --channels.",
    read="Step 1: a greeting and a message",
)
def test_greeting(lab: Lab) -> None:
    server = start(lab, "--channels", "kitchen", "garden")
    nicks = [member.nick for member in meet(server, 3, channel="kitchen")]
    if len(set(nicks)) < 3:
        lab.fail(f"Three clients are called {', '.join(nicks)}.")


@check(
    "5.2",
    "changes a nick, and refuses one that is taken or ill-formed",
    points=2,
    needs=["5.1"],
    hint="Look for the nick, without case (str.casefold), among all clients' nicks, and"
    " see that it is 1 to 20 letters, digits, - or _ of any script. Answer '* you are"
    " …' or '! …'.",
    read="Step 3: nicks",
)
def test_nick(lab: Lab) -> None:
    server = start(lab)
    alice, bob = meet(server, 2)
    next_guest = f"GUEST{int(bob.nick.removeprefix('guest')) + 1}"
    for nick in (
        "alice",
        lab.random_word(),
        "A-1_b",
        "été",
        "日本語",
        "é" * 20,
        "ZoE",
        "zoe",
    ):
        alice.takes_nick(nick)
    for nick in ("zoe", "ZOE", "", "n" * 21, "a b", "a.b", "<bob>", "bob!", "☀"):
        bob.says(f"/nick {nick}")
        bob.is_refused(f"/nick {nick}")
    bob.says("/nick")
    bob.is_refused("/nick without a name")
    bob.takes_nick("alice")  # which is free again
    bob.takes_nick(next_guest)
    carol = arrive(server)
    carol.is_greeted("general")
    if carol.nick.upper() == next_guest:
        carol.fail("a nick that nobody has", carol.nick, f"{bob.nick} is taken")


@check(
    "5.3",
    "shows a message to all members, sender too: time, channel, nick, text",
    points=2,
    needs=["5.1"],
    hint="Send '2026-11-21T10:00:00Z #general <guest1> hello' and a newline to all"
    " members of the channel: the time in UTC (time.gmtime), the text as it came.",
    read="Step 1: a greeting and a message",
)
def test_message(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "NPT-5:45")  # where local time is not UTC: Nepal
    server = start(lab)
    members = alice, _, carol = meet(server, 3)
    for text in (
        f"hello {lab.random_word()}",
        "  l'été, <bob> #sport ☀ ",
        "   ",
        "* no notice",
        "! all is well",
    ):
        all_see(members, alice, text, text)
        all_see(members, carol, text, text)
    alice.says("what time is it?")
    when = alice.sees(alice, "what time is it?")
    if abs(calendar.timegm(time.strptime(when, TIME)) - time.time()) > 60:
        now = time.strftime(TIME, time.gmtime())
        alice.fail(f"the time in UTC, {now}", when, "the time in Kathmandu is another")


@check(
    "5.4",
    "answers /channels, /who and /help",
    points=2,
    needs=["5.1"],
    hint="Answer who asked: '* channels: #a #b' in the order of creation, '* people in"
    " #a: nick nick' sorted, and a help that begins with '* '.",
    read="Step 2: commands",
)
def test_questions(lab: Lab) -> None:
    word = lab.random_word()
    server = start(lab, "--channels", "zebra", "ape", word)
    members = meet(server, 3, channel="zebra")
    for member in members:
        member.says("/channels")
        member.sees_notice(f"* channels: #zebra #ape #{word}")
        are_here(members, member)
    alice = members[0]
    alice.says("/help", "/channels")
    text = alice.awaits("'* …', the help", lambda line: line.startswith("* "), "")
    if text.startswith("* channels:"):
        alice.fail("'* …', the help", text)


def people(asker: Member) -> list[str]:
    """Ask with /who; return the nicks as they are listed."""
    asker.says("/who")
    start = f"* people in #{asker.channel}: "
    answer = asker.awaits(f"'{start}…'", lambda line: line.startswith(start), "")
    return answer.removeprefix(start).split(" ")


def are_here(members: Iterable[Member], asker: Member) -> None:
    """See that /who lists these members, sorted as text or by the guests' numbers."""
    by_number = sorted(
        (member.nick for member in members), key=lambda nick: int(nick[5:])
    )
    if (listed := people(asker)) not in (by_number, sorted(by_number)):
        start = f"* people in #{asker.channel}: "
        remark = "not sorted" if set(listed) == set(by_number) else ""
        asker.fail(repr(start + " ".join(by_number)), start + " ".join(listed), remark)


@check(
    "5.5",
    "moves a client from channel to channel with /join",
    points=2,
    needs=["5.3", "5.4"],
    hint="Take the client out of its channel, put it into the other, and answer '* you"
    " are NICK in #CHANNEL'. See first that there is such a channel. /who is sorted,"
    " whoever came first.",
    read="Step 4: channels",
)
def test_join(lab: Lab) -> None:
    server = start(lab)
    alice, bob, carol = meet(server, 3)
    alice.joins("sport")
    bob.says("/join #SPORT")
    bob.is_greeted("sport")
    are_here([alice, bob], bob)
    for name in ("nowhere", "", "general2"):
        alice.says(f"/join {name}")
        alice.is_refused(f"/join {name}")
    text = f"in #sport, {lab.random_word()}"
    all_see([alice, bob], alice, text, text)
    alice.joins("general")
    are_here([alice, carol], alice)
    all_see([alice], alice, "back", "back")


@check(
    "5.6",
    "makes a channel with /create, once",
    points=2,
    needs=["5.2", "5.5"],
    hint="Refuse a name that is ill-formed or exists; else make the channel and let its"
    " creator join it. Look and make under one lock, or two clients both make it.",
    read="Step 4: channels",
)
def test_create(lab: Lab) -> None:
    server = start(lab)
    members = alice, bob, *_ = meet(server, 5)
    games = lab.random_word()
    for member, name in ((alice, games), (bob, "#été")):
        member.says(f"/create {name}")
        member.is_greeted(name.removeprefix("#"))
    there = games, f"#{games}", games.upper(), "general"
    for name in (*there, "", "a b", "a.b", "c" * 21):
        bob.says(f"/create {name}")
        bob.is_refused(f"/create {name}")
    for n in range(10):
        for member in members:
            member.says(f"/create race{n}")
        makers = [member.nick for member in members if member.gets_into(f"race{n}")]
        if len(makers) != 1:
            lab.fail(f"{' and '.join(makers) or 'Nobody'} could /create race{n}.")
    bob.joins(games)
    races = " ".join(f"#race{n}" for n in range(10))
    bob.says("/channels")
    bob.sees_notice(f"* channels: #general #sport #{games} #été {races}")


@check(
    "5.7",
    "says goodbye on /quit and /quitter, and closes",
    points=1,
    needs=["5.1"],
    hint="Send '* bye', then end that client's connection: shutdown(), close().",
    read="Step 2: commands",
)
def test_quit(lab: Lab) -> None:
    server = start(lab)
    alice, bob, carol = meet(server, 3)
    for member, command in ((alice, "/quit"), (carol, "/quitter"), (bob, "/quit")):
        member.says(command)
        member.sees_notice("* bye")
        member.sees_end()


@check(
    "5.8",
    "tells the others in the channel who joined, left, or has a new nick",
    points=1,
    needs=["5.2", "5.5"],
    hint="Send '* NICK joined #CHANNEL', '* NICK left #CHANNEL', '* OLD is now NEW' to"
    " the other members, also when somebody connects or is suddenly gone.",
    read="Step 5: who comes and goes",
)
def test_notices(lab: Lab) -> None:
    server = start(lab)
    alice, bob, carol, dave, erin = meet(server, 5)
    for newcomer in (bob, carol, dave, erin):
        alice.sees_notice(f"* {newcomer.nick} joined #general")
    bob.joins("sport")
    alice.sees_notice(f"* {bob.nick} left #general")
    old, new = carol.nick, lab.random_word()
    carol.takes_nick(new)
    alice.sees_notice(f"* {old} is now {new}")
    dave.takes_nick("Dave")
    dave.peer.close()
    alice.sees_notice("* Dave left #general")
    alice.takes_nick("dave")  # which is free again
    erin.peer.reset()
    alice.sees_notice(f"* {erin.nick} left #general")
    carol.joins("sport")
    carol.takes_nick("zoe")
    carol.joins("general")  # the greeting comes after all that was caused before
    about_it = [f"* {new} joined #sport", f"* {new} is now zoe", "* zoe left #sport"]
    for notice in about_it:
        bob.sees_notice(notice)
    for notice in {f"* {old} is now {new}", *about_it}.intersection(carol.skipped):
        carol.fail("no notice of what it does itself", notice, "this is for the others")
    carol.says("/quit")
    alice.sees_notice("* zoe left #general")


@check(
    "5.9",
    "says /text for //text, and refuses a command that it does not know",
    points=1,
    needs=["5.3"],
    hint="Look first for '//' at the start of the line, then for '/'. The command is"
    " the whole first word: /whoever is not /who.",
    read="Step 2: commands",
)
def test_slashes(lab: Lab) -> None:
    server = start(lab)
    alice, bob = meet(server, 2)
    for line in ("//who", "//", "///x", f"//quit {lab.random_word()}", "and / or"):
        all_see([alice, bob], alice, line, line.replace("//", "/", 1))
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
    read="One lock, one order",
)
def test_one_order(lab: Lab) -> None:
    server = start(lab)
    members = meet(server, 10)
    word = lab.random_word()
    began = len(lab.history.steps)
    for n in range(0, 100, 10):
        for member in members:
            member.says(*(f"{word} {n + i} of {member.nick}" for i in range(10)))
    lab.history.sum_up(began, "all ten", "say 100 lines each, at once")
    alice, *others = members
    order = alice.hears(1000)
    heard = [member.hears(1000) for member in others]
    for member, messages in zip(others, heard, strict=True):
        member.agrees(messages, order, f"that is the order that {alice.nick} has seen")
    for nick in (member.nick for member in members):
        said = [f"#general <{nick}> {word} {n} of {nick}" for n in range(100)]
        heard_of_one = [text for text in without_time(order) if f"<{nick}>" in text]
        alice.agrees(heard_of_one, said, f"that is the order in which {nick} spoke")


@check(
    "5.11",
    "shows who joins the last 50 messages: none missing, none twice",
    points=3,
    needs=["5.5"],
    hint="Send the history, make the client a member and greet it under the one lock"
    " under which messages are kept and sent: then what is said meanwhile comes before"
    " all that, or after.",
    read="History before showing",
)
def test_history(lab: Lab) -> None:
    server = start(lab)
    alice, *others = meet(server, 19)
    alice.says("one", lab.random_word(), "three")
    order = alice.hears_until("three")
    dave = arrive(server)
    compare_with_order(dave, dave.sees_history("general"), [], order)
    talkers, movers = others[:8], others[8:]
    began = len(lab.history.steps)
    for mover in movers:
        mover.joins("sport")
    lab.history.sum_up(began, "ten others", "move to #sport")
    began, newcomers = len(lab.history.steps), []
    for n in range(20):
        with nothing_kept(lab):  # so that all have to queue, then come at once
            for talker in talkers:
                talker.says(*(f"{n}.{i} of {talker.nick}" for i in range(5)))
            for mover in movers:
                mover.says("/join general", "/join sport")
            newcomers.append(arrive(server))
            server.wait_until_idle()
    for mover in movers:
        mover.says("/join general")
    visits = [
        (mover, mover.sees_history("general"), mover.sees_history("sport"))
        for mover in movers
        for _ in range(20)
    ]
    joiners = movers + newcomers
    histories = [joiner.sees_history("general") for joiner in joiners]
    alice.says("that is all")
    order += alice.hears_until("that is all")
    for joiner, history in zip(joiners, histories, strict=True):
        visits.append((joiner, history, joiner.hears_until("that is all")))
    story = "talk; those ten come 21 times each, and 20 more connect"
    lab.history.sum_up(began, "eight members", story)
    for member, history, live in visits:
        compare_with_order(member, history, live, order)


@contextlib.contextmanager
def nothing_kept(lab: Lab) -> Iterator[None]:
    """Let the history stand still: who wants to write in it has to wait.

    A program in another language may keep no SQLite file. Then nothing stands still.
    """
    file = (lab.folder / "chat.db").as_uri()
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(sqlite3.Error):
            other = sqlite3.connect(f"{file}?mode=rw", uri=True, timeout=1)
            stack.enter_context(contextlib.closing(other)).execute("BEGIN IMMEDIATE")
            lab.history.event("a program", "locks the history: nothing can be kept now")
        yield


def compare_with_order(
    member: Member, history: list[str], live: list[str], order: list[str]
) -> None:
    """See that a history holds the last 50 messages, and ``live`` those behind them."""
    newest = "".join(history[-1:])
    now = order.index(newest) + 1 if newest in order else len(order)
    why = "compared with what a member has seen that was there all the time"
    wanted = order[max(now - 50, 0) : now]
    if set(wanted) < set(history) or set(history) < set(wanted):
        member.peer.fail(
            expected=("Expected a history of", f"{len(wanted)} messages"),
            got=("but it holds", f"{len(history)}"),
            hint="Who joins is shown the channel's last 50 messages, or all there are.",
        )
    member.agrees(history, wanted, why)
    member.agrees(history + live, history + order[now : now + len(live)], why)


@check(
    "5.12",
    "keeps every message that anybody has seen, through Ctrl+C and kill -9",
    points=2,
    needs=["5.11"],
    hint="Give a message to the history before you send it to anybody: it is in the"
    " file when history.add() returns.",
    read="History before showing",
)
def test_durable(lab: Lab) -> None:
    port = system.free_port(lab.host)
    seen: list[str] = []
    server, members = come_back(lab, port, seen)
    seen += talk_while_locked(server, members[0], lab)
    for stop in ("interrupt", "kill"):
        server, members = come_back(lab, port, seen)
        seen += talk_until(getattr(server, stop), members, lab)
        server.expect_exit(None)  # only then the history file is free
    come_back(lab, port, seen)


def come_back(lab: Lab, port: int, seen: list[str]) -> tuple[Server, list[Member]]:
    """Start the server again; its history must hold what was seen before."""
    server = start(lab, port=port)
    began = len(lab.history.steps)
    members = [arrive(server) for _ in range(20)]
    kept = [member.sees_history("general") for member in members][0]
    lab.history.sum_up(began, "20 clients", "connect, and read the history")
    # Some may have been kept, and not sent any more.
    seen += [message for message in kept if message not in seen]
    compare_with_seen(members[0], kept, seen[-50:])
    return server, members


def compare_with_seen(member: Member, kept: list[str], seen: list[str]) -> None:
    """See that a history holds what was seen, in the same order."""
    for message in seen:
        if message not in kept:
            member.peer.fail(
                expected=("Expected in the history", show(message.encode())),
                got=("which has been seen before,", "but it is not there"),
            )
    member.agrees(kept, seen, "that is the order in which it was seen")


def talk_until(stop: Callable[[], None], members: list[Member], lab: Lab) -> list[str]:
    """Stop the server while all talk; return the messages that anybody has seen."""
    word = lab.random_word()
    began = len(lab.history.steps)
    for member in members:
        member.says(*(f"{word} {n} of {member.nick}" for n in range(10)))
    heard = members[0].hears(lab.numbers.randint(1, 120))
    stop()
    heard += members[0].hears_rest()
    heard = max([heard, *(member.hears_rest() for member in members[1:])], key=len)
    lab.history.sum_up(began, "all of them", f"talk at once, until the {stop.__name__}")
    return heard


def talk_while_locked(server: Server, member: Member, lab: Lab) -> list[str]:
    """Let one talk while nothing can be kept; return what it has seen of that.

    A server that shows a message first would be killed just in between by luck only.
    """
    with nothing_kept(lab):
        member.says("can you keep this?")
        while not member.has_answer() and member.peer.wait_for_more():
            pass
        server.kill()
    return member.hears_rest()


@check(
    "5.13",
    "brings back the channels that people made",
    points=1,
    needs=["5.6"],
    hint="history.add_channel() when one is made, history.channels() at the start.",
    read="Step 7: history",
)
def test_channels_come_back(lab: Lab) -> None:
    server = start(lab)
    (alice,) = meet(server, 1)
    games = lab.random_word()
    for name in (games, "été"):
        alice.says(f"/create {name}")
        alice.is_greeted(name)
    server.kill()
    server = start(lab, port=server.port)
    (bob,) = meet(server, 1)
    bob.says("/channels")
    bob.sees_notice(f"* channels: #general #sport #{games} #été")
    bob.joins(games)


@check(
    "5.14",
    "keeps channels apart",
    points=2,
    needs=["5.5"],
    hint="Send a message to the members of its channel only, show only that channel's"
    " history, and take who moves out of the old channel.",
    read="Step 4: channels",
)
def test_apart(lab: Lab) -> None:
    server = start(lab)
    members = alice, bob, carol, dave = meet(server, 4)
    carol.joins("sport")
    dave.joins("sport")
    began = len(lab.history.steps)
    for n in range(20):
        for member in members:
            member.says(*(f"{n}.{i} of {member.nick}" for i in range(2)))
    lab.history.sum_up(began, "all four", "say 40 lines each, two here and two there")
    for member in members:
        is_all_of(member, member.hears(80))
    is_all_of(alice, alice.joins("sport"))
    text = f"bob alone, {lab.random_word()}"
    all_see([bob], bob, text, text)
    all_see([carol, dave, alice], carol, "three in sport", "three in sport")
    is_all_of(alice, alice.joins("general"))
    all_see([dave, carol], dave, "two in sport", "two in sport")
    all_see([alice, bob], bob, "two in general", "two in general")
    for notice in bob.skipped:
        if notice.endswith(("joined #sport", "left #sport")):
            bob.fail("what happens in #general only", notice)


def is_all_of(member: Member, messages: list[str]) -> None:
    """See that all messages are of the member's channel."""
    for message in messages:
        if not without_time([message])[0].startswith(f"#{member.channel} <"):
            member.fail(f"what is said in #{member.channel}", message)


@check(
    "5.15",
    "refuses a line over 1024 bytes, and keeps the connection",
    points=2,
    needs=["5.3"],
    hint="Count bytes, the end included. Of a line that has become too long keep no"
    " more than shows that it is, read on to its end, and answer '! …' once.",
    read="Refusing lines",
)
def test_long_lines(lab: Lab) -> None:
    server = start(lab)
    both = alice, bob = meet(server, 2)
    for text in ("x" * 1023, "é" * 511):
        all_see(both, alice, text, text)
    all_see(both, alice, "x" * 1022 + "\r", "x" * 1022)
    for line in ("x" * 1024, "é" * 512, "x" * 1500, "/nick " + "x" * 2000):
        alice.says(line)
        alice.is_refused(f"a line of {len(line.encode()) + 1:,} bytes")
    alice.peer.send_bulk("x" * 100_000, "the start of a line")
    alice.peer.wait_until_read()
    whole = f"a whole line: {lab.random_word()}"
    alice.says("and its end", whole)
    alice.is_refused("a line of 100,012 bytes")
    alice.sees(alice, whole, "the long line must be refused once, whole")
    bob.sees(alice, whole, "of a refused line nothing is shown")
    before = system.memory(server.pid) or 0
    alice.peer.send_bulk("x" * 16 * MIB, "16 MiB more without an end")
    alice.says("", "short again")
    alice.is_refused("a line of 16 MiB")
    if (system.memory(server.pid) or 0) > before + 8 * MIB:
        lab.fail("The server keeps a line that is too long already, and all of it.")
    for member in both:
        member.sees(alice, "short again")


@check(
    "5.16",
    "refuses what is not UTF-8, control characters and line separators",
    points=2,
    needs=["5.3"],
    hint="Decode whole lines, strictly. Then look at each character's Unicode category:"
    " Cc, Zl and Zp could forge a line or drive somebody's terminal.",
    read="Refusing lines",
)
def test_text_only(lab: Lab) -> None:
    server = start(lab)
    both = alice, bob = meet(server, 2)
    for bad in (b"\xff\xfe", b"caf\xc3", b"caf\xe9", b"\xed\xa0\x80", b"/nick \xff"):
        alice.peer.send(bad + b"\n")
        alice.is_refused(f"{bad!r}, which is not UTF-8,")
    for character in "\x00\x07\t\x0b\x0c\r\x1b\x1c\x1d\x1e\x7f\x85\x9b\u2028\u2029":
        for line in (f"red{character}[31m", f"{character}x"):
            alice.says(line)
            alice.is_refused(f"{line!r}")
    text = f"l'été · 日本語 · 👩‍💻 {lab.random_word()}"
    all_see(both, alice, f"{text}\r", text)
    alice.peer.send(b"caf\xc3")
    alice.peer.wait_until_read()
    alice.peer.send(b"\xa9\n")
    for member in both:
        member.sees(alice, "café", "the two bytes of é came in two segments")


@check(
    "5.17",
    "lets nobody wait for a client that has stopped reading, and disconnects it",
    points=2,
    needs=["5.3", "5.4"],
    hint="Sockets that do not block: send what the socket takes, keep the rest in an"
    " outbox per client, and disconnect the client whose outbox is over 1 MiB.",
    read="Outboxes",
)
def test_stopped_reader(lab: Lab) -> None:
    server = start(lab)
    alice, bob = meet(server, 2)
    (stopped,) = meet(server, 1, receive_buffer=4096)
    pauses(lab, stopped, alice, bob)
    lab.history.event(stopped.nick, "reads no more")
    before = most = system.memory(server.pid) or 0
    talked, began = 0, len(lab.history.steps)
    while stopped.nick in people(bob):
        if talked > 16 * MIB:
            lab.fail(f"After 16 MiB of talk {stopped.nick} is still a member.")
        talked += sum(map(len, talk(alice, bob)))
        most = max(most, system.memory(server.pid) or 0)
        lab.history.sum_up(began, "the others", f"have said {talked:,} bytes")
    if most > before + 8 * MIB:
        grown = f"{(most - before) // MIB} MiB more than before"
        lab.fail(f"While {stopped.nick} read nothing the server took {grown}.")
    stopped.hears_rest()


def pauses(lab: Lab, late: Member, alice: Member, bob: Member) -> None:
    """Let a member read late what the others have said: more than a socket holds."""
    lab.history.event(late.nick, "does not read for a while")
    began = len(lab.history.steps)
    said = [message for _ in range(40) for message in talk(alice, bob)]
    lab.history.sum_up(began, "the others", f"have said {len(said)} messages")
    lab.history.event(late.nick, "reads on")
    late.hint = (
        "send() returns how much the socket took. The rest must go as soon as it takes"
        " more, though nobody says anything: a selector tells when (EVENT_WRITE)."
    )
    late.agrees(late.hears(len(said)), said, "that is what the others saw")
    late.hint = ""


def talk(alice: Member, bob: Member) -> list[str]:
    """Let two members talk; both must see everything. Return what they have seen."""
    text = "x" * 1000
    alice.says(*[text] * 12)
    bob.says("what a talker")
    for member in (alice, bob):
        talker = [f"#general <{alice.nick}> {text}"] * 12
        listener = [f"#general <{bob.nick}> what a talker"]
        wanted = sorted(talker + listener)
        heard = member.hears(13)
        member.agrees(sorted(without_time(heard)), wanted, "that is what was said")
    return heard


@check(
    "5.18",
    "loses nobody who reads when one client floods",
    points=1,
    needs=["5.10"],
    hint="While a member still reads, but has much in its outbox, do not read what the"
    " flooding client sends: TCP then makes it wait.",
    read="Floods",
)
def test_flood(lab: Lab) -> None:
    server = start(lab)
    (flooder,) = meet(server, 1)
    alice, bob = readers = meet(server, 2, receive_buffer=16384)
    lines = [f"{n} {lab.random_word()} {'x' * 1000}" for n in range(3000)]
    lab.history.event(flooder.nick, "says 3000 lines of 1000 bytes, as fast as it can")
    began = len(lab.history.steps)
    flood(flooder, lines, readers)
    read = ", ".join(f"{m.nick} {len(m.lines)}{m.ended()}" for m in (flooder, *readers))
    lab.history.sum_up(began, "the members", f"read so many lines: {read}")
    alice.says("the flood is over")
    wanted = [f"#general <{flooder.nick}> {line}" for line in lines]
    for reader in readers:
        *heard, _ = reader.hears_until("the flood is over")
        # Who floods may be thrown out: what it had said until then must be there.
        wanted = wanted[: len(heard)] if flooder.peer.end else wanted
        reader.agrees(without_time(heard), wanted, f"that is what {flooder.nick} said")
    all_see(readers, bob, "at last", "at last")


def flood(flooder: Member, lines: list[str], readers: list[Member]) -> None:
    """Let one member say much, and read what comes back, until it has heard all.

    The readers read a sixteenth of that. When the server makes the flooder wait for
    them, they read on.
    """
    socket, left = flooder.peer.socket, memoryview(as_lines(lines))
    idle = 0.0
    while not flooder.has_heard(lines[-1]) and idle < ANSWER:
        readable, writable, _ = select.select([socket], [socket][: len(left)], [], TICK)
        if writable:
            with contextlib.suppress(OSError):  # reading tells that it has ended
                left = left[socket.send(left[:65536]) :]
        moved = flooder.receives_now() or bool(writable)
        idle = 0.0 if moved else idle + TICK
        for reader in readers:
            while idle > 0.1 or 16 * len(reader.lines) < len(flooder.lines):
                if not reader.receives_now():
                    break


@check(
    "5.19",
    "stays within --max-clients and 100 channels",
    points=2,
    needs=["5.6"],
    hint="Count the clients that are here when one connects: '! server full', close."
    " And count the channels before you make one.",
    read="Step 11: limits",
)
def test_limits(lab: Lab) -> None:
    server = start(lab, "--max-clients", "3")
    alice, bob, carol = meet(server, 3)
    for _ in range(2):
        dave = arrive(server)
        full = "! server full"
        answer = dave.awaits(repr(full), re.compile(r"!|\* you are ").match, "")
        if answer != full:
            dave.fail(repr(full), answer, "three clients are here already")
        dave.sees_end()
    bob.peer.close()
    knock(server)
    names = [f"channel{n}" for n in range(3, 101)]
    alice.says(*(f"/create {name}" for name in names))
    for name in names:
        alice.is_greeted(name)
    alice.says("/create channel101")
    alice.is_refused("/create for channel 101")
    all_see([alice], alice, "still here", "still here")


def knock(server: Server) -> None:
    """Connect until there is room: a server may not notice at once who has left."""
    for wait in server.slices(SOON):
        visitor = arrive(server)
        if visitor.gets_into("general"):
            return
        time.sleep(wait)
    visitor.fail("'* you are guestN in #general'", "! server full", "one has left")


@check(
    "5.20",
    "ends on Ctrl+C: * server closing, the end, status 0",
    points=2,
    needs=["5.1"],
    hint="Let a handler of SIGINT and SIGTERM end the loop in main(); then send"
    " '* server closing' to all, shutdown() their sockets, and join the threads.",
    read="A clean end",
)
def test_clean_end(lab: Lab) -> None:
    silent = lab.start_server("--history", str(lab.folder / "silent.db"))
    (alice,) = meet(silent, 1)
    fills = fills_outbox(alice, *meet(silent, 1, receive_buffer=4096))
    port = system.free_port(lab.host)
    for stop in ("interrupt", "terminate"):
        if stop == "terminate" and system.WINDOWS:
            break  # there is no SIGTERM
        ends_with_a_crowd(start(lab, port=port), stop)
    # Another line takes what room there has come to be in the socket: it is full then.
    if fills and hears_itself(alice, 1, "my last line"):
        ends_beside_a_silent_client(silent, alice)


def ends_with_a_crowd(server: Server, stop: str) -> None:
    """Stop a server: all its clients must be told, and see the end."""
    members = meet(server, 10)
    members[-1].joins("sport")
    began = len(server.history.steps)
    getattr(server, stop)()
    for member in members:
        member.sees_notice("* server closing")
        member.sees_end()
    server.expect_exit()
    server.history.sum_up(began, stop, "ends the server as it should")


def ends_beside_a_silent_client(server: Server, alice: Member) -> None:
    """Press Ctrl+C while a client reads no more: nobody waits for it."""
    server.interrupt()
    alice.sees_notice("* server closing")
    alice.sees_end()
    server.expect_exit(
        hint="A socket that blocks lets sendall() wait for a client that reads nothing."
    )


def fills_outbox(alice: Member, silent: Member) -> bool:
    """Say more than a client's socket holds that does not read; tell if that worked.

    Where it does not, 5.3 or 5.17 objects.
    """
    history = alice.peer.history
    history.event(silent.nick, "reads no more")
    began = len(history.steps)
    heard = all(hears_itself(alice, 12, f"{n} {'x' * 1000}") for n in range(40))
    history.sum_up(began, alice.nick, "says 480 lines of 1000 bytes")
    return heard


def hears_itself(member: Member, times: int, text: str) -> bool:
    """Let a member say a line so many times; tell whether it has heard them all."""
    member.says(*[text] * times)

    def has_heard_all() -> bool:
        member.split_lines()
        return sum(line.endswith(f"> {text}") for line in member.lines) == times

    heard = exchange({member.peer: b""}, has_heard_all)
    member.lines.clear()
    return heard
