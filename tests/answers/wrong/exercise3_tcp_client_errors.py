"""Wrong answers to exercise 3, where something goes wrong."""

from tests.answers.catalogue import Wrong

FILE = "client.py"

HEAD_RECV = """\
        piece = server.recv(65536)
        received += piece
"""
BODY_RECV = """\
        piece = server.recv(65536)
        if not piece:
            break
        printed +="""
IN_TRY = """\
        try:
            piece = server.recv(65536)
        except {error}:
            return
        if not piece:
            break
        printed +="""
SPIN = """\
        server.settimeout(0)
        deadline = time.monotonic() + TIMEOUT
        piece = None
        while piece is None:
            try:
                piece = server.recv(65536)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise TimeoutError("timed out") from None
        server.settimeout(TIMEOUT)
        received += piece
"""

WRONG = [
    Wrong(
        name="catches_only_the_refusal",
        did="caught ConnectionRefusedError, and no other OSError",
        tempting="that is the one that one meets first",
        file=FILE,
        caught_by="3.7",
        words=("socket.gaierror: ", "OSError"),
        also=("3.9",),
        changes=(
            (
                "except (OSError, UnicodeError, ResponseError)",
                "except (ConnectionRefusedError, ResponseError)",
            ),
        ),
    ),
    Wrong(
        name="error_in_capitals",
        did="began the line with Error: ",
        tempting="a sentence begins with a capital",
        file=FILE,
        caught_by="3.7",
        words=("'Error: ", "just these letters"),
        also=("3.8", "3.9"),
        changes=(('sys.exit(f"error: {host}:', 'sys.exit(f"Error: {host}:'),),
    ),
    Wrong(
        name="one_reason_for_all",
        did="said the same whatever was wrong",
        tempting="it cannot connect, that is all",
        file=FILE,
        caught_by="3.7",
        words=("another reason", "The exception knows the reason"),
        changes=(
            (
                'sys.exit(f"error: {host}:{port}: {error}")',
                'reason = "cannot connect" if isinstance(error, OSError) else error\n'
                '        sys.exit(f"error: {host}:{port}: {reason}")',
            ),
        ),
    ),
    Wrong(
        name="no_reason",
        did="printed the address and no reason",
        tempting="the reader sees that it is refused",
        file=FILE,
        caught_by="3.7",
        words=("to say", "why"),
        also=("3.8", "3.9"),
        changes=(
            (
                'sys.exit(f"error: {host}:{port}: {error}")',
                'sys.exit(f"error: {host}:{port}")',
            ),
        ),
    ),
    Wrong(
        name="catches_no_unicode_error",
        did="caught OSError alone",
        tempting="all that a connection raises is an OSError",
        file=FILE,
        caught_by="3.7",
        words=("two..dots", "UnicodeError"),
        changes=(
            ("(OSError, UnicodeError, ResponseError)", "(OSError, ResponseError)"),
        ),
    ),
    Wrong(
        name="takes_any_number_for_a_port",
        did="took the port with int()",
        tempting="argparse does that with type=int",
        file=FILE,
        caught_by="3.7",
        words=("65536", "from the starter"),
        changes=(("type=port_number", "type=int"),),
    ),
    Wrong(
        name="last_port_is_refused",
        did="refused port 65535",
        tempting="there are 65535 ports",
        file=FILE,
        caught_by="3.7",
        words=("Port 65535 is refused",),
        changes=(("int(text) <= 65535", "int(text) < 65535"),),
    ),
    Wrong(
        name="asks_for_any_path",
        did="took every path",
        tempting="what the user types is what is asked for",
        file=FILE,
        caught_by="3.7",
        words=("without a connection", "from the starter"),
        changes=(('if re.fullmatch("/[!-~]*", text):', "if text:"),),
    ),
    Wrong(
        name="silent_about_the_missing_part",
        did="did not compare what came with Content-Length",
        tempting="the loop ends, so the page must be there",
        file=FILE,
        caught_by="3.8",
        words=("status 1", "Content-Length"),
        changes=(("length not in (printed, NO_LENGTH)", "False"),),
    ),
    Wrong(
        name="says_how_much_came_with_the_head",
        did="said how many bytes came, the head's with them",
        tempting="one variable counts all that was received",
        file=FILE,
        caught_by="3.8",
        words=("Expected the error to say", "of 100 bytes"),
        changes=(("{printed} of {length}", "{len(head) + printed} of {length}"),),
    ),
    Wrong(
        name="status_zero_after_an_error",
        did="printed the error and ended as if all were well",
        tempting="the user has been told",
        file=FILE,
        caught_by="3.8",
        words=("status 1", "status 0"),
        also=("3.7", "3.9"),
        changes=(
            (
                'sys.exit(f"error: {host}:{port}: {error}")',
                'print(f"error: {host}:{port}: {error}", file=sys.stderr)',
            ),
        ),
    ),
    Wrong(
        name="error_on_stdout",
        did="printed the error on stdout",
        tempting="print() is what one knows",
        file=FILE,
        caught_by="3.8",
        words=("stderr",),
        also=("3.7", "3.9"),
        changes=(
            (
                'sys.exit(f"error: {host}:{port}: {error}")',
                'print(f"error: {host}:{port}: {error}")\n        sys.exit(1)',
            ),
        ),
    ),
    Wrong(
        name="reads_without_end",
        did="did not stop at the end of the stream while it read the head",
        tempting="a head always ends with an empty line",
        file=FILE,
        caught_by="3.8",
        words=("runs on and on in read_head()",),
        also=("3.9",),
        changes=(
            (
                "        received += piece\n        if not piece:\n            break\n",
                "        received += piece\n",
            ),
        ),
    ),
    Wrong(
        name="asks_for_all_at_once",
        did="asked recv() for all that is missing",
        tempting="then one need not cut the last piece",
        file=FILE,
        caught_by="3.8",
        words=("MemoryError", "recv(10**15)"),
        changes=(
            (
                "        piece = server.recv(65536)\n"
                "        if not piece:\n"
                "            break\n"
                "        printed +=",
                "        piece = server.recv(length - printed if length < "
                "NO_LENGTH else 65536)\n"
                "        if not piece:\n"
                "            break\n"
                "        printed +=",
            ),
        ),
    ),
    Wrong(
        name="half_a_head_is_not_printed",
        did="printed nothing of a head that is cut short",
        tempting="without its empty line it is no head",
        file=FILE,
        caught_by="3.8",
        words=("Print what came of it",),
        changes=(
            (
                "    sys.stdout.buffer.write(head)\n    if not head.endswith",
                '    if head.endswith(b"\\r\\n\\r\\n"):\n'
                "        sys.stdout.buffer.write(head)\n"
                "    if not head.endswith",
            ),
        ),
    ),
    Wrong(
        name="accepts_any_answer",
        did="printed whatever came",
        tempting="the empty line is there, so it must be a head",
        file=FILE,
        caught_by="3.9",
        words=("HTTP/",),
        changes=(('if not received.startswith(b"HTTP/")', "if False"),),
    ),
    Wrong(
        name="no_answer_is_not_http",
        did="called it an answer that is not HTTP when nothing came",
        tempting="b'' does not begin with HTTP/ either",
        file=FILE,
        caught_by="3.9",
        words=("another reason", "Say that nothing came"),
        changes=(("if not received:", "if False:"),),
    ),
    Wrong(
        name="splits_what_is_not_there",
        did="took the status out of an answer without looking at it",
        tempting="every answer has one",
        file=FILE,
        caught_by="3.9",
        words=("IndexError",),
        changes=(("if not received:", 'if received.split(b" ")[1] == b"":'),),
    ),
    Wrong(
        name="ignores_a_length_that_is_no_number",
        did="took a Content-Length that is not a number for none at all",
        tempting="isdigit() keeps int() from raising, and the page is printed",
        file=FILE,
        caught_by="3.9",
        words=("status 1", "status 0", "not a number"),
        changes=(
            (
                'raise ResponseError(f"Content-Length is not a number: {value!r}")',
                "continue",
            ),
        ),
    ),
    Wrong(
        name="raises_before_it_prints",
        did="looked for the length before it printed the head",
        tempting="the order does not matter where all goes well",
        file=FILE,
        caught_by="3.9",
        words=("Expected stdout to hold", "nothing"),
        changes=(
            (
                "    sys.stdout.buffer.write(head)\n",
                "    length = content_length(head)\n"
                "    sys.stdout.buffer.write(head)\n",
            ),
            ("    length = content_length(head)\n    printed", "    printed"),
        ),
    ),
    Wrong(
        name="believes_every_length",
        did="called int() on whatever Content-Length says",
        tempting="servers send numbers",
        file=FILE,
        caught_by="3.9",
        words=("traceback", "ValueError"),
        changes=(("if not value.strip().isdigit():", "if False:"),),
    ),
    Wrong(
        name="a_reset_is_the_end",
        did="took a reset for the end of the stream",
        tempting="no more comes in either case",
        file=FILE,
        caught_by="3.9",
        words=("status 1", "ConnectionResetError"),
        changes=((BODY_RECV, IN_TRY.format(error="ConnectionResetError")),),
    ),
    Wrong(
        name="prints_at_the_end",
        did="collected the body and printed it at the end",
        tempting="one write is simpler than many",
        file=FILE,
        caught_by="3.9",
        words=("all that came before", "ConnectionResetError"),
        changes=(
            (
                "    printed = sys.stdout.buffer.write(piece[:length])\n",
                "    body = piece[:length]\n    printed = len(body)\n",
            ),
            (
                "        printed += sys.stdout.buffer.write(piece[: length - "
                "printed])\n",
                "        body += piece[: length - printed]\n"
                "        printed = len(body)\n"
                "    sys.stdout.buffer.write(body)\n",
            ),
        ),
    ),
    Wrong(
        name="believes_int",
        did="took for a number what int() takes",
        tempting="int() raises ValueError where it is none",
        file=FILE,
        caught_by="3.9",
        words=("status 1", "digits 0 to 9"),
        changes=(
            (
                "            if not value.strip().isdigit():\n"
                '                raise ResponseError(f"Content-Length is not '
                'a number: {value!r}")\n'
                "            return int(value)",
                "            try:\n"
                "                length = int(value)\n"
                "            except ValueError:\n"
                "                length = -1\n"
                "            if length < 0:\n"
                '                raise ResponseError(f"Content-Length is not '
                'a number: {value!r}")\n'
                "            return length",
            ),
        ),
    ),
    Wrong(
        name="asks_isdigit_of_text",
        did="asked isdigit() of decoded text",
        tempting="headers are text",
        file=FILE,
        caught_by="3.9",
        words=("ValueError", "not a number"),
        changes=(
            ("value.strip().isdigit()", 'value.decode("latin-1").strip().isdigit()'),
        ),
    ),
    Wrong(
        name="no_time_limit",
        did="waited for the server for ever",
        tempting="servers answer",
        file=FILE,
        caught_by="3.10",
        words=("still running", "timeout"),
        changes=((", timeout=TIMEOUT", ""),),
    ),
    Wrong(
        name="traceback_at_the_time_limit",
        did="set a time limit, and did not catch its exception",
        tempting="the time limit works, one can see it",
        file=FILE,
        caught_by="3.10",
        words=("traceback", "TimeoutError"),
        changes=(
            (
                "    except (OSError, UnicodeError",
                "    except TimeoutError:\n        raise\n"
                "    except (OSError, UnicodeError",
            ),
        ),
    ),
    Wrong(
        name="silence_is_the_end",
        did="took a time limit in the middle of the body for its end",
        tempting="whatever comes no more has ended",
        file=FILE,
        caught_by="3.10",
        words=("Half a page is not the page",),
        changes=((BODY_RECV, IN_TRY.format(error="TimeoutError")),),
    ),
    Wrong(
        name="connects_without_a_limit",
        did="called settimeout() after the connection",
        tempting="the time limit is for recv()",
        file=FILE,
        caught_by="3.10",
        words=("still running", "too late"),
        changes=(
            (
                ", timeout=TIMEOUT) as server:",
                ") as server:\n            server.settimeout(TIMEOUT)",
            ),
        ),
    ),
    Wrong(
        name="ten_seconds_of_its_own",
        did="wrote 10 for TIMEOUT",
        tempting="the handout says ten seconds",
        file=FILE,
        caught_by="3.10",
        words=("still running", "timeout=TIMEOUT"),
        changes=(("timeout=TIMEOUT", "timeout=10"),),
    ),
    Wrong(
        name="spins",
        did="asked a socket that does not block again and again",
        tempting="then the program never hangs",
        file=FILE,
        caught_by="3.10",
        words=("100 %", "blocking recv()"),
        changes=(("import sys\n", "import sys\nimport time\n"), (HEAD_RECV, SPIN)),
    ),
    Wrong(
        name="traceback_at_ctrl_c",
        did="did not catch KeyboardInterrupt",
        tempting="the starter's lines look as if they were not needed",
        file=FILE,
        caught_by="3.10",
        words=("KeyboardInterrupt", "catch it in"),
        changes=(('    except KeyboardInterrupt:\n        sys.exit("Stopped")\n', ""),),
    ),
    Wrong(
        name="ctrl_c_is_success",
        did="ended with status 0 after Ctrl+C",
        tempting="the user wanted it",
        file=FILE,
        caught_by="3.10",
        words=("status 0 after Ctrl+C",),
        changes=(('sys.exit("Stopped")', 'print("Stopped", file=sys.stderr)'),),
    ),
    Wrong(
        name="nothing_came_is_no_error",
        did="asked 'if printed' before it compared the length",
        tempting="there is nothing to compare when nothing came",
        caught_by="3.8",
        words=("ended with               status 0", "Then compare the number"),
        never=("recv(10**15)",),
        file="client.py",
        changes=(
            (
                "    if length not in (printed, NO_LENGTH):",
                "    if printed and length not in (printed, NO_LENGTH):",
            ),
        ),
    ),
    Wrong(
        name="prints_the_error_twice",
        did="printed the error line, and gave it to sys.exit() as well",
        tempting="sys.exit() ends the program",
        caught_by="3.7",
        words=("leave print() out",),
        also=("3.8", "3.9", "3.10"),
        file="client.py",
        changes=(
            (
                '        sys.exit(f"error: {host}:{port}: {error}")',
                '        print(f"error: {host}:{port}: {error}", file=sys.stderr)\n'
                '        sys.exit(f"error: {host}:{port}: {error}")',
            ),
        ),
    ),
    Wrong(
        name="ends_with_errno",
        did="ended with the system's number of the error",
        tempting="it says what it was",
        caught_by="3.7",
        words=("status 111", "The line is right, the status is not"),
        also=("3.9", "3.10"),
        file="client.py",
        changes=(
            (
                '        sys.exit(f"error: {host}:{port}: {error}")',
                '        print(f"error: {host}:{port}: {error}", file=sys.stderr)\n'
                '        sys.exit(getattr(error, "errno", 1))',
            ),
        ),
        hidden_on={"windows": "errno 10061 there"},
    ),
]
