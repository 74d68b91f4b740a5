"""Signs for a terminal or a file that lacks ours, such as Windows' code page 1252."""

import codecs
import io
import sys

PLAIN = str.maketrans("✓✗–·█░─→“”×↑", '+x-.#.->""x^') | {ord("…"): "..."}


def plain(error: UnicodeError) -> tuple[str | bytes, int]:
    """Return what is written for characters that an encoding lacks, and go on."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end].translate(PLAIN)
    return "".join(c if c.isascii() else "?" for c in lacking), error.end


codecs.register_error("plain", plain)


def write_plainly() -> None:
    """Let nothing that is printed from now on fail because of its characters."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="plain")
