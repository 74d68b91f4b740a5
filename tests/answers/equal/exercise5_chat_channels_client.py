"""Mutants of exercise 5's client that nobody can tell from it, and why."""

EQUAL: dict[str, list[str]] = {
    "argparse says so by itself, of what is no number": [
        "client.py · port_number · part of and left out: if "
        "text.isdecimal() and int(text) <= 65535: → if (int(text) <= "
        "65535):",
    ],
    "words of the help": [
        "client.py · parse_arguments · argument left out: parser = "
        "argparse.ArgumentParser(description=__doc__.splitlines()[0]) → "
        "parser = argparse.ArgumentParser()",
    ],
    "given; a check can't wait ten seconds for a connection, or for a word": [
        "client.py · Connection.__init__ · argument left out: self.socket "
        "= socket.create_connection((host, port), timeout=10) → "
        "self.socket = socket.create_connection((host, port))",
        "client.py · Connection.__init__ · number changed: self.socket = "
        "socket.create_connection((host, port), timeout=10) → self.socket "
        "= socket.create_connection((host, port), timeout=20)",
        "client.py · Connection.__init__ · number changed: self.socket = "
        "socket.create_connection((host, port), timeout=10) → self.socket "
        "= socket.create_connection((host, port), timeout=11)",
        "client.py · Connection.__init__ · statement removed: "
        "self.socket.settimeout(None)",
    ],
    "how much one recv() takes at most, which no server notices": [
        "client.py · Connection.lines · number changed: while received := "
        "self.socket.recv(65536): → while received := "
        "self.socket.recv(131072):",
        "client.py · Connection.lines · number changed: while received := "
        "self.socket.recv(65536): → while received := "
        "self.socket.recv(65537):",
    ],
    "on a socket that blocks, send() takes everything": [
        "client.py · Connection.send_line · sendall made send: "
        'self.socket.sendall(text.encode(errors="replace") + b"\\n") → '
        'self.socket.send(text.encode(errors="replace") + b"\\n")',
    ],
    "half a surrogate pair, which only a window's keyboard types": [
        "client.py · Connection.send_line · argument left out: "
        'self.socket.sendall(text.encode(errors="replace") + b"\\n") → '
        'self.socket.sendall(text.encode() + b"\\n")',
        "client.py · Connection.send_line · text changed: "
        'self.socket.sendall(text.encode(errors="replace") + b"\\n") → '
        'self.socket.sendall(text.encode(errors="Xreplace") + b"\\n")',
    ],
    "the end of the program closes it, too; the window and the page need it": [
        "client.py · Connection.close · statement removed: self.socket.close()",
    ],
    "the words are free": [
        'client.py · show_lines · text changed: terminal.show("The server '
        'has closed the connection.") → terminal.show("XThe server has '
        'closed the connection.")',
        "client.py · connect · text changed: address = "
        'f"{arguments.host}:{arguments.port}" → address = '
        'f"X{arguments.host}:{arguments.port}"',
    ],
    "how long a silent server is waited for: tests/own/chat has the time for it": [
        "client.py · wait_for_last_words · part of and left out: while "
        "reader.is_alive() and select.select([connection.socket], [], [], "
        "2)[0]: → while (reader.is_alive()):",
        "client.py · wait_for_last_words · argument left out: while "
        "reader.is_alive() and select.select([connection.socket], [], [], "
        "2)[0]: → while reader.is_alive() and "
        "select.select([connection.socket], [], [])[0]:",
        "client.py · wait_for_last_words · number changed: while "
        "reader.is_alive() and select.select([connection.socket], [], [], "
        "2)[0]: → while reader.is_alive() and "
        "select.select([connection.socket], [], [], 4)[0]:",
        "client.py · wait_for_last_words · number changed: while "
        "reader.is_alive() and select.select([connection.socket], [], [], "
        "2)[0]: → while reader.is_alive() and "
        "select.select([connection.socket], [], [], 3)[0]:",
        "client.py · wait_for_last_words · argument left out: "
        "reader.join(timeout=0.1) → reader.join()",
        "client.py · wait_for_last_words · number changed: "
        "reader.join(timeout=0.1) → reader.join(timeout=1.1)",
        "client.py · wait_for_last_words · number changed: "
        "reader.join(timeout=0.1) → reader.join(timeout=0.2)",
    ],
    "without it the loop turns a little faster": [
        "client.py · wait_for_last_words · statement removed: reader.join(timeout=0.1)",
    ],
    "given; kill leaves the terminal as it was: tests/own/chat has a terminal": [
        "client.py · main · statement removed: "
        "signal.signal(signal.SIGTERM, signal.default_int_handler)",
    ],
    "nobody imports the program while a check runs": [
        'client.py · top · condition true: if __name__ == "__main__": → if True:',
    ],
    "create_connection() takes None for this machine, too": [
        "client.py · parse_arguments · argument left out: "
        'parser.add_argument("host", nargs="?", default="127.0.0.1") → '
        'parser.add_argument("host", nargs="?")',
    ],
}
