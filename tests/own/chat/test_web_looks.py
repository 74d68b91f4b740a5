"""Exercise 5's given page in Chromium: what the eye is led to."""

import pytest

from tests.harness.lab import Lab
from tests.harness.peer import Peer
from tests.own.chat.chromium import User, Users, users_of
from tests.own.chat.page import PACKAGE, start_page

EXERCISE = PACKAGE

user = pytest.fixture(users_of)
WHEN = "2026-11-21T10:00:00Z #general"


def talk(lab: Lab, user: Users, nick: str = "alice") -> tuple[User, Peer]:
    """Return somebody at the page, and the server that the page talks to."""
    listener = lab.listen()
    web = start_page(lab, listener.host, listener.port)
    somebody = user("somebody", web)
    server = lab.accept(listener, web)
    server.send(f"* you are {nick} in #general\n")
    server.send(f"* channels: #general\n* people in #general: {nick}\n")
    somebody.wait_for_text(nick, "people")
    return somebody, server


def said_by_kind(user: User, kind: str) -> object:
    """Return the texts of the messages of one kind."""
    texts = "element => element.querySelector('span').textContent"
    return user.run(f"[...document.querySelectorAll('.{kind}')].map({texts})")


@pytest.mark.long
@pytest.mark.parametrize("nick", ["alice", "नमस्ते", "a.*(+", "東京"])
def test_own_messages_and_mentions_look_different(
    nick: str, lab: Lab, user: Users
) -> None:
    alice, server = talk(lab, user, nick)
    server.send(f"{WHEN} <{nick}> mine, {nick}\n{WHEN} <bob> {nick}ia, x{nick}x\n")
    server.send(f"{WHEN} <bob> well, {nick.upper()}: yes\n{WHEN} <bob> the end\n")
    alice.wait_for_text("the end")
    assert said_by_kind(alice, "own") == [f"mine, {nick}"]
    named = [] if "*" in nick else [f"well, {nick.upper()}: yes"]
    assert said_by_kind(alice, "mention") == named
    colour = "(row) => getComputedStyle(row).backgroundColor"
    colours = alice.run(f"[...document.querySelectorAll('.said')].map({colour})")
    assert len(set(colours)) == 2 + bool(named)


def test_links_can_be_clicked(lab: Lab, user: Users) -> None:
    """Those of the web alone; what else is in them is text."""
    alice, server = talk(lab, user)
    texts = (
        "see https://a.example/x?y=1&z#f, (http://b.example/) or HTTPS://c.example.",
        "javascript:alert(1) ftp://d.example file:///etc data:text/html,x xhttp:/e",
        'https://f.example/"><img/src=x> https:// http://',
    )
    server.send(*(f"{WHEN} <bob> {text}\n" for text in texts))
    alice.wait_for_text("<img/src=x>")
    links = "[...document.querySelectorAll('#log a')]"
    assert alice.run(f"{links}.map((a) => a.getAttribute('href'))") == [
        "https://a.example/x?y=1&z#f",
        "http://b.example/",
        "HTTPS://c.example",
        "https://f.example/",
    ]
    assert alice.run(f"{links}.every((a) => a.textContent === a.getAttribute('href'))")
    assert alice.run(f"{links}.every((a) => a.rel === 'noreferrer')")
    assert alice.run(f"{links}.every((a) => a.target === '_blank')")
    assert said_by_kind(alice, "said") == list(texts)
    html = "try { log.innerHTML = '<b>x</b>' } catch (error) { error.name }"
    assert alice.run(html) == "TypeError", "the browser lets no script make HTML"


def test_arrivals_and_departures_are_one_line(lab: Lab, user: Users) -> None:
    alice, server = talk(lab, user)
    server.send("* guest2 joined #general\n* guest2 is now नमस्ते\n")
    server.send("* carol joined #general\n* carol left #general\n")
    server.send("* dave is now ديف\n")
    alice.wait_for_text("नमस्ते joined, carol left, dave is now ديف")
    server.send(f"{WHEN} <bob> hello\n")
    alice.wait_for_text("hello")
    server.send(*(f"* n{number} joined #general\n" for number in range(25)))
    alice.wait_for_text("15 more, n15 joined, n16 joined")
    alice.wait_for_text("n24 joined")
    assert alice.run("document.querySelectorAll('#log .notice').length") == 3
    server.send("* नमस्ते is now x\n")
    alice.wait_for_text("n24 joined, नमस्ते is now x")


@pytest.mark.long
def test_shows_what_is_new_below(lab: Lab, user: Users) -> None:
    alice, server = talk(lab, user)
    server.send(f"{WHEN} <bob> hello\n" * 60)
    alice.wait_for("log.childElementCount >= 61 && isAtEnd()")
    assert alice.run("the('newer').hidden")
    alice.run("view.scrollTop = -500")
    assert alice.run("the('newer').hidden"), "nothing is new yet"
    server.send(f"{WHEN} <bob> hello\n" * 2)
    alice.wait_for("!the('newer').hidden")
    alice.click("↓ 2 new")
    alice.wait_for("isAtEnd() && the('newer').hidden && document.title === '#general'")
    alice.run("view.scrollTop = -500")
    alice.run("the('line').focus()")
    alice.type("mine")
    alice.wait_for("isAtEnd()")


@pytest.mark.long
def test_a_phone_has_room_for_the_log(lab: Lab, user: Users) -> None:
    alice, server = talk(lab, user)
    alice.resize(390, 844, mobile=True)
    names = " ".join(f"#channel{number}" for number in range(20))
    server.send(f"* people in #general: {names}\n* channels: {names} #general\n")
    alice.wait_for_text("#channel19", "channels")
    assert alice.run("view.clientHeight") > 660
    assert alice.run("document.documentElement.scrollWidth <= innerWidth")
    inside = "({left, right, height}) => left >= 0 && right <= 390 && height >= 44"
    parts = "[...document.querySelectorAll('input, textarea, form button')]"
    boxes = f"{parts}.map((part) => part.getBoundingClientRect())"
    assert alice.run(f"{boxes}.every({inside})")
    own = "document.querySelector('[aria-current]').getBoundingClientRect()"
    assert alice.run(f"{own}.left >= 0 && {own}.right <= the('name').offsetLeft")
