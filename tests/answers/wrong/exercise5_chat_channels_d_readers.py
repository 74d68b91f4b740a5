"""Wrong answers to exercise 5, parts D and E, slow readers and floods."""

from tests.answers.catalogue import Wrong

WRONG = [
    Wrong(
        name="waits_for_the_slow",
        did="left the sockets blocking, and sent under the lock",
        tempting="sendall() is what exercise 4 does",
        caught_by="5.22",
        words=("sendall() waits there", "outbox"),
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
                "            if len(self.outbox) > MAX_OUTBOX:\n"
                "                self.disconnect()\n",
                "",
            ),
        ),
    ),
    Wrong(
        name="believes_that_send_sends_all",
        did="emptied the outbox whatever send() returned",
        tempting="send() has always sent all that it was given",
        caught_by="5.22",
        words=("send() returns how much", "50 messages"),
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
        words=("though nobody says anything", "again and again"),
        changes=(
            (
                "            with self.lock:\n                self.flush_all()\n\n",
                "\n",
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
        words=("self.lock.wait(0.1)", "outbox"),
        changes=(("        return still_reads and len", "        return len"),),
    ),
    Wrong(
        name="wakes_no_flood",
        did="let a flood wait without a time limit, and woke it never",
        tempting="wait() waits until it is time",
        caught_by="5.22",
        words=("self.lock.wait()", "outbox"),
        changes=(
            (
                "self.lock.wait(0.1)",
                "self.lock.wait()",
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
        name="says_that_it_is_full_and_goes_on",
        did="did not return after '! server full'",
        tempting="hang_up() ends the connection",
        caught_by="5.23",
        words=("a client that finds no room", "do not hear of it"),
        changes=(
            (
                "                return False\n            client.nick",
                "                client.hang_up('! server full')\n"
                "            client.nick",
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
        words=("still running", "sendall(b", "for a client that reads nothing"),
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
    Wrong(
        name="never_notes_when_it_sent",
        did="did not set last_sent in flush()",
        tempting="sending works without it",
        caught_by="5.25",
        words=("disconnected", "note the time in last_sent"),
        changes=(("            self.last_sent = time.monotonic()\n", ""),),
    ),
    Wrong(
        name="counts_a_flood_by_recv",
        did="looked only at how much one recv() brings",
        tempting="whoever floods sends much at a time",
        caught_by="5.25",
        words=("disconnected", "do not read"),
        changes=(
            (
                "self.said += sum(len(line) + PREFIX for line in lines)",
                "self.said = sum(len(line) + PREFIX for line in lines)",
            ),
        ),
    ),
    Wrong(
        name="sleeps_under_the_lock",
        did="called time.sleep() where a flood has to wait for the readers",
        tempting="a moment later they will have read something",
        caught_by="5.25",
        words=("waits in #sport",),
        changes=(
            (
                "self.lock.wait(0.1)",
                "time.sleep(0.05)",
            ),
        ),
    ),
    Wrong(
        name="never_counts_anew",
        did="did not set `said` back to 0 in floods()",
        tempting="who has flooded will flood again",
        caught_by="5.25",
        words=("counts for one second",),
        never=("frees it",),
        changes=(("int(time.monotonic()), 0\n", "int(time.monotonic()), self.said\n"),),
    ),
    Wrong(
        name="takes_no_room_for_the_end",
        did="disconnected a client at any OSError of send()",
        tempting="an error is an error",
        caught_by="5.22",
        words=("No room in a socket is not its end", "does nothing"),
        changes=(
            (
                "        with contextlib.suppress(OSError):  # no room now, or",
                "        try:  # no room now, or",
            ),
            (
                "            self.last_sent = time.monotonic()\n",
                "            self.last_sent = time.monotonic()\n"
                "        except OSError:\n"
                "            self.disconnect()\n",
            ),
        ),
    ),
    Wrong(
        name="disconnects_before_it_flushes",
        did="disconnected a client for which over 1 MiB waits, without flushing first",
        tempting="1 MiB is the limit",
        caught_by="5.22",
        words=("flush it first",),
        changes=(
            (
                "            self.flush()\n            if len(self.outbox)",
                "            if len(self.outbox)",
            ),
        ),
    ),
    Wrong(
        name="does_not_wait_for_clients",
        did="made the listening socket non-blocking, too",
        tempting="no call should wait",
        caught_by="5.24",
        words=("While nobody said anything", "it has a time limit"),
        changes=(("listening.settimeout(0.1)", "listening.setblocking(False)"),),
    ),
    Wrong(
        name="os_exit_after_closing_words",
        did="ended with os._exit() once all were told",
        tempting="it ends every thread, whatever it waits for",
        caught_by="5.24",
        words=("silent.db-wal", "The history is closed last"),
        changes=(
            ("import itertools\n", "import itertools\nimport os\n"),
            (
                '("* server closing")\n\n\nCOMMANDS',
                '("* server closing")\n        os._exit(0)\n\n\nCOMMANDS',
            ),
        ),
    ),
    Wrong(
        name="counts_only_what_people_make",
        did="counted the channels that people make, and not those of --channels",
        tempting="the first ones are always there",
        caught_by="5.23",
        words=("channel 101 must be refused", "count the channels"),
        changes=(
            (
                "len(self.channels) >= MAX_CHANNELS",
                "len(self.channels) > MAX_CHANNELS + 1",
            ),
        ),
    ),
    Wrong(
        name="counts_who_was_ever_here",
        did="counted the clients that had come, and not those that are here",
        tempting="a counter is shorter than an array",
        caught_by="5.23",
        words=("server full", "one has left"),
        changes=(
            (
                "len(self.clients) >= self.max_clients",
                "self.guests >= self.max_clients",
            ),
        ),
    ),
    Wrong(
        name="reads_before_it_waits",
        did="made the socket non-blocking, and did not wait before recv()",
        tempting="recv() has always waited",
        caught_by="5.2",
        words=("The server has disconnected",),
        changes=(
            (
                "        while not self.selector.select(timeout=0.5):\n"
                "            if self.over:  # on Windows, shutdown() does not end the"
                " wait\n"
                '                return b""\n',
                "",
            ),
        ),
    ),
    Wrong(
        name="forgets_the_limit_of_files",
        did="let 1000 clients in where the user asks for no small number",
        tempting="1000 is the default",
        caught_by="5.23",
        words=("'! server full'", "receive"),
        changes=(
            (
                "self.max_clients = max_clients",
                "self.max_clients = max_clients if max_clients < 10 else 1000",
            ),
        ),
    ),
    Wrong(
        name="expects_no_reset_while_it_sends",
        did="caught BlockingIOError around send(), and no other OSError",
        tempting="a client that goes away is noticed by recv()",
        caught_by="5.22",
        words=("traceback", "has gone"),
        changes=(
            (
                "        with contextlib.suppress(OSError):  # no room now, or",
                "        with contextlib.suppress(BlockingIOError):  # or",
            ),
        ),
    ),
    Wrong(
        name="remembers_what_it_refuses",
        did="told the history of a channel before it counted the channels",
        tempting="add_channel() comes first, that was step 12",
        caught_by="5.23",
        words=("channels without #channel101", "nor does it in the history"),
        changes=(
            (
                "        if len(self.channels) >= MAX_CHANNELS:\n",
                "        self.history.add_channel(name)\n"
                "        if len(self.channels) >= MAX_CHANNELS:\n",
            ),
            (
                'no more are made")\n        self.history.add_channel(name)\n',
                'no more are made")\n',
            ),
        ),
    ),
    Wrong(
        name="counts_what_it_refuses",
        did="counted each /create, also one that was refused",
        tempting="a number is quicker than len()",
        caught_by="5.23",
        words=("'* you are guest1 in #channel",),
        changes=(
            (
                '        name = name.removeprefix("#")\n'
                "        if not is_name(name):\n",
                '        self.made = getattr(self, "made", 2) + 1\n'
                '        name = name.removeprefix("#")\n'
                "        if not is_name(name):\n",
            ),
            ("if len(self.channels) >= MAX_CHANNELS", "if self.made > MAX_CHANNELS"),
        ),
    ),
]
