"""Mutants of exercise 5's server that nobody can tell from it, and why."""

EQUAL: dict[str, list[str]] = {
    "names of our own, which nobody sees": [
        "server.py · top · text changed: SAY, "
        'REFUSE = "say", "refuse" → SAY, REFUSE = '
        '"Xsay", "refuse"',
        "server.py · top · text changed: SAY, "
        'REFUSE = "say", "refuse" → SAY, REFUSE = '
        '"say", "Xrefuse"',
    ],
    'the server\'s own words, after "! " or on its stderr': [
        "server.py · decode_line "
        "· text changed: raise "
        'RefusedError(f"a line '
        "has at most {MAX_LINE} "
        'bytes") → raise '
        'RefusedError(f"Xa line '
        "has at most {MAX_LINE} "
        'bytes")',
        "server.py · decode_line "
        "· text changed: raise "
        'RefusedError(f"this is '
        "not UTF-8: "
        '{error.reason}") from '
        "None → raise "
        'RefusedError(f"Xthis is '
        "not UTF-8: "
        '{error.reason}") from '
        "None",
        "server.py · decode_line "
        "· text changed: raise "
        'RefusedError("a text '
        "has no control "
        "characters and no line "
        'separators") → raise '
        'RefusedError("Xa text '
        "has no control "
        "characters and no line "
        'separators")',
        "server.py · "
        "ChatServer.accept_clients "
        "· statement removed: "
        'print(f"Cannot accept: '
        '{error}", '
        "file=sys.stderr)",
        "server.py · "
        "ChatServer.accept_clients "
        "· argument left out: "
        'print(f"Cannot accept: '
        '{error}", '
        "file=sys.stderr) → "
        'print(f"Cannot accept: '
        '{error}")',
        "server.py · "
        "ChatServer.accept_clients "
        "· argument left out: "
        'print(f"Cannot accept: '
        '{error}", '
        "file=sys.stderr) → "
        "print(file=sys.stderr)",
        "server.py · "
        "ChatServer.accept_clients "
        "· text changed: "
        'print(f"Cannot accept: '
        '{error}", '
        "file=sys.stderr) → "
        'print(f"XCannot accept: '
        '{error}", '
        "file=sys.stderr)",
        "server.py · "
        "ChatServer.serve · text "
        "changed: "
        'client.hang_up("! '
        "something went wrong in "
        'the server") → '
        'client.hang_up("X! '
        "something went wrong in "
        'the server")',
        "server.py · "
        "ChatServer.obey · text "
        "changed: raise "
        'RefusedError(f"there is '
        "no command {command}, "
        'see /help") → raise '
        'RefusedError(f"Xthere '
        "is no command "
        '{command}, see /help")',
        "server.py · "
        "ChatServer.change_nick "
        "· text changed: raise "
        'RefusedError("a nick '
        "has 1 to 20 letters, "
        'digits, - or _") → '
        'raise RefusedError("Xa '
        "nick has 1 to 20 "
        "letters, digits, - or "
        '_")',
        "server.py · "
        "ChatServer.change_nick "
        "· text changed: raise "
        'RefusedError(f"somebody '
        'has the nick {name}") → '
        "raise "
        'RefusedError(f"Xsomebody '
        'has the nick {name}")',
        "server.py · "
        "ChatServer.create · "
        "text changed: raise "
        'RefusedError("a '
        "channel's name has 1 to "
        "20 letters, digits, - "
        'or _") → raise '
        'RefusedError("Xa '
        "channel's name has 1 to "
        "20 letters, digits, - "
        'or _")',
        "server.py · "
        "ChatServer.create · "
        "text changed: raise "
        'RefusedError(f"#{name} '
        "is there already, see "
        '/join") → raise '
        'RefusedError(f"X#{name} '
        "is there already, see "
        '/join")',
        "server.py · "
        "ChatServer.create · "
        "text changed: raise "
        'RefusedError(f"there '
        "are {MAX_CHANNELS} "
        "channels, no more are "
        'made") → raise '
        'RefusedError(f"Xthere '
        "are {MAX_CHANNELS} "
        "channels, no more are "
        'made")',
        "server.py · "
        "ChatServer.join · text "
        "changed: raise "
        'RefusedError(f"there is '
        "no channel {name!r}, "
        'see /channels") → raise '
        'RefusedError(f"Xthere '
        "is no channel {name!r}, "
        'see /channels")',
    ],
    "what a mistake in the program itself leads to": [
        "server.py · ChatServer.serve · except removed: except Exception: → ",
        "server.py · ChatServer.serve · statement removed: traceback.print_exc()",
        "server.py · ChatServer.serve · "
        "statement removed: "
        'client.hang_up("! something '
        'went wrong in the server")',
        "server.py · ChatServer.serve · "
        "argument left out: "
        'client.hang_up("! something '
        'went wrong in the server") → '
        "client.hang_up()",
    ],
    "nobody looks for a nick or a thread before let_in() has given them": [
        'server.py · Client.__init__ · statement removed: self.nick = ""',
        'server.py · Client.__init__ · text changed: self.nick = "" → self.nick = "X"',
        "server.py "
        "· "
        "Client.__init__ "
        "· "
        "statement "
        "removed: "
        "self.thread "
        "= "
        "threading.Thread()",
    ],
    'None ends the loop in split_lines() as b"" does': [
        'server.py · Client.receive · statement removed: return b""'
    ],
    "the server chooses the number N": [
        "server.py · ChatServer.__init__ · number "
        "changed: self.guests = 0 → self.guests = 1",
        "server.py · ChatServer.free_nick · statement removed: self.guests += 1",
        "server.py · ChatServer.free_nick · number "
        "changed: self.guests += 1 → self.guests += 2",
        "server.py · ChatServer.free_nick · number "
        "changed: self.guests += 1 → self.guests += 2 "
        "(2)",
    ],
    "how many bytes or clients one turn takes: the next turn takes the rest": [
        "server.py · top · number changed: RECEIVE = 4096 → RECEIVE = 8192",
        "server.py · top · number changed: RECEIVE = 4096 → RECEIVE = 4097",
        "server.py "
        "· "
        "ChatServer.accept_clients "
        "· "
        "statement "
        "removed: "
        "for _ "
        "in "
        "range(100):",
        "server.py "
        "· "
        "ChatServer.accept_clients "
        "· "
        "argument "
        "left "
        "out: "
        "for _ "
        "in "
        "range(100): "
        "→ for "
        "_ in "
        "range():",
        "server.py "
        "· "
        "ChatServer.accept_clients "
        "· "
        "number "
        "changed: "
        "for _ "
        "in "
        "range(100): "
        "→ for "
        "_ in "
        "range(101):",
        "server.py "
        "· "
        "ChatServer.accept_clients "
        "· "
        "number "
        "changed: "
        "for _ "
        "in "
        "range(100): "
        "→ for "
        "_ in "
        "range(200):",
    ],
    "a little sooner or later, which no check can measure on a busy machine": [
        "server.py "
        "· top "
        "· "
        "number "
        "changed: "
        "MAX_OUTBOX "
        "= "
        "1024 "
        "* "
        "1024 "
        "→ "
        "MAX_OUTBOX "
        "= "
        "2048 "
        "* "
        "1024",
        "server.py "
        "· top "
        "· "
        "number "
        "changed: "
        "MAX_OUTBOX "
        "= "
        "1024 "
        "* "
        "1024 "
        "→ "
        "MAX_OUTBOX "
        "= "
        "1025 "
        "* "
        "1024",
        "server.py "
        "· top "
        "· "
        "number "
        "changed: "
        "MAX_OUTBOX "
        "= "
        "1024 "
        "* "
        "1024 "
        "→ "
        "MAX_OUTBOX "
        "= "
        "1024 "
        "* "
        "2048",
        "server.py "
        "· top "
        "· "
        "number "
        "changed: "
        "MAX_OUTBOX "
        "= "
        "1024 "
        "* "
        "1024 "
        "→ "
        "MAX_OUTBOX "
        "= "
        "1024 "
        "* "
        "1025",
        "server.py · top · number changed: FLOOD = 8192 → FLOOD = 8193",
        "server.py · top · number changed: FLOOD = 8192 → FLOOD = 16384",
        "server.py · top · number changed: PREFIX = 64 → PREFIX = 128",
        "server.py · top · number changed: PREFIX = 64 → PREFIX = 65",
        "server.py · top · number changed: PATIENCE = 1.0 → PATIENCE = 2.0",
        "server.py "
        "· "
        "Client.__init__ "
        "· "
        "number "
        "changed: "
        "self.last_sent "
        "= 0.0 "
        "→ "
        "self.last_sent "
        "= 1.0",
        "server.py "
        "· "
        "Client.__init__ "
        "· "
        "number "
        "changed: "
        "self.second, "
        "self.said "
        "= 0, "
        "0 → "
        "self.second, "
        "self.said "
        "= 1, "
        "0",
        "server.py "
        "· "
        "Client.__init__ "
        "· "
        "number "
        "changed: "
        "self.second, "
        "self.said "
        "= 0, "
        "0 → "
        "self.second, "
        "self.said "
        "= 0, "
        "1",
        "server.py "
        "· "
        "Client.lags "
        "· "
        "border "
        "moved: "
        "still_reads "
        "= "
        "time.monotonic() "
        "< "
        "self.last_sent "
        "+ "
        "PATIENCE "
        "→ "
        "still_reads "
        "= "
        "time.monotonic() "
        "<= "
        "self.last_sent "
        "+ "
        "PATIENCE",
        "server.py "
        "· "
        "Client.lags "
        "· "
        "border "
        "moved: "
        "return "
        "still_reads "
        "and "
        "len(self.outbox) "
        "> "
        "MAX_OUTBOX "
        "// 8 "
        "→ "
        "return "
        "still_reads "
        "and "
        "len(self.outbox) "
        ">= "
        "MAX_OUTBOX "
        "// 8",
        "server.py "
        "· "
        "Client.lags "
        "· "
        "number "
        "changed: "
        "return "
        "still_reads "
        "and "
        "len(self.outbox) "
        "> "
        "MAX_OUTBOX "
        "// 8 "
        "→ "
        "return "
        "still_reads "
        "and "
        "len(self.outbox) "
        "> "
        "MAX_OUTBOX "
        "// 9",
        "server.py "
        "· "
        "Client.lags "
        "· "
        "number "
        "changed: "
        "return "
        "still_reads "
        "and "
        "len(self.outbox) "
        "> "
        "MAX_OUTBOX "
        "// 8 "
        "→ "
        "return "
        "still_reads "
        "and "
        "len(self.outbox) "
        "> "
        "MAX_OUTBOX "
        "// 16",
        "server.py "
        "· "
        "Client.floods "
        "· "
        "number "
        "changed: "
        "self.second, "
        "self.said "
        "= "
        "int(time.monotonic()), "
        "0 → "
        "self.second, "
        "self.said "
        "= "
        "int(time.monotonic()), "
        "1",
        "server.py "
        "· "
        "Client.floods "
        "· "
        "border "
        "moved: "
        "return "
        "self.said "
        "> "
        "FLOOD "
        "→ "
        "return "
        "self.said "
        ">= "
        "FLOOD",
        "server.py "
        "· "
        "ChatServer.wait "
        "· "
        "number "
        "changed: "
        "selector.select(timeout=0.1) "
        "→ "
        "selector.select(timeout=0.2)",
        "server.py · ChatServer.serve · statement removed: client.flush()",
    ],
    "TCP's own timers: two hours of silence, and 40 ms for an acknowledgement": [
        "server.py "
        "· "
        "ChatServer.let_in "
        "· "
        "statement "
        "removed: "
        "client.socket.setsockopt(socket.SOL_SOCKET, "
        "socket.SO_KEEPALIVE, "
        "1)",
        "server.py "
        "· "
        "ChatServer.let_in "
        "· "
        "argument "
        "left "
        "out: "
        "client.socket.setsockopt(socket.SOL_SOCKET, "
        "socket.SO_KEEPALIVE, "
        "1) "
        "→ "
        "client.socket.setsockopt(socket.SOL_SOCKET, "
        "1)",
        "server.py "
        "· "
        "ChatServer.let_in "
        "· "
        "argument "
        "left "
        "out: "
        "client.socket.setsockopt(socket.SOL_SOCKET, "
        "socket.SO_KEEPALIVE, "
        "1) "
        "→ "
        "client.socket.setsockopt(socket.SOL_SOCKET, "
        "socket.SO_KEEPALIVE)",
        "server.py "
        "· "
        "ChatServer.let_in "
        "· "
        "argument "
        "left "
        "out: "
        "client.socket.setsockopt(socket.SOL_SOCKET, "
        "socket.SO_KEEPALIVE, "
        "1) "
        "→ "
        "client.socket.setsockopt(socket.SO_KEEPALIVE, "
        "1)",
        "server.py "
        "· "
        "ChatServer.let_in "
        "· "
        "number "
        "changed: "
        "client.socket.setsockopt(socket.SOL_SOCKET, "
        "socket.SO_KEEPALIVE, "
        "1) "
        "→ "
        "client.socket.setsockopt(socket.SOL_SOCKET, "
        "socket.SO_KEEPALIVE, "
        "2)",
        "server.py "
        "· "
        "ChatServer.let_in "
        "· "
        "statement "
        "removed: "
        "client.socket.setsockopt(socket.IPPROTO_TCP, "
        "socket.TCP_NODELAY, "
        "1)",
        "server.py "
        "· "
        "ChatServer.let_in "
        "· "
        "argument "
        "left "
        "out: "
        "client.socket.setsockopt(socket.IPPROTO_TCP, "
        "socket.TCP_NODELAY, "
        "1) "
        "→ "
        "client.socket.setsockopt(socket.TCP_NODELAY, "
        "1)",
        "server.py "
        "· "
        "ChatServer.let_in "
        "· "
        "argument "
        "left "
        "out: "
        "client.socket.setsockopt(socket.IPPROTO_TCP, "
        "socket.TCP_NODELAY, "
        "1) "
        "→ "
        "client.socket.setsockopt(socket.IPPROTO_TCP, "
        "1)",
        "server.py "
        "· "
        "ChatServer.let_in "
        "· "
        "argument "
        "left "
        "out: "
        "client.socket.setsockopt(socket.IPPROTO_TCP, "
        "socket.TCP_NODELAY, "
        "1) "
        "→ "
        "client.socket.setsockopt(socket.IPPROTO_TCP, "
        "socket.TCP_NODELAY)",
        "server.py "
        "· "
        "ChatServer.let_in "
        "· "
        "number "
        "changed: "
        "client.socket.setsockopt(socket.IPPROTO_TCP, "
        "socket.TCP_NODELAY, "
        "1) "
        "→ "
        "client.socket.setsockopt(socket.IPPROTO_TCP, "
        "socket.TCP_NODELAY, "
        "2)",
    ],
    "only a program that imports this one could tell": [
        'server.py · top · condition true: if __name__ == "__main__": → if True:'
    ],
}
