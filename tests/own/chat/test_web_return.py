"""Exercise 5's given page in Chromium: it comes back, and knows when it cannot."""

import pytest

from tests.harness.lab import Lab, Server
from tests.harness.patience import START
from tests.own.chat.chromium import Users, users_of
from tests.own.chat.page import PACKAGE, Web, page_of, running_chat, start_page

EXERCISE = PACKAGE

chat = pytest.fixture(running_chat)
web = pytest.fixture(page_of)
user = pytest.fixture(users_of)


@pytest.mark.long
def test_page_comes_back_by_itself(
    chat: Server, web: Web, lab: Lab, user: Users
) -> None:
    """Under its nick, to its channel, and with the draft."""
    alice = user("alice", web)
    alice.wait_for_text("you are guest1 in #general")
    alice.type("/nick alice")
    alice.wait_for("the('nick').value === 'alice'")
    alice.type("/join sport")
    alice.wait_for_text("you are alice in #sport")
    alice.browser.call("Input.insertText", text="a draft")
    chat.interrupt()
    chat.expect_exit()
    alice.wait_for_text("Not connected: the server has closed the connection")
    alice.press("Enter", "\r", 13)  # sends nothing
    alice.wait_for_text("refused. Next try in 2 s", "state")
    history = ("--history", str(lab.folder / "chat.db"))
    again = lab.start_server(*history, port=chat.port)
    again.expect_printed("Listening on", START)
    alice.wait_for_text("you are alice in #sport")
    alice.wait_for_text("alice", "people")
    assert alice.run("the('line').value") == "a draft"
    assert alice.run("the('again').hidden && !the('send').disabled")


@pytest.mark.long
def test_page_does_not_come_back_after_quit(web: Web, user: Users) -> None:
    alice = user("alice", web)
    alice.wait_for_text("you are guest1")
    alice.type("/quit")
    alice.wait_for_text("bye")
    alice.wait_for_text("the server has closed the connection", "state")
    assert not alice.run("the('state').innerText.includes('Next try')")
    alice.wait_for("document.activeElement === the('again')")
    alice.press("Enter", "\r", 13)
    alice.wait_for_text("Connected", "state")


def test_a_reload_keeps_nick_and_channel(web: Web, user: Users) -> None:
    alice = user("alice", web)
    alice.wait_for_text("you are guest1")
    alice.type("/nick Ольга")
    alice.wait_for("the('nick').value === 'Ольга'")
    alice.type("/create tea")
    alice.wait_for_text("you are Ольга in #tea")
    alice.type("hello")
    alice.wait_for_text("hello")
    alice.reload()
    alice.wait_for_text("you are Ольга in #tea")
    alice.wait_for_text("hello")
    assert alice.run("document.querySelectorAll('.own').length") == 1


@pytest.mark.long
def test_page_asks_again_for_a_nick_that_is_still_taken(lab: Lab, user: Users) -> None:
    """Its old connection may be there a moment longer. Three times, then it rests."""
    listener = lab.listen()
    web = start_page(lab, listener.host, listener.port)
    alice = user("alice", web)
    first = lab.accept(listener, web)
    first.send("* you are alice in #general\n")
    first.expect("/channels\n/who\n")
    first.close()
    second = lab.accept(listener, web)
    second.send("* you are guest7 in #general\n")
    second.expect("/nick alice\n/channels\n/who\n")
    second.send("! somebody has the nick alice\n")
    second.send("2026-11-21T10:00:00Z #general <alice> mine\n")
    alice.wait_for("document.querySelector('.own')?.innerText.includes('mine')")
    second.expect("/nick alice\n")
    second.send("* you are alice in #general\n")
    second.expect("/channels\n/who\n")
    alice.wait_for_text("you are alice")
    assert alice.run("sessionStorage.nick") == "alice"


@pytest.mark.long
def test_a_sixth_tab_says_why_it_waits(web: Web, user: Users) -> None:
    """The others go on, and when one of them is closed it takes the place."""
    alice = user("alice", web)
    for _ in range(4):
        alice.open_another_tab(web)
    alice.wait_for_text("People (5)", "who")
    fifth = alice.browser.session
    alice.open_another_tab(web)
    sixth = alice.browser.session
    alice.wait_for_text("5 tabs have the chat already", "state")
    alice.browser.session = fifth
    alice.run("the('line').focus()")
    alice.type("still here")
    alice.wait_for_text("still here")
    alice.browser.call("Page.close")
    alice.browser.session = sixth
    alice.wait_for_text("Connected", "state")
    alice.wait_for_text("People (5)", "who")
