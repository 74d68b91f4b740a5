"""Wrong answers to exercise 5."""

from tests.answers.catalogue import Wrong

# The threads of the solution combine, which hides most races.
ONE_LOCK = "tests/answers/right/one_lock"

SERVER = [
    Wrong(
        name="starts_in_the_first_by_name",
        did="put new clients into the channel that is first in alphabetical order",
        tempting="general comes before sport, so it looks right",
        caught_by="5.1",
        words=("#kitchen", "the first of --channels"),
        changes=(
            (
                "self.lobby = self.channels[channels[0].casefold()]",
                "self.lobby = self.channels[min(self.channels)]",
            ),
        ),
    ),
    Wrong(
        name="counts_guests",
        did="took the number of clients for the next guest's number",
        tempting="it is right until somebody takes another nick, or leaves",
        caught_by="5.2",
        words=("a nick that nobody has", "is taken"),
        changes=(
            (
                """            if f"guest{self.guests}" not in self.clients:
""",
                """            self.guests = len(self.clients) + 1
            if self.guests:
""",
            ),
        ),
    ),
    Wrong(
        name="compares_nicks_with_case",
        did="looked for the nick as it was typed",
        tempting="zoe and ZOE are different strings",
        caught_by="5.2",
        words=("/nick ZOE", "casefold"),
        changes=(
            (
                "self.clients.get(name.casefold(), client) is not client",
                "name in [other.nick for other in self.clients.values()]",
            ),
        ),
    ),
    Wrong(
        name="knows_only_ascii_names",
        did="wrote [a-zA-Z0-9_-] for letters",
        tempting="it is what most examples on the web have",
        caught_by="5.2",
        words=("été", "any script"),
        changes=((r"[\w-]{1,20}", "[a-zA-Z0-9_-]{1,20}"),),
    ),
    Wrong(
        name="gives_no_receipt",
        did="sent a message to the others only, as exercise 4 does",
        tempting="the sender knows already what it has said",
        caught_by="5.3",
        words=("all members",),
        changes=(
            (
                "shown.setdefault(client.channel, []).append(format_message(message))",
                "client.channel.broadcast(format_message(message), exclude=client)",
            ),
        ),
    ),
    Wrong(
        name="shows_local_time",
        did="took time.localtime()",
        tempting="on a server that runs in UTC nobody sees the difference",
        caught_by="5.3",
        words=("Kathmandu", "UTC"),
        changes=(("time.gmtime()", "time.localtime()"),),
    ),
    Wrong(
        name="strips_lines",
        did="called strip() on the whole line",
        tempting="it takes the newline off, and the \\r too",
        caught_by="5.3",
        words=("  l'été", "as it came"),
        changes=((r'line.removesuffix(b"\r")', "line.strip()"),),
    ),
    Wrong(
        name="lists_people_as_they_came",
        did="did not sort the answer to /who",
        tempting="guest1, guest2, guest3 come sorted anyway",
        caught_by="5.5",
        words=("not sorted", "whoever came first"),
        changes=(("sorted(member.nick", "list(member.nick"),),
    ),
    Wrong(
        name="says_what_it_does_not_know",
        did="said a line with an unknown command as a message",
        tempting="every other line is a message",
        caught_by="5.9",
        words=("/ must be refused", "whole first word"),
        changes=(
            (
                'text.startswith("/") and not text.startswith("//"):',
                'text.split(" ")[0] in COMMANDS:',
            ),
            ('text.removeprefix("/")', 'text[text.startswith("//") :]'),
        ),
    ),
    Wrong(
        name="locks_each_client_alone",
        did="gave each client a lock for sending, and sent outside the server's lock",
        tempting="no line is torn, and no client waits for another one's line",
        caught_by="5.10",
        words=("One lock", "two threads"),
        also=("5.11",),
        base=ONE_LOCK,
        changes=(
            (
                "        self.gone = False\n",
                "        self.gone = False\n        self.sending = threading.Lock()\n",
            ),
            (
                "        if not self.gone:\n            self.outbox +=",
                "        with self.sending:\n            self.outbox +=",
            ),
            (
                "        client.channel.broadcast(format_message(message))\n",
                "        self.lock.release()\n"
                "        client.channel.broadcast(format_message(message))\n"
                "        self.lock.acquire()\n",
            ),
            (
                "with self.lock:\n                        key.data.flush()",
                "with key.data.sending:\n                        key.data.flush()",
            ),
        ),
    ),
    Wrong(
        name="reads_history_before_the_lock",
        did="read the history without the lock, and only then became a member",
        tempting="a database is slow, and a lock should be held briefly",
        caught_by="5.11",
        words=("one lock", "History before showing"),
        base=ONE_LOCK,
        changes=(
            (
                "past = self.history.last(channel.name)",
                "self.lock.release()\n        past = self.history.last(channel.name)\n"
                "        self.lock.acquire()",
            ),
        ),
    ),
    Wrong(
        name="greets_before_the_history",
        did="greeted first and showed the history then",
        tempting="one is greeted when one comes in",
        caught_by="5.11",
        words=("last 50 messages", "and greet it"),
        also=("5.14",),
        changes=(
            ("        client.send(*map(format_message, past))\n", ""),
            (
                '        self.greet(client)\n        joined = f"* {client',
                "        self.greet(client)\n"
                "        client.send(*map(format_message, past))\n"
                '        joined = f"* {client',
            ),
        ),
    ),
    Wrong(
        name="keeps_after_showing",
        did="showed a message first, and gave it to the history then",
        tempting="those who wait for it come first",
        caught_by="5.12",
        words=("before you send it",),
        base=ONE_LOCK,
        changes=(
            (
                "        self.history.add(message)\n"
                "        client.channel.broadcast(format_message(message))\n",
                "        client.channel.broadcast(format_message(message))\n"
                "        self.history.add(message)\n",
            ),
        ),
    ),
    Wrong(
        name="forgets_channels",
        did="did not tell the history of a new channel",
        tempting="its messages are kept, after all",
        caught_by="5.13",
        words=("add_channel",),
        changes=(("        self.history.add_channel(name)\n", ""),),
    ),
    Wrong(
        name="sorts_the_channels",
        did="sorted the answer to /channels, as that to /who",
        tempting="both are lists of names",
        caught_by="5.4",
        words=("#zebra #ape", "order of creation"),
        changes=(
            (
                "for channel in self.channels.values()]\n        client.send",
                "for channel in self.channels.values()]\n"
                "        names.sort()\n        client.send",
            ),
        ),
    ),
    Wrong(
        name="leaves_before_it_looks",
        did="took the client out of its channel, and looked for the other one then",
        tempting="that is the order in which one walks from room to room",
        caught_by="5.5",
        words=("See first that there is such a channel", "'in #sport, "),
        changes=(
            (
                '        """Do /join NAME."""\n',
                '        """Do /join NAME."""\n        self.leave(client)\n',
            ),
            ("changes\n        self.leave(client)\n", "changes\n"),
        ),
    ),
    Wrong(
        name="creates_what_is_there",
        did="took /create of a channel that exists for /join",
        tempting="that is what the user wants in the end",
        caught_by="5.6",
        words=("must be refused",),
        changes=(
            (
                'raise RefusedError(f"#{name} is there already, see /join")',
                "return self.join(client, name)",
            ),
        ),
    ),
    Wrong(
        name="shows_messages_to_everybody",
        did="sent a message to all clients",
        tempting="there is a dictionary of all clients, and the line names the channel",
        caught_by="5.14",
        words=("members of its channel only",),
        also=("5.11",),
        changes=(
            (
                "            channel.broadcast(*lines)",
                "            [other.send(*lines) for other in self.clients.values()]",
            ),
        ),
    ),
    Wrong(
        name="counts_characters",
        did="measured the line's text instead of its bytes",
        tempting="for English both are the same",
        caught_by="5.15",
        words=("Count bytes", "1,025 bytes"),
        changes=(
            (
                "len(line) >= MAX_LINE",
                'len(line.decode("utf8", "replace")) >= MAX_LINE',
            ),
        ),
    ),
    Wrong(
        name="drops_the_start_of_a_long_line",
        did="threw away what had come of a line that was too long",
        tempting="the memory is free again at once",
        caught_by="5.15",
        words=("read on to its end",),
        changes=(
            (
                "rest = rest[:MAX_LINE]",
                "rest = rest if len(rest) < MAX_LINE else b''",
            ),
        ),
    ),
    Wrong(
        name="disconnects_after_a_long_line",
        did="ended the connection, as exercise 4 does",
        tempting="who sends such lines means no good",
        caught_by="5.15",
        words=("disconnected", "! …"),
        changes=(
            (
                "rest = rest[:MAX_LINE]\n",
                "if len(rest) > MAX_LINE:\n                    return\n",
            ),
        ),
    ),
    Wrong(
        name="replaces_bad_bytes",
        did="decoded with errors='replace'",
        tempting="no exception can come from it",
        caught_by="5.16",
        words=("not UTF-8", "strictly"),
        changes=(
            (
                'line.removesuffix(b"\\r").decode()',
                'line.removesuffix(b"\\r").decode(errors="replace")',
            ),
        ),
    ),
    Wrong(
        name="forgets_line_separators",
        did="refused control characters only",
        tempting="a line ends with \\n; who knows U+2028?",
        caught_by="5.16",
        words=("\\u2028", "Zl"),
        changes=((r"\u2028\u2029]", "]"),),
    ),
    Wrong(
        name="refuses_what_is_not_printable",
        did="asked str.isprintable()",
        tempting="its name says what is wanted",
        caught_by="5.16",
        words=("Unicode category",),
        changes=(("CONTROL.search(text)", "not text.isprintable()"),),
    ),
    Wrong(
        name="waits_for_the_slow",
        did="left the sockets blocking, and sent under the lock",
        tempting="sendall() is what exercise 4 does",
        caught_by="5.17",
        words=("do not block", "outbox"),
        changes=(
            ("connection.setblocking(False)", "connection.setblocking(True)"),
            (
                "del self.outbox[: self.socket.send(self.outbox)]",
                "self.socket.sendall(self.outbox)\n            self.outbox.clear()",
            ),
        ),
    ),
    Wrong(
        name="lets_the_outbox_grow",
        did="kept everything for a client that does not read",
        tempting="it may go on reading some day",
        caught_by="5.17",
        words=("still a member", "1 MiB"),
        changes=(("if len(self.outbox) > MAX_OUTBOX:", "if self.gone:"),),
    ),
    Wrong(
        name="floods_over_the_readers",
        did="disconnected whoever is behind, and never made a flood wait",
        tempting="a flood is not noticed while one types by hand",
        caught_by="5.18",
        words=("disconnected", "do not read"),
        changes=(
            (
                "return still_reads and len(self.outbox) > MAX_OUTBOX // 4",
                "return still_reads and self.gone",
            ),
        ),
    ),
    Wrong(
        name="believes_that_send_sends_all",
        did="emptied the outbox whatever send() returned",
        tempting="send() has always sent all that it was given",
        caught_by="5.17",
        also=("5.18",),
        words=("send() returns how much", "520 messages"),
        changes=(
            (
                "            del self.outbox[: self.socket.send(self.outbox)]\n",
                """            self.socket.send(self.outbox)
            self.outbox.clear()
""",
            ),
        ),
    ),
    Wrong(
        name="sends_only_when_something_is_said",
        did="sent what was left in the outboxes with the next message",
        tempting="in a chat there soon is a next message",
        caught_by="5.17",
        also=("5.18",),
        words=("though nobody says anything", "EVENT_WRITE"),
        changes=(
            (
                "selector.register(slow.socket, selectors.EVENT_WRITE, slow)",
                "pass",
            ),
        ),
    ),
    Wrong(
        name="lets_one_client_too_many_in",
        did="compared with <=",
        tempting="--max-clients is the most that may be there",
        caught_by="5.19",
        words=("server full",),
        changes=(("len(self.clients) < self.max", "len(self.clients) <= self.max"),),
    ),
    Wrong(
        name="makes_channels_without_end",
        did="did not count the channels",
        tempting="who would make a hundred?",
        caught_by="5.19",
        words=("count the channels",),
        changes=(("len(self.channels) >= MAX_CHANNELS", "not self.channels"),),
    ),
    Wrong(
        name="waits_for_its_last_words",
        did="sent * server closing with sendall() on sockets that block",
        tempting="at the end there is time, and nobody may miss it",
        caught_by="5.20",
        words=("reads nothing", "still running", "sendall()"),
        changes=(
            (
                """                client.hang_up("* server closing")
""",
                """                client.socket.setblocking(True)
                client.socket.sendall(b"* server closing\\n")
                client.disconnect()
""",
            ),
        ),
    ),
    Wrong(
        name="closes_without_a_word",
        did="closed the connections without a notice",
        tempting="the clients see the end anyway",
        caught_by="5.20",
        words=("server closing",),
        changes=(('hang_up("* server closing")', "disconnect()"),),
    ),
    Wrong(
        name="knows_only_ctrl_c",
        did="gave only SIGINT a handler",
        tempting="one stops it with Ctrl+C",
        caught_by="5.20",
        words=("SIGTERM",),
        changes=(("            signal.signal(signal.SIGTERM, server.stop)\n", ""),),
    ),
    Wrong(
        name="says_no_goodbye",
        did="closed without * bye",
        tempting="the client has asked for it and knows",
        caught_by="5.7",
        words=("* bye",),
        changes=(('hang_up("* bye")', "disconnect()"),),
    ),
    Wrong(
        name="does_not_notice_who_hangs_up",
        did="told the others only of /join and /quit",
        tempting="whoever leaves says so",
        caught_by="5.8",
        words=("left #general", "suddenly"),
        changes=(
            (
                "            self.leave(client)\n        client.close()",
                "            client.channel.members.remove(client)\n"
                "        client.close()",
            ),
        ),
    ),
    Wrong(
        name="tells_who_joins_that_it_joins",
        did="told all members of a channel that somebody joined, the newcomer too",
        tempting="broadcast() without exclude= is shorter",
        caught_by="5.8",
        words=("joined #sport", "this is for the others"),
        changes=(("(joined, exclude=client)", "(joined)"),),
    ),
    Wrong(
        name="tells_who_has_a_new_nick",
        did="told all members of a channel of a new nick before greeting",
        tempting="broadcast() without exclude= is shorter",
        caught_by="5.8",
        words=("is now", "this is for the others"),
        changes=(
            (
                """        self.greet(client)
        client.channel.broadcast(f"* {old} is now {name}", exclude=client)
""",
                """        client.channel.broadcast(f"* {old} is now {name}")
        self.greet(client)
""",
            ),
        ),
    ),
    Wrong(
        name="deletes_the_nick_as_typed",
        did="looked for the nick of who leaves without folding its case",
        tempting="guest1 is the same in small letters",
        caught_by="5.8",
        words=("Dave left", "traceback", "KeyError"),
        changes=(
            (
                "del self.clients[client.nick.casefold()]",
                "del self.clients[client.nick]",
            ),
        ),
    ),
    Wrong(
        name="wants_an_argument",
        did="took the second word of a command without asking whether there is one",
        tempting="/nick makes no sense without a name",
        caught_by="5.2",
        words=("/nick without a name must be refused", "IndexError"),
        also=("5.9",),
        changes=(
            (
                """                word, _, argument = text.partition(" ")
""",
                """                word, *_ = text.split()
                argument = text.split(" ", 1)[1] if word in ARGUMENTS else ""
""",
            ),
            (
                "MAX_CHANNELS = 100\n",
                'MAX_CHANNELS = 100\nARGUMENTS = "/nick /join /create"\n',
            ),
        ),
    ),
    Wrong(
        name="greets_newcomers_without_the_lock",
        did="read the history for a new client before taking the lock",
        tempting="nobody knows the new client yet",
        caught_by="5.11",
        words=("one lock",),
        base=ONE_LOCK,
        changes=(
            (
                """        with self.lock:
            self.handle(client, f"/join {self.lobby.name}".encode())
""",
                """        past = self.history.last(self.lobby.name)
        client.send(*map(format_message, past))
        with self.lock:
            self.lobby.members.append(client)
            self.greet(client)
            joined = f"* {client.nick} joined #{self.lobby.name}"
            self.lobby.broadcast(joined, exclude=client)
""",
            ),
        ),
    ),
    Wrong(
        name="shows_one_message_less",
        did="left out the newest message of the history",
        tempting="history[-50:-1] looks like fifty",
        caught_by="5.11",
        words=("Expected a history of", "last 50 messages"),
        changes=(
            (
                "past = self.history.last(channel.name)",
                "past = self.history.last(channel.name)[1:]",
            ),
        ),
    ),
    Wrong(
        name="keeps_all_of_a_long_line",
        did="kept collecting a line that was too long already",
        tempting="its length is looked at when it is complete",
        caught_by="5.15",
        words=("keep no more",),
        changes=(("                rest = rest[:MAX_LINE]\n", ""),),
    ),
    Wrong(
        name="closes_the_lobby_only",
        did="said * server closing in the first channel only",
        tempting="everybody comes in there",
        caught_by="5.20",
        words=("* server closing",),
        changes=(
            (
                """                client.hang_up("* server closing")
""",
                """                if client.channel is self.lobby:
                    client.send("* server closing")
                client.flush()
                client.disconnect()
""",
            ),
        ),
    ),
]

CLIENT = [
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

WRONG: list[Wrong] = [*SERVER, *CLIENT]
