"""The checks of exercise 3 that end with an error: cut short, refused, no answer.

Here, too, the suite is the server.
"""

import re

from tests.harness import system
from tests.harness.checks import check
from tests.harness.failure import CheckFailedError
from tests.harness.http_server import (
    EMPTY_LINE,
    PATIENT,
    deaf_server,
    in_one_line,
    response,
    send_and_end,
    send_pieces,
    take_request,
    take_requests,
)
from tests.harness.lab import Lab
from tests.harness.patience import ANSWER, SOON
from tests.harness.peer import Peer
from tests.harness.program import Program
from tests.harness.shown import show
from tests.harness.words import _

IMPATIENT = {"HTTP_TIMEOUT": "0.3"}
RESOLVER = 40  # seconds: a name server that is out of reach is asked more than once


def expect_error(client: Program, seconds: float = ANSWER, hint: str = "") -> str:
    """Expect the client to end with status 1, and return its one line of error."""
    client.wait_for_exit(seconds)
    said = client.errors()
    # errors() folds equal lines into one.
    raw = bytes(client.stderr.data).decode(errors="replace")
    errors = re.findall(r"^error: .*[^\r\n]", raw, re.M)
    client.expect_exit(1, seconds, STATUS if errors else hint)
    if len(errors) > 1:
        client.fail(
            expected=(_("Expected on stderr"), _("one line")),
            got=(_("but there are"), show(said.encode())),
            hint=_("sys.exit('error: …') prints the line already: leave print() out."),
        )
    if not errors:
        almost = "error" in said.lower()
        client.fail(
            expected=(_("Expected on stderr one line that begins with"), "'error: '"),
            got=(_("but stderr holds"), show(said.encode())),
            remark=_("It is on stdout.") if b"error: " in client.stdout.data else "",
            hint=LETTERS if almost else hint,
        )
    error = str(errors[0])
    client.history.event(client.name, _("says {text}").format(text=repr(error)))
    if not without_address(error.removeprefix("error: ")):
        client.fail(
            expected=(_("Expected the error to say"), _("why")),
            got=(_("but it is"), repr(error)),
            hint=_("What is in str(error)? ResponseError takes a text: the reason."),
        )
    return error


STATUS = _(
    "The line is right, the status is not: sys.exit() with a text ends with status 1,"
    " with a number it ends with that."
)
LETTERS = _(
    "The line begins with just these letters: error, a colon, a space. Programs that"
    " run yours look for them."
)


def without_address(text: str, *names: str) -> str:
    """Return a text without names of hosts, numbers, and what is no letter."""
    for name in names:
        text = text.replace(name, "")
    return "".join(filter(str.isalpha, text))


@check(
    "3.7",
    _("says in one line why it cannot connect"),
    points=1,
    hint=_(
        "Catch OSError around the connection: ConnectionRefusedError and"
        " socket.gaierror are kinds of it. sys.exit('error: …') prints the line on"
        " stderr and ends with status 1."
    ),
    read=_("Step 5: errors in one line"),
)
def test_no_connection(lab: Lab) -> None:
    port = system.free_port(lab.host)
    refused = lab.start_client(lab.host, port, "/")  # HTTP_TIMEOUT is seldom set
    unknown = lab.start_client(UNKNOWN, port, "/", environment=PATIENT)
    no_name = lab.start_client(NO_NAME, port, "/", environment=PATIENT)
    reason = expect_error(refused, SOON)
    said = expect_error(unknown, RESOLVER)
    expect_different(reason, said, _("for an unknown host"), IN_THE_EXCEPTION)
    expect_error(no_name, SOON, UNICODE)
    expect_refused_arguments(lab, port, reason)


UNKNOWN = "no-such-host.invalid"  # and never will be: RFC 6761, section 6.4
NO_NAME = "two..dots"  # Python cannot even ask for it: encodings.idna
IN_THE_EXCEPTION = _("The exception knows the reason: sys.exit(f'error: {error}').")
UNICODE = _(
    "A host that cannot be a name, such as two..dots, raises UnicodeError, which is not"
    " an OSError: except (OSError, UnicodeError) as error."
)


def expect_different(one: str, other: str, what: str, hint: str) -> None:
    """Expect two errors to have different reasons; ``what`` the second one is for."""
    if without_address(one, UNKNOWN) == without_address(other, UNKNOWN):
        expected = _("Expected {what} another reason than").format(what=what)
        raise CheckFailedError(
            expected=(expected, one), got=(_("but it says"), other), hint=hint
        )


