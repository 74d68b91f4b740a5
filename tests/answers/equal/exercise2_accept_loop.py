"""Small changes of exercise 2's solution that no check can see, and why."""

EQUAL: dict[str, list[str]] = {
    "The same value, given or by default. Any number but 0 switches an option on.": [
        "open_listening_socket · argument left out: listening = "
        "socket.socket(socket.AF_INET, socket.SOCK_STREAM) → listening = "
        "socket.socket(socket.AF_INET)",
        "open_listening_socket · number changed: "
        "listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1) → "
        "listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 2)",
    ],
    "Only Windows needs it. How long accept() waits at a time is free.": [
        'open_listening_socket · condition true: if os.name == "posix": → if True:',
        "accept_client · statement removed: listening.settimeout(0.5)",
        "accept_client · number changed: listening.settimeout(0.5) → "
        "listening.settimeout(1.5)",
        "accept_client · number changed: listening.settimeout(0.5) → "
        "listening.settimeout(1.0)",
    ],
    "Linux hands out a client that has left; other systems do not.": [
        "accept_client · except removed: except (TimeoutError, "
        "ConnectionError): → except (TimeoutError,):",
    ],
    "Advice: half a request and a silence may get a 400, or no answer.": [
        "read_head · try unwrapped: try:",
    ],
    "How much one recv() takes at most is free.": [
        "read_head · number changed: received = client.recv(4096) → received = "
        "client.recv(8192)",
        "read_head · number changed: received = client.recv(4096) → received = "
        "client.recv(4097)",
        "discard_input · number changed: while client.recv(65536) and "
        "time.monotonic() < deadline: → while client.recv(65537) and "
        "time.monotonic() < deadline:",
        "discard_input · number changed: while client.recv(65536) and "
        "time.monotonic() < deadline: → while client.recv(131072) and "
        "time.monotonic() < deadline:",
    ],
    "A server may also wait for its second before it says 400, and no method has "
    "one letter only.": [
        "read_head · number changed: if not received or not head[:1].isalpha(): → "
        "if not received or not head[:2].isalpha():",
    ],
    "Whether the empty line counts in a head's 8192 bytes is free.": [
        'choose_status · border moved: if len(head.partition(b"\\r\\n\\r\\n")[0]) > '
        'MAX_HEAD: → if len(head.partition(b"\\r\\n\\r\\n")[0]) >= MAX_HEAD:',
    ],
    "RFC 9112, section 3: a recipient may split at any white space.": [
        'choose_status · argument left out: words = head.split(b"\\r\\n")[0].split(b"'
        ' ") → words = head.split(b"\\r\\n")[0].split()',
    ],
    "An answer that is not a 405 may say what is allowed, too.": [
        'build_response · condition true: + ("Allow: GET\\r\\n" if '
        'status.startswith("405") else "") → + ("Allow: GET\\r\\n" if True else "")',
    ],
    "Nobody can hit an instant of the clock.": [
        "discard_input · border moved: while client.recv(65536) and "
        "time.monotonic() < deadline: → while client.recv(65536) and "
        "time.monotonic() <= deadline:",
    ],
    "A client that says nothing may get a 400, too.": [
        "serve_client · condition true: if head: → if True:",
    ],
    "Advice: the system has room for a page this small, so send() takes all of it.": [
        "serve_client · sendall made send: client.sendall(build_response(status, "
        "page)) → client.send(build_response(status, page))",
    ],
    "A server may half-close and discard after every answer.": [
        'serve_client · condition true: if head and status[:3] in ("400", "405", '
        '"431"): → if True:',
        'serve_client · part of and left out: if head and status[:3] in ("400", '
        '"405", "431"): → if (head):',
        'serve_client · part of and left out: if head and status[:3] in ("400", '
        '"405", "431"): → if (status[:3] in ("400", "405", "431")):',
    ],
    "What a server says on stderr of a client that has gone is free, as is silence.": [
        'serve_client · statement removed: print(f"The client is gone: {error}", '
        "file=sys.stderr)",
        'serve_client · argument left out: print(f"The client is gone: {error}", '
        "file=sys.stderr) → print(file=sys.stderr)",
        'serve_client · argument left out: print(f"The client is gone: {error}", '
        'file=sys.stderr) → print(f"The client is gone: {error}")',
    ],
    "The end of the program closes the listening socket.": [
        "main · with unwrapped: with open_listening_socket(arguments.host, "
        "arguments.port) as listening:",
    ],
    "Nobody imports a program that is started by its name.": [
        'top · condition true: if __name__ == "__main__": → if True:',
    ],
}
