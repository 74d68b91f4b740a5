"""The checks of exercise 5, part A: a greeting, messages and commands."""

import calendar
import time

from tests.harness.chat import (
    TIME,
    Member,
    all_see,
    are_here,
    arrive,
    connect_all,
    hinting,
    people,
    refused_lines,
    start,
)
from tests.harness.checks import check
from tests.harness.lab import Lab
from tests.harness.words import _

NEPAL = {"TZ": "NPT-5:45"}  # where local time is not UTC
LAST_LINE = _(
    "recv() returns b'' at the end of the connection: leave the loop. The bytes after"
    " the last newline are a line, too: handle what is left over."
)
IN_ORDER = _(
    "One recv() may bring ten lines, messages and commands, or half a line. Do them one"
    " after another, in their order, each when its newline has come."
)


@check(
    "5.1",
    _("tells a new client its nick guestN and the first channel"),
    points=1,
    hint=_(
        "As soon as a client has connected, send it '* you are guestN in #CHANNEL' and"
        " a newline. N is a number that nobody else has, CHANNEL the first of"
        " --channels."
    ),
    read=_("Step 1: a greeting and a message"),
)
def test_greeting(lab: Lab) -> None:
    server = start(lab, "--channels", "kitchen", "garden")
    members = [arrive(server) for _n in range(3)]
    for member in members:
        member.is_greeted("kitchen")
    nicks = [member.nick for member in members]
    if len(set(nicks)) < 3:
        lab.fail(_("Three clients are called {nicks}.").format(nicks=", ".join(nicks)))


@check(
    "5.2",
    _("shows a message to all members, sender too: time, channel, nick, text"),
    points=2,
    needs=["5.1"],
    hint=_(
        "Send '2026-11-21T10:00:00Z #general <guest1> hello' and a newline to all"
        " members of the channel: the time in UTC (time.gmtime), the text as it came."
    ),
    read=_("Step 1: a greeting and a message"),
)
def test_message(lab: Lab) -> None:
    server = start(lab, environment=NEPAL)
    members = alice, bob, carol = connect_all(server, 3)
    for text in (
        f"hello {lab.random_word()}",
        "  l'été, <bob> #sport ☀ ",
        "   ",
        "* no notice",
        "! all is well",
        " /who",
    ):
        all_see(members, alice, text, text)
        all_see(members, carol, text, text)
    alice.says("what time is it?")
    when = alice.sees(alice, "what time is it?")
    if abs(calendar.timegm(time.strptime(when, TIME)) - time.time()) > 60:
        now = time.strftime(TIME, time.gmtime())
        wanted = _("the time in UTC, {time}").format(time=now)
        alice.fail(wanted, when, _("the time in Kathmandu is another"))
    for member in (bob, carol):
        member.sees(alice, "what time is it?")
    comes_in_any_pieces(alice, bob, carol)


def comes_in_any_pieces(alice: Member, bob: Member, carol: Member) -> None:
    """Let lines come together, byte by byte, and at last without a newline."""
    everybody = alice, bob, carol
    with hinting(IN_ORDER, *everybody):
        alice.says("one", "two", "three")
        for member in everybody:
            for text in ("one", "two", "three"):
                member.sees(alice, text)
        bob.spells("quatre à six", "sept")
        for member in everybody:
            for text in ("quatre à six", "sept"):
                member.sees(bob, text)
    with hinting(LAST_LINE, *everybody):
        carol.says_last("without a newline")
        for member in everybody:
            member.sees(carol, "without a newline")
        carol.sees_end()


@check(
    "5.3",
    _("answers /channels, /who and /help"),
    points=2,
    needs=["5.2"],
    hint=_(
        "Answer whoever asked: '* channels: #a #b' in the order of creation, '* people"
        " in #a: nick nick' sorted, and a help that begins with '* '."
    ),
    read=_("Step 2: commands"),
)
def test_questions(lab: Lab) -> None:
    word = lab.random_word()
    server = start(lab, "--channels", "zebra", "Ape", word)
    members = alice, bob, carol = connect_all(server, 3, channel="zebra")
    channels = f"* channels: #zebra #Ape #{word}"
    for member in members:
        member.says("/channels")
        member.sees_notice(channels)
        are_here(members, member)
    bob.skipped.clear()
    alice.says("/channels")
    alice.sees_notice(channels)
    people(bob)
    if channels in bob.skipped:
        wanted = _("no answer to what {nick} has asked").format(nick=alice.nick)
        bob.fail(wanted, channels)
    asks_for_help(alice, "/help")
    with hinting(WORDS_FOLLOW, alice):
        alice.says("/channels #zebra")
        alice.sees_notice(channels)
        are_here(members, alice, "/who is here?")
        asks_for_help(alice, "/help me")
    with hinting(IN_ORDER, bob, carol):
        bob.says("/channels", "/who", "/channels")
        bob.sees_notice(channels)
        bob.sees_people()
        bob.sees_notice(channels)
        carol.spells("/channels", "/who")
        carol.sees_notice(channels)
        carol.sees_people()
    with hinting(LAST_LINE, carol):
        carol.says_last("/channels")
        carol.sees_notice(channels)
        carol.sees_end()