def expect_refused_arguments(lab: Lab, port: int, reason: str) -> None:
    """Expect that a mistyped port or path is refused, and not for ``reason``.

    That is what a refused connection is called: nobody listens on ``port``. The last
    good port is not refused, whether or not somebody listens there.
    """
    wrong = [(65536, "/"), (-1, "/"), (port, "index.html"), (port, "/two words")]
    *refused, last = [
        lab.start_client(lab.host, number, path, environment=IMPATIENT)
        for number, path in [*wrong, (65535, "/")]
    ]
    for client in refused:
        expect_refusal(client, reason)
    last.expect_exit(None)
    if without_address(refused[0].errors()) == without_address(last.errors()):
        last.fail(_("Port 65535 is refused, as 65536 is."), hint=GIVEN)


def expect_refusal(client: Program, reason: str) -> None:
    """Expect a line on stderr, and status 1, or 2 as from argparse."""
    client.expect_exit(None, hint=GIVEN)
    status, errors = client.process.returncode, bytes(client.stderr.data)
    refusal = without_address(reason.removeprefix("error: "))
    connects = refusal in without_address(client.errors())
    says_error = re.search(rb"^(\S+: )?error: ", errors, re.M)
    if status not in (1, 2) or not says_error or connects:
        client.fail(
            expected=(_("Expected an error without a connection,"), "status 1 or 2"),
            got=(_("but it ended with"), f"status {status}, {show(errors)}"),
            hint=GIVEN,
        )


GIVEN = _("parse_arguments() has this from the starter: leave it as it is there.")


@check(
    "3.8",
    _("says how much is missing of a response that is cut short"),
    points=2,
    needs=["3.6", "3.4"],
    hint=_(
        "Print what came. Then compare the number of body bytes with Content-Length: if"
        " there are fewer, end with 'error: … N of M bytes' on stderr, such as 3 of 100"
        " bytes, and status 1."
    ),
    read=_("Step 6: cut short"),
)
def test_cut_short(lab: Lab) -> None:
    came = ("é" * lab.numbers.randint(3, 9)).encode()
    several, one, none, (client, server) = take_requests(lab, 4)
    cut_short(*several, came[:3], came[3:], length=100)
    cut_short(*one, came, length=len(came) + 1)
    cut_short(*none, length=10**15)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain" + EMPTY_LINE
    send_and_end(server, head[:-1])
    expect_error(client, hint=IN_THE_HEAD)
    client.expect_output(head[:-1], IN_THE_HEAD)


def cut_short(client: Program, server: Peer, *pieces: bytes, length: int) -> None:
    """Announce a length, and send less; expect the client to say how much came."""
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {length}".encode() + EMPTY_LINE
    send_and_end(server, head, *pieces)
    client.wait_for_exit(ANSWER)
    asks_for_all = client.traceback() and length > 10**9
    error = expect_error(client, hint=HUGE if asks_for_all else "")
    came = b"".join(pieces)
    if not re.search(rf"\b{len(came)} of {length} bytes", error):
        client.fail(
            expected=(
                _("Expected the error to say"),
                f"'{len(came)} of {length} bytes'",
            ),
            got=(_("but it is"), repr(error)),
        )
    client.expect_output(head + came)


HUGE = _(
    "Whatever length is announced, ask recv() for 65536 bytes: recv(10**15) wants room"
    " for all of them first."
)
IN_THE_HEAD = _(
    "Not even the head was complete: that is an error as well. Print what came of it."
)


@check(
    "3.9",
    _("says in one line that there is no answer, or none in HTTP"),
    points=1,
    needs=["3.1", "3.4"],
    hint=_(
        "Look at what you have when the loop ends: nothing at all, or something that"
        " does not begin with HTTP/, is an error."
    ),
    read=_("Step 7: not HTTP"),
)
def test_no_http(lab: Lab) -> None:
    tls = b"\x15\x03\x03\x00\x02\x02\x28"  # an alert: RFC 8446, section 6
    mail = b"220 mail.example.org ready\r\n\r\n"
    answers: list[list[bytes]] = [[], [mail], [tls]]
    said = []
    clients = take_requests(lab, len(answers))
    for pieces, (client, server) in zip(answers, clients, strict=True):
        with in_one_line(lab, client):
            send_and_end(server, *pieces)
            said.append(expect_error(client))
    expect_different(said[0], said[1], _("for an answer that is not HTTP"), NO_ANSWER)
    half = [b"HTTP/1.1 200 OK" + EMPTY_LINE + b"half a page, and then"]
    for pieces, (client, server) in zip(([], half), take_requests(lab, 2), strict=True):
        with in_one_line(lab, client):
            send_pieces(server, *pieces)
            has_read = server.unread_by_program() == 0  # a reset destroys the rest
            server.reset()
            expect_error(client, hint=RESET)
            if has_read:
                client.expect_output(b"".join(pieces), RESET)
    expect_refused_lengths(lab)


