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
        "ConnectionAbortedError): → except (TimeoutError,):",
    ],
    "Advice: half a request and a silence may get a 400, or no answer.": [
        "read_head · try unwrapped: try:",
    ],
    "How much one recv() takes at most is free.": [
        "read_head · number changed: received = client.recv(4096) → received = "
        "client.recv(8192)",
        "read_head · number changed: received = client.recv(4096) → received = "
        "client.recv(4097)",
    ],
    "A server may also wait for its second before it says 400, and no method has "
    "one letter only.": [
        "read_head · number changed: if not received or not head[:1].isalpha(): → "
        "if not received or not head[:2].isalpha():",
    ],
    "RFC 9112, section 3: a recipient may split at any white space.": [
        'choose_status · argument left out: words = head.split(b"\\r\\n")[0].split(b"'
        ' ") → words = head.split(b"\\r\\n")[0].split()',
    ],
    "An answer that is not a 405 may say what is allowed, too.": [
        'build_response · condition true: + ("Allow: GET\\r\\n" if '
        'status.startswith("405") else "") → + ("Allow: GET\\r\\n" if True else "")',
    ],
}
