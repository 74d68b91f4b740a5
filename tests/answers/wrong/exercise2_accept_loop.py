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
        words=("TimeoutError", "catch"),
        changes=(
            ("        except TimeoutError:\n            break\n", PASS_ON),
            (CATCH, PASS_ON.replace("        ", "    ", 1) + CATCH),
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
        words=("UnicodeDecodeError", "passed on without decode()"),
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
        name="catches_base_exception",
        did="caught everything around one client",
        tempting="nothing can stop the server then",
        caught_by="2.8",
        words=("still running", "swallows"),
        changes=(
            ("    except OSError as error:", "    except BaseException as error:"),
        ),
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
]
