"""Wrong answers to exercise 1."""

from tests.answers.catalogue import Wrong

LEAVES_LOOP = "        if not received:\n            break\n"
LOOP = 'while b"\\r\\n\\r\\n" not in head:'
REUSEADDR = "listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\n"
CANNOT_LISTEN = "    except OSError as error:\n        sys.exit("
CLIENT_GONE = "    except OSError as error:\n        print("
REUSEPORT = REUSEADDR.replace("REUSEADDR", "REUSEPORT")

WRONG = [
    Wrong(
        name="keeps_line_back",
        did="printed 'Listening on' without flush=True",
        tempting="in a terminal the line is there at once",
        caught_by="1.1",
        words=("flush=True", "Listening on"),
        changes=(('{host}:{port}", flush=True)', '{host}:{port}")'),),
    ),
    Wrong(
        name="listens_everywhere",
        did="bound to '' instead of the host that was given",
        tempting="many tutorials do",
        caught_by="1.1",
        words=("also answers on", "all the addresses"),
        changes=(
            ("listening.bind((host, port))", 'listening.bind(("", port))'),
            ("host, port = listening.get", "_, port = listening.get"),
        ),
    ),
    Wrong(
        name="says_port_0",
        did="printed the port that was asked for, not the one that it got",
        tempting="they are the same, except for port 0",
        caught_by="1.1",
        words=("the port that the system chose", "getsockname()"),
        changes=(("    host, port = listening.getsockname()\n", ""),),
    ),
    Wrong(
        name="no_status_line",
        did="sent the page alone",
        tempting="the page is all that Chrome shows",
        caught_by="1.2",
        words=("'HTTP/1.1 200 OK", "status line"),
        changes=(("return head.encode() + body", "return body"),),
    ),
    Wrong(
        name="page_right_after_headers",
        did="left the empty line between head and page out",
        tempting="the page looks different enough from a header",
        caught_by="1.2",
        words=("the empty line after the headers", "<!doctype html>"),
        changes=(('        "\\r\\n"\n    )\n', "    )\n"),),
    ),
    Wrong(
        name="raw_line_ends",
        did="wrote the line ends in a raw string: backslashes and letters",
        tempting="r'' looks right for something with backslashes",
        caught_by="1.2",
        words=("'HTTP/1.1 200 OK\\r\\n'", "In a raw string", "leave the r out"),
        changes=(('"HTTP/1.1 200 OK\\r\\n"', 'r"HTTP/1.1 200 OK\\r\\n"'),),
    ),
    Wrong(
        name="indented_head",
        did="wrote the head as an indented triple-quoted string",
        tempting="it looks tidy in the program",
        caught_by="1.2",
        words=("no line begins with a space",),
        changes=(('"Content-Type:', '"        Content-Type:'),),
    ),
    Wrong(
        name="reads_to_the_end",
        did="read until b'' before it answered",
        tempting="that is how one reads a file",
        caught_by="1.2",
        words=("It waits in read_head()", "does not close before"),
        changes=((LOOP, "while True:"),),
    ),
    Wrong(
        name="lf_instead_of_crlf",
        did="ended the lines with \\n alone",
        tempting="Chrome shows the page all the same",
        caught_by="1.3",
        words=("this line does not end with \\r\\n", "CRLF"),
        changes=(
            (
                "    return head.encode() + body",
                '    return head.replace("\\r\\n", "\\n").encode() + body',
            ),
        ),
    ),
    Wrong(
        name="one_bare_newline",
        did="ended one header line with \\n alone",
        tempting="with print() in mind, \\n is the end of a line",
        caught_by="1.3",
        words=("'Connection: close\\n'",),
        changes=(('"Connection: close\\r\\n"', '"Connection: close\\n"'),),
    ),
    Wrong(
        name="length_in_characters",
        did="took the length of the text, not of its bytes",
        tempting="they are the same in English",
        caught_by="1.4",
        words=("number of characters", "encode first"),
        changes=(("{len(body)}", "{len(page)}"),),
    ),
    Wrong(
        name="no_charset",
        did="left charset=utf-8 out",
        tempting="text/html is the type",
        caught_by="1.4",
        words=("charset=utf-8",),
        changes=(("; charset=utf-8", ""),),
    ),
    Wrong(
        name="takes_one_piece",
        did="left step 4 out: a request is what one recv() brings",
        tempting="Chrome's request comes in one piece, mostly",
        caught_by="1.5",
        words=("the rest of the request", "recv() returns what has arrived"),
        changes=((LOOP, 'if b"\\r\\n\\r\\n" not in head:'), ("break", "pass")),
    ),
    Wrong(
        name="one_recv",
        did="took one recv() for one request",
        tempting="Chrome's request comes in one piece, mostly",
        caught_by="1.5",
        words=("the rest of the request", "recv() returns what has arrived"),
        changes=((LOOP, 'if b"\\r\\n\\r\\n" not in head:'), ("break", "pass"))
        + (('if b"\\r\\n\\r\\n" in read_head(client):', "if read_head(client):"),),
    ),
    Wrong(
        name="answers_first_line",
        did="answered as soon as the request line was there",
        tempting="nothing else is needed from the request",
        caught_by="1.5",
        words=("has not been sent yet",),
        changes=(
            (LOOP, 'while b"\\r\\n" not in head:'),
            ('if b"\\r\\n\\r\\n" in read_head', 'if b"\\r\\n" in read_head'),
        ),
    ),
    Wrong(
        name="looks_at_the_last_piece",
        did="looked for the empty line in what the last recv() brought",
        tempting="in a browser's request it is all in there",
        caught_by="1.5",
        words=("It waits in read_head()", "all that has come"),
        changes=(
            (
                LOOP,
                'received = b""\n    while b"\\r\\n\\r\\n" not in received:',
            ),
        ),
    ),
    Wrong(
        name="reads_1024_bytes",
        did="stopped to read after 1024 bytes",
        tempting="a request without cookies is shorter",
        caught_by="1.5",
        words=("still unread", "One recv(1024)"),
        changes=(
            (LOOP, 'while b"\\r\\n\\r\\n" not in head and len(head) < 1024:'),
            ("client.recv(4096)", "client.recv(1024)"),
            ('if b"\\r\\n\\r\\n" in read_head(client):', "if read_head(client):"),
        ),
    ),
    Wrong(
        name="never_reads",
        did="answered without a look at the request",
        tempting="the answer is always the same",
        caught_by="1.5",
        words=("before it answers", "wait for"),
        changes=(('if b"\\r\\n\\r\\n" in read_head(client):', "if client:"),),
    ),
    Wrong(
        name="waits_for_the_client",
        did="waited after the answer until the client closed",
        tempting="it seems polite",
        caught_by="1.6",
        words=("still open", "client.recv(1)"),
        changes=(
            (
                "client.sendall(build_response(PAGE))",
                "client.sendall(build_response(PAGE))\n            client.recv(1)",
            ),
        ),
    ),
    Wrong(
        name="serves_for_ever",
        did="put a loop around accept(), as in exercise 2",
        tempting="a server goes on, doesn't it",
        caught_by="1.7",
        words=("still running", "No loop around accept()"),
        changes=(
            (
                "            with accept_client(listening) as client:\n"
                "                serve_client(client)\n",
                "            while True:\n"
                "                with accept_client(listening) as client:\n"
                "                    serve_client(client)\n",
            ),
        ),
    ),
    Wrong(
        name="no_reuseaddr",
        did="did not set SO_REUSEADDR",
        tempting="it works again after a minute",
        caught_by="1.8",
        words=("Address already in use", "SO_REUSEADDR", "TIME_WAIT"),
        changes=((REUSEADDR, "pass\n"),),
    ),
    Wrong(
        name="takes_an_empty_request_apart",
        did="took the request line apart without a look at its length",
        tempting="every request has a method and a path",
        caught_by="1.9",
        words=("IndexError",),
        changes=(
            (
                '        if b"\\r\\n\\r\\n" in read_head(client):\n',
                '        if read_head(client).split()[1] == b"/":\n',
            ),
        ),
    ),
    Wrong(
        name="spins_at_the_end",
        did="did not look for b'' in the loop around recv()",
        tempting="recv() waits until something comes, or so it seems",
        caught_by="1.9",
        words=("read_head()", "recv() returns b''"),
        changes=((LEAVES_LOOP, ""),),
    ),
    Wrong(
        name="looks_for_the_end_in_all",
        did="looked for b'' in all that has come, not in the last piece",
        tempting="a client that leaves has said nothing",
        caught_by="1.9",
        words=("read_head()", "recv() returns b''"),
        changes=(("if not received:", "if not head:"),),
    ),
    Wrong(
        name="reset_ends_in_a_traceback",
        did="did not catch OSError",
        tempting="clients close, they do not reset",
        caught_by="1.9",
        words=("ConnectionResetError", "around the work for one connection"),
        changes=(
            (
                "    except OSError as error:\n        print",
                "    except EOFError as error:\n        print",
            ),
        ),
    ),
    Wrong(
        name="ctrl_c_ends_in_a_traceback",
        did="did not catch KeyboardInterrupt",
        tempting="the server ends, after all",
        caught_by="1.10",
        words=("KeyboardInterrupt", "traceback"),
        changes=(("except KeyboardInterrupt:", "except EOFError:"),),
    ),
    Wrong(
        name="swallows_ctrl_c",
        did="caught everything around accept()",
        tempting="a bare except: is the shortest",
        caught_by="1.10",
        words=("still running", "KeyboardInterrupt"),
        changes=(("except (TimeoutError, ConnectionError):", "except:"),),
    ),
    Wrong(
        name="port_taken_ends_in_a_traceback",
        did="did not catch what bind() raises",
        tempting="the traceback says what happened",
        caught_by="1.10",
        words=("Address already in use", "error: "),
        changes=(
            (
                "except OSError as error:\n        sys",
                "except EOFError as error:\n        sys",
            ),
        ),
    ),
    Wrong(
        name="shares_the_port",
        did="set SO_REUSEPORT too",
        tempting="more options against 'Address already in use' look safer",
        caught_by="1.10",
        words=("SO_REUSEPORT",),
        changes=((REUSEADDR, REUSEADDR + f"        {REUSEPORT}"),),
    ),
    Wrong(
        name="takes_the_pair_for_a_socket",
        did="returned what accept() returns: a pair",
        tempting="accept() accepts, so it returns the client",
        caught_by="1.1",
        words=("before it said a word", "accept() returns a pair"),
        never=("flush", "recv"),
        changes=(("return listening.accept()[0]", "return listening.accept()"),),
    ),
    Wrong(
        name="decorates_the_line",
        did="printed the line with more words around it",
        tempting="it reads better",
        caught_by="1.1",
        words=("must be exactly this", "'Server '", "'...'"),
        never=("getsockname", "flush"),
        changes=(
            (
                'print(f"Listening on {host}:{port}"',
                'print(f"Server Listening on {host}:{port}..."',
            ),
        ),
    ),
    Wrong(
        name="listens_in_a_log",
        did="printed the line on stderr",
        tempting="that is where a server's messages go",
        caught_by="1.1",
        words=("on stderr",),
        never=("getsockname", "flush"),
        changes=(('{port}", flush=True)', '{port}", file=sys.stderr)'),),
    ),
    Wrong(
        name="line_ends_the_wrong_way_round",
        did="ended the lines with \\n\\r",
        tempting="one remembers the two, not their order",
        caught_by="1.2",
        words=("'\\rContent-Type", "CR, then LF"),
        never=("begins with a space",),
        changes=(
            (
                "    return head.encode() + body",
                '    return head.replace("\\r\\n", "\\n\\r").encode() + body',
            ),
        ),
    ),
    Wrong(
        name="line_ends_twice",
        did="copied the head into a triple-quoted string, with its \\r\\n",
        tempting="the handout shows a \\r\\n at the end of each line",
        caught_by="1.2",
        words=("there is one more \\n", "triple-quoted"),
        never=("begins with a tag",),
        changes=(
            (
                "    return head.encode() + body",
                '    return head.replace("\\r\\n", "\\r\\n\\n").encode() + body',
            ),
        ),
    ),
    Wrong(
        name="decodes_each_piece",
        did="decoded what each recv() brought",
        tempting="the request is text",
        caught_by="1.5",
        words=("UnicodeDecodeError", "without decode()"),
        changes=(
            (
                "        head += received\n",
                "        head += received.decode().encode()\n",
            ),
        ),
    ),
    Wrong(
        name="decodes_the_request",
        did="decoded the request",
        tempting="it came whole, so it is whole text",
        caught_by="1.5",
        words=("UnicodeDecodeError", "0xe9"),
        also=("1.9",),
        changes=(
            (
                'if b"\\r\\n\\r\\n" in read_head(client):',
                'if "\\r\\n\\r\\n" in read_head(client).decode():',
            ),
        ),
    ),
    Wrong(
        name="lingers_for_no_time",
        did="set SO_LINGER with a time of 0 against TIME_WAIT",
        tempting="the port is free immediately",
        caught_by="1.6",
        words=("SO_LINGER", "leave the option alone"),
        never=("has not read", "unread"),
        changes=(
            (
                "                serve_client(client)\n",
                "                linger = bytes([1, 0, 0, 0, 0, 0, 0, 0])\n"
                "                level, option = socket.SOL_SOCKET, socket.SO_LINGER\n"
                "                client.setsockopt(level, option, linger)\n"
                "                serve_client(client)\n",
            ),
        ),
    ),
    Wrong(
        name="one_error_for_all",
        did="caught everything around bind(), and called it a taken port",
        tempting="it is the only error that one has met",
        caught_by="1.10",
        words=("another mistake", "own words"),
        never=("SO_REUSEPORT", "KeyboardInterrupt"),
        changes=(
            (
                "except OSError as error:\n        sys.exit(f",
                "except:\n        sys.exit(f",
            ),
            (
                'f"error: cannot listen on {host}:{port}: {error}"',
                '"error: port is taken"',
            ),
        ),
    ),
    Wrong(
        name="error_on_stdout",
        did="printed the error line on stdout",
        tempting="print() prints there",
        caught_by="1.10",
        words=("on stdout", "sys.exit"),
        never=("SO_REUSEPORT", "KeyboardInterrupt"),
        changes=(
            (
                'sys.exit(f"error: cannot listen on {host}:{port}: {error}")',
                'print(f"error: cannot listen on {host}:{port}: {error}")\n'
                "        sys.exit(1)",
            ),
        ),
    ),
    Wrong(
        name="any_number_is_a_port",
        did="took every number for a port",
        tempting="int() complains about what is not a number",
        caught_by="1.10",
        words=("OverflowError", "0 to 65535"),
        never=("SO_REUSEPORT", "KeyboardInterrupt"),
        changes=(
            ("if text.isdecimal() and int(text) <= 65535:", "if int(text) != 99999:"),
        ),
    ),
    Wrong(
        name="waits_half_a_second",
        did="did not go on after the time limit of accept()",
        tempting="a browser is there quickly",
        caught_by="1.10",
        words=("time limit", "TimeoutError"),
        never=("SO_REUSEPORT", "KeyboardInterrupt"),
        changes=(
            (
                "        except (TimeoutError, ConnectionError):\n            pass",
                "        except EOFError:\n            pass",
            ),
        ),
    ),
    Wrong(
        name="asks_again_and_again",
        did="set the listening socket to non-blocking",
        tempting="then Ctrl+C always comes through",
        caught_by="1.10",
        words=("keeps a processor busy", "setblocking"),
        never=("SO_REUSEPORT", "KeyboardInterrupt"),
        changes=(
            ("listening.settimeout(0.5)", "listening.setblocking(False)"),
            ("except (TimeoutError, Con", "except (BlockingIOError, Con"),
        ),
    ),
    Wrong(
        name="no_length",
        did="left Content-Length out",
        tempting="the end of the stream is the end of the page",
        caught_by="1.4",
        words=("Content-Length", "missing"),
        changes=(('        f"Content-Length: {len(body)}\\r\\n"\n', ""),),
    ),
    Wrong(
        name="no_connection_header",
        did="left Connection: close out",
        tempting="the connection is closed, after all",
        caught_by="1.4",
        words=("Connection: close", "missing"),
        changes=(('        "Connection: close\\r\\n"\n', ""),),
    ),
    Wrong(
        name="no_sigterm",
        did="ended on Ctrl+C alone",
        tempting="nobody types kill",
        caught_by="1.10",
        words=("SIGTERM is to end the server",),
        never=("KeyboardInterrupt",),
        changes=(
            ("    signal.signal(signal.SIGTERM, signal.default_int_handler)\n", ""),
        ),
    ),
    Wrong(
        name="other_default_port",
        did="took another port where none is given",
        tempting="8080 was taken",
        caught_by="1.10",
        words=("Listening on", ":8080'", ":8000"),
        never=("KeyboardInterrupt",),
        changes=(("default=8080", "default=8000"),),
    ),
    Wrong(
        name="all_addresses_by_default",
        did="listened on all addresses of the machine where no HOST is given",
        tempting="0.0.0.0 is what many examples have",
        caught_by="1.10",
        words=("'Listening on 127.0.0.1:8080'", "HOST and PORT may be left out"),
        never=("KeyboardInterrupt",),
        changes=(('default="127.0.0.1"', 'default="0.0.0.0"'),),
    ),
    Wrong(
        name="closes_nothing",
        did="left it to the end of the program to close the sockets",
        tempting="the system does it",
        caught_by="1.7",
        words=("had not closed all of its sockets", "'with' block"),
        changes=(
            (
                "            with accept_client(listening) as client:",
                "            client = accept_client(listening)\n            if client:",
            ),
        ),
    ),
    Wrong(
        name="words_before_the_page",
        did="left a letter of the head in front of the page",
        tempting="Chrome shows the page all the same",
        caught_by="1.2",
        words=("begins with a tag",),
        changes=(
            ("return head.encode() + body", 'return head.encode() + b"x" + body'),
        ),
        also=("1.4",),
    ),
    Wrong(
        name="no_line_ends",
        did="wrote the lines of the head without line ends",
        tempting="each has a line of its own in the program",
        caught_by="1.2",
        words=("'HTTP/1.1 200 OK\\r\\n'", "does not end there"),
        never=("OK\\n'", "Browsers forgive"),
        changes=(
            (
                "    return head.encode() + body",
                '    return head.replace("\\r\\n", "").encode() + body',
            ),
        ),
    ),
    Wrong(
        name="limits_every_socket",
        did="set the time limit by setdefaulttimeout(), for clients, too",
        tempting="accept() needs it, and one call does for all sockets",
        caught_by="1.10",
        words=("given up a client that paused", "setdefaulttimeout()"),
        never=("KeyboardInterrupt",),
        changes=(
            (
                "    listening.settimeout(0.5)",
                "    socket.setdefaulttimeout(0.5)\n    listening.settimeout(0.5)",
            ),
        ),
    ),
    Wrong(
        name="ctrl_c_while_it_waits_only",
        did="caught KeyboardInterrupt around accept() alone",
        tempting="that is where the server waits",
        caught_by="1.10",
        words=("KeyboardInterrupt", "around everything that waits"),
        changes=(
            (
                "            with accept_client(listening) as client:\n",
                "            try:\n"
                "                client = accept_client(listening)\n"
                "            except KeyboardInterrupt:\n"
                "                return\n"
                "            with client:\n",
            ),
            (
                "    except KeyboardInterrupt:\n        pass",
                "    except ConnectionError:\n        pass",
            ),
        ),
    ),
    Wrong(
        name="only_looks",
        did="called recv() with MSG_PEEK",
        tempting="then all of the request is in one piece at the end",
        caught_by="1.5",
        words=("does not take what", "With MSG_PEEK"),
        also=("1.6",),
        changes=(
            (
                "received = client.recv(4096)\n        head += received",
                "received = client.recv(65536, socket.MSG_PEEK)\n"
                "        head = received",
            ),
        ),
        hidden_on={"windows": "nothing there says what a program has not read"},
    ),
    Wrong(
        name="page_in_latin_1",
        did="encoded the page in Latin-1, and announced UTF-8",
        tempting="then a character is a byte, and the length is right",
        caught_by="1.4",
        words=("UTF-8, as its charset says", "page.encode()"),
        changes=(("body = page.encode()", 'body = page.encode("latin-1", "replace")'),),
    ),
    Wrong(
        name="two_lengths",
        did="sent Content-Length twice: of the text, and of its bytes",
        tempting="the browser takes the one that fits",
        caught_by="1.4",
        words=("169, 173", "more than once"),
        changes=(
            (
                '        f"Content-Length: {len(body)}\\r\\n"\n',
                '        f"Content-Length: {len(page)}\\r\\n"\n'
                '        f"Content-Length: {len(body)}\\r\\n"\n',
            ),
        ),
    ),
    Wrong(
        name="line_does_not_end",
        did="printed 'Listening on' with end=' '",
        tempting="flush=True writes it all the same",
        caught_by="1.1",
        words=("The line does not end",),
        never=("before it",),
        changes=(('{port}", flush=True)', '{port}", end=" ", flush=True)'),),
    ),
    Wrong(
        name="answers_half_a_request",
        did="did not look for the empty line once the reading was over",
        tempting="the loop has looked for it",
        caught_by="1.9",
        words=("no page for half a request", "look for the empty line"),
        changes=(
            (
                '        if b"\\r\\n\\r\\n" in read_head(client):\n            client',
                "        if read_head(client):\n            client",
            ),
        ),
    ),
]
