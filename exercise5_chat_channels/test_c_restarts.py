"""The checks of exercise 5, part C: what the server keeps, and how it starts."""

from collections.abc import Callable

from tests.harness import system
from tests.harness.chat import (
    COMES_OR_GOES,
    Member,
    arrive,
    connect_all,
    hinting,
    people,
    start,
)
from tests.harness.chat_history import history_damaged, nothing_kept
from tests.harness.checks import check
from tests.harness.lab import Lab, Server
from tests.harness.program import Program
from tests.harness.shown import show
from tests.harness.symptoms import describe_status
from tests.harness.words import _


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
        if stop == "interrupt":
            seen += arrives_while_nothing_can_be_read(lab, server, *members[:3])
            seen += refuses_what_it_cannot_keep(lab, *members[:3])
        began = len(lab.history.steps)
        told = talk_until(getattr(server, stop), members, lab)
        # Some of the members had not yet read what was said before.
        seen += [message for message in told if message not in seen]
        lab.history.sum_up(began, _("all of them"), story)
        server.expect_exit(None)  # only then the history file is free
        if stop == "interrupt" and lab.files("chat.db-wal"):
            lab.fail(
                _("After Ctrl+C the log of the history is still there: chat.db-wal."),
                hint=_("Close the history at the end, after the last message."),
            )
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


def arrives_while_nothing_can_be_read(
    lab: Lab, server: Server, alice: Member, bob: Member, carol: Member
) -> list[str]:
    """Connect while the history cannot be read: in, or told why not, and the end.

    Return what alice has heard after that.
    """
    with history_damaged(lab):
        newcomer = arrive(server)
        with hinting(CANNOT_BE_READ, newcomer):
            wanted = _("'! …', or the history and '* you are …'")
            newcomer.lines.appendleft(newcomer.next_line(wanted))
            if "chat.db" in newcomer.lines[0]:
                newcomer.fail(_("no names of files"), newcomer.lines[0])
            if newcomer.lines[0].startswith("!"):
                newcomer.sees_refusal(wanted)
                newcomer.sees_end()
            else:
                newcomer.sees_history("general")
    with hinting(CANNOT_BE_READ, alice, bob, carol):
        alice.says("we are here")
        for member in (bob, carol):
            member.sees(alice, "we are here")
        return alice.hears(1)


CANNOT_BE_READ = _(
    "If a newcomer's history cannot be read, it gets '! …' and the end. The others"
    " notice nothing of it, and nobody learns what the file is called."
)


def refuses_what_it_cannot_keep(
    lab: Lab, alice: Member, bob: Member, carol: Member
) -> list[str]:
    """Let alice talk and carol move while nothing can be kept; then all goes on.

    Return what alice has heard.
    """
    texts = [f"{lab.random_word()} {n}" for n in range(3)]
    bob.skipped.clear()
    with hinting(NOT_KEPT, alice, bob, carol):
        with history_damaged(lab):
            alice.says(*texts)
            heard = {text: line for text in texts if (line := alice.hears_itself(text))}
            with hinting("", alice):
                people(alice)  # no message is refused after it was shown
            for member in (bob, carol):
                for text in heard:
                    member.sees(alice, text)
            carol.says("/join sport")
            has_moved = carol.gets_into("sport")
        if has_moved:
            carol.joins("general")
        alice.says("this can be kept again")
        kept = [*heard.values(), *alice.hears(1)]
        for member in (bob, carol):
            member.sees(alice, "this can be kept again")
        for notice in filter(COMES_OR_GOES.fullmatch, bob.skipped):
            if notice.startswith(f"* {carol.nick} ") and not has_moved:
                bob.fail(_("nothing of a line that is refused"), notice)
    return kept


