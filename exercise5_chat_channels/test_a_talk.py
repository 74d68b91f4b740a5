"""The checks of exercise 5, part A: talk, commands, nicks and channels."""

import calendar
import time
from collections.abc import Iterable

import pytest

from tests.harness.chat import TIME, Member, all_see, arrive, connect_all, people, start
from tests.harness.checks import check
from tests.harness.lab import Lab
from tests.harness.words import _

ANY_SCRIPT = ("été", "e\u0301te\u0301", "日本語", "नमस्ते", "é" * 20)  # marks, too
NO_NAMES = ("", "n" * 21, "a b", "a.b", "<bob>", "bob!", "☀")
INVISIBLE = "\u3164"  # a letter, says Unicode


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
    nicks = [member.nick for member in connect_all(server, 3, channel="kitchen")]
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
def test_message(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "NPT-5:45")  # where local time is not UTC: Nepal
    server = start(lab)
    members = alice, bob, carol = connect_all(server, 3)
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
        wanted = _("the time in UTC, {time}").format(time=now)
        alice.fail(wanted, when, _("the time in Kathmandu is another"))


@check(
    "5.3",
    _("answers /channels, /who and /help"),
    points=2,
    needs=["5.1"],
    hint=_(
        "Answer whoever asked: '* channels: #a #b' in the order of creation, '* people"
        " in #a: nick nick' sorted, and a help that begins with '* '."
    ),
    read=_("Step 2: commands"),
)
def test_questions(lab: Lab) -> None:
    word = lab.random_word()
    server = start(lab, "--channels", "zebra", "Ape", word)
    members = connect_all(server, 3, channel="zebra")
    for member in members:
        member.says("/channels")
        member.sees_notice(f"* channels: #zebra #Ape #{word}")
        are_here(members, member)
    alice = members[0]
    alice.says("/help", "/channels")
    wanted = _("'* …', the help")
    answer = alice.awaits(wanted, lambda line: line.startswith("* "), "")
    if answer.startswith("* channels:"):
        alice.fail(wanted, answer)


def are_here(members: Iterable[Member], asker: Member) -> None:
    """See that /who lists these members, sorted as text or by the guests' numbers."""
    by_number = sorted(
        (member.nick for member in members), key=lambda nick: int(nick[5:])
    )
    if (listed := people(asker)) not in (by_number, sorted(by_number)):
        opening = f"* people in #{asker.channel}: "
        wanted, got = (opening + " ".join(nicks) for nicks in (by_number, listed))
        remark = _("not sorted") if set(listed) == set(by_number) else ""
        asker.fail(repr(wanted), got, remark)


@check(
    "5.4",
    _("says goodbye on /quit and /quitter, and closes"),
    points=1,
    needs=["5.1"],
    hint=_("Send '* bye', then end that client's connection: shutdown(), close()."),
    read=_("Step 2: commands"),
)
def test_quit(lab: Lab) -> None:
    server = start(lab)
    alice, bob, carol = connect_all(server, 3)
    for member, command in ((alice, "/quit"), (carol, "/quitter"), (bob, "/quit")):
        member.says(command)
        member.sees_notice("* bye")
        member.sees_end()


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
    alice, bob = connect_all(server, 2)
    for line in ("//who", "//", "///x", f"//quit {lab.random_word()}", "and / or"):
        all_see([alice, bob], alice, line, line.replace("//", "/", 1))
    alice.says("", "")
    all_see([alice, bob], alice, "this is no empty line", "this is no empty line")
    for line in ("/", "/nosuch", "/whoever", "/quitting", "/joinsport", "/ who"):
        alice.says(line)
        alice.is_refused(line)
    all_see([alice, bob], alice, "still here", "still here")


@check(
    "5.6",
    _("changes a nick, and refuses one that is taken or ill-formed"),
    points=2,
    needs=["5.1"],
    hint=_(
        "See that it is a name, in any script: is_name(). Look for it among the others'"
        " nicks, without case and letters' forms: name_key(). Answer '* you are …' or"
        " '! …'. Anyone may write their own nick in another way."
    ),
    read=_("Step 3: nicks"),
)
def test_nick(lab: Lab) -> None:
    server = start(lab)
    alice, bob = connect_all(server, 2)
    next_guest = f"GUEST{int(bob.nick.removeprefix('guest')) + 1}"
    for nick in ("alice", lab.random_word(), "A-1_b", *ANY_SCRIPT, "ZoE", "zoe"):
        alice.takes_nick(nick)
    for nick in ("zoe", "ZOE", full_width("zoe"), full_width("ZOE"), *NO_NAMES):
        bob.says(f"/nick {nick}")
        bob.is_refused(f"/nick {nick}")
    bob.says(f"/nick {INVISIBLE}")
    bob.is_refused(r"/nick \u3164")
    bob.says("/nick")
    bob.sees_refusal(_("'! …', because /nick without a name must be refused"))
    bob.takes_nick("alice")  # which is free again
    bob.takes_nick(next_guest)
    carol = arrive(server)
    carol.is_greeted("general")
    if carol.nick.upper() == next_guest:
        taken = _("{nick} is taken").format(nick=bob.nick)
        carol.fail(_("a nick that nobody has"), carol.nick, taken)


