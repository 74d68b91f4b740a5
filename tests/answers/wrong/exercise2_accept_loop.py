"""Wrong answers to exercise 2."""

from tests.answers.catalogue import Wrong

TURN = (
    "                with accept_client(listening) as client:\n"
    "                    serve_client(client)\n"
)
LOOP = "            while True:\n" + TURN
OPEN = (
    "        with open_listening_socket(arguments.host, arguments.port) as listening:\n"
)
CATCH = (
    "    except OSError as error:\n"
    '        print(f"The client is gone: {error}", file=sys.stderr)\n'
)
PASS_ON = "        except TimeoutError:\n            raise\n"
COUNT = " and len(head) <= MAX_HEAD:\n"
TOO_LONG = (
    '    if len(head.partition(b"\\r\\n\\r\\n")[0]) > MAX_HEAD:\n'
    '        return "431 Request Header Fields Too Large"\n'
)
AGAIN = "        except TimeoutError:\n            continue\n"
HOST_WITH_PORT = "host = sys.argv[1] if len(sys.argv) > 2"
TOO_LONG_STATUS = "431 Request Header Fields Too Large"
NO_PAGE = 'page = "" if status[:3] == "404" else page'
REUSEADDR = "listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\n"

WRONG = [
    Wrong(
        name="one_client",
        did="left the loop out: one client, then the end",
        tempting="that is exercise 1",
        caught_by="2.1",
        words=("ended, with status 0", "in a loop"),
        changes=((LOOP, LOOP.replace("while True:", "for _ in range(1):")),),
    ),
    Wrong(
        name="binds_in_the_loop",
        did="opened a new listening socket for each client",
        tempting="exercise 1's main() with a loop around all of it",
        caught_by="2.1",
        words=("bind() and listen() once",),
        changes=(
            (
                OPEN + LOOP,
                "        while True:\n"
                + OPEN.replace("        with", "            with")
                + TURN,
            ),
        ),
    ),
    Wrong(
        name="accepts_outside_the_loop",
        did="put the loop around the reading, not around accept()",
        tempting="one accept() is enough for exercise 1",
        caught_by="2.1",
        words=("in a loop: accept()",),
        changes=(
            (
                LOOP,
                "            client = accept_client(listening)\n"
                "            while True:\n"
                "                serve_client(client)\n",
            ),
        ),
    ),
    Wrong(
        name="never_closes",
        did="forgot to close the client's socket",
        tempting="Chrome shows the page all the same",
        caught_by="2.1",
        words=("still open", "close"),
        changes=(
            (
                TURN,
                "                client = accept_client(listening)\n"
                "                serve_client(client)\n",
            ),
        ),
    ),
    Wrong(
        name="catches_outside_the_loop",
        did="caught OSError around the accept loop",
        tempting="main() has a try already",
        caught_by="2.2",
        words=("inside the accept loop", "ended, with status 0"),
        changes=(
            (CATCH, "    finally:\n        pass\n"),
            ("except KeyboardInterrupt:", "except (KeyboardInterrupt, OSError):"),
        ),
    ),
    Wrong(
        name="reset_ends_the_server",
        did="did not catch OSError",
        tempting="clients close, they do not reset",
        caught_by="2.2",
        words=("ConnectionResetError", "OSError"),
        changes=((CATCH, CATCH.replace("OSError", "TimeoutError")),),
    ),
    Wrong(
        name="reads_past_the_end",
        did="did not look for b'' in the loop around recv()",
        tempting="recv() waits until something comes, or so it seems",
        caught_by="2.2",
        words=("read_head()", "recv() returns b''"),
        changes=(
            (
                "if not received or not head[:1].isalpha():",
                "if head and not head[:1].isalpha():",
            ),
        ),
    ),
    Wrong(
        name="bears_with_silence",
        did="set no time limit on the client's socket",
        tempting="a client that connects has something to say",
        caught_by="2.3",
        words=("settimeout(1.0)", "read_head()"),
        changes=(("    client.settimeout(GIVE_UP_AFTER)\n", ""),),
    ),
    Wrong(
        name="silence_ends_the_server",
        did="set the time limit, and did not catch TimeoutError",
        tempting="ConnectionError sounds like all that can happen",
        caught_by="2.3",
        words=("TimeoutError", "catch TimeoutError"),
        changes=(
            ("        except TimeoutError:\n            break\n", PASS_ON),
            (CATCH, PASS_ON.replace("        ", "    ", 1) + CATCH),
        ),
    ),
    Wrong(
        name="ends_after_the_visitor",
        did="forgot an argument where a silent client is given up",
        tempting="all others had been served by then",
        caught_by="2.3",
        words=("printed a traceback", "count the arguments"),
        base="tests/answers/right/selectors",
        changes=(
            (
                "c.deadline < now]:\n                self.disconnect(client)",
                "c.deadline < now]:\n                self.disconnect()",
            ),
        ),
    ),
    Wrong(
        name="impatient",
        did="gave up after a tenth of a second",
        tempting="on one's own machine nobody needs longer",
        caught_by="2.3",
        words=("up to a second",),
        changes=(("GIVE_UP_AFTER = 1.0", "GIVE_UP_AFTER = 0.1"),),
    ),
    Wrong(
        name="same_page_everywhere",
        did="did not look at the path",
        tempting="Chrome does not show what became of the favicon",
        caught_by="2.4",
        words=("404 Not Found", "HTTP/1.1 200 OK"),
        changes=(('if words[1] == b"/"', "if words[1]"),),
    ),
    Wrong(
        name="empty_404",
        did="sent a 404 without a page",
        tempting="the status says it all",
        caught_by="2.4",
        words=("empty", "a page"),
        changes=(("        if head:\n", f"        {NO_PAGE}\n        if head:\n"),),
    ),
    Wrong(
        name="any_method_is_get",
        did="did not look at the method",
        tempting="Chrome sends nothing but GET",
        caught_by="2.5",
        words=("405 Method Not Allowed", "first word"),
        changes=(('if words[0] != b"GET":', 'if words[0] == b"":'),),
    ),
    Wrong(
        name="no_allow",
        did="left the header Allow out",
        tempting="the status says it all",
        caught_by="2.5",
        words=("Allow: GET", "missing"),
        changes=(('("Allow: GET\\r\\n" if status.startswith("405") else "")', '""'),),
    ),
    Wrong(
        name="decodes_the_request",
        did="decoded the request",
        tempting="it is easier to work with text",
        caught_by="2.6",
        words=("UnicodeDecodeError", "without decode()"),
        changes=(
            (
                "        status = choose_status(head)\n",
                "        status = choose_status(head.decode().encode())\n",
            ),
        ),
    ),
    Wrong(
        name="says_nothing_to_strangers",
        did="closed without an answer when it was not HTTP",
        tempting="who speaks no HTTP does not understand a 400",
        caught_by="2.6",
        words=("400 Bad Request", "closed"),
        changes=(("        if head:\n", '        if head and status[:3] != "400":\n'),),
    ),
    Wrong(
        name="greeting_is_a_path",
        did="took whatever has three words for a request",
        tempting="the request line has three words",
        caught_by="2.6",
        words=("400 Bad Request", "405"),
        changes=((' or words[2][:7] != b"HTTP/1."', ""),),
    ),
    Wrong(
        name="keeps_every_client",
        did="kept the sockets in a list, and shut them down without a close",
        tempting="after shutdown() the client sees the end",
        caught_by="2.7",
        words=("Too many open files", "shutdown() does not close"),
        changes=(
            (
                LOOP,
                "            clients = []\n"
                "            while True:\n"
                "                clients.append(accept_client(listening))\n"
                "                serve_client(clients[-1])\n"
                "                try:\n"
                "                    clients[-1].shutdown(socket.SHUT_RDWR)\n"
                "                except OSError:\n"
                "                    pass\n",
            ),
        ),
    ),
    Wrong(
        name="leaks_after_errors",
        did="closed at the end of the work, which an error skips",
        tempting="close() is the last thing to do",
        caught_by="2.7",
        words=("Too many open files", "after errors too"),
        changes=(
            (
                LOOP,
                "            clients = []\n"
                "            while True:\n"
                "                clients.append(accept_client(listening))\n"
                "                serve_client(clients[-1])\n",
            ),
            (CATCH, "        client.close()\n" + CATCH),
        ),
    ),
    Wrong(
        name="ctrl_c_not_caught",
        did="did not catch KeyboardInterrupt",
        tempting="the server ends, after all",
        caught_by="2.8",
        words=("KeyboardInterrupt", "traceback"),
        changes=(("except KeyboardInterrupt:", "except EOFError:"),),
    ),
    Wrong(
        name="takes_no_host_alone",
        did="read HOST only where there is a PORT as well",
        tempting="one if is enough for both",
        caught_by="2.8",
        words=("HOST and PORT may be left out",),
        base="tests/answers/right/asyncio",
        changes=(("host = sys.argv[1] if len(sys.argv) > 1", HOST_WITH_PORT),),
        hidden_on={"macos": "it has one loopback address only, which is the default"},
    ),
    Wrong(
        name="closes_before_the_body_comes",
        did="closed after a refusal, when nothing was unread",
        tempting="asyncio has already read all that came with the head",
        caught_by="2.5",
        words=("when the body came", "half-close"),
        base="tests/answers/right/asyncio",
        changes=(
            ("    await asyncio.wait_for(discard_input(reader), GIVE_UP_AFTER)\n", ""),
        ),
    ),
    Wrong(
        name="catches_base_exception",
        did="caught everything around one client",
        tempting="nothing can stop the server then",
        caught_by="2.8",
        words=("still running", "swallows"),
        changes=((CATCH, CATCH.replace("OSError", "BaseException")),),
    ),
    Wrong(
        name="no_second_start",
        did="did not set SO_REUSEADDR",
        tempting="it works again after a minute",
        caught_by="2.8",
        words=("Address already in use", "SO_REUSEADDR"),
        changes=((REUSEADDR, "pass\n"),),
    ),
    Wrong(
        name="reads_any_head",
        did="set no limit to the head",
        tempting="no request of Chrome is that long",
        caught_by="2.9",
        words=("431 Request Header Fields Too Large", "8192"),
        changes=((COUNT, ":\n"), (TOO_LONG, "")),
    ),
    Wrong(
        name="counts_afterwards",
        did="read the whole head first, and counted then",
        tempting="read_head() is finished, and the limit is a new thought",
        caught_by="2.9",
        words=("431 Request Header Fields Too Large", "Count the bytes while"),
        changes=((COUNT, ":\n"),),
    ),
    Wrong(
        name="one_recv_is_the_limit",
        did="took what one recv(4096) brings for the longest head",
        tempting="one recv() is one request, and 4096 is a lot",
        caught_by="2.9",
        words=("HTTP/1.1 200 OK",),
        changes=(("MAX_HEAD = 8192", "MAX_HEAD = 4096"),),
    ),
    Wrong(
        name="never_reads_the_body",
        did="answered a POST, and closed with its body unread",
        tempting="the answer does not depend on the body",
        caught_by="2.5",
        words=("half-close",),
        changes=(('("400", "405", "431")', '("400", "431")'),),
    ),
    Wrong(
        name="one_buffer_for_all",
        did="kept what came after the head for the next recv, in one buffer for all",
        tempting="it is how a keep-alive server reads",
        caught_by="2.5",
        words=("405", "200"),
        changes=(
            (
                '    head = b""\n    while',
                "    head, LEFT[:] = bytes(LEFT), b''\n    while",
            ),
            (
                "    return head\n\n\ndef choose_status",
                '    head, line, LEFT[:] = head.partition(b"\\r\\n\\r\\n")\n'
                "    return head + line\n\n\nLEFT = bytearray()\n\n\ndef choose_status",
            ),
        ),
    ),
    Wrong(
        name="answers_after_a_silence",
        did="read until a second has passed in which nothing came",
        tempting="it works for any request, and needs no look at the empty line",
        caught_by="2.1",
        words=("pages took", "empty line"),
        changes=(
            (
                'while b"\\r\\n\\r\\n" not in head and len(head) <= MAX_HEAD:',
                "while len(head) <= MAX_HEAD:",
            ),
        ),
    ),
    Wrong(
        name="says_nothing",
        did="printed nothing when it listens",
        tempting="Chrome does not need it",
        caught_by="2.1",
        words=("'Listening on", "but its stdout is"),
        changes=(('    print(f"Listening on {host}:{port}", flush=True)\n', ""),),
    ),
    Wrong(
        name="short_queue",
        did="called listen(1)",
        tempting="one client is served at a time",
        caught_by="2.1",
        words=("The queue was full", "backlog"),
        changes=(("listening.listen()", "listening.listen(1)"),),
        hidden_on={"macos": "only Linux counts what had to be sent once more"},
    ),
    Wrong(
        name="bare_newlines",
        did="ended the lines of the head with \\n alone, and left headers out",
        tempting="Chrome shows the page all the same",
        caught_by="2.1",
        words=("does not end with \\r\\n", "Each line of the head ends"),
        never=("bind() and listen()",),
        changes=(
            (
                "    return head.encode() + body",
                '    return head.replace("\\r\\n", "\\n").encode() + body',
            ),
        ),
    ),
    Wrong(
        name="no_connection_header",
        did="left Connection: close out",
        tempting="curl is content without",
        caught_by="2.1",
        words=("Connection: close", "missing"),
        changes=(('        + "Connection: close\\r\\n"\n', '        + ""\n'),),
    ),
    Wrong(
        name="lingers_for_no_time",
        did="set SO_LINGER with a time of 0 against TIME_WAIT",
        tempting="the port is free immediately",
        caught_by="2.1",
        words=("SO_LINGER", "leave the option alone"),
        never=("unread", "bind() and listen() once"),
        changes=(
            (
                "                    serve_client(client)\n",
                "                    linger = bytes([1, 0, 0, 0, 0, 0, 0, 0])\n"
                "                    option = socket.SOL_SOCKET, socket.SO_LINGER\n"
                "                    client.setsockopt(*option, linger)\n"
                "                    serve_client(client)\n",
            ),
        ),
    ),
    Wrong(
        name="file_keeps_it_open",
        did="read through a file from makefile(), and closed only the socket",
        tempting="close() is close()",
        caught_by="2.1",
        words=("still open", "makefile()"),
        never=("bind() and listen() once",),
        changes=(
            (
                '    head = b""\n',
                '    global file\n    file = client.makefile("rb")\n    head = b""\n',
            ),
            ("client.recv(4096)", "file.read1(4096)"),
        ),
    ),
    Wrong(
        name="parent_keeps_the_socket",
        did="let another process serve the client, and kept its socket in a list",
        tempting="the child closes it",
        caught_by="2.1",
        words=("still open", "fork()"),
        never=("bind() and listen() once",),
        changes=(
            (
                LOOP,
                "            signal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"
                "            clients = []\n"
                "            while True:\n"
                "                clients.append(accept_client(listening))\n"
                "                if os.fork() == 0:\n"
                "                    listening.close()\n"
                "                    serve_client(clients[-1])\n"
                "                    clients[-1].close()\n"
                "                    os._exit(0)\n",
            ),
        ),
    ),
    Wrong(
        name="traceback_at_each_reset",
        did="printed a traceback for each client that leaves",
        tempting="it shows what happened",
        caught_by="2.2",
        words=("server printed a traceback",),
        changes=(
            (
                CATCH,
                "    except OSError:\n"
                "        import traceback\n\n"
                "        traceback.print_exc()\n",
            ),
        ),
    ),
    Wrong(
        name="waits_once_more",
        did="caught TimeoutError, and called recv() again",
        tempting="continue goes on with the next client, or so it seems",
        caught_by="2.3",
        words=("read_head()", "leave the loop that reads"),
        changes=(("        except TimeoutError:\n            break\n", AGAIN),),
    ),
    Wrong(
        name="two_seconds",
        did="gave a silent client two seconds",
        tempting="one second is so short",
        caught_by="2.3",
        words=("the end, after one second", "still open after"),
        changes=(("GIVE_UP_AFTER = 1.0", "GIVE_UP_AFTER = 2.0"),),
    ),
    Wrong(
        name="half_a_second",
        did="gave a silent client half a second",
        tempting="nobody needs longer",
        caught_by="2.3",
        words=("up to a second",),
        changes=(("GIVE_UP_AFTER = 1.0", "GIVE_UP_AFTER = 0.5"),),
    ),
    Wrong(
        name="discards_for_ever",
        did="threw the input away without a limit",
        tempting="a client stops some time",
        caught_by="2.3",
        words=("two seconds at most", "time.monotonic()"),
        never=("settimeout(1.0)",),
        changes=(
            (
                "while client.recv(65536) and time.monotonic() < deadline:",
                "while client.recv(65536):",
            ),
        ),
    ),
    Wrong(
        name="stops_accepting",
        did="did not go on after the time limit of accept()",
        tempting="a browser is there quickly",
        caught_by="2.3",
        words=("TimeoutError: timed out",),
        also=("2.8",),
        changes=(
            (
                "        except (TimeoutError, ConnectionError):",
                "        except ConnectionAbortedError:",
            ),
        ),
    ),
    Wrong(
        name="pages_exchanged",
        did="exchanged the page and the pages of errors",
        tempting="a condition is quickly written the wrong way round",
        caught_by="2.4",
        words=("names a status", "PAGE"),
        also=("2.5", "2.6", "2.9"),
        changes=(('PAGE if status == "200 OK"', 'PAGE if status != "200 OK"'),),
    ),
    Wrong(
        name="one_page_for_all",
        did="sent the page of '/' with a 404",
        tempting="the status says it all",
        caught_by="2.4",
        words=("its status, 404 Not Found",),
        also=("2.5", "2.6", "2.9"),
        changes=(
            (
                'page = PAGE if status == "200 OK" else',
                'page = PAGE if status != "" else',
            ),
        ),
    ),
    Wrong(
        name="allow_with_bare_newline",
        did="ended the header Allow with \\n alone",
        tempting="the others came from exercise 1",
        caught_by="2.5",
        words=("'Allow: GET\\n'", "does not end with \\r\\n"),
        changes=(('"Allow: GET\\r\\n"', '"Allow: GET\\n"'),),
    ),
    Wrong(
        name="begins_with_get",
        did="took what begins with GET for a GET",
        tempting="startswith() is at hand",
        caught_by="2.5",
        words=("405 Method Not Allowed", "'GETTING / "),
        changes=(('if words[0] != b"GET":', 'if not head.startswith(b"GET"):'),),
    ),
    Wrong(
        name="get_in_small_letters",
        did="compared methods without case",
        tempting="it looks kinder",
        caught_by="2.5",
        words=("405 Method Not Allowed", "'get / "),
        changes=(('if words[0] != b"GET":', 'if words[0].upper() != b"GET":'),),
    ),
    Wrong(
        name="half_closes_and_closes",
        did="half-closed, and threw nothing away",
        tempting="the client sees the end, after all",
        caught_by="2.5",
        words=("After the end of the answer", "unread"),
        also=("2.9",),
        changes=(
            (
                "    while client.recv(65536) and time.monotonic() < deadline:\n"
                "        pass\n",
                "",
            ),
        ),
    ),
    Wrong(
        name="does_not_half_close",
        did="read on without a half-close",
        tempting="close() says it all",
        caught_by="2.5",
        words=("still open", "waits for the end"),
        also=("2.3", "2.6", "2.9"),
        changes=(("    client.shutdown(socket.SHUT_WR)\n", ""),),
    ),
    Wrong(
        name="only_http_1_1",
        did="took nothing but HTTP/1.1 for HTTP",
        tempting="browsers say HTTP/1.1",
        caught_by="2.6",
        words=("HTTP/1.1 200 OK", "HTTP/1.0"),
        changes=(('words[2][:7] != b"HTTP/1."', 'words[2] != b"HTTP/1.1"'),),
    ),
    Wrong(
        name="any_version",
        did="took any version for HTTP/1",
        tempting="HTTP is HTTP",
        caught_by="2.6",
        words=("400 Bad Request", "HTTP/2.0"),
        changes=(('words[2][:7] != b"HTTP/1."', 'words[2][:5] != b"HTTP/"'),),
    ),
    Wrong(
        name="decodes_as_utf_8",
        did="decoded a head that is HTTP",
        tempting="headers are text",
        caught_by="2.6",
        words=("UnicodeDecodeError", "0xe9"),
        changes=(
            (
                '    if words[0] != b"GET":\n',
                '    if not head.decode().startswith("GET "):\n',
            ),
        ),
    ),
    Wrong(
        name="waits_for_a_line",
        did="read on until a line ended, before it looked at the first byte",
        tempting="a request line is a line",
        caught_by="2.6",
        words=("400 Bad Request",),
        changes=(
            (
                "or not head[:1].isalpha():",
                'or (b"\\n" in head and not head[:1].isalpha()):',
            ),
            ("        except TimeoutError:\n            break\n", PASS_ON),
        ),
    ),
    Wrong(
        name="no_sigterm",
        did="ended on Ctrl+C alone",
        tempting="nobody types kill",
        caught_by="2.8",
        words=("SIGTERM is to end the server",),
        never=("KeyboardInterrupt",),
        changes=(
            ("    signal.signal(signal.SIGTERM, signal.default_int_handler)\n", ""),
        ),
    ),
    Wrong(
        name="asks_again_and_again",
        did="set the listening socket to non-blocking",
        tempting="then Ctrl+C always comes through",
        caught_by="2.8",
        words=("keeps a processor busy",),
        changes=(
            ("listening.settimeout(0.5)", "listening.setblocking(False)"),
            ("except (TimeoutError, Con", "except (BlockingIOError, Con"),
        ),
    ),
    Wrong(
        name="port_taken_ends_in_a_traceback",
        did="did not catch what bind() raises",
        tempting="the traceback says what happened",
        caught_by="2.8",
        words=("Address already in use", "error: "),
        never=("KeyboardInterrupt",),
        changes=(
            (
                "    except OSError as error:\n        sys",
                "    except EOFError as error:\n        sys",
            ),
        ),
    ),
    Wrong(
        name="twice_the_limit",
        did="set the limit of the head to 16 KiB",
        tempting="8 KiB is not much",
        caught_by="2.9",
        words=(TOO_LONG_STATUS, "HTTP/1.1 200 OK"),
        changes=(("MAX_HEAD = 8192", "MAX_HEAD = 16384"),),
    ),
    Wrong(
        name="one_byte_too_many",
        did="set the limit one byte too high",
        tempting="a border is easily missed",
        caught_by="2.9",
        words=(TOO_LONG_STATUS, "HTTP/1.1 200 OK"),
        changes=(("MAX_HEAD = 8192", "MAX_HEAD = 8193"),),
    ),
    Wrong(
        name="resets_after_431",
        did="closed after a 431 with a part of the head unread",
        tempting="the answer does not depend on it",
        caught_by="2.9",
        words=("there was a reset", "half-close"),
        changes=(('("400", "405", "431")', '("400", "405")'),),
    ),
    Wrong(
        name="takes_half_a_line_apart",
        did="took the third word of the request line, without a look at their number",
        tempting="a request line has three words",
        caught_by="2.2",
        words=("IndexError", "count the parts"),
        changes=(
            (
                'if b"\\r\\n\\r\\n" not in head or len(words) != 3 or words[2]',
                'if words[2][:4] != b"HTTP" or b"\\r\\n\\r\\n" not in head or words[2]',
            ),
        ),
    ),
    Wrong(
        name="head_is_get",
        did="answered HEAD as GET",
        tempting="it asks for the same",
        caught_by="2.5",
        words=("405 Method Not Allowed", "'HEAD / "),
        changes=(('if words[0] != b"GET":', 'if words[0] not in (b"GET", b"HEAD"):'),),
    ),
    Wrong(
        name="length_comes_late",
        did="looked at the length of a head after everything else",
        tempting="it was the last step",
        caught_by="2.9",
        words=("431 Request Header Fields Too Large", "400 Bad Request"),
        changes=(
            (TOO_LONG, ""),
            (
                '    return "200 OK" if',
                TOO_LONG + '    return "200 OK" if',
            ),
        ),
    ),
    Wrong(
        name="ends_after_431",
        did="ended the server after a head that is too long",
        tempting="sys.exit() gets rid of the client",
        caught_by="2.9",
        words=("Is accept() in a loop", "ended, with status 0"),
        changes=(
            (
                "            discard_input(client)\n",
                "            discard_input(client)\n"
                '        if status[:3] == "431":\n'
                "            sys.exit()\n",
            ),
        ),
    ),
    Wrong(
        name="discards_after_the_end",
        did="threw input away until the second was over, also when the client had left",
        tempting="the limit is what the handout speaks of",
        caught_by="2.5",
        words=("went on and on", "leave the loop"),
        changes=(
            (
                "while client.recv(65536) and time.monotonic() < deadline:\n"
                "        pass",
                "while time.monotonic() < deadline:\n        client.recv(65536)",
            ),
        ),
    ),
    Wrong(
        name="serves_half_a_request",
        did="did not look for the empty line once the reading was over",
        tempting="the loop has looked for it",
        caught_by="2.6",
        words=("'HTTP/1.1 400 Bad Request", "'HTTP/1.1 200 OK"),
        changes=(('if b"\\r\\n\\r\\n" not in head or len', "if len"),),
    ),
    Wrong(
        name="says_port_0",
        did="printed the port that was asked for, not the one that it got",
        tempting="they are the same, except for port 0",
        caught_by="2.8",
        words=("the port that the system chose", "getsockname()"),
        never=("KeyboardInterrupt",),
        changes=(("    host, port = listening.getsockname()\n", ""),),
    ),
    Wrong(
        name="one_deadline_for_all",
        did="computed the end of the second in a default argument",
        tempting="then it can be seen in the def line",
        caught_by="2.3",
        words=("reset when the body came", "default argument"),
        changes=(
            (
                "def discard_input(client: socket.socket) -> None:",
                "def discard_input(\n"
                "    client: socket.socket,\n"
                "    deadline: float = time.monotonic() + GIVE_UP_AFTER,\n"
                ") -> None:",
            ),
            ("    deadline = time.monotonic() + GIVE_UP_AFTER\n", ""),
        ),
    ),
    Wrong(
        name="no_limit_after_the_head",
        did="took the time limit away once the head was there",
        tempting="the limit is for silent clients, and this one has spoken",
        caught_by="2.3",
        words=("posting has its answer, 405", "leave it set"),
        changes=(
            (
                "            discard_input(client)\n",
                "            client.settimeout(None)\n"
                "            discard_input(client)\n",
            ),
        ),
    ),
    Wrong(
        name="headers_grow",
        did="gathered the headers in a list that is a default argument",
        tempting="it is empty, it says so in the def line",
        caught_by="2.1",
        words=("173, 173", "Does a list grow"),
        changes=(
            (
                "def build_response(status: str, page: str) -> bytes:",
                "def build_response(\n"
                "    status: str, page: str, headers: list[str] = []\n"
                ") -> bytes:",
            ),
            (
                "    body = page.encode()\n",
                "    body = page.encode()\n"
                '    headers.append(f"Content-Length: {len(body)}")\n',
            ),
            (
                '        f"Content-Length: {len(body)}\\r\\n"\n',
                '        + "\\r\\n".join(headers)\n        + "\\r\\n"\n',
            ),
        ),
    ),
    Wrong(
        name="keeps_the_last_page",
        did="changed PAGE for an error, and never back",
        tempting="build_response() sends PAGE",
        caught_by="2.4",
        words=("another page than before", "anew for each client"),
        changes=(
            (
                '        page = PAGE if status == "200 OK" else f"',
                "        global PAGE\n"
                '        page = PAGE = PAGE if status == "200 OK" else f"',
            ),
        ),
    ),
    Wrong(
        name="looks_at_the_path_first",
        did="answered 404 to another method for another path",
        tempting="404 was step 3, and 405 is step 4",
        caught_by="2.5",
        words=("404 Not Found", "whatever the path"),
        changes=(
            (
                '    if words[0] != b"GET":\n',
                '    if words[0] != b"GET" and words[1] == b"/":\n',
            ),
        ),
    ),
    Wrong(
        name="version_in_small_letters",
        did="compared the version without case",
        tempting="what means the same should do the same",
        caught_by="2.6",
        words=("http/1.1", "METHOD PATH HTTP/1.x"),
        changes=(('words[2][:7] != b"HTTP/1."', 'words[2][:7].upper() != b"HTTP/1."'),),
    ),
]
