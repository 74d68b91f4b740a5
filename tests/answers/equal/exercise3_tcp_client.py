"""Changes of exercise 3's solution that no check can see, with the reasons."""

EQUAL: dict[str, list[str]] = {
    "The system takes no host for this machine, which is where the default is.": [
        'parse_arguments · argument left out: parser.add_argument("host", nargs="?", '
        'default="127.0.0.1") → parser.add_argument("host", nargs="?")',
    ],
    "The words of --help and of the errors are free, as long as an error begins with "
    "'error: ' and says why.": [
        "parse_arguments · argument left out: parser = "
        "argparse.ArgumentParser(description=__doc__.splitlines()[0]) → parser = "
        "argparse.ArgumentParser()",
        'main · text changed: sys.exit("Stopped") → sys.exit("XStopped")',
    ],
    "recv() returns what has arrived: how much it may return at most is a matter of "
    "taste.": [
        "read_head · number changed: piece = server.recv(65536) → piece = "
        "server.recv(131072)",
        "read_head · number changed: piece = server.recv(65536) → piece = "
        "server.recv(65537)",
        "print_response · number changed: piece = server.recv(65536) → piece = "
        "server.recv(65537)",
        "print_response · number changed: piece = server.recv(65536) → piece = "
        "server.recv(131072)",
    ],
    "The system, and argparse at int(), refuse such a port as well, in words of "
    "their own.": [
        "port_number · part of and left out: if text.isdecimal() and int(text) <= "
        "65535: → if (int(text) <= 65535):",
    ],
    "When a program ends, the system closes its sockets: the handout calls `with` "
    "advice.": [
        "main · with unwrapped: with socket.create_connection((host, port), "
        "timeout=TIMEOUT) as server:",
    ],
    "Only a terminal shows stdout and stderr in one place: the handout calls it "
    "advice.": [
        "main · statement removed: sys.stdout.flush()",
    ],
    "Nobody imports the program.": [
        'top · condition true: if __name__ == "__main__": → if True:',
    ],
}
