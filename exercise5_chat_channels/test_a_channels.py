"""The checks of exercise 5, part A: nicks, channels, who comes and goes."""

from collections.abc import Iterable

from tests.harness.chat import (
    COMES_OR_GOES,
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
from tests.harness.lab import Lab, Server
from tests.harness.words import _

# With marks; digits of another script; 20 letters in bytes, in code points, in NFKC.
ANY_SCRIPT = (
    *("été", "日本語", "e\u0301te\u0301", "नमस्ते", "٤٢", "_-_"),
    *("é" * 20, "n" * 20, "e\u0301" * 20),
)
NO_NAMES = (
    *("", "n" * 21, "é" * 21, "a b", "a.b", "<bob>", "bob!", "*", "☀", "½"),
    "ﬁ" * 11,  # 22 letters in NFKC
    "\u0301a",  # begins with a mark
)
# A letter, says Unicode; marks; format characters between letters.
INVISIBLE = ("\u3164", "a\ufe0fb", "a\u034fb", "a\u200bb", "a\xadb", "\u202ebob")


@check(
    "5.6",
    _("changes a nick, and refuses one that is taken or not a name"),
    points=2,
    needs=["5.2", "5.3"],
    hint=_(
        "Look for the nick among those of the others, and answer '* you are …' or"
        " '! …'. Anyone may write their own nick in another way. A nick is free when"
        " its owner has taken another."
    ),
    read=_("Step 3: nicks"),
)
def test_nick(lab: Lab) -> None:
    server = start(lab)
    alice, bob = connect_all(server, 2)
    next_guest = f"GUEST{int(bob.nick.removeprefix('guest')) + 1}"
    with hinting(AS_TYPED, alice):
        alice.takes_nick("Alice-1_B")
    with hinting(IS_NAME, alice):
        for nick in (lab.random_word(), *ANY_SCRIPT, "alice"):
            alice.takes_nick(nick)
    with hinting(ONES_OWN, alice):
        alice.takes_nick("alice")
    for nick in ("ZoE", "zoe"):
        alice.takes_nick(nick)
        with refused_lines(bob, alice):
            refuses_all(bob, "/nick", (nick, "ZOE", full_width("zoe")), SAME_NAME)
    alice.takes_nick("Straße")
    with refused_lines(bob, alice):
        refuses_all(bob, "/nick", ("STRASSE", "strasse", "straße"), SAME_NAME)
        refuses_all(bob, "/nick", (*NO_NAMES, *INVISIBLE, "#zoe"), IS_NAME)
        bob.says("/nick")
        bob.sees_refusal(_("'! …', because /nick without a name must be refused"))
    with hinting(AS_TYPED, bob):
        if alice.nick not in (listed := people(bob)):
            bob.fail(_("a list with {nick}").format(nick=alice.nick), " ".join(listed))
    bob.takes_nick("alice")  # which is free again
    takes_nicks_between_messages(alice, bob)
    bob.takes_nick(next_guest)
    carol = arrive(server)
    carol.sees_history("general")
    if carol.nick.upper() == next_guest:
        taken = _("{nick} is taken").format(nick=bob.nick)
        carol.fail(_("a nick that nobody has"), carol.nick, taken)


IS_NAME = _(
    "is_name() knows what can name somebody: 1 to 20 letters, marks on letters, digits,"
    " '-' and '_', in any script, none of them invisible."
)
ONES_OWN = _(
    "Nobody else has this nick, only the one who asks: so it works, and is answered as"
    " always."
)
AS_TYPED = _("A nick is shown as it was typed. Only to compare names, use name_key().")
SAME_NAME = _(
    "Compare names without case and without letters' forms: name_key(). It is the same"
    " for Straße and STRASSE, for zoe and a wide ｚｏｅ."
)


def refuses_all(member: Member, command: str, names: Iterable[str], hint: str) -> None:
    """See that a command is refused with each of these names."""
    with hinting(hint, member):
        for name in names:
            member.says(f"{command} {name}")
            member.is_refused(f"{command} {name}")


def full_width(name: str) -> str:
    """Return the twin of an ASCII name: its letters as they are wide as a 漢字."""
    return "".join(chr(ord(letter) + 0xFEE0) for letter in name)


def takes_nicks_between_messages(alice: Member, bob: Member) -> None:
    """Let commands and messages come in one piece: each message has the nick of then.

    Then another nick comes byte by byte.
    """
    with hinting(IN_ORDER, alice, bob):
        bob.says("old nick", "/nick carol", "new nick")
        for member in (bob, alice):
            member.sees(bob, "old nick")
        bob.nick = "carol"
        bob.is_greeted("general")
        for member in (bob, alice):
            member.sees(bob, "new nick")
        bob.nick = "d-É"
        bob.spells("/nick d-É")
        bob.is_greeted("general")


IN_ORDER = _(
    "One recv() may bring ten lines, messages and commands, or half a line. Do them one"
    " after another, in their order: what comes before a command belongs to before."
)


@check(
    "5.7",
    _("moves a client from channel to channel with /join"),
    points=2,
    needs=["5.2", "5.3"],
    hint=_(
        "Take the client out of its channel, put it into the other, and answer '* you"
        " are NICK in #CHANNEL'. A message goes to the members of its channel only."
        " /who is sorted, whoever came first."
    ),
    read=_("Step 4: channels"),
)
def test_join(lab: Lab) -> None:
    server = start(lab, "--channels", "general", "sport", "tea", "hall", "yard")
    alice, bob, carol = connect_all(server, 3)
    alice.joins("sport")
    for name in (" sport ", full_width("sport"), "#SPORT"):
        with hinting(NO_SPACES if " " in name else SAME_NAME, bob):
            bob.says(f"/join {name}")
            bob.sees_history("sport")
        if name != "#SPORT":
            bob.joins("general")
    are_here([alice, bob], bob)
    with refused_lines(alice, bob, hint=LOOK_FIRST):
        no_channels = "nowhere", "", "#", "##sport", *NEARLY, "a b", "x" * 100
        for name in no_channels:
            with hinting(WHOLE_NAMES if name in NEARLY else "", alice):
                alice.says(f"/join {name}")
                alice.is_refused(f"/join {name}")
    text = f"in #sport, {lab.random_word()}"
    all_see([alice, bob], alice, text, text)
    all_see([carol], carol, "alone in #general", "alone in #general")
    carol.joins("tea")
    alice.joins("tea")
    are_here([alice, carol], alice)
    all_see([alice, carol], alice, "in tea", "in tea")
    bob.spells("/join hall")
    bob.sees_history("hall")
    walks_and_talks(alice, bob, carol)


NEARLY = "general2", "spor"
WHOLE_NAMES = _(
    "There is no channel of this name, only one that begins alike: compare whole names."
)
NO_SPACES = _("NAME is what follows the command, without the spaces around it.")
LOOK_FIRST = _(
    "See first that there is such a channel, and only then leave the old one."
)


def walks_and_talks(alice: Member, bob: Member, carol: Member) -> None:
    """Let messages and /join come in one piece: each is said where alice is then.

    At first alice and carol are in #tea, bob in #hall. Nobody has spoken in #yard.
    """
    with hinting(IN_ORDER, alice, bob, carol):
        alice.says("first", "/join hall", "second", "/join yard", "third", "/who")
        alice.sees(alice, "first")
        alice.sees_history("hall")
        alice.sees(alice, "second")
        alice.sees_history("yard")
        alice.sees(alice, "third")
        alice.sees_people()
        carol.sees(alice, "first")
        bob.sees(alice, "second")
        all_see([carol], carol, "alice is away", "alice is away")
        all_see([bob], bob, "here, too", "here, too")


@check(
    "5.8",
    _("makes a channel with /create, once"),
    points=2,
    needs=["5.6", "5.7"],
    hint=_(
        "Refuse a name that isn't one, is_name(), or exists, name_key(). Else make the"
        " channel, called as it was written, and let its creator join it: it leaves"
        " the old one. Look and make under one lock, or two clients both make it."
    ),
    read=_("Step 4: channels"),
)
def test_create(lab: Lab) -> None:
    server = start(lab)
    members = connect_all(server, 5)
    alice, bob, carol = members[:3]
    games = lab.random_word()
    for member, name in ((alice, games), (bob, "#été"), (bob, "Tea"), (bob, "Fuß")):
        member.says(f"/create {name}")
        member.is_greeted(name.removeprefix("#"))
    with refused_lines(bob), hinting("", bob):
        there = games, f"#{games}", games.upper(), full_width(games), "tea", "general"
        refuses_all(bob, "/create", (*there, "FUSS"), SAME_NAME)
        refuses_all(bob, "/create", (*NO_NAMES, *INVISIBLE, "#", "##a"), IS_NAME)
    for n in range(10):
        make_the_same(lab, members, f"race{n}")
    for name in ("tea", games, full_width("TEA")):
        bob.says(f"/join {name}")
        bob.sees_history(games if name == games else "Tea")
    races = " ".join(f"#race{n}" for n in range(10))
    bob.says("/channels")
    bob.sees_notice(f"* channels: #general #sport #{games} #été #Tea #Fuß {races}")
    creates_between_messages(alice, bob, carol)


def make_the_same(lab: Lab, members: list[Member], name: str) -> None:
    """Let all try to make the same channel: one of them can."""
    for member in members:
        member.says(f"/create {name}")
    makers = [member.nick for member in members if member.gets_into(name)]
    if not makers:
        lab.fail(_("Nobody could {command}.").format(command=f"/create {name}"))
    if len(makers) > 1:
        nicks = _(" and ").join(makers)
        created = _("{nicks} could {command}.")
        lab.fail(created.format(nicks=nicks, command=f"/create {name}"))


def creates_between_messages(alice: Member, bob: Member, carol: Member) -> None:
    """Let alice make a channel while she talks: those of the old one hear no more.

    All lines come in one piece. Then bob makes one byte by byte.
    """
    for member in (alice, carol):  # bob is there
        member.joins("Tea")
    with hinting(IN_ORDER, alice, bob, carol):
        alice.says("in Tea", "/create alone", "where are you?")
        for member in (alice, bob, carol):
            member.sees(alice, "in Tea")
        alice.is_greeted("alone")
        alice.sees(alice, "where are you?")
    with hinting(LEAVES, alice, bob, carol):
        all_see([bob, carol], bob, "alice is away", "alice is away")
        all_see([alice], alice, "alone", "alone")
        if alice.nick in (listed := people(bob)):
            wanted = _("a list without {nick}").format(nick=alice.nick)
            bob.fail(wanted, " ".join(listed))
    bob.spells("/create bó")
    bob.is_greeted("bó")


LEAVES = _("Anyone who makes a channel leaves the old one, as with /join.")


@check(
    "5.9",
    _("tells the others in the channel who joined, left, or has a new nick"),
    points=1,
    needs=["5.8"],
    hint=_(
        "Send '* NICK joined #CHANNEL', '* NICK left #CHANNEL', '* OLD is now NEW' to"
        " the other members, also when somebody connects or is suddenly gone."
    ),
    read=_("Step 5: who comes and goes"),
)
def test_notices(lab: Lab) -> None:
    server = start(lab)
    alice, *others = connect_all(server, 5)
    bob, carol, dave, erin = others
    for newcomer in others:
        alice.sees_change(f"* {newcomer.nick} joined #general")
    bob.joins("sport")
    alice.sees_change(f"* {bob.nick} left #general")
    nicks_are_taken_everywhere(lab, server, alice, bob)
    carols_nicks = [carol.nick, lab.random_word(), "zoe", "Zoe"]
    is_renamed(carol, carols_nicks[1], alice)
    are_suddenly_gone(dave, erin, alice)
    moves_about(carol, alice, bob)
    for notice in filter(COMES_OR_GOES.fullmatch, carol.skipped):
        if notice.split(" ")[1] in carols_nicks:
            wanted = _("no notice of what it does itself")
            carol.fail(wanted, notice, _("this is for the others"))
    for notice in filter(COMES_OR_GOES.fullmatch, alice.skipped):
        alice.fail(_("nothing twice, and no notice of what it does itself"), notice)
    server.interrupt()
    server.expect_exit(None)  # without a traceback


def nicks_are_taken_everywhere(
    lab: Lab, server: Server, alice: Member, bob: Member
) -> None:
    """Let alice, in #general, and bob, in #sport, want the same nicks."""
    with refused_lines(bob):
        refuses_all(bob, "/nick", (alice.nick, alice.nick.upper()), EVERYWHERE)
    began = len(lab.history.steps)
    bob.takes_nick(f"guest{int(bob.nick.removeprefix('guest')) + 4}")
    newcomer = arrive(server)
    with hinting(EVERYWHERE, newcomer):
        newcomer.sees_history("general")
        if newcomer.nick == bob.nick:
            taken = _("{nick} is taken").format(nick=bob.nick)
            newcomer.fail(_("a nick that nobody has"), newcomer.nick, taken)
    alice.sees_change(f"* {newcomer.nick} joined #general")
    newcomer.peer.close()
    alice.sees_change(f"* {newcomer.nick} left #general")
    what = _("takes the next guest's nick, and the guest has another")
    lab.history.sum_up(began, bob.nick, what)


EVERYWHERE = _(
    "A nick is taken in whatever channel its owner is: look among all clients, not only"
    " among the members of one channel."
)


def is_renamed(member: Member, nick: str, witness: Member) -> None:
    """Let a member take a nick: another one is told, and the member itself is not."""
    notice = f"* {member.nick} is now {nick}"
    member.takes_nick(nick)
    witness.sees_change(notice)


def are_suddenly_gone(dave: Member, erin: Member, alice: Member) -> None:
    """Let one close, and one reset its connection: alice is told of both."""
    is_renamed(dave, "Dave", alice)
    dave.peer.close()
    alice.sees_change("* Dave left #general")
    before = alice.nick
    alice.takes_nick("dave")  # which is free again
    erin.sees_notice(f"* {before} is now dave")  # so only recv() can see its end
    erin.peer.reset()
    alice.sees_change(f"* {erin.nick} left #general")


def moves_about(carol: Member, alice: Member, bob: Member) -> None:
    """Let carol come and go in all ways: alice in #general is told, bob in #sport."""
    carol.joins("sport")
    alice.sees_change(f"* {carol.nick} left #general")
    bob.sees_change(f"* {carol.nick} joined #sport")
    is_renamed(carol, "zoe", bob)
    is_renamed(carol, "Zoe", bob)
    with hinting(SAME_CHANNEL, carol, bob):
        carol.joins("sport")
        bob.sees_change("* Zoe left #sport")
        bob.sees_change("* Zoe joined #sport")
    carol.says("/create tea")
    carol.is_greeted("tea")
    bob.sees_change("* Zoe left #sport")
    carol.joins("general")
    alice.sees_change("* Zoe joined #general")
    carol.says("/quit")
    carol.sees_notice("* bye")
    alice.sees_change("* Zoe left #general")
    bob.joins("general")
    alice.sees_change(f"* {bob.nick} joined #general")


SAME_CHANNEL = _(
    "/join of the channel where one is already is like leaving and joining: the"
    " greeting comes again, and the others get both notices."
)