NOT_KEPT = _(
    "While history.add() or history.last() raises HistoryError, answer '! …' to each"
    " line that needs it, change nothing, and go on. Ask for the last messages before"
    " the client leaves its channel."
)


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
    _("opens the channels of --channels and of earlier runs, or says why not"),
    points=1,
    needs=["5.8"],
    hint=_(
        "history.add_channel() for each of --channels and when one is made,"
        " history.channels() at the start: it knows their order and their first names."
    ),
    read=_("Step 12: channels come back"),
)
def test_channels_come_back(lab: Lab) -> None:
    for name in ("letter.txt", "a folder/letter.txt"):
        lab.lay_out(name, "This is not a history.\n")
    server = start(lab)
    (alice,) = connect_all(server, 1)
    games = lab.random_word()
    for name in (games, "Été"):
        alice.says(f"/create {name}")
        alice.is_greeted(name)
    opened = f"* channels: #general #sport #{games} #Été"
    opened += creates_what_cannot_be_kept(lab, alice, opened)
    server.kill()
    options = ("--channels", "SPORT", "Ape", "ape"), ("--channels", "été"), ()
    for chosen, first in zip(options, ("sport", "Été", "general"), strict=True):
        server = start(lab, *chosen, port=server.port)
        bob = arrive(server)
        bob.is_greeted(first)
        bob.says("/channels")
        bob.sees_notice(f"{opened} #Ape")
        bob.joins(games)
        server.kill()
    refuses_to_start(lab)


def creates_what_cannot_be_kept(lab: Lab, alice: Member, opened: str) -> str:
    """Let alice make a channel that cannot be kept; it must be refused.

    Return what it adds to ``opened``, for a server that keeps it somewhere else.
    """
    with history_damaged(lab), hinting(CREATE_FAILS, alice):
        alice.says("/create lost")
        if alice.gets_into("lost"):
            return " #lost"
        alice.says("/channels")
        alice.sees_notice(opened)
        alice.says("/who")
        alice.sees_people()
    return ""


CREATE_FAILS = _(
    "When history.add_channel() raises HistoryError, '/create' is refused, and there is"
    " no such channel: remember it first, then make it."
)


def refuses_to_start(lab: Lab) -> None:
    """Start servers with what a user may have mistyped, all at the same time."""
    server = start(lab)
    server.expect_printed(f"Listening on {server.host}:{server.port}\n")
    files = {name: ("--history", str(lab.shared / name)) for name in NO_HISTORIES}
    mistakes = {
        "http": lab.start_with_port("http"),
        "65536": lab.start_with_port("65536"),
        str(server.port): lab.start_server(*new_history(lab), port=server.port),
        **{name: start_with(lab, *options) for name, options in files.items()},
        **{what: start_with(lab, *new_history(lab), *o) for what, o in WRONG.items()},
    }
    for what, program in mistakes.items():
        says_why(program, what)
    server.interrupt()
    server.expect_exit()


NO_HISTORIES = "letter.txt", "missing/chat.db", "a folder"
WRONG = {
    "a b": ("--channels", "general", "a b"),
    "x" * 21: ("--channels", "x" * 21),
    "100": ("--channels", *(f"c{n}" for n in range(101))),
    "0": ("--max-clients", "0"),
    "many": ("--max-clients", "many"),
}


def new_history(lab: Lab) -> tuple[str, str]:
    """Return the option for a history that no other server uses."""
    return "--history", str(lab.shared / f"{len(lab.programs)}.db")


def start_with(lab: Lab, *options: str) -> Program:
    """Start a server with options, and write them down."""
    program = lab.start_server(*options)
    last = " ".join(options[-2:])
    lab.history.event(program.name, _("has the options {last}").format(last=repr(last)))
    return program


def says_why(program: Program, what: str) -> None:
    """See that a program ends with an error which names ``what`` is wrong.

    Wrong usage may be reported by argparse, in its own words, with status 2.
    """
    program.expect_exit(None, hint=ERROR_LINE)
    status, errors = program.process.returncode, program.errors()
    last = errors.strip().rpartition("\n")[2]
    is_usage = status == 2 and "error: " in last
    is_line = status == 1 and errors.startswith("error: ") and errors.count("\n") == 1
    # On Windows, a path has backslashes.
    names_it = all(part in last for part in what.split("/"))
    if not (is_usage or is_line) or not names_it:
        wanted = _("one line that begins with 'error: ' and names {what}, status 1")
        program.fail(
            expected=(_("Expected on stderr"), wanted.format(what=repr(what))),
            got=(_("but it is"), f"{errors!r}, {describe_status(status)}"),
            hint=ERROR_LINE,
        )


ERROR_LINE = _(
    "What the user can fix ends the program with a line that says what is wrong:"
    " sys.exit('error: …') prints it on stderr, and the status is 1."
)
