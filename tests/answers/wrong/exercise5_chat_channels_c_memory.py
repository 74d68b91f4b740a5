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
        words=("last 50 messages", "and greet it"),
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
                "        if not self.over:\n            self.outbox += data\n",
                "        with self.sending:\n            self.outbox += data\n",
            ),
            (
                "        try:\n            sent = self.socket.send(self.outbox)\n"
                "            del self.outbox[:sent]\n",
                "        try:\n            with self.sending:\n"
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
        for command, text in map(parse_line, lines):
            if command == SAY and text:
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
                "client.channel.broadcast(*shown, exclude=client)",
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
        words=("Unicode category",),
        changes=(("CONTROL.search(text)", "not text.isprintable()"),),
    ),
]
