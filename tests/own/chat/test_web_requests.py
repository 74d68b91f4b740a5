"""Exercise 5's given page by HTTP: what it sends, and to whom."""

import http.client
import re

import pytest

from tests.own.chat.page import (
    PACKAGE,
    PATIENCE,
    OpenTab,
    Web,
    ask,
    page_of,
    running_chat,
    tabs_of,
)

EXERCISE = PACKAGE

chat = pytest.fixture(running_chat)
web = pytest.fixture(page_of)
open_tab = pytest.fixture(tabs_of)


def test_sends_the_page_with_a_policy_of_its_own(web: Web) -> None:
    status, headers, body = ask(web, "GET", "/")
    page, policy = body.decode(), headers["Content-Security-Policy"]
    assert status == 200
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert int(headers["Content-Length"]) == len(body)
    assert headers["X-Content-Type-Options"] == "nosniff"
    nonces = set(re.findall(r"'nonce-([\w-]{20,})'", policy))
    assert nonces == set(re.findall(r'nonce="([^"]+)"', page))
    assert policy.startswith("default-src 'none'; script-src 'nonce-")
    assert "unsafe" not in policy
    assert "; require-trusted-types-for 'script'; trusted-types 'none'" in policy
    _, again, _ = ask(web, "GET", "/")
    assert again["Content-Security-Policy"] != policy, "a nonce is used once"


def test_puts_nothing_into_the_page_as_html(web: Web) -> None:
    page = ask(web, "GET", "/")[2].decode()
    assert "textContent" in page
    for way in ("innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval("):
        assert way not in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "https://" not in page, "the page works without a network"


def test_answers_many_requests_on_one_connection(web: Web) -> None:
    connection = http.client.HTTPConnection(web.host, web.port, timeout=PATIENCE)
    connection.connect()
    kept = connection.sock
    for _ in range(3):
        connection.request("GET", "/")
        assert connection.getresponse().read().endswith(b"</html>\n")
        assert connection.sock is kept
    connection.close()


# -- who may ask ----------------------------------------------------------------------


FOREIGN: list[dict[str, str]] = [
    {"Host": "chat.example:8000"},  # a name that somebody gave to our address
    {"Host": "127.0.0.1:1"},
    {"Host": "127.0.0.1"},
    {"Host": ""},
    {"Origin": "http://chat.example"},
    {"Origin": "http://127.0.0.1:1"},  # another program on this computer
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]


def test_refuses_foreign_pages(web: Web, open_tab: OpenTab) -> None:
    """Even with the right id."""
    tab = open_tab()
    tab.expect("* you are guest1 in #general")
    for header in FOREIGN:
        status, _, body = ask(web, "GET", "/events", headers=header)
        assert (status, web.address.encode() in body) == (403, True), header
        post = ask(web, "POST", f"/lines/{tab.id}", b"forged", header)
        page = ask(web, "GET", "/", headers=header)
        assert post[0] == 403, header
        assert page[0] == 403 or "Host" not in header, header
    assert tab.say("mine") == 204
    assert tab.expect("<guest1>").endswith("<guest1> mine")
    assert tab.say("/who") == 204
    assert tab.event()[1] == "* people in #general: guest1", "nobody else has come"


def test_knows_itself_by_its_names(web: Web) -> None:
    for host in (web.address, f"localhost:{web.port}"):
        status, headers, _ = ask(web, "GET", "/", headers={"Host": host})
        assert status == 200
        own = {
            "Host": host,
            "Origin": f"http://{host}",
            "Sec-Fetch-Site": "same-origin",
        }
        assert ask(web, "POST", "/lines/x", b"hello", own)[0] == 404
    link = ask(web, "GET", "/", headers={"Sec-Fetch-Site": "cross-site"})
    assert link[0] == 200, "another page may have a link to this one"


def test_refuses_what_is_not_there(web: Web, open_tab: OpenTab) -> None:
    tab = open_tab()
    assert len(tab.id) >= 20
    assert open_tab().id != tab.id
    assert ask(web, "GET", "/nothing")[0] == 404
    for wrong in ("", "x", tab.id[:-1], tab.id + "x", f"../{tab.id}"):
        assert ask(web, "POST", f"/lines/{wrong}", b"hello")[0] == 404
    assert ask(web, "PUT", f"/lines/{tab.id}", b"hello")[0] == 501


def test_refuses_what_is_too_long(web: Web, open_tab: OpenTab) -> None:
    """Half a megabyte is already on its way, and yet the answer is not lost."""
    path = f"/lines/{open_tab().id}"
    body = b"x" * 500_000
    too_long, no_length = ["65537", "9" * 15], ["9" * 5000, "-1", "x", ""]
    for status, lengths in ((413, too_long), (411, no_length)):
        for length in lengths:
            assert ask(web, "POST", path, body, {"Content-Length": length})[0] == status


def test_refuses_a_body_without_length_and_bytes_that_are_not_text(
    web: Web, open_tab: OpenTab
) -> None:
    path = f"/lines/{open_tab().id}"
    pieces = b"5\r\nhello\r\n0\r\n\r\n"
    headers = {"Content-Length": "", "Transfer-Encoding": "chunked"}
    assert ask(web, "POST", path, pieces, headers)[0] == 411
    assert ask(web, "POST", path, b"caf\xe9")[0] == 400
