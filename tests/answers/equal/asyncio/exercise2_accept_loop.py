"""Small changes of exercise 2 with asyncio that no check can see, and why."""

EQUAL: dict[str, list[str]] = {
    "RFC 9112, section 3: a recipient may split at any white space.": [
        "choose_status · argument left out: match "
        'head.partition(b"\\r\\n")[0].split(b" "): → match '
        'head.partition(b"\\r\\n")[0].split():',
    ],
    "An answer that is not a 405 may say what is allowed, too.": [
        'build_response · condition true: allow = "allow: GET\\r\\n" if '
        'status.startswith("405") else "" → allow = "allow: GET\\r\\n" if True else ""',
    ],
    "How much one read() takes at most is free: it is thrown away, for a second.": [
        "discard_input · argument left out: while await reader.read(65536): → while "
        "await reader.read():",
        "discard_input · number changed: while await reader.read(65536): → while "
        "await reader.read(65537):",
        "discard_input · number changed: while await reader.read(65536): → while "
        "await reader.read(131072):",
    ],
    "Only Windows needs it: elsewhere SIGINT has a handler.": [
        'run · condition true: if os.name == "posix": → if True:',
        "main · with unwrapped: with suppress(KeyboardInterrupt):",
        "main · argument left out: with suppress(KeyboardInterrupt): → with "
        "suppress():",
    ],
    "Whether the empty line counts in a head's 8192 bytes is free.": [
        "run · number changed: limit = MAX_HEAD - 1 → limit = MAX_HEAD - 2",
    ],
    "Nobody imports a program that is started by its name.": [
        'top · condition true: if __name__ == "__main__": → if True:',
    ],
}
