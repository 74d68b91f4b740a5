"""Exercise 5's given page in Chromium."""

import pytest

from tests.harness.lab import Lab, Server
from tests.own.chat.chromium import Users, users_of
from tests.own.chat.page import PACKAGE, Web, page_of, running_chat, start_page

EXERCISE = PACKAGE

chat = pytest.fixture(running_chat)
web = pytest.fixture(page_of)
user = pytest.fixture(users_of)


def test_two_browsers_chat(chat: Server, web: Web, user: Users) -> None:
    alice, bob = user("alice", web), user("bob", web)
    alice.wait_for_text("you are guest")
    alice.wait_for("document.activeElement === the('line')")
    alice.type("/nick alice")
    bob.wait_for_text("People (2)", "who")
    bob.wait_for_text("alice", "people")
    alice.wait_for("the('nick').value === 'alice'")
    alice.type("<img src=x onerror='alert(1)'> & l'été \u202e李明")
    for each in (alice, bob):
        each.wait_for_text("alice  <img src=x onerror='alert(1)'> & l'été \\x202e李明")
        assert each.run("document.querySelectorAll('#log img').length") == 0
    bob.type("a\tb")
    bob.wait_for_text("control characters")
    bob.wait_for("the('line').value === ''")
    bob.run("the('name').focus()")
    bob.type("tea")
    bob.wait_for("document.title === '#tea'")
    alice.wait_for_text("#tea", "channels")
    alice.click("#tea")
    alice.wait_for_text("you are alice in #tea")
    alice.wait_for("the('log').innerText.indexOf('été') === -1")
    current = "document.querySelector('[aria-current=true]').innerText"
    alice.wait_for(f"{current} === '#tea'")
    bob.wait_for_text("alice joined")
    alice.type("still here")
    bob.wait_for_text("still here")
    alice.run("the('nick').focus()")
    alice.type("a b")
    alice.wait_for_text("a nick has 1 to 20")
    assert alice.run("the('nick').value") == "alice"
    alice.run("the('line').focus()")
    alice.run("fetch = () => Promise.reject(new DOMException('', 'TimeoutError'))")
    alice.type("is anybody there?")
    alice.wait_for_text("“is anybody there?” was not sent: nothing answers")
    web.interrupt()
    web.expect_exit()
    alice.wait_for_text("web.py does not answer", "state")
    assert alice.run("the('send').disabled && the('nick').disabled")


@pytest.mark.long
def test_page_survives_a_flood_and_any_line(lab: Lab, user: Users) -> None:
    listener = lab.listen()
    web = start_page(lab, listener.host, listener.port)
    alice = user("alice", web)
    peer = lab.accept(listener, web)
    when = "2026-11-21T10:00:00Z"
    peer.send("* you are alice in #general\n2026-02-32T10:00:00Z #a <b> c\n")
    peer.send(b"\x00\r\x1b[2J\xff\n! \n* \n\n", "x" * 100_000 + "\n")
    peer.send(f"{when} #general <mallory> </p><script>alert(1)</script>\n")
    alice.wait_for_text("</p><script>alert(1)</script>")
    lines = (f"{when} #general <bob> {number} {'x' * 500}" for number in range(2_500))
    peer.send_bulk("\n".join(lines) + "\n", "2 500 lines")
    peer.send(f"{when} #general <bob> the end\n")
    alice.wait_for_text("the end")
    assert alice.run("the('log').childElementCount") == 2000
    alice.wait_for("isAtEnd()")
    alice.type("hello")
    peer.wait_for_more()
    assert alice.run("scrollX + scrollY") == 0
    wide = "document.documentElement.scrollWidth > innerWidth"
    assert not alice.run(wide)
    peer.close()
    alice.wait_for_text("the server has closed the connection", "state")


@pytest.mark.long
def test_page_counts_what_nobody_has_looked_at(lab: Lab, user: Users) -> None:
    """And says that a history may be longer; screen readers do not read it aloud."""
    listener = lab.listen()
    web = start_page(lab, listener.host, listener.port)
    alice = user("alice", web)
    peer = lab.accept(listener, web)
    line = "2026-11-21T10:00:00Z #general <bob> hello\n"
    peer.send(line * 50 + "* you are alice in #general\n* channels: #general #tea\n")
    alice.wait_for_text("#general", "channels")
    alice.wait_for_text("the last 50 messages")
    alice.wait_for("view.ariaLive === 'off' && isAtEnd()")
    peer.send(line)
    alice.wait_for("the('log').getElementsByClassName('said').length === 51")
    alice.wait_for("view.ariaLive === 'polite' && document.title === '#general'")
    alice.resize(300, 500, mobile=True)
    assert alice.run("isAtEnd()")
    alice.run("view.scrollTop = -view.scrollHeight")
    peer.send(line * 2)
    alice.wait_for("document.title === '(2) #general'")
    alice.wait_for_text("#general (2)", "channels")
    alice.run("view.scrollTop = 0")
    alice.wait_for("document.title === '#general'")
    assert alice.run("the('channels').innerText") == "#general\n#tea"
    alice.run("the('channels').querySelector('button').focus()")  # asks for news
    peer.send("* channels: #general #tea #new\n")
    alice.wait_for_text("#new", "channels")
    assert alice.run("document.activeElement.value") == "#general"


def test_page_keeps_its_place_through_a_resize(lab: Lab, user: Users) -> None:
    """Its end, and also where somebody has scrolled at the very same moment."""
    listener = lab.listen()
    web = start_page(lab, listener.host, listener.port)
    alice = user("alice", web)
    peer = lab.accept(listener, web)
    line = "2026-11-21T10:00:00Z #general <bob> a line that needs several rows\n"
    peer.send(line * 50 + "* you are alice in #general\n")
    alice.wait_for_text("you are alice")
    end = "view.scrollHeight + view.scrollTop - view.clientHeight"
    for height in (90, 300, 20):
        alice.run(f"view.style.flex = 'none', view.style.height = '{height}px'")
        alice.run("new Promise(requestAnimationFrame)")
        assert alice.run("view.scrollTop") == 0
        last = "log.lastElementChild.getBoundingClientRect().bottom"
        assert alice.run(f"{last} <= view.getBoundingClientRect().bottom"), height
    alice.run("view.style.height = '200px', view.scrollTop = -view.scrollHeight")
    alice.run("new Promise(requestAnimationFrame)")
    alice.wait_for(f"!isAtEnd() && {end} === 0")
    top = alice.run("log.children[3].getBoundingClientRect().top")
    peer.send(line)
    alice.wait_for("log.childElementCount === 53")  # with the day, and who we are
    assert alice.run("log.children[3].getBoundingClientRect().top") == top


@pytest.mark.long
def test_page_can_be_used_without_seeing_it(web: Web, user: Users) -> None:
    """Everything to use has a role and a name, in the tree that screen readers read."""
    alice = user("alice", web)
    alice.wait_for_text("#sport", "channels")
    alice.wait_for_text("guest1", "people")
    nodes = alice.browser.call("Accessibility.getFullAXTree")["nodes"]
    found = {
        (node["role"]["value"], node.get("name", {}).get("value", ""))
        for node in nodes
        if not node["ignored"]
    }
    assert {
        ("heading", "#general"),
        ("navigation", "Channels"),
        ("button", "#sport"),
        ("textbox", "New channel"),
        ("button", "Create channel"),
        ("complementary", "People (1)"),
        ("log", "Messages"),
        ("textbox", "Your nick"),
        ("textbox", "Message or command"),
        ("button", "Send"),
    } <= found
