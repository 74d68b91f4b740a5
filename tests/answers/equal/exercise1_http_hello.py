"""Small changes of exercise 1's solution that no check can see, and why."""

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
    "What comes before the request line is not looked at in this exercise.": [
        'read_head · text changed: head = b"" → head = b"X"',
    ],
    "How much one recv() takes at most is free.": [
        "read_head · number changed: received = client.recv(4096) → received = "
        "client.recv(4097)",
        "read_head · number changed: received = client.recv(4096) → received = "
        "client.recv(8192)",
    ],
    "Advice: the system has room for a page this small, so send() takes all of it.": [
        "serve_client · sendall made send: client.sendall(build_response(PAGE)) → "
        "client.send(build_response(PAGE))",
    ],
    "What a server says on stderr of a client that has gone is free, as is silence.": [
        'serve_client · statement removed: print(f"The client is gone: {error}", '
        "file=sys.stderr)",
        'serve_client · argument left out: print(f"The client is gone: {error}", '
        'file=sys.stderr) → print(f"The client is gone: {error}")',
        'serve_client · argument left out: print(f"The client is gone: {error}", '
        "file=sys.stderr) → print(file=sys.stderr)",
    ],
    "Nobody imports a program that is started by its name.": [
        'top · condition true: if __name__ == "__main__": → if True:',
    ],
}
