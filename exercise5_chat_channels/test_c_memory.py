"""The checks of exercise 5, part C: history, one order, apart."""

from collections.abc import Sequence
from typing import NamedTuple

from tests.harness.chat import (
    COMES_OR_GOES,
    Member,
    all_see,
    arrive,
    connect_all,
    start,
    without_time,
)
from tests.harness.chat_history import nothing_kept
from tests.harness.checks import check
from tests.harness.lab import Lab, Server
from tests.harness.words import _, ngettext

ROUNDS = 30  # in which threads may overtake each other


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
    server = start(lab, "--channels", "general", "sport", "tea", "hall")
    alice, *others = connect_all(server, 19)
    alice.says("one", lab.random_word(), "three")
    order = alice.hears_until("three")
    others[0].hears_until("three")
    dave = arrive(server)
    compare_with_order(Visit(dave, dave.sees_history("general"), []), order)
    order += remembers_a_quiet_channel(lab, dave, others[:3], alice)
    talkers, movers = others[:9], others[9:]
    began = len(lab.history.steps)
    for mover in movers:
        mover.joins("sport")
    lab.history.sum_up(began, _("nine others"), _("move to #sport"))
    began = len(lab.history.steps)
    newcomers = []
    for n in range(ROUNDS):
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
    story = _("talk; those nine come {times} times each, and {more} more connect")
    story = story.format(times=3 * ROUNDS + 1, more=ROUNDS)
    lab.history.sum_up(began, _("nine members"), story)
    for visit in visits:
        compare_with_order(visit, order)


def remembers_a_quiet_channel(
    lab: Lab, talker: Member, visitors: list[Member], alice: Member
) -> list[str]:
    """Fill #tea with 50 messages, then more, while in #general much more is said.

    Return what alice has heard there. All come back from #tea to #general.
    """
    began, word = len(lab.history.steps), lab.random_word()
    for member in (talker, *visitors):
        member.joins("hall")  # in which nobody speaks
    talker.joins("tea")
    texts = f"//{word}", f"  l'été ☀ {word} ", f"{word} " * 140
    numbered = (f"{word} {n}" for n in range(50 - len(texts)))
    talker.says(*texts, *numbered, "/who", "/nosuch", "")
    said = talker.hears(50)
    talker.is_refused("/nosuch")
    alice.says(*(f"busy {n}" for n in range(60)))
    busy = alice.hears(60)
    talker.takes_nick("Zoe")  # what she has said is still as it was
    for visitor in visitors:
        compare_with_order(Visit(visitor, visitor.joins("tea"), []), said)
        for notice in visitor.skipped:
            if notice.endswith(" joined #tea"):
                visitor.fail(_("messages only: notices are not kept"), notice)
        talker.says(f"to {visitor.nick}")
        said += talker.hears(1)
        visitor.hears_until(f"to {visitor.nick}")
        if history := visitor.joins("hall"):
            visitor.fail(_("no messages, since nobody speaks in #hall"), history[0])
    for member in (talker, *visitors):
        compare_with_order(Visit(member, member.joins("general"), []), busy)
    story = _("says 50 messages in #tea and some more; others come and go")
    lab.history.sum_up(began, talker.nick, story)
    return busy


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
            mover.says(*["/join general", "/join sport"] * 3)
            talker.says(*(f"{n}.{i} of {talker.nick}" for i in range(5)))
        newcomer = arrive(server)
        server.wait_until_idle()
    return newcomer


def short_visits(movers: Sequence[Member]) -> list[Visit]:
    """Return the visits to #general of those who went back to #sport each time."""
    return [
        Visit(mover, mover.sees_history("general"), mover.sees_history("sport"))
        for mover in movers
        for turn in range(3 * ROUNDS)
    ]


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
    if not set(history) <= set(order):
        member.hint = NEVER_SHOWN
    member.agrees(history, wanted, why)
    member.agrees(history + live, history + order[now : now + len(live)], why)


NEVER_SHOWN = _(
    "The history holds a line that nobody has seen in this channel. It is to be the"
    " same line again: keep the time, the channel, the nick and the text as shown."
)


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
    *members, gone = connect_all(server, 11)
    all_hear_the_same(members, speak_at_once(lab, server, members, gone))
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


def speak_at_once(
    lab: Lab, server: Server, members: list[Member], gone: Member
) -> list[list[str]]:
    """Let all queue for the history, then speak; return what each of them hears.

    Whoever cannot keep a line for long may refuse it. Then nobody hears it. And one is
    gone by the time when the first line is sent to it.
    """
    with nothing_kept(lab):
        for member in members:
            member.says(f"here is {member.nick}")
        server.wait_until_idle()
        gone.peer.reset()
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
    server = start(lab, "--channels", "general", "sport", "sport2")
    members = alice, bob, carol, dave, erin = connect_all(server, 5)
    carol.joins("sport")
    dave.joins("sport")
    erin.joins("sport2")  # a name that begins like another
    erin.skipped.clear()
    began = len(lab.history.steps)
    for n in range(20):
        for member in members:
            member.says(*(f"{n}.{i} of {member.nick}" for i in range(2)))
    what = _("say 40 lines each, in three channels")
    lab.history.sum_up(began, _("all five"), what)
    for member in members:
        is_all_of(member, member.hears(40 if member is erin else 80))
    is_all_of(erin, erin.joins("sport2"))
    carol.takes_nick(lab.random_word())
    is_all_of(alice, alice.joins("sport"))
    text = f"bob alone, {lab.random_word()}"
    all_see([bob], bob, text, text)
    all_see([carol, dave, alice], carol, "three in sport", "three in sport")
    is_all_of(alice, alice.joins("general"))
    all_see([dave, carol], dave, "two in sport", "two in sport")
    all_see([alice, bob], bob, "two in general", "two in general")
    all_see([erin], erin, "one in sport2", "one in sport2")
    for member in (bob, erin):
        for notice in filter(COMES_OR_GOES.fullmatch, member.skipped):
            if not notice.endswith(f" #{member.channel}"):
                wanted = _("what happens in {channel} only")
                member.fail(wanted.format(channel=f"#{member.channel}"), notice)


def is_all_of(member: Member, messages: list[str]) -> None:
    """See that all messages are of the member's channel."""
    for message in messages:
        if not without_time([message])[0].startswith(f"#{member.channel} <"):
            wanted = _("what is said in {channel}")
            member.fail(wanted.format(channel=f"#{member.channel}"), message)
