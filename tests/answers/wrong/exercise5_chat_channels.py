"""Wrong answers to exercise 5."""

from tests.answers.catalogue import Wrong

SERVER = [
    Wrong(
        name="starts_in_the_first_by_name",
        did="put new clients into the channel that is first in alphabetical order",
        tempting="general comes before sport, so it looks right",
        caught_by="5.1",
        words=("#kitchen", "the first of --channels"),
        changes=(
            (
                "self.lobby = self.channels[name_key(channels[0])]",
                "self.lobby = self.channels[min(self.channels)]",
            ),
        ),
    ),
    Wrong(
        name="gives_no_receipt",
        did="sent a message to the others only, as exercise 4 does",
        tempting="the sender knows already what it has said",
        caught_by="5.2",
        words=("all members",),
        changes=(
            (
                "client.channel.broadcast(*shown)",
                "client.channel.broadcast(*shown, exclude=client)",
            ),
        ),
    ),
    Wrong(
        name="shows_local_time",
        did="took time.localtime()",
        tempting="on a server that runs in UTC nobody sees the difference",
        caught_by="5.2",
        words=("Kathmandu", "UTC"),
        changes=(("time.gmtime()", "time.localtime()"),),
    ),
    Wrong(
        name="strips_lines",
        did="called strip() on the whole line",
        tempting="it takes the newline off, and the \\r too",
        caught_by="5.2",
        words=("  l'été", "as it came"),
        changes=((r'line.removesuffix(b"\r")', "line.strip()"),),
    ),
    Wrong(
        name="sorts_the_channels",
        did="sorted the answer to /channels, as that to /who",
        tempting="both are lists of names",
        caught_by="5.3",
        words=("#zebra #Ape", "order of creation"),
        changes=(
            (
                "for channel in self.channels.values()]\n        client.send",
                "for channel in self.channels.values()]\n"
                "        names.sort()\n        client.send",
            ),
        ),
    ),
    Wrong(
        name="says_no_goodbye",
        did="closed without * bye",
        tempting="the client has asked for it and knows",
        caught_by="5.4",
        words=("* bye",),
        changes=(('hang_up("* bye")', "disconnect()"),),
    ),
    Wrong(
        name="disconnects_before_the_bye_is_sent",
        did="called send() and then disconnect(), which empties the outbox",
        tempting="send() sends, says its name",
        caught_by="5.4",
        words=("* bye",),
        changes=(
            (
                'client.hang_up("* bye")',
                'client.send("* bye")\n        client.disconnect()',
            ),
        ),
    ),
    Wrong(
        name="says_what_it_does_not_know",
        did="said a line with an unknown command as a message",
        tempting="every other line is a message",
        caught_by="5.5",
        words=("/ must be refused", "whole first word"),
        changes=(
            (
                'if not text.startswith("/") or text.startswith("//"):\n'
                '        return SAY, text.removeprefix("/")',
                'if text.split(" ")[0] not in COMMANDS:\n'
                '        return SAY, text[text.startswith("//") :]',
            ),
        ),
    ),
    Wrong(
        name="looks_at_the_start_of_a_command",
        did="asked startswith() for each command",
        tempting="a command is what the line starts with",
        caught_by="5.5",
        words=("/whoever must be refused", "/whoever is not /who"),
        changes=(
            (
                'command, _, argument = text.partition(" ")',
                "command = next((c for c in COMMANDS if text.startswith(c)), text)\n"
                "    argument = text.removeprefix(command)",
            ),
        ),
    ),
    Wrong(
        name="says_empty_lines",
        did="said an empty line like any other",
        tempting="an empty line is a line",
        caught_by="5.5",
        words=("this is no empty line",),
        changes=(
            ("client.nick, t) for t in texts if t]", "client.nick, t) for t in texts]"),
        ),
    ),
    Wrong(
        name="counts_guests",
        did="took the number of clients for the next guest's number",
        tempting="it is right until somebody takes another nick, or leaves",
        caught_by="5.6",
        words=("a nick that nobody has", "is taken"),
        changes=(
            (
                """        self.guests += 1
        while self.find_client(f"guest{self.guests}"):
            self.guests += 1
""",
                """        self.guests = len(self.clients) + 1
""",
            ),
        ),
    ),
    Wrong(
        name="compares_nicks_with_case",
        did="looked for the nick as it was typed",
        tempting="zoe and ZOE are different strings",
        caught_by="5.6",
        words=("/nick ZOE", "without case"),
        changes=(
            ("key = name_key(nick)", "key = nick"),
            ("if name_key(c.nick) == key", "if c.nick == key"),
        ),
    ),
    Wrong(
        name="compares_nicks_by_casefold",
        did="compared with casefold(), and not with name_key()",
        tempting="casefold() is what Python has for this",
        caught_by="5.6",
        words=("/nick ｚｏｅ", "name_key()"),
        changes=(
            ("key = name_key(nick)", "key = nick.casefold()"),
            ("if name_key(c.nick) == key", "if c.nick.casefold() == key"),
        ),
    ),
    Wrong(
        name="knows_only_ascii_names",
        did="wrote [a-zA-Z0-9_-] for letters",
        tempting="it is what most examples on the web have",
        caught_by="5.6",
        words=("été", "any script"),
        changes=(
            (
                'if not is_name(name):\n            raise RefusedError("a nick',
                'if not re.fullmatch("[a-zA-Z0-9_-]{1,20}", name):\n'
                '            raise RefusedError("a nick',
            ),
        ),
    ),
    Wrong(
        name="knows_no_combining_marks",
        did=r"wrote [\w-] for letters, and not is_name()",
        tempting=r"\w is a letter of any script",
        caught_by="5.6",
        words=("e\u0301te\u0301", "is_name()"),
        changes=(
            (
                'if not is_name(name):\n            raise RefusedError("a nick',
                'if not re.fullmatch(r"[\\w-]{1,20}", name):\n'
                '            raise RefusedError("a nick',
            ),
        ),
    ),
    Wrong(
        name="lets_invisible_nicks_in",
        did="took whatever Unicode calls a letter, a mark or a number",
        tempting="unicodedata.category() knows every script",
        caught_by="5.6",
        words=(r"/nick \u3164 must be refused", "is_name()"),
        changes=(
            ("import traceback\n", "import traceback\nimport unicodedata\n"),
            (
                'if not is_name(name):\n            raise RefusedError("a nick',
                'kinds = {unicodedata.category(c)[0] for c in name if c not in "-_"}\n'
                '        if not (1 <= len(name) <= 20 and kinds <= {"L", "M", "N"}):\n'
                '            raise RefusedError("a nick',
            ),
        ),
    ),
    Wrong(
        name="refuses_ones_own_nick",
        did="refused a nick that anybody has, the one who asks too",
        tempting="find_client() has found somebody",
        caught_by="5.6",
        words=("somebody has the nick", "the others' nicks"),
        changes=(
            (
                "self.find_client(name) not in (None, client)",
                "self.find_client(name) is not None",
            ),
        ),
    ),
    Wrong(
        name="wants_an_argument",
        did="took the second word of a command without asking whether there is one",
        tempting="/nick makes no sense without a name",
        caught_by="5.6",
        words=("IndexError",),
        changes=(
            (
                "    return command, argument.strip()",
                '    if command in ("/nick", "/join", "/create"):\n'
                '        argument = text.split(" ", 1)[1]\n'
                "    return command, argument.strip()",
            ),
        ),
    ),
    Wrong(
        name="lists_people_as_they_came",
        did="did not sort the answer to /who",
        tempting="guest1, guest2, guest3 come sorted anyway",
        caught_by="5.7",
        words=("not sorted", "whoever came first"),
        changes=(("sorted(member.nick", "list(member.nick"),),
    ),
    Wrong(
        name="leaves_before_it_looks",
        did="took the client out of its channel, and looked for the other one then",
        tempting="that is the order in which one walks from room to room",
        caught_by="5.7",
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
        name="shows_messages_to_everybody",
        did="sent a message to all clients",
        tempting="there is an array of all clients, and the line names the channel",
        caught_by="5.7",
        words=("members of its channel only", "in #sport, "),
        changes=(
            (
                "        client.channel.broadcast(*shown)",
                "        lines = list(shown)\n"
                "        for other in self.clients:\n"
                "            other.send(*lines)",
            ),
        ),
    ),
    Wrong(
        name="creates_what_is_there",
        did="took /create of a channel that exists for /join",
        tempting="that is what the user wants in the end",
        caught_by="5.8",
        words=("must be refused",),
        changes=(
            (
                'raise RefusedError(f"#{name} is there already, see /join")',
                "return self.join(client, name)",
            ),
        ),
    ),
    Wrong(
        name="calls_channels_by_their_key",
        did="made the channel with the name that names are compared by",
        tempting="then no name need be compared any more",
        caught_by="5.8",
        words=("in #Tea'", "in #tea'", "as it was written"),
        changes=(
            (
                'name = name.removeprefix("#")\n',
                'name = name_key(name.removeprefix("#"))\n',
            ),
        ),
    ),
    Wrong(
        name="does_not_notice_who_hangs_up",
        did="told the others only of /join and /quit",
        tempting="whoever leaves says so",
        caught_by="5.9",
        words=("left #general", "suddenly"),
        changes=(
            (
                '        client.hang_up("* bye")',
                '        self.leave(client)\n        client.hang_up("* bye")',
            ),
            (
                "                self.leave(client)\n"
                "                self.clients.remove(client)",
                "                if client in client.channel.members:\n"
                "                    client.channel.members.remove(client)\n"
                "                self.clients.remove(client)",
            ),
        ),
    ),
    Wrong(
        name="takes_the_end_for_nothing",
        did="waited on when recv() returned b''",
        tempting="nothing has come yet",
        caught_by="5.9",
        words=("left #general",),
        also=("5.18", "5.22", "5.23", "5.24"),
        changes=(
            (
                "while received := self.receive():\n",
                "while True:\n            received = self.receive()\n",
            ),
        ),
    ),
    Wrong(
        name="keeps_who_has_left",
        did="never took a client out of the array",
        tempting="it is not in any channel any more",
        caught_by="5.9",
        words=("you are dave",),
        also=("5.23",),
        changes=(("                self.clients.remove(client)\n", ""),),
    ),
    Wrong(
        name="leaves_a_ghost",
        did="cleaned up after the loop, but not after an exception",
        tempting="the loop ends when the client leaves",
        caught_by="5.9",
        words=("left #general", "traceback", "ConnectionResetError"),
        changes=(
            (
                "        try:\n            return self.socket.recv(RECEIVE)\n"
                "        except OSError:  # a reset is an end, too\n"
                '            return b""\n',
                "        return self.socket.recv(RECEIVE)\n",
            ),
            (
                """        except Exception:  # a mistake in this program
            traceback.print_exc()
            with self.lock:
                client.hang_up("! something went wrong in the server")
        finally:
            with self.lock:
""",
                """        except Exception:
            traceback.print_exc()
        else:
            with self.lock:
""",
            ),
        ),
    ),
    Wrong(
        name="tells_who_joins_that_it_joins",
        did="told all members of a channel that somebody joined, the newcomer too",
        tempting="broadcast() without exclude= is shorter",
        caught_by="5.9",
        words=("joined #sport", "this is for the others"),
        changes=(
            ('joined #{channel.name}", exclude=client)', 'joined #{channel.name}")'),
        ),
    ),
    Wrong(
        name="tells_who_has_a_new_nick",
        did="told all members of a channel of a new nick before greeting",
        tempting="broadcast() without exclude= is shorter",
        caught_by="5.9",
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
    Wrong(
        name="waits_for_the_slow",
        did="left the sockets blocking, and sent under the lock",
        tempting="sendall() is what exercise 4 does",
        caught_by="5.22",
        words=("do not block", "outbox"),
        changes=(
            ("connection.setblocking(False)", "connection.setblocking(True)"),
            (
                "sent = self.socket.send(self.outbox)\n"
                "            del self.outbox[:sent]",
                "self.socket.sendall(self.outbox)\n            self.outbox.clear()",
            ),
        ),
    ),
    Wrong(
        name="lets_the_outbox_grow",
        did="kept everything for a client that does not read",
        tempting="it may go on reading some day",
        caught_by="5.22",
        words=("still a member", "1 MiB"),
        changes=(
            (
                "        if len(self.outbox) > MAX_OUTBOX:\n"
                "            self.disconnect()\n",
                "",
            ),
        ),
    ),
    Wrong(
        name="believes_that_send_sends_all",
        did="emptied the outbox whatever send() returned",
        tempting="send() has always sent all that it was given",
        caught_by="5.22",
        words=("send() returns how much", "520 messages"),
        changes=(
            (
                "sent = self.socket.send(self.outbox)\n"
                "            del self.outbox[:sent]",
                "self.socket.send(self.outbox)\n            self.outbox.clear()",
            ),
        ),
    ),
    Wrong(
        name="sends_only_when_something_is_said",
        did="sent what was left in the outboxes with the next message",
        tempting="in a chat there soon is a next message",
        caught_by="5.22",
        words=("though nobody says anything", "EVENT_WRITE"),
        changes=(
            (
                "                self.flush_all()\n"
                "                self.sent.notify_all()",
                "                self.sent.notify_all()",
            ),
            (
                "                client.flush()\n            for lines",
                "                self.flush_all()\n            for lines",
            ),
            (
                "                self.clients.remove(client)\n",
                "                self.clients.remove(client)\n"
                "                self.flush_all()\n",
            ),
        ),
    ),
    Wrong(
        name="waits_for_who_has_stopped_reading",
        did="let a flood wait for all that much waits for, and not for readers only",
        tempting="a full outbox is a full outbox",
        caught_by="5.22",
        words=("self.sent.wait()", "outbox"),
        changes=(("        return still_reads and len", "        return len"),),
    ),
    Wrong(
        name="wakes_no_flood",
        did="never notified the threads that wait for the slow",
        tempting="flush_all() has sent it all",
        caught_by="5.22",
        words=("self.sent.wait()", "outbox"),
        changes=(
            (
                "                self.flush_all()\n"
                "                self.sent.notify_all()",
                "                self.flush_all()",
            ),
        ),
    ),
    Wrong(
        name="looks_once_whether_readers_lag",
        did="wrote if for while where a flood waits",
        tempting="it has waited, after all",
        caught_by="5.25",
        words=("disconnected",),
        changes=(
            (
                "while any(member.lags() for",
                "if any(member.lags() for",
            ),
        ),
    ),
    Wrong(
        name="lets_one_client_too_many_in",
        did="compared with >",
        tempting="--max-clients is the most that may be there",
        caught_by="5.23",
        words=("server full",),
        changes=(
            (
                "len(self.clients) >= self.max_clients",
                "len(self.clients) > self.max_clients",
            ),
        ),
    ),
    Wrong(
        name="makes_channels_without_end",
        did="did not count the channels",
        tempting="who would make a hundred?",
        caught_by="5.23",
        words=("count the channels",),
        changes=(("len(self.channels) >= MAX_CHANNELS", "not self.channels"),),
    ),
    Wrong(
        name="waits_for_its_last_words",
        did="sent * server closing with sendall() on sockets that block",
        tempting="at the end there is time, and nobody may miss it",
        caught_by="5.24",
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
        caught_by="5.24",
        words=("server closing",),
        changes=(('hang_up("* server closing")', "disconnect()"),),
    ),
    Wrong(
        name="closes_the_lobby_only",
        did="said * server closing in the first channel only",
        tempting="everybody comes in there",
        caught_by="5.24",
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
    Wrong(
        name="joins_threads_under_the_lock",
        did="waited for the clients' threads with the lock held",
        tempting="nothing may change while the server ends",
        caught_by="5.24",
        words=("still running", "client.thread.join()"),
        also=("5.18",),
        changes=(
            (
                "        for client in clients:\n            client.thread.join()\n",
                "            for client in clients:\n"
                "                client.thread.join()\n",
            ),
        ),
    ),
    Wrong(
        name="knows_only_ctrl_c",
        did="caught KeyboardInterrupt, and no SIGTERM",
        tempting="one stops it with Ctrl+C",
        caught_by="5.24",
        words=("SIGTERM",),
        changes=(
            ("stopping = catch_signals()", "stopping = threading.Event()"),
            (
                "                server.run(listening, stopping)\n",
                "                with contextlib.suppress(KeyboardInterrupt):\n"
                "                    server.run(listening, stopping)\n",
            ),
        ),
    ),
    Wrong(
        name="floods_over_the_readers",
        did="disconnected whoever is behind, and never made a flood wait",
        tempting="a flood is not noticed while one types by hand",
        caught_by="5.25",
        words=("disconnected", "do not read"),
        changes=(("                    self.throttle(client, lines)\n", ""),),
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

WRONG: list[Wrong] = [*SERVER, *CLIENT]