WORDS_FOLLOW = _(
    "The command is the word up to the first space. After one that takes no name,"
    " ignore what follows."
)


def asks_for_help(member: Member, command: str) -> None:
    """Ask for help: it is a notice, or several."""
    member.says(command, "/channels")
    wanted = _("'* …', the help")
    answer = member.awaits(wanted, lambda line: line.startswith("* "), "")
    if answer.startswith("* channels:"):
        member.fail(wanted, answer)
    member.awaits("'* channels: …'", lambda line: line.startswith("* channels:"), "")


@check(
    "5.4",
    _("says goodbye on /quit and /quitter, and closes"),
    points=1,
    needs=["5.2"],
    hint=_(
        "Send '* bye', then end that client's connection. send() may only fill an"
        " outbox, and disconnect() empties it: hang_up() sends what is in it first."
    ),
    read=_("Step 2: commands"),
)
def test_quit(lab: Lab) -> None:
    server = start(lab)
    alice, bob, *others = connect_all(server, 5)
    for member, command in zip(others, ("/quit", "/quitter", "/quit bye"), strict=True):
        with hinting(WORDS_FOLLOW if " " in command else "", member):
            member.says(command)
            member.sees_notice("* bye")
            member.sees_end()
    last, late = f"last words: {lab.random_word()}", f"too late: {lab.random_word()}"
    alice.says(last, "/quit", late)
    with hinting(QUIT_IN_ORDER, alice, bob):
        alice.sees(alice, last)
        alice.sees_notice("* bye")
        alice.sees_end()
        bob.sees(alice, last)
        all_see([bob], bob, "who is still here?", "who is still here?")


QUIT_IN_ORDER = _(
    "Lines are done in their order: what comes before /quit is said, and its receipt"
    " comes before '* bye'. What comes after /quit is not done any more."
)


@check(
    "5.5",
    _("says /text for //text, and refuses a command that it does not know"),
    points=1,
    needs=["5.2"],
    hint=_(
        "Look first for '//' at the start of the line, then for '/'. The command is"
        " the whole first word: /whoever is not /who."
    ),
    read=_("Step 2: commands"),
)
def test_slashes(lab: Lab) -> None:
    server = start(lab)
    both = alice, bob = connect_all(server, 2)
    with hinting(ONE_SLASH, *both):
        slashes = "//who", "//", "///x", "////", "//a//b", "//WHO", "and // or"
        for line in (*slashes, f"//quit {lab.random_word()}"):
            all_see(both, alice, line, line.removeprefix("/"))
    alice.says("", "")
    all_see(both, alice, "this is no empty line", "this is no empty line")
    with refused_lines(alice, bob):
        for line in ("/", "/nosuch", "/whoever", "/quitting", "/joinsport", "/ who"):
            alice.says(line)
            alice.is_refused(line)
        with hinting(LOWER_CASE, alice):
            for line in ("/WHO", "/Who", "/Quit", "/NICK alice", "/Join sport"):
                alice.says(line)
                alice.is_refused(line)
    with hinting(IN_ORDER, *both):
        alice.says("", "one", "/nosuch", "//two", "", "/", "/WHO", "three")
        alice.sees(alice, "one")
        alice.is_refused("/nosuch")
        alice.sees(alice, "/two")
        alice.is_refused("/")
        alice.is_refused("/WHO")
        alice.sees(alice, "three")
        for text in ("one", "/two", "three"):
            bob.sees(alice, text)


ONE_SLASH = _(
    "A line that begins with '//' is a message. Only its first '/' is taken away:"
    " text.removeprefix('/'). text.replace() would take away others, too."
)
LOWER_CASE = _(
    "Commands are in lower case: /WHO is not /who, it is a command that does not exist."
)
