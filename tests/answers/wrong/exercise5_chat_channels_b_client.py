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
                'return text != "" and not is_command',
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
        changes=(('return text != "" and not is_command', "return True"),),
    ),
    Wrong(
        name="client_takes_a_slash_for_a_command",
        did="forgot that //text is a message",
        tempting="commands begin with a slash",
        caught_by="5.11",
        words=("/slash", "//text is a message"),
        file="client.py",
        changes=((' and not text.startswith("//")', ""),),
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
        words=("* the last words", "show what comes until"),
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
]
