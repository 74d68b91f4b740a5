"""The checks of exercise 5, part C: history, one order, apart, durable."""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from tests.harness import system
from tests.harness.chat import (
    Member,
    all_see,
    arrive,
    connect_all,
    start,
    without_time,
)
from tests.harness.checks import check
from tests.harness.lab import Lab, Server
from tests.harness.steps import show
from tests.harness.words import _, ngettext


@check(
    "5.15",
    _("shows anyone who joins the last 50 messages: none missing, none twice"),
    points=3,
    needs=["5.7"],
    hint=_(
        "Send the history, make the client a member and greet it under the one lock"
        " under which messages are kept and sent: then what is said meanwhile comes"
        " before all that, or after."
    ),
    read=_("Step 10: history"),
)
def test_history(lab: Lab) -> None:
    server = start(lab)
    alice, *others = connect_all(server, 19)
    alice.says("one", lab.random_word(), "three")
    order = alice.hears_until("three")
    dave = arrive(server)
    compare_with_order(Visit(dave, dave.sees_history("general"), []), order)
    talkers, movers = others[:9], others[9:]
    began = len(lab.history.steps)
    for mover in movers:
        mover.joins("sport")
    lab.history.sum_up(began, _("nine others"), _("move to #sport"))
    began = len(lab.history.steps)
    newcomers = []
    for n in range(20):
        newcomers.append(comes_while_others_talk(n, lab, server, talkers, movers))
        talkers[-1].says(f"round {n}")  # the next one is not to hold up this one
        order += alice.hears_until(f"round {n}")
    for mover in movers:
        mover.says("/join General")
    visits = short_visits(movers)
    joiners = movers + newcomers
    histories = [joiner.sees_history("general") for joiner in joiners]
    alice.says("that is all")
    order += alice.hears_until("that is all")
    for joiner, history in zip(joiners, histories, strict=True):
        visits.append(Visit(joiner, history, joiner.hears_until("that is all")))
    story = _("talk; those nine come 21 times each, and 20 more connect")
    lab.history.sum_up(began, _("nine members"), story)
    for visit in visits:
        compare_with_order(visit, order)


class Visit(NamedTuple):
    """What a member was shown when it came, and what it saw live until it left."""

    member: Member
    history: list[str]
    live: list[str]


def comes_while_others_talk(
    n: int,
    lab: Lab,
    server: Server,
    talkers: Sequence[Member],
    movers: Sequence[Member],
) -> Member:
    """Let some talk, some move to #general and back, and one connect; return that one.

    All have to queue for the history, and then come at once.
    """
    with nothing_kept(lab):
        for talker, mover in zip(talkers, movers, strict=True):
            mover.says("/join general", "/join sport")
            talker.says(*(f"{n}.{i} of {talker.nick}" for i in range(5)))
        newcomer = arrive(server)
        server.wait_until_idle()
    return newcomer


def short_visits(movers: Sequence[Member]) -> list[Visit]:
    """Return the visits to #general of those who went back to #sport each time."""
    return [
        Visit(mover, mover.sees_history("general"), mover.sees_history("sport"))
        for mover in movers
        for turn in range(20)
    ]


@contextlib.contextmanager
def nothing_kept(lab: Lab) -> Iterator[None]:
    """Lock the history: a server that wants to write to it has to wait.

    A program in another language may keep no SQLite file. Then nothing is locked.
    """
    file = (lab.folder / "chat.db").as_uri()
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(sqlite3.Error):
            other = sqlite3.connect(f"{file}?mode=rw", uri=True, timeout=1)
            stack.enter_context(contextlib.closing(other)).execute("BEGIN IMMEDIATE")
            what = _("locks the history: nothing can be kept now")
            lab.history.event(_("a program"), what)
        yield


def compare_with_order(visit: Visit, order: list[str]) -> None:
    """See that a history holds the last 50 messages, and ``live`` those after them."""
    member, history, live = visit
    newest = "".join(history[-1:])
    now = order.index(newest) + 1 if newest in order else len(order)
    why = _("compared with what a member has seen that was there all the time")
    wanted = order[max(now - 50, 0) : now]
    if set(wanted) < set(history) or set(history) < set(wanted):
        member.peer.fail(
            expected=(_("Expected a history of"), count_messages(len(wanted))),
            got=(_("but it holds"), f"{len(history)}"),
            hint=_(
                "Anyone who joins is shown the channel's last 50 messages, or all there"
                " are."
            ),
        )
    member.agrees(history, wanted, why)
    member.agrees(history + live, history + order[now : now + len(live)], why)


def count_messages(count: int) -> str:
    """Return a number of messages in words."""
    return ngettext("{count} message", "{count} messages", count).format(count=count)


@check(
    "5.16",
    _("shows all members the same messages in the same order"),
    points=2,
    needs=["5.15"],
    hint=_(
        "Hold one lock from the first member that a message is sent to, to the last."
        " Otherwise two threads send their messages in different orders."
    ),
    read=_("Step 10: history"),
)
def test_one_order(lab: Lab) -> None:
    server = start(lab)
    members = connect_all(server, 10)
    all_hear_the_same(members, speak_at_once(lab, server, members))
    word = lab.random_word()
    began = len(lab.history.steps)
    for n in range(0, 100, 10):
        for member in members:
            member.says(*(f"{word} {n + i} of {member.nick}" for i in range(10)))
    lab.history.sum_up(began, _("all ten"), _("say 100 lines each, at once"))
    order = all_hear_the_same(members, [member.hears(1000) for member in members])
    for nick in (member.nick for member in members):
        said = [f"#general <{nick}> {word} {n} of {nick}" for n in range(100)]
        heard_of_one = [text for text in without_time(order) if f"<{nick}>" in text]
        why = _("that is the order in which {nick} spoke").format(nick=nick)
        members[0].agrees(heard_of_one, said, why)


