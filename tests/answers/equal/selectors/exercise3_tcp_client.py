"""Small changes of exercise 3 with selectors that no check can see, and why."""

EQUAL: dict[str, list[str]] = {
    "The system takes no host for this machine, which is where the default is.": [],
    "Without data, recv() and send() of a socket that does not block raise OSError, "
    "too.": [
        'wait_to_read · statement removed: raise TimeoutError(f"nothing came for '
        '{TIMEOUT:g} s")',
        'wait_to_write · statement removed: raise TimeoutError(f"it took nothing for '
        '{TIMEOUT:g} s")',
    ],
    "How much one recv() returns at most is free.": [
        "fetch · number changed: answer.feed(server.recv(65536)) → "
        "answer.feed(server.recv(65537))",
        "fetch · number changed: answer.feed(server.recv(65536)) → "
        "answer.feed(server.recv(131072))",
    ],
    "The words of the errors are free, as long as they say why.": [
        'main · text changed: sys.exit("Stopped") → sys.exit("XStopped")',
    ],
    "Nobody imports the program.": [
        'top · condition true: if __name__ == "__main__": → if True:',
    ],
}