def full_width(name: str) -> str:
    """Return the twin of an ASCII name: its letters as they are wide as a 漢字."""
    return "".join(chr(ord(letter) + 0xFEE0) for letter in name)


@check(
    "5.7",
    _("moves a client from channel to channel with /join"),
    points=2,
    needs=["5.2", "5.3"],
    hint=_(
        "Take the client out of its channel, put it into the other, and answer '* you"
        " are NICK in #CHANNEL'. See first that there is such a channel. A message goes"
        " to the members of its channel only. /who is sorted, whoever came first."
    ),
    read=_("Step 4: channels"),
)
def test_join(lab: Lab) -> None:
    server = start(lab)
    alice, bob, carol = connect_all(server, 3)
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
    all_see([alice, carol], alice, "back", "back")


@check(
    "5.8",
    _("makes a channel with /create, once"),
    points=2,
    needs=["5.6", "5.7"],
    hint=_(
        "Refuse a name that is ill-formed, is_name(), or exists, name_key(). Else make"
        " the channel, called as it was written, and let its creator join it. Look and"
        " make under one lock, or two clients both make it."
    ),
    read=_("Step 4: channels"),
)
def test_create(lab: Lab) -> None:
    server = start(lab)
    members = connect_all(server, 5)
    alice, bob = members[:2]
    games = lab.random_word()
    for member, name in ((alice, games), (bob, "#été"), (bob, "Tea")):
        member.says(f"/create {name}")
        member.is_greeted(name.removeprefix("#"))
    there = games, f"#{games}", games.upper(), full_width(games), "tea", "general"
    for name in (*there, *NO_NAMES):
        bob.says(f"/create {name}")
        bob.is_refused(f"/create {name}")
    bob.says(f"/create {INVISIBLE}")
    bob.is_refused(r"/create \u3164")
    for n in range(10):
        for member in members:
            member.says(f"/create race{n}")
        makers = [member.nick for member in members if member.gets_into(f"race{n}")]
        if not makers:
            lab.fail(_("Nobody could {command}.").format(command=f"/create race{n}"))
        if len(makers) > 1:
            nicks = _(" and ").join(makers)
            created = _("{nicks} could {command}.")
            lab.fail(created.format(nicks=nicks, command=f"/create race{n}"))
    for name in (games, "tea", full_width("TEA")):
        bob.says(f"/join {name}")
        bob.is_greeted(games if name == games else "Tea")
    races = " ".join(f"#race{n}" for n in range(10))
    bob.says("/channels")
    bob.sees_notice(f"* channels: #general #sport #{games} #été #Tea {races}")


@check(
    "5.9",
    _("tells the others in the channel who joined, left, or has a new nick"),
    points=1,
    needs=["5.6", "5.7"],
    hint=_(
        "Send '* NICK joined #CHANNEL', '* NICK left #CHANNEL', '* OLD is now NEW' to"
        " the other members, also when somebody connects or is suddenly gone."
    ),
    read=_("Step 5: who comes and goes"),
)
def test_notices(lab: Lab) -> None:
    server = start(lab)
    alice, bob, carol, dave, erin = connect_all(server, 5)
    for newcomer in (bob, carol, dave, erin):
        alice.sees_notice(f"* {newcomer.nick} joined #general")
    bob.joins("sport")
    alice.sees_notice(f"* {bob.nick} left #general")
    old, new = carol.nick, lab.random_word()
    carol.takes_nick(new)
    alice.sees_notice(f"* {old} is now {new}")
    alice_before = alice.nick
    dave.takes_nick("Dave")
    dave.peer.close()
    alice.sees_notice("* Dave left #general")
    alice.takes_nick("dave")  # which is free again
    erin.sees_notice(f"* {alice_before} is now dave")  # so only recv() can see its end
    erin.peer.reset()
    alice.sees_notice(f"* {erin.nick} left #general")
    carol.joins("sport")
    carol.takes_nick("zoe")
    carol.joins("general")  # the greeting comes after all that was caused before
    about_it = [f"* {new} joined #sport", f"* {new} is now zoe", "* zoe left #sport"]
    for notice in about_it:
        bob.sees_notice(notice)
    for notice in {f"* {old} is now {new}", *about_it}.intersection(carol.skipped):
        wanted = _("no notice of what it does itself")
        carol.fail(wanted, notice, _("this is for the others"))
    carol.says("/quit")
    alice.sees_notice("* zoe left #general")
