"""Wrong answers to exercise 4: clients that leave, or stay, and how it all ends."""

from tests.answers.catalogue import Wrong

GIVE_A_PLACE = "            with self.lock:\n                self.clients.append"
START = "threading.Thread(target=self.serve_client, args=[client]).start()"

WRONG = [
    Wrong(
        name="a_traceback_at_each_reset",
        did="cleaned up in a finally, and caught nothing",
        tempting="the others notice nothing",
        caught_by="4.8",
        words=("ConnectionResetError", "one thread has died"),
        also=("4.9", "4.10", "4.11", "4.12"),
        changes=(
            ("        except (OSError, ValueError) as error:\n", "        finally:\n"),
            ("            print(error, file=sys.stderr)\n", ""),
            (
                "        with self.lock:\n"
                "            self.clients.remove(client)\n"
                "        client.close()\n",
                "            with self.lock:\n"
                "                self.clients.remove(client)\n"
                "            client.close()\n",
            ),
        ),
    ),
    Wrong(
        name="asks_when_it_can_write",
        did="asked the selector of each socket whether it can be written",
        tempting="then nothing that is to be sent is forgotten",
        caught_by="4.9",
        words=("while something waits to be sent", "It runs on and on"),
        base="tests/answers/right/selectors",
        changes=(
            (
                "        if client.outbox:\n            events |=",
                "        if client:\n            events |=",
            ),
        ),
    ),
    Wrong(
        name="forgets_what_is_left",
        did="sent what a client took, and kept the rest until somebody spoke again",
        tempting="send() has always taken all of it",
        caught_by="4.10",
        words=("as soon as it reads on", "EVENT_WRITE"),
        base="tests/answers/right/selectors",
        changes=(
            (
                "            self.send(client)\n            self.receive(client)\n",
                "            self.receive(client)\n",
            ),
            ("            events |= selectors.EVENT_WRITE\n", "            pass\n"),
        ),
    ),
    Wrong(
        name="throws_the_sender_out",
        did="caught an OSError of a send where it also stands for the sender's end",
        tempting="the selector has told of every client that left, so far",
        caught_by="4.8",
        words=("for that one client",),
        base="tests/answers/right/selectors",
        changes=(
            (
                "                with suppress(OSError):  # its event will tell\n"
                "                    self.send(client)\n",
                "                self.send(client)\n",
            ),
        ),
    ),
    Wrong(
        name="a_pool_of_a_hundred",
        did="let a pool of a hundred threads serve the clients",
        tempting="a hundred is a lot",
        caught_by="4.10",
        words=("serves 100 clients at the same time", "a pool of threads"),
        never=("Relay a line to all the others",),
        changes=(
            (START, "self.pool.submit(self.serve_client, client)"),
            (
                "        self.lock = threading.Lock()",
                "        self.pool = ThreadPoolExecutor(100)\n"
                "        self.lock = threading.Lock()",
            ),
            (
                "import threading\n",
                "import threading\nfrom concurrent.futures import ThreadPoolExecutor\n",
            ),
        ),
    ),
    Wrong(
        name="thirty_places",
        did="turned client 31 away",
        tempting="an array has a size",
        caught_by="4.10",
        words=("serves 30 clients at the same time", "table of fixed size"),
        changes=(
            (
                GIVE_A_PLACE,
                "            if len(self.clients) >= 30:\n"
                "                client.close()\n"
                "                continue\n" + GIVE_A_PLACE,
            ),
        ),
    ),
    Wrong(
        name="keeps_the_time_limit",
        did="kept the time limit of exercise 2 for a client's first line",
        tempting="a silent client was a danger there",
        caught_by="4.10",
        words=("time limit", "settimeout("),
        never=("Relay a line to all the others",),
        changes=(
            ('    rest = b""\n', '    rest = b""\n    client.settimeout(1.0)\n'),
            (
                "        *lines, rest = (rest",
                "        client.settimeout(None)\n        *lines, rest = (rest",
            ),
        ),
    ),
    Wrong(
        name="twenty_lines_at_a_time",
        did="relayed twenty lines of one recv() at most",
        tempting="nobody floods the others then",
        caught_by="4.10",
        words=("to receive, as line",),
        changes=(
            ("        for line in lines:\n", "        for line in lines[:20]:\n"),
        ),
    ),
    Wrong(
        name="a_byte_less",
        did="did not allow the longest line",
        tempting="less than, or not more than?",
        caught_by="4.11",
        words=("65,536 bytes, not counting",),
        changes=(("len(line) > MAX_LINE", "len(line) >= MAX_LINE"),),
    ),
    Wrong(
        name="a_byte_more",
        did="counted the newline in the limit of a line that has none",
        tempting="the newline is a byte, too",
        caught_by="4.11",
        words=("alice", "65,537 bytes"),
        changes=(("len(line) > MAX_LINE", "len(line) > MAX_LINE + 1"),),
    ),
    Wrong(
        name="checks_the_rest_only",
        did="looked at the length of what is left over, not of whole lines",
        tempting="a line that is too long has been the rest before",
        caught_by="4.11",
        words=("alice",),
        changes=(('yield check_length(line) + b"\\n"', 'yield line + b"\\n"'),),
    ),
    Wrong(
        name="does_not_say_where_it_listens",
        did="left out the line that says where it listens",
        tempting="one knows what one has typed",
        caught_by="4.12",
        words=("Expected the server to print", "flush=True"),
        never=("KeyboardInterrupt",),
        changes=(('    print(f"Listening on {host}:{port}", flush=True)\n', ""),),
    ),
    Wrong(
        name="a_traceback_where_it_cannot_listen",
        did="did not catch what bind() raises",
        tempting="the traceback says that the address is in use",
        caught_by="4.12",
        words=("If another server listens there", "traceback"),
        never=("KeyboardInterrupt",),
        changes=(
            (
                "    except OSError as error:\n        sys.exit",
                "    except EOFError as error:\n        sys.exit",
            ),
        ),
    ),
    Wrong(
        name="says_nothing_of_a_wrong_port",
        did="took any number for a port",
        tempting="bind() will complain",
        caught_by="4.12",
        words=("from 0 to 65535",),
        changes=(("text.isdecimal() and int(text) <= 65535", "text.isdecimal()"),),
    ),
    Wrong(
        name="ends_under_the_lock",
        did="took the lock to disconnect all",
        tempting="the lock is to be held wherever the list is used",
        caught_by="4.12",
        words=("Do not take the lock at the end", "does not read"),
        never=("KeyboardInterrupt",),
        changes=(
            (
                "        for client in list(self.clients):\n"
                "            with client, contextlib.suppress(OSError):\n"
                "                client.shutdown(socket.SHUT_RDWR)\n",
                "        with self.lock:\n"
                "            for client in list(self.clients):\n"
                "                with client, contextlib.suppress(OSError):\n"
                "                    client.shutdown(socket.SHUT_RDWR)\n",
            ),
        ),
    ),
    Wrong(
        name="stops_at_who_has_gone",
        did="did not catch what shutdown() raises",
        tempting="who is in the list is connected, one would think",
        caught_by="4.12",
        words=("traceback", "shutdown"),
        changes=(
            (
                "            with client, contextlib.suppress(OSError):\n"
                "                client.shutdown(socket.SHUT_RDWR)\n",
                "            with client:\n"
                "                client.shutdown(socket.SHUT_RDWR)\n",
            ),
        ),
    ),
    Wrong(
        name="dies_of_sigterm",
        did="did not handle SIGTERM",
        tempting="Ctrl+C is what one types",
        caught_by="4.12",
        words=("SIGTERM must end the server", "signal.default_int_handler"),
        never=("KeyboardInterrupt", "Somebody does not read"),
        changes=(
            ("    signal.signal(signal.SIGTERM, signal.default_int_handler)\n", ""),
        ),
    ),
    Wrong(
        name="says_goodbye",
        did="sent all clients a line when the server ends",
        tempting="they would like to know",
        caught_by="4.12",
        words=("nobody has said this", "The server adds nothing"),
        changes=(
            (
                "                client.shutdown(socket.SHUT_RDWR)\n",
                '                client.sendall(b"The server ends.\\n")\n'
                "                client.shutdown(socket.SHUT_RDWR)\n",
            ),
        ),
    ),
    Wrong(
        name="says_who_has_left",
        did="told the others when a client has left",
        tempting="a chat does so",
        caught_by="4.8",
        words=("clients that have left say nothing", "The server adds nothing"),
        never=("raises OSError",),
        also=("4.6", "4.10", "4.11", "4.12"),
        changes=(
            (
                "        client.close()\n",
                "        client.close()\n"
                '        self.relay(b"Somebody has left.\\n", client)\n',
            ),
        ),
    ),
    Wrong(
        name="leaves_the_lock_taken",
        did="called acquire() and release(), and caught no error in between",
        tempting="that is what a lock's methods are called",
        caught_by="4.10",
        words=("waits for self.lock", "Use 'with'"),
        never=("waits in sendall()",),
        also=("4.8", "4.9", "4.11", "4.12"),
        changes=(
            (
                "        with self.lock:\n"
                "            for client in self.clients:\n"
                "                if client is not sender:\n"
                "                    with contextlib.suppress(OSError):"
                "  # its own thread will notice\n"
                "                        client.sendall(line)\n",
                "        self.lock.acquire()\n"
                "        for client in self.clients:\n"
                "            if client is not sender:\n"
                "                client.sendall(line)\n"
                "        self.lock.release()\n",
            ),
        ),
    ),
]
