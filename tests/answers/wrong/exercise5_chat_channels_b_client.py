"""Wrong answers to exercise 5, part B, the client."""

from tests.answers.catalogue import Wrong

WRONG = [
    Wrong(
        name="client_listens_after_typing",
        did="read the server's lines only after each typed line",
        tempting="a loop of input(), send, recv is what every tutorial shows",
        caught_by="5.10",
        words=("thread", "keyboard"),
        file="client.py",
        changes=(
            ("    reader.start()\n", ""),
            (
                "            connection.send_line(text)\n",
                "            connection.send_line(text)\n"
                "            terminal.show(harmless(next(connection.lines())))\n",
            ),
        ),
    ),
    Wrong(
        name="client_never_flushes",
        did="printed without flush=True",
        tempting="in a terminal every line is flushed anyway",
        caught_by="5.10",
        words=("flush",),
        file="client.py",
        changes=(("terminal.show(harmless(line))", "print(harmless(line))"),),
    ),
    Wrong(
        name="client_decodes_pieces",
        did="decoded what each recv() brought",
        tempting="it works until a character is cut in two",
        caught_by="5.10",
        words=("UnicodeDecodeError", "decode whole lines"),
        file="client.py",
        changes=(
            ('        rest = b""\n', '        rest = ""\n'),
            (
                '*lines, rest = (rest + received).split(b"\\n")',
                '*lines, rest = (rest + received.decode()).split("\\n")',
            ),
            ('yield line.decode(errors="replace")', "yield line"),
        ),
    ),
    Wrong(
        name="client_shows_messages_twice",
        did="left the typed line on the terminal, as if nothing came back",
        tempting="in a pipe nothing shows twice",
        caught_by="5.11",
        words=("erase", "once"),
        file="client.py",
        changes=(
            (
                'return text.startswith("//") or not text.startswith("/")',
                "return False",
            ),
        ),
    ),
    Wrong(
        name="client_erases_commands",
        did="took every typed line off the terminal",
        tempting="the server answers a command, too",
        caught_by="5.11",
        words=("/who", "A command does not come back"),
        file="client.py",
        changes=(
            ('return text.startswith("//") or not text', "return text or not text"),
        ),
    ),
    Wrong(
        name="client_takes_a_slash_for_a_command",
        did="forgot that //text is a message",
        tempting="commands begin with a slash",
        caught_by="5.11",
        words=("/slash", "//text is a message"),
        file="client.py",
        changes=(('text.startswith("//") or ', ""),),
    ),
    Wrong(
        name="client_sends_no_line_ends",
        did="sent the text without its newline",
        tempting="typed_lines() has taken it off",
        caught_by="5.11",
        words=("Every line ends with",),
        file="client.py",
        changes=(('text.encode(errors="replace") + b"\\n"', "text.encode()"),),
    ),
    Wrong(
        name="client_does_not_wait_for_last_words",
        did="closed the connection as soon as nothing more was typed",
        tempting="/quit is sent, what else should come?",
        caught_by="5.12",
        words=("> the last message'", "show what comes until"),
        file="client.py",
        changes=(("        wait_for_last_words(connection, reader)\n", ""),),
    ),
    Wrong(
        name="client_turns_text_around",
        did="made control characters harmless, and nothing else",
        tempting="what else could there be",
        caught_by="5.14",
        words=("U+202E",),
        file="client.py",
        changes=(
            (
                "return HARMFUL.sub(lambda found: ascii(found[0])[1:-1], text)",
                'return re.sub("[\\0-\\x1f\\x7f-\\x9f\\u2028]", "?", text)',
            ),
        ),
    ),
    Wrong(
        name="client_quit_is_only_sent",
        did="sent /quitter like any other line and went on reading the keyboard",
        tempting="the server closes the connection, that should do",
        caught_by="5.13",
        words=("keyboard", "main thread"),
        file="client.py",
        changes=(("        terminal.stop_typing()\n", ""),),
    ),
    Wrong(
        name="client_dies_of_ctrl_c",
        did="did not catch KeyboardInterrupt",
        tempting="the program ends, after all",
        caught_by="5.12",
        words=("traceback", "KeyboardInterrupt"),
        file="client.py",
        also=("5.13",),
        changes=(
            (
                "    with contextlib.suppress(KeyboardInterrupt):\n        for",
                "    with contextlib.suppress():\n        for",
            ),
            (
                "    with contextlib.suppress(KeyboardInterrupt):\n        conn",
                "    with contextlib.suppress():\n        conn",
            ),
        ),
    ),
    Wrong(
        name="client_reports_refusal_with_traceback",
        did="let ConnectionRefusedError end the program",
        tempting="the traceback says what happened",
        caught_by="5.13",
        words=("traceback", "ConnectionRefusedError"),
        file="client.py",
        changes=(
            ("except (OSError, UnicodeError) as error", "except UnicodeError as error"),
        ),
    ),
    Wrong(
        name="client_prints_control_characters",
        did="printed lines as they came",
        tempting="print() shows text, doesn't it",
        caught_by="5.14",
        words=("ESC", "control characters"),
        file="client.py",
        changes=(("terminal.show(harmless(line))", "terminal.show(line)"),),
    ),
    Wrong(
        name="client_dies_of_a_reset",
        did="did not catch the OSError that recv raises after a reset",
        tempting="a server that goes away closes its sockets",
        caught_by="5.13",
        words=("still running", "ends"),
        file="client.py",
        changes=(
            (
                "with contextlib.suppress(OSError):  # a reset is an end, too",
                "with contextlib.suppress():",
            ),
        ),
    ),
    Wrong(
        name="client_prints_its_own_lines",
        did="printed what was typed, and what comes back, too",
        tempting="one wants to see at once what one has said",
        caught_by="5.11",
        words=("hello from the keyboard", "once"),
        file="client.py",
        changes=(
            (
                "            connection.send_line(text)\n",
                "            connection.send_line(text)\n"
                "            if comes_back(text):\n"
                "                terminal.show(text)\n",
            ),
        ),
    ),
    Wrong(
        name="client_strips_what_is_typed",
        did="called strip() on the typed line",
        tempting="it takes the newline off",
        caught_by="5.11",
        words=("  l'été",),
        file="client.py",
        changes=(
            (
                "connection.send_line(text)\n    leaving",
                "connection.send_line(text.strip())\n    leaving",
            ),
        ),
    ),
    Wrong(
        name="client_quits_too_early",
        did="left at any line that begins with /quit",
        tempting="/quit and /quitter both begin so",
        caught_by="5.11",
        words=("/quitting",),
        file="client.py",
        changes=(('text in ("/quit", "/quitter")', 'text.startswith("/quit")'),),
    ),
    Wrong(
        name="client_prints_into_the_draft",
        did="printed what comes, and did not call terminal.show()",
        tempting="print(…, flush=True) shows a line at once, too",
        caught_by="5.10",
        words=("in a row of its own", "half a ", "above what is being typed"),
        file="client.py",
        changes=(
            ("terminal.show(harmless(line))", "print(harmless(line), flush=True)"),
        ),
    ),
    Wrong(
        name="client_trusts_in_utf8",
        did="decoded lines without errors='replace'",
        tempting="everything is lines of UTF-8, says PROTOCOL.md",
        caught_by="5.10",
        words=("UnicodeDecodeError", "errors='replace'"),
        never=("decode whole lines",),
        file="client.py",
        changes=(('yield line.decode(errors="replace")', "yield line.decode()"),),
    ),
    Wrong(
        name="client_ignores_nick",
        did="took no notice of --nick",
        tempting="one can type /nick",
        caught_by="5.11",
        words=("/nick Zoë", "the first line that you send is /nick"),
        file="client.py",
        changes=(
            (
                "        if arguments.nick:\n"
                '            connection.send_line(f"/nick {arguments.nick}")\n',
                "",
            ),
        ),
    ),
    Wrong(
        name="client_erases_in_a_pipe",
        did="erased typed messages itself, in a pipe as well",
        tempting="in a terminal it looks right",
        caught_by="5.11",
        words=("no ESC into a pipe", "nothing has to be erased there"),
        file="client.py",
        changes=(
            (
                "            connection.send_line(text)\n",
                "            connection.send_line(text)\n"
                "            if comes_back(text):\n"
                '                print("\\x1b[A\\x1b[2K", end="\\r", flush=True)\n',
            ),
        ),
    ),
    Wrong(
        name="client_closes_at_eof",
        did="closed the connection without /quit, and at once",
        tempting="whoever has nothing more to say has finished",
        caught_by="5.12",
        words=("'/quit'", "send /quit there"),
        file="client.py",
        changes=(
            ('    connection.send_line("/quit")\n', ""),
            ("        wait_for_last_words(connection, reader)\n", ""),
        ),
    ),
    Wrong(
        name="client_waits_for_words_that_it_did_not_ask_for",
        did="forgot /quit, and waited for the last words all the same",
        tempting="wait_for_last_words() was given",
        caught_by="5.12",
        words=("'/quit'", "send /quit there"),
        file="client.py",
        changes=(('    connection.send_line("/quit")\n', ""),),
    ),
    Wrong(
        name="client_loses_the_last_line",
        did="dropped what followed the last newline",
        tempting="every line has an end",
        caught_by="5.13",
        words=("lacks its en", "is a line, too"),
        file="client.py",
        changes=(
            (
                "        if rest:  # a last line without its newline\n"
                '            yield rest.decode(errors="replace")\n',
                "",
            ),
        ),
    ),
    Wrong(
        name="client_says_gone_to_who_leaves",
        did="said that the server is gone, whoever had left",
        tempting="the server has closed the connection, after all",
        caught_by="5.13",
        words=("The server has closed the connection.", "leaving.is_set()"),
        file="client.py",
        changes=(("    if not leaving.is_set():\n", "    if True:\n"),),
    ),
    Wrong(
        name="client_forgets_quitter",
        did="left the loop at /quit, but not at /quitter",
        tempting="the server closes the connection then",
        caught_by="5.13",
        words=("after /quitter it says", "/quitter"),
        file="client.py",
        changes=(('text in ("/quit", "/quitter")', 'text == "/quit"'),),
    ),
    Wrong(
        name="client_gives_no_reason",
        did="wrote the same error line for everything",
        tempting="it says that it cannot connect",
        caught_by="5.13",
        words=("that the host is unknown", "has the reason as its text"),
        file="client.py",
        changes=(("connect to {address}: {error}", "connect to {address}"),),
    ),
    Wrong(
        name="client_knows_refusals_only",
        did="caught ConnectionRefusedError, and no other OSError",
        tempting="it is what one sees when one forgets to start the server",
        caught_by="5.13",
        words=("traceback", "gaierror"),
        file="client.py",
        changes=(
            (
                "except (OSError, UnicodeError) as error",
                "except ConnectionRefusedError as error",
            ),
        ),
    ),
    Wrong(
        name="client_splits_with_splitlines",
        did="cut what comes with str.splitlines()",
        tempting="it is called splitlines",
        caught_by="5.14",
        words=("in one row", "Only \\n ends a line"),
        file="client.py",
        changes=(
            (
                'yield line.decode(errors="replace")',
                'yield from line.decode(errors="replace").splitlines()',
            ),
        ),
    ),
    Wrong(
        name="client_shows_escapes_in_quotes",
        did="did not take the quotes off what ascii() returns",
        tempting="one sees the escape",
        caught_by="5.14",
        words=(r"'\x1b'", "[1:-1]"),
        file="client.py",
        changes=(("ascii(found[0])[1:-1]", "ascii(found[0])"),),
    ),
    Wrong(
        name="client_hides_control_characters",
        did="took harmful characters out",
        tempting="what is not there does no harm",
        caught_by="5.14",
        words=("in the place of '", "people should see that it came"),
        file="client.py",
        changes=(("lambda found: ascii(found[0])[1:-1]", '""'),),
    ),
    Wrong(
        name="client_escapes_all_but_ascii",
        did="showed the whole line by its ascii()",
        tempting="it is one call, and what it returns is harmless",
        caught_by="5.10",
        words=("été",),
        file="client.py",
        changes=(
            (
                "return HARMFUL.sub(lambda found: ascii(found[0])[1:-1], text)",
                "return ascii(text)[1:-1]",
            ),
        ),
    ),
    Wrong(
        name="client_escapes_joiners",
        did="escaped what str.isprintable() says is not printable",
        tempting="it is what the method is called",
        caught_by="5.14",
        words=("Replace only what HARMFUL finds",),
        file="client.py",
        changes=(
            (
                "return HARMFUL.sub(lambda found: ascii(found[0])[1:-1], text)",
                'return "".join(\n'
                "        c if c.isprintable() else ascii(c)[1:-1] for c in text\n"
                "    )",
            ),
        ),
    ),
    Wrong(
        name="client_hangs_at_the_second_ctrl_c",
        did="did not close the connection when Ctrl+C came once more",
        tempting="it is closed at the end",
        caught_by="5.12",
        words=("still running", "in a finally block"),
        file="client.py",
        changes=(
            (
                "    try:\n        with contextlib.suppress(OSError):  #",
                "    if True:\n        with contextlib.suppress(OSError):  #",
            ),
            (
                "    finally:  # even if somebody presses Ctrl+C once more\n"
                "        connection.close()\n",
                "    connection.close()\n",
            ),
        ),
    ),
    Wrong(
        name="client_knows_all_notices",
        did="showed messages, refusals, and the notices that PROTOCOL.md names",
        tempting="nothing else can come",
        caught_by="5.10",
        words=("a notice of another day",),
        file="client.py",
        changes=(
            (
                "        terminal.show(harmless(line))\n",
                '        known = "* you are", "* people", "* bye", "2", "!"\n'
                "        if line.startswith(known):\n"
                "            terminal.show(harmless(line))\n",
            ),
        ),
    ),
    Wrong(
        name="client_takes_any_number_for_a_port",
        did="read the port with int()",
        tempting="argparse refuses what is not a number",
        caught_by="5.13",
        words=("There is no port 65536", "from 0 to 65535"),
        file="client.py",
        changes=(("default=8080, type=port_number", "default=8080, type=int"),),
    ),
    Wrong(
        name="client_hides_its_receipts",
        did="showed what is typed, and left out what comes back of it",
        tempting="then it is there at once, and once",
        caught_by="5.11",
        words=("What is typed comes back",),
        never=("ESC",),
        file="client.py",
        changes=(
            (
                "        terminal.show(harmless(line))\n",
                '        if f"<{sys.argv[-1]}> " in line:\n'
                '            line = line.partition("> ")[2]\n'
                "        terminal.show(harmless(line))\n",
            ),
        ),
    ),
    Wrong(
        name="client_cuts_what_is_typed",
        did="sent the first thousand characters of what is typed",
        tempting="the server takes no more",
        caught_by="5.11",
        words=("long long", "Send what is typed as it is"),
        never=("comes back",),
        file="client.py",
        changes=(("connection.send_line(text)", "connection.send_line(text[:1000])"),),
    ),
    Wrong(
        name="client_sends_escapes",
        did="sent what is typed as harmless()",
        tempting="what is harmless to me should be so to others",
        caught_by="5.11",
        words=("a tab:", "harmless() is for what is shown"),
        never=("comes back",),
        file="client.py",
        changes=(
            ("connection.send_line(text)", "connection.send_line(harmless(text))"),
        ),
    ),
    Wrong(
        name="client_leaves_at_a_word",
        did="left when '* bye' is anywhere in a line",
        tempting="that is what the server says at the end",
        caught_by="5.10",
        words=("* server closing", "anybody can say that word"),
        never=("flush",),
        file="client.py",
        changes=(
            (
                "        terminal.show(harmless(line))\n",
                "        terminal.show(harmless(line))\n"
                '        if "* bye" in line:\n'
                "            break\n",
            ),
        ),
    ),
]