def speak_at_once(lab: Lab, server: Server, members: list[Member]) -> list[list[str]]:
    """Let all queue for the history, then speak; return what each of them hears.

    Whoever cannot keep a line for long may refuse it. Then nobody hears it.
    """
    with nothing_kept(lab):
        for member in members:
            member.says(f"here is {member.nick}")
        server.wait_until_idle()
    for member in members:
        member.says("that is all")
    return [hears_everybody_out(member, len(members)) for member in members]


def hears_everybody_out(member: Member, count: int) -> list[str]:
    """Receive messages until ``count`` members have said that that is all."""
    last_words = [member.hears_until("that is all", skip="!") for _ in range(count)]
    return [message for messages in last_words for message in messages]


def all_hear_the_same(members: list[Member], heard: list[list[str]]) -> list[str]:
    """See that all have heard the same in the same order, and return that."""
    why = _("that is the order that {nick} has seen").format(nick=members[0].nick)
    for member, messages in zip(members, heard, strict=True):
        member.agrees(messages, heard[0], why)
    return heard[0]


@check(
    "5.17",
    _("keeps channels apart"),
    points=2,
    needs=["5.15"],
    hint=_(
        "Send a message to the members of its channel only, show only that channel's"
        " history, and take anyone who moves out of the old channel."
    ),
    read=_("Step 10: history"),
)
def test_apart(lab: Lab) -> None:
    server = start(lab)
    members = alice, bob, carol, dave = connect_all(server, 4)
    carol.joins("sport")
    dave.joins("sport")
    began = len(lab.history.steps)
    for n in range(20):
        for member in members:
            member.says(*(f"{n}.{i} of {member.nick}" for i in range(2)))
    what = _("say 40 lines each, two here and two there")
    lab.history.sum_up(began, _("all four"), what)
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
            bob.fail(_("what happens in #general only"), notice)


def is_all_of(member: Member, messages: list[str]) -> None:
    """See that all messages are of the member's channel."""
    for message in messages:
        if not without_time([message])[0].startswith(f"#{member.channel} <"):
            wanted = _("what is said in {channel}")
            member.fail(wanted.format(channel=f"#{member.channel}"), message)


@check(
    "5.18",
    _("keeps every message that anybody has seen, through Ctrl+C and kill -9"),
    points=2,
    needs=["5.15"],
    hint=_(
        "Give a message to the history before you send it to anybody: it is in the"
        " file when history.add() returns."
    ),
    read=_("Step 11: keep, then show"),
)
def test_durable(lab: Lab) -> None:
    port = system.free_port(lab.host)
    seen: list[str] = []
    server, members = come_back(lab, port, seen)
    seen += talk_while_locked(server, members[0], lab)
    stories = {
        "interrupt": _("talk at once, until the interrupt"),
        "kill": _("talk at once, until the kill"),
    }
    for stop, story in stories.items():
        server, members = come_back(lab, port, seen)
        began = len(lab.history.steps)
        seen += talk_until(getattr(server, stop), members, lab)
        lab.history.sum_up(began, _("all of them"), story)
        server.expect_exit(None)  # only then the history file is free
    come_back(lab, port, seen)


def come_back(lab: Lab, port: int, seen: list[str]) -> tuple[Server, list[Member]]:
    """Start the server again; its history must hold what was seen before."""
    server = start(lab, port=port)
    began = len(lab.history.steps)
    members = [arrive(server) for _ in range(20)]
    kept = [member.sees_history("general") for member in members][0]
    lab.history.sum_up(began, _("20 clients"), _("connect, and read the history"))
    # Some may have been kept, and not sent any more.
    seen += [message for message in kept if message not in seen]
    compare_with_seen(members[0], kept, seen[-50:])
    return server, members


def compare_with_seen(member: Member, kept: list[str], seen: list[str]) -> None:
    """See that a history holds what was seen, in the same order."""
    for message in seen:
        if message not in kept:
            member.peer.fail(
                expected=(_("Expected in the history"), show(message.encode())),
                got=(_("which has been seen before,"), _("but it is not there")),
            )
    member.agrees(kept, seen, _("that is the order in which it was seen"))


def talk_until(stop: Callable[[], None], members: list[Member], lab: Lab) -> list[str]:
    """Stop the server while all talk; return the messages that anybody has seen."""
    word = lab.random_word()
    for member in members:
        member.says(*(f"{word} {n} of {member.nick}" for n in range(10)))
    heard = members[0].hears(lab.numbers.randint(1, 120))
    stop()
    heard += members[0].hears_rest()
    return max([heard, *(member.hears_rest() for member in members[1:])], key=len)


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
    "5.19",
    _("brings back the channels that people made"),
    points=1,
    needs=["5.8"],
    hint=_("history.add_channel() when one is made, history.channels() at the start."),
    read=_("Step 12: channels come back"),
)
def test_channels_come_back(lab: Lab) -> None:
    server = start(lab)
    (alice,) = connect_all(server, 1)
    games = lab.random_word()
    for name in (games, "été"):
        alice.says(f"/create {name}")
        alice.is_greeted(name)
    server.kill()
    server = start(lab, port=server.port)
    (bob,) = connect_all(server, 1)
    bob.says("/channels")
    bob.sees_notice(f"* channels: #general #sport #{games} #été")
    bob.joins(games)
