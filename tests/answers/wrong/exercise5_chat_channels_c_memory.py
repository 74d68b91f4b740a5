"""Wrong answers to exercise 5, part C, memory."""

from tests.answers.catalogue import Wrong

WRONG = [
    Wrong(
        name="shows_one_message_less",
        did="left out the newest message of the history",
        tempting="history[-50:-1] looks like fifty",
        caught_by="5.15",
        words=("Expected a history of", "last 50 messages"),
        changes=(
            (
                "past = self.history.last(channel.name)",
                "past = self.history.last(channel.name)[1:]",
            ),
        ),
    ),
    Wrong(
        name="greets_before_the_history",
        did="greeted first and showed the history then",
        tempting="one is greeted when one comes in",
        caught_by="5.15",
        words=("a history of   3 messages", "last 50 messages"),
        changes=(
            ("        client.send(*map(format_message, past))\n", ""),
            (
                '        self.greet(client)\n        channel.broadcast(f"* {client',
                "        self.greet(client)\n"
                "        client.send(*map(format_message, past))\n"
                '        channel.broadcast(f"* {client',
            ),
        ),
    ),
    Wrong(
        name="reads_history_before_the_lock",
        did="read the history without the lock, and only then became a member",
        tempting="a database is slow, and a lock should be held briefly",
        caught_by="5.15",
        words=("one lock", "Send the history"),
        changes=(
            (
                "past = self.history.last(channel.name)",
                "self.lock.release()\n        past = self.history.last(channel.name)\n"
                "        self.lock.acquire()",
            ),
        ),
    ),
    Wrong(
        name="greets_newcomers_without_the_lock",
        did="read the history for a new client before taking the lock",
        tempting="nobody knows the new client yet",
        caught_by="5.15",
        words=("one lock",),
        changes=(
            (
                """            with self.lock:
                self.join(client, self.lobby.name)
""",
                """            past = self.history.last(self.lobby.name)
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
        name="locks_each_client_alone",
        did="gave each client a lock for sending, and sent outside the server's lock",
        tempting="no line is torn, and no client waits for another one's line",
        caught_by="5.15",
        words=("one lock",),
        changes=(
            (
                "        self.outbox = bytearray()\n",
                "        self.outbox = bytearray()\n"
                "        self.sending = threading.RLock()\n",
            ),
            (
                "        self.outbox += data\n",
                "        with self.sending:\n            self.outbox += data\n",
            ),
            (
                "            sent = self.socket.send(self.outbox)\n"
                "            del self.outbox[:sent]\n",
                "            with self.sending:\n"
                "                sent = self.socket.send(self.outbox)\n"
                "                del self.outbox[:sent]\n",
            ),
            (
                "                member.post(data)\n",
                "                member.post(data)\n                member.flush()\n",
            ),
            (
                "        client.channel.broadcast(*shown)",
                "        self.lock.release()\n"
                "        client.channel.broadcast(*shown)\n"
                "        self.lock.acquire()",
            ),
        ),
    ),
    Wrong(
        name="answers_before_the_lock",
        did="sent a message back to its sender before taking the lock",
        tempting="what one has said should be there at once",
        caught_by="5.16",
        words=("Hold one lock", "two threads"),
        also=("5.18", "5.20", "5.22", "5.25"),
        changes=(
            (
                "                with self.lock:\n                    self.throttle",
                "                self.send_back(client, lines)\n"
                "                with self.lock:\n                    self.throttle",
            ),
            (
                "    def throttle(",
                """    def send_back(self, client: Client, lines: list[bytes]) -> None:
        client.when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        requests = [parse_line(line) for line in lines]
        client.has_answer = all(command == SAY for command, _ in requests)
        for _, text in requests if client.has_answer else []:
            if text:
                where = client.when, client.channel.name, client.nick
                shown = format_message(Message(*where, text))
                client.socket.send(encode_lines(shown))

    def throttle(""",
            ),
            (
                'Z", time.gmtime())\n        said',
                'Z", time.gmtime())\n        when = client.when\n        said',
            ),
            (
                "client.channel.broadcast(*shown)",
                "alone = client if client.has_answer else None\n"
                "        client.channel.broadcast(*shown, exclude=alone)",
            ),
        ),
    ),
    Wrong(
        name="tells_everybody_who_leaves",
        did="told all other clients who leaves a channel",
        tempting="they may want to know where everybody is",
        caught_by="5.17",
        words=("what happens in #general only", "#sport"),
        changes=(
            (
                'channel.broadcast(f"* {client.nick} left #{channel.name}")',
                "for other in self.clients:\n"
                "                if other is not client:\n"
                '                    name = f"#{channel.name}"\n'
                '                    other.send(f"* {client.nick} left {name}")',
            ),
        ),
    ),
    Wrong(
        name="keeps_after_showing",
        did="showed a message first, and gave it to the history then",
        tempting="those who wait for it come first",
        caught_by="5.18",
        words=("before you send it",),
        changes=(
            (
                "        try:\n            self.history.add(*said)\n",
                "        client.channel.broadcast(*map(format_message, said))\n"
                "        self.flush_all()\n"
                "        try:\n            self.history.add(*said)\n",
            ),
            (
                "        shown = map(format_message, said)\n"
                "        client.channel.broadcast(*shown)\n",
                "",
            ),
        ),
    ),
    Wrong(
        name="forgets_channels",
        did="did not tell the history of a new channel",
        tempting="its messages are kept, after all",
        caught_by="5.19",
        words=("add_channel",),
        changes=(("        self.history.add_channel(name)\n", ""),),
    ),
    Wrong(
        name="opens_no_channels_of_earlier_runs",
        did="opened those of --channels only",
        tempting="that is what the option is for",
        caught_by="5.19",
        words=("history.channels()",),
        changes=(("names = history.channels()", "names = channels"),),
    ),
    Wrong(
        name="counts_characters",
        did="measured the line's text instead of its bytes",
        tempting="for English both are the same",
        caught_by="5.20",
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
        caught_by="5.20",
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
        caught_by="5.20",
        words=("disconnected", "! …"),
        changes=(
            (
                "rest = rest[:MAX_LINE]\n",
                "if len(rest) > MAX_LINE:\n                return\n",
            ),
        ),
    ),
    Wrong(
        name="keeps_all_of_a_long_line",
        did="kept collecting a line that was too long already",
        tempting="its length is looked at when it is complete",
        caught_by="5.20",
        words=("keep no more",),
        changes=(("            rest = rest[:MAX_LINE]\n", ""),),
    ),
    Wrong(
        name="replaces_bad_bytes",
        did="decoded with errors='replace'",
        tempting="no exception can come from it",
        caught_by="5.21",
        never=("and no others",),
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
        caught_by="5.21",
        words=("\\u2028", "Zl"),
        changes=((r"\u2028\u2029]", "]"),),
    ),
    Wrong(
        name="refuses_what_is_not_printable",
        did="asked str.isprintable()",
        tempting="its name says what is wanted",
        caught_by="5.21",
        words=("no others",),
        changes=(("CONTROL.search(text)", "not text.isprintable()"),),
    ),
    Wrong(
        name="remembers_fifty_of_all_channels",
        did="kept the last 50 messages of all channels in memory for those who join",
        tempting="no database is asked, and fifty are fifty",
        caught_by="5.15",
        words=("Expected a history of", "50 messages"),
        changes=(
            (
                "        self.lock = threading.Condition()",
                "        self.recent: list[Message] = []\n"
                "        self.lock = threading.Condition()",
            ),
            (
                "        shown = map(format_message, said)\n",
                "        self.recent = [*self.recent, *said][-50:]\n"
                "        shown = map(format_message, said)\n",
            ),
            (
                "past = self.history.last(channel.name)",
                "past = [m for m in self.recent if m.channel == channel.name]",
            ),
        ),
    ),
    Wrong(
        name="speaks_in_channels_that_begin_alike",
        did="asked startswith() for the channels in which something is said",
        tempting="the line begins with the channel's name",
        caught_by="5.17",
        words=("what is said in #sport2", "members of its channel only"),
        changes=(
            (
                "client.channel.broadcast(*shown)",
                "lines = list(shown)\n"
                "        for channel in self.channels.values():\n"
                "            if channel.name.startswith(client.channel.name):\n"
                "                channel.broadcast(*lines)",
            ),
        ),
    ),
    Wrong(
        name="is_silent_when_nothing_is_kept",
        did="printed the history's error, and did not answer the speaker",
        tempting="it is the server's trouble, not the client's",
        caught_by="5.18",
        never=("before you send it",),
        words=("'! …'", "answer '! …' to each"),
        changes=(
            (
                'client.send(*[f"! {reason}"] * len(said))',
                "print(reason, file=sys.stderr)",
            ),
        ),
    ),
    Wrong(
        name="answers_once_when_nothing_is_kept",
        did="sent one ! for several messages that were not kept",
        tempting="the reason is the same for all of them",
        caught_by="5.18",
        words=("'! …'", "answer '! …' to each"),
        changes=(
            ('client.send(*[f"! {reason}"] * len(said))', 'client.send(f"! {reason}")'),
        ),
    ),
    Wrong(
        name="dies_when_nothing_is_kept",
        did="did not catch HistoryError in say()",
        tempting="add() has always worked",
        caught_by="5.18",
        words=("disconnected guest1", "answer '! …' to each"),
        changes=(
            (
                "        try:\n            self.history.add(*said)\n"
                "        except HistoryError as reason:\n"
                '            client.send(*[f"! {reason}"] * len(said))\n'
                "            return\n",
                "        self.history.add(*said)\n",
            ),
        ),
    ),
    Wrong(
        name="asks_for_the_history_after_leaving",
        did="left the old channel before it asked for the history of the new one",
        tempting="first out, then in",
        caught_by="5.18",
        never=("before you send it",),
        words=("before the client leaves its channel",),
        changes=(
            ("        past = self", "        self.leave(client)\n        past = self"),
            ("changes\n        self.leave(client)\n", "changes\n"),
        ),
    ),
    Wrong(
        name="leaves_newcomers_without_a_word",
        did="closed the connection of a client whose history could not be read",
        tempting="what should one say?",
        caught_by="5.18",
        words=("newcomer's history cannot be read",),
        changes=(
            (
                'hang_up(f"! {reason}")\n        finally',
                "disconnect()\n        finally",
            ),
        ),
    ),
    Wrong(
        name="ends_by_force",
        did="called os._exit() after the last words",
        tempting="then no thread can keep the program from ending",
        caught_by="5.18",
        never=("before you send it",),
        words=("chat.db-wal", "Close the history"),
        changes=(
            ("import itertools\n", "import itertools\nimport os\n"),
            (
                "            server.close()\n",
                "            server.close()\n            os._exit(0)\n",
            ),
        ),
    ),
    Wrong(
        name="makes_a_channel_before_it_is_kept",
        did="made the channel, and told the history then",
        tempting="the history is for later",
        caught_by="5.19",
        never=("for each of --channels",),
        words=("remember it first",),
        changes=(
            (
                "        self.history.add_channel(name)\n"
                "        self.channels[name_key(name)] = Channel(name)\n",
                "        self.channels[name_key(name)] = Channel(name)\n"
                "        self.history.add_channel(name)\n",
            ),
        ),
    ),
    Wrong(
        name="does_not_remember_its_options",
        did="did not tell the history of --channels",
        tempting="they are given again at the next start",
        caught_by="5.19",
        words=("* channels: #general #sport", "for each of --channels"),
        changes=(
            (
                "        for name in channels:\n            history.add_channel(name)",
                "        for _ in channels:\n            pass",
            ),
            ("names = history.channels()", "names = [*channels, *history.channels()]"),
        ),
    ),
    Wrong(
        name="does_not_say_that_it_listens",
        did="listened without a word",
        tempting="one sees that the program runs",
        caught_by="5.19",
        words=("Listening on",),
        changes=(
            (
                "with open_listening_socket(arguments.host, arguments.port) as",
                "host, port = arguments.host, arguments.port\n"
                "            with socket.create_server((host, port)) as",
            ),
        ),
    ),
    Wrong(
        name="dies_where_it_cannot_listen",
        did="did not catch the OSError of bind()",
        tempting="the traceback says what happened",
        caught_by="5.19",
        words=("traceback", "Address already in use"),
        changes=(
            (
                "with open_listening_socket(arguments.host, arguments.port) as"
                " listening:\n",
                "host, port = arguments.host, arguments.port\n"
                "            with socket.create_server((host, port)) as listening:\n"
                '                print(f"Listening on {host}:{port}", flush=True)\n',
            ),
        ),
    ),
    Wrong(
        name="dies_of_a_bad_history",
        did="did not catch HistoryError in main()",
        tempting="the traceback says what happened",
        caught_by="5.19",
        words=("traceback", "HistoryError"),
        changes=(
            ("except HistoryError as error:", "except KeyboardInterrupt as error:"),
        ),
    ),
    Wrong(
        name="does_not_say_what_is_wrong",
        did="ended with the same words whatever was wrong with the history",
        tempting="the user will see what it is",
        caught_by="5.19",
        never=("for each of --channels",),
        words=("names 'letter.txt'",),
        changes=(('sys.exit(f"error: {error}")', 'sys.exit("error: cannot start")'),),
    ),
    Wrong(
        name="takes_any_channel_name",
        did="opened whatever channels were named on the command line",
        tempting="whoever starts the server knows what a name is",
        caught_by="5.19",
        never=("for each of --channels",),
        words=("still running", "error: …"),
        changes=(
            ("import contextlib\n", "import argparse\nimport contextlib\n"),
            (
                "    arguments = parse_arguments()\n",
                "    parser = argparse.ArgumentParser()\n"
                '    parser.add_argument("host")\n'
                '    parser.add_argument("port", type=port_number)\n'
                '    parser.add_argument("--history", default="chat.db")\n'
                '    parser.add_argument("--channels", nargs="+")\n'
                '    parser.add_argument("--max-clients", type=client_count)\n'
                "    parser.set_defaults(max_clients=99)\n"
                '    parser.set_defaults(channels=["general", "sport"])\n'
                "    arguments = parser.parse_args()\n",
            ),
            ("    catch_signals,\n", "    catch_signals,\n    client_count,\n"),
            ("    parse_arguments,\n", "    port_number,\n"),
        ),
    ),
    Wrong(
        name="does_not_count_a_carriage_return",
        did="took the \\r off before it counted the bytes",
        tempting="it does not belong to the text",
        caught_by="5.20",
        words=("1,025 bytes", "the end included"),
        changes=(
            (
                "if len(line) >= MAX_LINE",
                'if len(line.removesuffix(b"\\r")) >= MAX_LINE',
            ),
        ),
    ),
    Wrong(
        name="says_what_telnet_sends_at_enter",
        did="looked for empty lines before it took the \\r off",
        tempting="an empty line is b''",
        caught_by="5.20",
        never=("Count bytes",),
        words=("telnet ends a line with", "An empty line is one with"),
        changes=(
            (
                "requests = map(parse_line, lines)",
                "requests = map(parse_line, filter(None, lines))",
            ),
            ("client.nick, t) for t in texts if t]", "client.nick, t) for t in texts]"),
        ),
    ),
    Wrong(
        name="keeps_the_carriage_return",
        did="took no \\r off the end",
        tempting="nc sends none",
        caught_by="5.20",
        never=("Count bytes",),
        words=("telnet ends a line with",),
        changes=((r'line.removesuffix(b"\r").decode()', "line.decode()"),),
    ),
    Wrong(
        name="allows_one_byte_too_many",
        did="compared with >",
        tempting="1024 bytes are allowed",
        caught_by="5.20",
        words=("a line of 1,025 bytes must be refused",),
        changes=(("if len(line) >= MAX_LINE", "if len(line) > MAX_LINE"),),
    ),
    Wrong(
        name="refuses_once_for_all",
        did="sent one ! for all lines of one recv() that were refused",
        tempting="the client sees that something was wrong",
        caught_by="5.21",
        never=("and no others",),
        words=("Each line has an answer of its own",),
        changes=(
            (
                "for argument in arguments:\n",
                "for argument in arguments[: 1 if command == REFUSE else None]:\n",
            ),
        ),
    ),
    Wrong(
        name="drops_a_byte_order_mark",
        did='decoded with "utf-8-sig"',
        tempting="files on Windows begin with one",
        caught_by="5.21",
        words=("BOM", "exactly as it was said"),
        changes=(
            (
                r'line.removesuffix(b"\r").decode()',
                r'line.removesuffix(b"\r").decode("utf-8-sig")',
            ),
        ),
    ),
    Wrong(
        name="tells_newcomers_the_file",
        did="said which file cannot be read",
        tempting="the reason should be complete",
        caught_by="5.18",
        words=("no names of files", "chat.db"),
        changes=(
            (
                'hang_up(f"! {reason}")\n        fin',
                'hang_up(f"! {reason}: {self.history._path}")\n        fin',
            ),
        ),
    ),
    Wrong(
        name="shows_old_notices",
        did="showed those who join the notices of before, too",
        tempting="they belong to the conversation",
        caught_by="5.15",
        words=("notices are not kept", "#tea"),
        changes=(
            (
                "        self.members: list[Client] = []\n",
                "        self.members: list[Client] = []\n"
                "        self.notices: list[str] = []\n",
            ),
            (
                "        client.channel = channel\n        channel.members",
                "        client.send(*channel.notices)\n"
                '        notice = f"* {client.nick} joined #{channel.name}"\n'
                "        channel.notices.append(notice)\n"
                "        client.channel = channel\n        channel.members",
            ),
        ),
    ),
    Wrong(
        name="takes_control_characters_in_commands",
        did="looked for control characters in messages only",
        tempting="a command is shown to nobody",
        caught_by="5.21",
        words=(r"'/who \x00b' must be refused",),
        changes=(
            (
                "if CONTROL.search(text):",
                'if not text.startswith("/") and CONTROL.search(text):',
            ),
        ),
    ),
    Wrong(
        name="keeps_the_line_and_shows_the_text",
        did="kept a line as it was typed, //text, and took the / off to show it",
        tempting="what is said and what is shown are two things",
        caught_by="5.15",
        words=("compared with what a member has seen", "nobody has seen"),
        never=("under the one lock",),
        changes=(
            (
                '        return SAY, text.removeprefix("/")\n',
                "        return SAY, text\n",
            ),
            (
                "        shown = map(format_message, said)\n",
                "        shown = [\n"
                "            format_message(m._replace("
                'text=m.text.removeprefix("/")))\n'
                "            for m in said\n"
                "        ]\n",
            ),
        ),
    ),
    Wrong(
        name="takes_every_carriage_return_off",
        did="called rstrip() for the \\r at the end",
        tempting="strip() is what one knows",
        caught_by="5.21",
        words=("must be refused", "that one, removesuffix()"),
        changes=(
            ('line.removesuffix(b"\\r").decode()', 'line.rstrip(b"\\r").decode()'),
        ),
    ),
    Wrong(
        name="keeps_the_start_of_a_text",
        did="kept the first 300 characters of a message",
        tempting="a history need not be complete",
        caught_by="5.15",
        words=("nobody has seen", "the text as shown"),
        changes=(
            (
                "            self.history.add(*said)\n",
                "            self.history.add("
                "*(m._replace(text=m.text[:300]) for m in said))\n",
            ),
        ),
    ),
    Wrong(
        name="keeps_ascii",
        did="kept messages in ASCII",
        tempting="nobody knows what a file is read with",
        caught_by="5.15",
        words=("nobody has seen", "the text as shown"),
        changes=(
            (
                "            self.history.add(*said)\n",
                "            for m in said:\n"
                '                text = m.text.encode("ascii", "replace").decode()\n'
                "                self.history.add(m._replace(text=text))\n",
            ),
        ),
    ),
]
