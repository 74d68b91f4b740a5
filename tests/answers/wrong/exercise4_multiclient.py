"""Wrong answers to exercise 4."""

from tests.answers.catalogue import Wrong

WRONG = [
    Wrong(
        name="one_client_at_a_time",
        did="called serve_client() instead of starting a thread",
        tempting="it works as long as the clients take turns",
        caught_by="4.1",
        words=("thread", "recv"),
        changes=(
            (
                "threading.Thread(target=self.serve_client, args=[client]).start()",
                "self.serve_client(client)",
            ),
        ),
    ),
    Wrong(
        name="calls_what_the_thread_should_run",
        did="passed Thread() the result of a call, not the function",
        tempting="serve_client(client) is what the thread should do",
        caught_by="4.1",
        words=("It waits in", "split_lines()", "thread"),
        changes=(
            (
                "target=self.serve_client, args=[client]",
                "target=self.serve_client(client)",
            ),
        ),
    ),
    Wrong(
        name="runs_without_starting",
        did="called run() where start() is needed",
        tempting="run() sounds like what a thread should do",
        caught_by="4.1",
        words=("It waits in", "thread"),
        changes=(("args=[client]).start()", "args=[client]).run()"),),
    ),
    Wrong(
        name="relays_each_recv",
        did="relayed what each recv() brought",
        tempting="a line typed in nc always comes in one recv()",
        caught_by="4.5",
        words=("Step 3: whole lines", "before it was complete"),
        changes=(
            (
                '*lines, rest = (rest + received).split(b"\\n")\n',
                'lines, rest = received.splitlines(keepends=True), b""\n',
            ),
            ('yield check_length(line) + b"\\n"', "yield line"),
        ),
    ),
    Wrong(
        name="sends_back_to_sender",
        did="sent the line to every socket in the array",
        tempting="the loop is simpler without the if",
        caught_by="4.4",
        words=("alice's own line", "sender"),
        changes=(("if client is not sender:", "if client:"),),
    ),
    Wrong(
        name="holds_the_lock_while_it_waits",
        did="held the lock from a client's first line to its last",
        tempting="then certainly nobody disturbs it",
        caught_by="4.1",
        words=("A thread waits in split_lines()", "another thread holds"),
        changes=(
            ("threading.Lock()", "threading.RLock()"),
            (
                "            for line in split_lines(client):\n"
                "                self.relay(line, client)\n",
                "            with self.lock:\n"
                "                for line in split_lines(client):\n"
                "                    self.relay(line, client)\n",
            ),
        ),
    ),
    Wrong(
        name="two_threads_for_all",
        did="let a pool of two threads serve the clients",
        tempting="starting a thread for each client costs too much, one reads",
        caught_by="4.3",
        words=("serves 2 clients at the same time", "pool"),
        changes=(
            (
                "threading.Thread(target=self.serve_client, args=[client]).start()",
                "self.pool.submit(self.serve_client, client)",
            ),
            (
                "        self.lock = threading.Lock()",
                "        self.pool = ThreadPoolExecutor(2)\n"
                "        self.lock = threading.Lock()",
            ),
            (
                "import threading\n",
                "import threading\nfrom concurrent.futures import ThreadPoolExecutor\n",
            ),
        ),
    ),
    Wrong(
        name="adds_the_senders_name",
        did="put the sender's address before the line",
        tempting="one would like to know who speaks",
        caught_by="4.2",
        words=("unchanged", "adds nothing to a line"),
        changes=(
            (
                "client.sendall(line)",
                'client.sendall(f"{sender.getpeername()}: ".encode() + line)',
            ),
        ),
    ),
    Wrong(
        name="strips_the_line",
        did="relayed line.strip()",
        tempting="it takes the newline off, and it looks tidy",
        caught_by="4.2",
        words=(r"with the \r where there was one", "strip()"),
        changes=(("check_length(line)", "check_length(line.strip())"),),
    ),
    Wrong(
        name="drops_empty_lines",
        did="relayed only lines with something in them",
        tempting="'if line:' comes to hand easily",
        caught_by="4.2",
        words=("An empty line is a line",),
        changes=(
            (
                "        for line in lines:\n",
                "        for line in filter(None, lines):\n",
            ),
        ),
    ),
    Wrong(
        name="decodes_each_recv",
        did="decoded what each recv() brought",
        tempting="split() and print() are known from text",
        caught_by="4.2",
        words=("can't decode", "not decode it"),
        changes=(("(rest + received)", "(rest + received.decode().encode())"),),
    ),
    Wrong(
        name="one_rest_for_all",
        did="kept the rest of all clients in one variable",
        tempting="a global variable is simplest",
        caught_by="4.5",
        words=("share one variable",),
        changes=(
            ('    rest = b""\n    while', "    global rest\n    while"),
            ("\n\nclass Relay:", '\n\nrest = b""\n\n\nclass Relay:'),
        ),
    ),
    Wrong(
        name="no_lock_to_send",
        did="sent without the lock",
        tempting="reading a list needs no lock, and short lines never mix",
        caught_by="4.7",
        words=("Send under a lock", "equal letters"),
        changes=(
            (
                "        with self.lock:\n            for client in self.clients:",
                "        if True:\n            for client in list(self.clients):",
            ),
        ),
    ),
    Wrong(
        name="removes_without_the_lock",
        did="took a client out of the array while another thread was going through it",
        tempting="list.remove() is one call, and the lock is there for the sending",
        caught_by="4.10",
        words=("lines, but only", "remove clients under the lock"),
        changes=(
            (
                "        with self.lock:\n            self.clients.remove(client)\n",
                "        self.clients.remove(client)\n",
            ),
        ),
    ),
    Wrong(
        name="forgets_the_last_line",
        did="left when recv() returned b'', whatever was kept",
        tempting="a line without its newline is no line",
        caught_by="4.6",
        words=("look at what is left over",),
        changes=(('    if rest:\n        yield rest + b"\\n"\n', ""),),
    ),
    Wrong(
        name="last_line_without_newline",
        did="relayed the last line as it came",
        tempting="the handout says: unchanged",
        caught_by="4.6",
        words=("my last words",),
        changes=(('yield rest + b"\\n"', "yield rest"),),
    ),
    Wrong(
        name="a_line_for_who_said_nothing",
        did="relayed an empty line for each client that left",
        tempting="the rest is relayed at the end, whatever it is",
        caught_by="4.6",
        words=("erin said nothing",),
        also=("4.10", "4.8"),
        changes=(("    if rest:\n", "    if True:\n"),),
    ),
    Wrong(
        name="sends_to_who_has_gone",
        did="left gone clients in the array, and did not catch what a send raises",
        tempting="with nc in three windows everybody stays",
        caught_by="4.8",
        words=("Take clients out of the array",),
        also=("4.6", "4.10", "4.11"),
        changes=(
            ("            self.clients.remove(client)\n", "            pass\n"),
            ("with contextlib.suppress(OSError):  # its own", "if True:  # its own"),
        ),
    ),
    Wrong(
        name="keeps_who_has_gone",
        did="let a client's thread end without removing and closing anything",
        tempting="the client has closed the connection already",
        caught_by="4.9",
        words=("Too many open files", "close()"),
        also=("4.11",),
        changes=(
            (
                "        with self.lock:\n"
                "            self.clients.remove(client)\n"
                "        client.close()\n",
                "",
            ),
        ),
    ),
    Wrong(
        name="no_limit",
        did="put no limit to a line's length",
        tempting="nobody types that much",
        caught_by="4.11",
        words=("one client fills the server's memory",),
        changes=(("if len(line) > MAX_LINE:", "if False:"),),
    ),
    Wrong(
        name="ends_only_the_thread",
        did="called sys.exit() in a client's thread",
        tempting="it ends the client's part of the program",
        caught_by="4.11",
        words=("alice",),
        changes=(("raise ValueError(", "sys.exit("),),
    ),
    Wrong(
        name="does_not_wake_the_threads",
        did="ended the main thread alone on Ctrl+C",
        tempting="without threads this was enough",
        caught_by="4.12",
        words=("shutdown() its socket",),
        changes=(
            (
                "            with client, contextlib.suppress(OSError):\n"
                "                client.shutdown(socket.SHUT_RDWR)",
                "            pass",
            ),
        ),
    ),
    Wrong(
        name="closes_under_a_waiting_thread",
        did="called close() where shutdown() is needed",
        tempting="close() ends a connection, one would think",
        caught_by="4.12",
        words=("shutdown() its socket",),
        changes=(("client.shutdown(socket.SHUT_RDWR)", "pass"),),
    ),
    Wrong(
        name="catches_everything",
        did="wrote a bare except around accept()",
        tempting="nothing can crash any more",
        caught_by="4.12",
        words=("KeyboardInterrupt",),
        changes=(("except (TimeoutError, ConnectionError):", "except:"),),
    ),
    Wrong(
        name="ctrl_c_shows_a_traceback",
        did="did not catch KeyboardInterrupt",
        tempting="the server ends, after all",
        caught_by="4.12",
        words=("KeyboardInterrupt", "traceback"),
        changes=(
            (
                "    except KeyboardInterrupt:\n",
                "    except EOFError:\n",
            ),
        ),
    ),
    Wrong(
        name="no_reuse_of_the_address",
        did="did not set SO_REUSEADDR",
        tempting="the first start works without it",
        caught_by="4.12",
        words=("SO_REUSEADDR", "Address already in use"),
        changes=(
            (
                "listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)",
                "pass",
            ),
        ),
    ),
    Wrong(
        name="first_line_of_each_recv",
        did="relayed only the first line of what a recv() brought",
        tempting="a line typed in nc always comes alone",
        caught_by="4.5",
        words=("Step 3: whole lines", "left over"),
        changes=(("        for line in lines:\n", "        for line in lines[:1]:\n"),),
    ),
    Wrong(
        name="limits_whole_lines_only",
        did="looked at a line's length only when its end had come",
        tempting="a line without an end is no line yet",
        caught_by="4.11",
        words=("left over", "memory"),
        changes=(("        check_length(rest)\n", ""),),
    ),
    Wrong(
        name="dies_of_a_reset",
        did="did not catch ConnectionResetError around recv()",
        tempting="clients close their connections, they do not reset them",
        caught_by="4.8",
        words=("ConnectionResetError",),
        also=("4.9", "4.10", "4.11", "4.12"),
        changes=(("except (OSError, ValueError) as", "except ValueError as"),),
    ),
    Wrong(
        name="one_error_ends_the_round",
        did="caught the error around the loop over all clients",
        tempting="one try is shorter than one for each client",
        caught_by="4.10",
        words=("lines, but only", "go on with the next"),
        also=("4.8",),
        changes=(
            (
                """            for client in self.clients:
                if client is not sender:
                    with contextlib.suppress(OSError):  # its own thread will notice
                        client.sendall(line)
""",
                """            with contextlib.suppress(OSError):
                for client in self.clients:
                    if client is not sender:
                        client.sendall(line)
""",
            ),
        ),
    ),
]
