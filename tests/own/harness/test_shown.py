"""Bytes and text as a reader sees them."""

import pytest

from tests.harness.shown import column, harmless, show


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"", "''"),
        (b"hel\r\n", r"'hel\r\n'"),
        (b"caf\xc3\xa9", "'café'"),
        (b"caf\xc3", r"b'caf\xc3'"),
        (b"\x1b[31m\x00", r"'\x1b[31m\x00'"),
        ("\u202e\u2028".encode(), r"'\u202e\u2028'"),
        (b"it's", '''"it's"'''),
        (b"<script>", "'<script>'"),
        (b"a" * 127, "'" + "a" * 127 + "'"),
        (
            b"ab" * 24 + b"-+" * 617 + b"yz" * 24,
            "'" + "ab" * 24 + "' … 1,234 bytes … '" + "yz" * 24 + "'",
        ),
        (b"a" * 60_000 + b"\n", r"'a' × 60,000 + '\n'"),
        (b"\xff" * 200, r"b'\xff' × 200"),
        (b"x=" + b"y" * 3000 + b"\r\n", r"'x=' + 'y' × 3,000 + '\r\n'"),
        (b"tea\n" * 1000 + b"te", r"'tea\n' × 1,000 + 'te'"),
        (
            b"tea: " + (b"<bob> " + b"z" * 999 + b"\n") * 9,
            r"'tea: <bob> ' + 'z' × 999 + '\n' + ('<bob> ' + 'z' × 999 + '\n') × 8",
        ),
        (
            b"".join(b"%d" % n + b"." * 50 for n in range(100)),
            "'0' + '.' × 50 + '1' + '.' × 50 + '2' + '.' × 50 + '3' + '.' × 50 + '4' +"
            " '.' × 50 + '5' + '.' × 50 … 4,626 bytes … '.' × 50 + '96' + '.' × 50 +"
            " '97' + '.' × 50 + '98' + '.' × 50 + '99' + '.' × 50",
        ),
    ],
)
def test_shows_bytes_as_python_does(data: bytes, shown: str) -> None:
    assert show(data) == shown


@pytest.mark.parametrize("data", [b"hello\n\tx", "l'été ☀ x".encode(), b"\xffx"])
def test_finds_the_column_of_a_byte(data: bytes) -> None:
    assert show(data)[column(data, data.index(b"x"))] == "x"


@pytest.mark.parametrize(
    "data",
    [
        b"\r\n" * 3 + b"x" + "é".encode() * 300,
        b"ab" * 100 + b"x",
        b"a" * 300 + b"x",
        b"tea\n" * 300 + b"\xffx",
        b"tea\n" + (b"a" * 300 + b"x\n") * 5,
        b"a" * 300 + b"b" * 300 + b"x" * 300,
        b"".join(b"%d" % n + b"." * 50 for n in range(100)) + b"x",
    ],
)
def test_finds_the_column_in_long_data(data: bytes) -> None:
    assert show(data)[column(data, data.index(b"x"))] == "x"


def test_harmless_text_drives_no_terminal() -> None:
    text = "\x1b]0;title\x07 été\n\tend\r\u202e\x9b"
    assert harmless(text) == "\\x1b]0;title\\x07 été\n\tend\\r\\u202e\\x9b"