NO_ANSWER = _("Say that nothing came, if that is so: 'if not received' comes first.")
RESET = _(
    "recv() raises ConnectionResetError, which is an OSError: an error line, after all"
    " that came before."
)
LATIN_DIGIT_TWO = b"\xb2"  # '²'.isdigit() is True, and int('²') raises ValueError
NOT_NUMBERS = (b"", b"abc", b"-5", b"+5", b"1_0", LATIN_DIGIT_TWO)


def expect_refused_lengths(lab: Lab) -> None:
    """Expect an error at a length that is not a number, after the head is printed."""
    hint = _(
        "A Content-Length that is not a number is an error: no traceback. A number has"
        " the digits 0 to 9 and nothing else, so int() accepts too much: ask"
        " value.strip().isdigit() of the bytes first."
    )
    clients = take_requests(lab, len(NOT_NUMBERS))
    for nonsense, (client, server) in zip(NOT_NUMBERS, clients, strict=True):
        head = b"HTTP/1.1 200 OK\r\nContent-Length: " + nonsense + EMPTY_LINE
        with in_one_line(lab, client):
            send_and_end(server, head + b"12345")
            expect_error(client, hint=hint)
            if not client.stdout.data.startswith(head):
                client.expect_output(head, hint)


@check(
    "3.10",
    _("gives up a server that does not answer for ten seconds"),
    points=1,
    needs=["3.1", "3.8"],
    hint=_(
        "create_connection(address, timeout=TIMEOUT) gives each recv() a time limit,"
        " too. When it is over, recv() raises TimeoutError: an error like the others."
    ),
    read=_("Step 8: time limits"),
)
def test_gives_up(lab: Lab) -> None:
    patient, its_server = take_request(lab)
    expect_patience(patient)
    with deaf_server(lab) as deaf:
        connecting = lab.start_client(deaf.host, deaf.port, "/", environment=IMPATIENT)
        waiting = take_request(lab, IMPATIENT)[0]
        reading, server = take_request(lab, IMPATIENT)
        half = f"half a page: {lab.random_word()}, and then sil"
        send_pieces(server, b"HTTP/1.1 200 OK" + EMPTY_LINE + half.encode())
        expect_error(waiting, SOON)
        expect_error(reading, SOON, HALF_A_PAGE)
        expect_error(connecting, SOON, CONNECTING)
    send_and_end(its_server, response(b""))
    patient.expect_exit(hint=OF_ITS_OWN)
    patient.expect_output(response(b""), OF_ITS_OWN)
    # On Windows, recv() hears Ctrl+C only when its time is over.
    limits = IMPATIENT if system.WINDOWS else PATIENT
    expect_to_be_interrupted(take_request(lab, limits)[0])


HALF_A_PAGE = _(
    "Half a page is not the page: a time limit in the middle of it is an error."
)
CONNECTING = _(
    "Here the server did not take the connection. settimeout() after the connection is"
    " too late: create_connection(address, timeout=TIMEOUT)."
)
OF_ITS_OWN = _(
    "This one was started with HTTP_TIMEOUT=60, and gave up earlier: write TIMEOUT, and"
    " no number of your own."
)


def expect_patience(client: Program) -> None:
    """Expect that a client which waits for its server does not use the processor."""
    client.wait_until_idle()
    if not client.ever_sleeps():
        client.fail(
            _("The client never rests while it waits: one core is at 100 %."),
            hint=_(
                "A blocking recv() waits without any work. Leave setblocking(False) and"
                " settimeout(0) out."
            ),
        )


def expect_to_be_interrupted(client: Program) -> None:
    """Expect Ctrl+C to end a client that waits: not as if it had the page."""
    client.wait_until_idle()
    client.interrupt()
    hint = _("main() catches KeyboardInterrupt from the start: leave that as it is.")
    client.expect_exit(None, hint=hint)
    if client.process.returncode == 0:
        client.fail(_("The client ended with status 0 after Ctrl+C."), hint=hint)
