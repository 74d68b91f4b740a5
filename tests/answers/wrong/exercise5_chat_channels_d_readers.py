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
