"""Wrong answers to exercise 4: lines that do not arrive, or not as they were said."""

from tests.answers.catalogue import Wrong

THREADS = "give every client a thread of its own"  # the hint for those who have none
START = "threading.Thread(target=self.serve_client, args=[client]).start()"

WRONG = [
    Wrong(
        name="leaves_the_array_empty",
        did="started the threads, and put nobody into the array",
        tempting="the server does accept all clients",
        caught_by="4.1",
        words=("Is the array empty?",),
        never=(THREADS,),
        changes=(
            ("                self.clients.append(client)\n", "                pass\n"),
            ("            self.clients.remove(client)\n", "            pass\n"),
        ),
    ),
    Wrong(
        name="clients_by_address",
        did="kept the sockets in a dictionary by IP address",
        tempting="an address is what accept() returns beside the socket",
        caught_by="4.1",
        words=("share one place", "same IP address"),
        never=(THREADS,),
        changes=(
            ("self.clients: list[socket.socket] = []", "self.clients = {}"),
            ("in self.clients:\n", "in self.clients.values():\n"),
            ("list(self.clients)", "list(self.clients.values())"),
            (
                "self.clients.remove(client)",
                "self.clients = {\n"
                "                key: value for key, value in self.clients.items()\n"
                "                if value is not client\n"
                "            }",
            ),
            (
                "self.clients.append(client)",
                "self.clients[client.getpeername()[0]] = client",
            ),
        ),
    ),
    Wrong(
        name="arguments_without_a_comma",
        did="wrote args=(client)",
        tempting="the tuple has brackets",
        caught_by="4.1",
        words=("args=[client]", "argument after *"),
        never=(THREADS,),
        changes=(("args=[client]", "args=(client)"),),
    ),
    Wrong(
        name="takes_the_lock_twice",
        did="called relay() with the lock held that relay() takes",
        tempting="the lock protects the list, so hold it early",
        caught_by="4.1",
        words=("waits for self.lock, and holds it already", "relay()"),
        changes=(
            (
                "                self.relay(line, client)\n",
                "                with self.lock:\n"
                "                    self.relay(line, client)\n",
            ),
        ),
    ),
    Wrong(
        name="lines_without_their_end",
        did="sent the lines without the newline that split() takes away",
        tempting="print() shows them on a line each",
        caught_by="4.1",
        words=("but without its", "send it with the line"),
        never=(THREADS, "nothing more came"),
        changes=(('yield check_length(line) + b"\\n"', "yield check_length(line)"),),
    ),
    Wrong(
        name="stops_at_the_sender",
        did="left the loop at the sender, with break",
        tempting="break and continue both leave something out",
        caught_by="4.2",
        words=("came before their sender", "continue goes on"),
        changes=(
            (
                "                if client is not sender:\n"
                "                    with contextlib.suppress(OSError):"
                "  # its own thread will notice\n"
                "                        client.sendall(line)\n",
                "                if client is sender:\n"
                "                    break\n"
                "                with contextlib.suppress(OSError):\n"
                "                    client.sendall(line)\n",
            ),
        ),
    ),
    Wrong(
        name="a_process_for_each_client",
        did="forked a process for each client",
        tempting="so does the famous server in C",
        caught_by="4.2",
        words=("came before their sender", "a process"),
        changes=(
            (
                START,
                "signal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"
                "            if os.fork() == 0:\n"
                "                self.serve_client(client)\n"
                "                os._exit(0)",
            ),
        ),
    ),
    Wrong(
        name="greets",
        did="asked each client for its name, as tutorials do",
        tempting="a chat server has names",
        caught_by="4.2",
        words=("adds nothing to a line", "alice did not say this"),
        changes=(
            (
                "            with self.lock:\n                self.clients.append",
                '            client.sendall(b"NICK")\n'
                "            with self.lock:\n                self.clients.append",
            ),
        ),
    ),
    Wrong(
        name="relays_the_empty_piece",
        did="took the empty piece after the last newline for a line",
        tempting="split() returns it like all the others",
        caught_by="4.2",
        words=("empty line that nobody has sent",),
        changes=(
            ("*lines, rest = (rest + received)", "lines = received"),
            ("        check_length(rest)\n", ""),
        ),
    ),
    Wrong(
        name="splits_text_into_lines",
        did="used splitlines() of the text",
        tempting="it is made for that",
        caught_by="4.2",
        words=("splitlines() take it away", "only \\n ends a line"),
        changes=(
            (
                '        *lines, rest = (rest + received).split(b"\\n")\n'
                "        for line in lines:\n",
                "        rest += received\n"
                '        whole, newline, rest = rest.rpartition(b"\\n")\n'
                '        text = (whole + newline).decode(errors="replace")\n'
                "        for line in [line.encode() for line in text.splitlines()]:\n",
            ),
        ),
    ),
    Wrong(
        name="decodes_whole_lines",
        did="decoded each line",
        tempting="a line is text, and a whole one has no half characters",
        caught_by="4.2",
        words=("not UTF-8", "do not decode it"),
        never=("the same bytes, with the newline",),
        changes=(
            (
                'yield check_length(line) + b"\\n"',
                'yield check_length(line).decode().encode() + b"\\n"',
            ),
        ),
    ),
    Wrong(
        name="throws_away_what_is_on_the_way",
        did="set SO_LINGER with no time",
        tempting="then the port is free at once, one reads",
        caught_by="4.6",
        words=("SO_LINGER",),
        never=("with input that it has not read", "look at what is left over"),
        changes=(
            (
                "            with self.lock:\n                self.clients.append",
                "            client.setsockopt(\n"
                "                socket.SOL_SOCKET, socket.SO_LINGER,"
                ' b"\\1\\0\\0\\0\\0\\0\\0\\0"\n'
                "            )\n"
                "            with self.lock:\n                self.clients.append",
            ),
        ),
    ),
    Wrong(
        name="checks_all_that_came",
        did="checked the length of all that recv() brought",
        tempting="a line cannot be longer than that",
        caught_by="4.7",
        words=("the length of each line",),
        also=("4.10", "4.11"),
        changes=(("(rest + received).split", "check_length(rest + received).split"),),
    ),
    Wrong(
        name="last_words_are_no_spaces",
        did="relayed a last line only if strip() leaves something of it",
        tempting="then no empty line is relayed",
        caught_by="4.6",
        words=("Spaces are a line, too",),
        changes=(("    if rest:\n", "    if rest.strip():\n"),),
    ),
    Wrong(
        name="drops_carriage_returns",
        did="took the \\r out of each line",
        tempting="it is a part of a line's end in Windows",
        caught_by="4.2",
        words=("replace() and splitlines()",),
        never=("where there is no \\n",),
        changes=(
            (
                'yield check_length(line) + b"\\n"',
                'yield check_length(line).replace(b"\\r", b"") + b"\\n"',
            ),
        ),
    ),
    Wrong(
        name="relays_the_rest_of_a_long_line",
        did="relayed what is left over in a finally",
        tempting="then it is relayed however the client leaves",
        caught_by="4.11",
        words=("no part of the long line may come", "not after an exception"),
        never=("fills the server's memory",),
        changes=(
            (
                "    while received := client.recv(65536):\n"
                '        *lines, rest = (rest + received).split(b"\\n")\n'
                "        for line in lines:\n"
                '            yield check_length(line) + b"\\n"\n'
                "        check_length(rest)\n"
                "    if rest:\n"
                '        yield rest + b"\\n"\n',
                "    try:\n"
                "        while received := client.recv(65536):\n"
                '            *lines, rest = (rest + received).split(b"\\n")\n'
                "            for line in lines:\n"
                '                yield check_length(line) + b"\\n"\n'
                "            check_length(rest)\n"
                "    finally:\n"
                "        if rest:\n"
                '            yield rest + b"\\n"\n',
            ),
        ),
    ),
    Wrong(
        name="reads_lines_without_a_limit",
        did="read lines from a file of makefile(), and checked each when it was whole",
        tempting="a file knows what a line is",
        caught_by="4.11",
        words=("check the length of what is left over", "for line in lines"),
        never=("keeps the connection open",),
        changes=(
            (
                '    rest = b""\n'
                "    while received := client.recv(65536):\n"
                '        *lines, rest = (rest + received).split(b"\\n")\n'
                "        for line in lines:\n"
                '            yield check_length(line) + b"\\n"\n'
                "        check_length(rest)\n"
                "    if rest:\n"
                '        yield rest + b"\\n"\n',
                '    with client.makefile("rb") as lines:\n'
                "        for line in lines:\n"
                '            yield check_length(line.rstrip(b"\\n")) + b"\\n"\n',
            ),
        ),
    ),
]
