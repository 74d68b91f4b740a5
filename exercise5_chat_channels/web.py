"""The chat as a page in Chrome, on the Connection of your client.py. A given file.

Run ``python -m exercise5_chat_channels.web [HOST] [PORT] [--port 8000]``, with the chat
server's HOST and PORT, and open http://127.0.0.1:8000/. With ``--solution`` the page is
built on the solution's Connection, so that you see the finished chat.

A browser speaks HTTP and nothing else. So this program translates: HTTP on one
side, PROTOCOL.md on the other. It is one more text protocol, and not much of it:

    GET /            the page below, with its script
    GET /events      opens a Connection for this tab. The answer is a text/event-stream,
                     which goes on and on: each line from the chat is one event in it
    POST /lines/ID   sends lines to the chat. The stream's first event names the ID

When the stream ends, so does the Connection, and the other way round.
"""

import argparse
import importlib
import os
import re
import secrets
import selectors
import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from itertools import islice
from socketserver import ThreadingTCPServer
from typing import Any

from exercise5_chat_channels.client import Connection

MAX_BODY = 65536  # bytes that one POST may have
PROBE = 10.0  # seconds until a method of Connection is thought to hang
# What the page may load: its own script and style, known by a number used once, and
# nothing else (CSP level 3). So a text from the chat could do nothing even as HTML.
POLICY = (
    "default-src 'none'; script-src 'nonce-{0}'; style-src 'nonce-{0}'; img-src data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Tab:
    """A browser tab's connection to the chat."""

    def __init__(self, connection: Connection) -> None:
        """Take the connection, which is the tab's own."""
        self.connection = connection
        self.lock = threading.Lock()  # two POSTs must not mix their lines

    def send_lines(self, text: str) -> None:
        """Send one line or several; raise OSError when the connection has ended."""
        with self.lock:
            for line in text.split("\n"):
                self.connection.send_line(line)

    def close(self) -> None:
        """Hang up. The thread that waits for lines() sees the end."""
        with suppress(OSError):
            self.connection.close()


class Handler(BaseHTTPRequestHandler):
    """One connection of a browser, with a thread of its own; see http.server."""

    server: "WebServer"
    protocol_version = "HTTP/1.1"  # keeps the connection open for the next request
    timeout = 60.0  # seconds until a browser that neither asks nor reads is given up
    disable_nagle_algorithm = True  # an event goes at once, as in server.py

    def do_GET(self) -> None:  # noqa: N802  # so http.server calls it
        """Answer with the page, or with a stream of events."""
        if not self.is_from_here():
            self.refuse(403, f"The chat is at http://{self.address()}/ only")
        elif self.path == "/":
            self.send_page()
        elif self.path != "/events":
            self.refuse(404, "There is nothing here but /")
        elif self.headers["Last-Event-ID"]:  # an EventSource that connects again, and
            self.send_head(204)  # this tells it to stop: it would be somebody else
        else:
            # Without a length, the end of the stream is the end, as in exercise 3.
            self.send_head(200, Content_Type="text/event-stream", Connection="close")
            self.stream()

    def do_POST(self) -> None:  # noqa: N802
        """Pass on the lines in the body to the tab's connection."""
        tab = self.server.tabs.get(self.path.removeprefix("/lines/"))
        length = self.headers.get("Content-Length", "")
        if not self.is_from_here():
            self.refuse(403, f"The chat is at http://{self.address()}/ only")
        elif tab is None:
            self.refuse(404, "This tab is not connected to the chat")
        elif not re.fullmatch("[0-9]{1,15}", length):
            self.refuse(411, "Content-Length has to say how long the text is")
        elif int(length) > MAX_BODY:
            self.refuse(413, f"A text has at most {MAX_BODY} bytes")
        else:
            self.pass_on(int(length), tab)

    # Who asks

    def address(self) -> str:
        """Return the address that the browser has really connected to."""
        host, port = self.connection.getsockname()
        return f"{host}:{port}".removesuffix(":80")  # as browsers write it

    def is_from_here(self) -> bool:
        """Tell whether our page asks, and not another that is open in the browser.

        Any page may send requests to 127.0.0.1, and can even give that address a name
        of its own (DNS rebinding). But it cannot lie in these headers: Host holds the
        name in the address bar (RFC 9110, 7.2), Origin says whose script asks (RFC
        6454, 7); Sec-Fetch-Site compares them where a browser sends no Origin.
        """
        host = ", ".join(self.headers.get_all("Host", []))  # two are nobody's
        known = {self.address(), re.sub(r"^127\.[\d.]+", "localhost", self.address())}
        own = self.headers.get("Origin", f"http://{host}") == f"http://{host}"
        near = self.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"
        return host in known and (own and near or self.path == "/")  # links lead there

    # What they get

    def send_head(self, status: int, **headers: object) -> None:
        """Send a status line and headers."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()

    def end_headers(self) -> None:
        """End any head, an error's too: keep nothing, and take no text for HTML."""
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def send_page(self) -> None:
        """Send the page."""
        nonce = secrets.token_urlsafe(16)
        page = PAGE.replace("NONCE", nonce).encode()
        self.send_head(
            200,
            Content_Type="text/html; charset=utf-8",
            Content_Length=len(page),
            Content_Security_Policy=POLICY.format(nonce),
        )
        self.wfile.write(page)

    def refuse(self, status: int, why: str) -> None:
        """Answer with an error. Input left unread would make that a reset: discard it.

        FIN tells the browser meanwhile that nothing more will come (half-close).
        """
        self.send_error(status, explain=why)
        self.connection.shutdown(socket.SHUT_WR)
        for _ in range(100):
            if not self.connection.recv(65536):
                break

    def pass_on(self, length: int, tab: Tab) -> None:
        """Send a POST's lines to the chat, and say whether that worked."""
        body = self.rfile.read(length)
        if len(body) < length:
            raise ConnectionAbortedError("the browser left in the middle of a line")
        try:
            tab.send_lines(body.decode())
        except UnicodeDecodeError:
            self.refuse(400, "This is not UTF-8")
        except OSError:
            self.refuse(410, "The connection to the chat has ended")
        else:
            self.send_head(204)

    def stream(self) -> None:
        """Connect to the chat, and pass on its lines until one of the two has gone."""
        try:
            tab = Tab(self.server.connection_class(*self.server.chat))
        except (OSError, UnicodeError) as error:  # UnicodeError: a host such as "a..b"
            self.send_event("gone", getattr(error, "strerror", None) or str(error))
            return
        watcher = threading.Thread(target=self.wait_for_end, args=[tab], daemon=True)
        watcher.start()
        try:
            self.send_events(tab)
        finally:
            tab.close()
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)  # wakes the watcher
            watcher.join()

    def send_events(self, tab: Tab) -> None:
        """Make each line an event. Whoever knows the tab's id may speak for it."""
        tab_id = secrets.token_urlsafe(16)
        self.server.tabs[tab_id] = tab
        try:
            self.send_event("tab", "{}:{}".format(*self.server.chat), f"id: {tab_id}")
            for line in tab.connection.lines():
                self.send_event("line", line)
            self.send_event("gone", "the server has closed the connection")
        finally:
            del self.server.tabs[tab_id]

    def send_event(self, name: str, data: str, *fields: str) -> None:
        r"""Send one event: fields on lines of their own, then an empty line.

        HTML Living Standard, 9.2.6: ``\r`` ends a line too, so data may need several.
        """
        data_fields = [f"data: {line}" for line in re.split("\r\n|\r|\n", data)]
        event = "\n".join([f"event: {name}", *fields, *data_fields, "", ""])
        self.wfile.write(event.encode(errors="replace"))

    def wait_for_end(self, tab: Tab) -> None:
        """Hang up when the browser does: the work of a second thread for each tab.

        The first one waits for the chat, and would notice only at the next line.
        """
        with selectors.DefaultSelector() as selector, suppress(OSError):
            selector.register(self.connection, selectors.EVENT_READ)
            while selector.select() and self.connection.recv(65536):
                continue
        tab.close()

    def log_message(self, *_: object) -> None:
        """Print nothing: http.server would print each request."""


class WebServer(ThreadingTCPServer):
    """Listens for browsers, and gives each of their connections a thread.

    ThreadingHTTPServer would do the same, but first asks DNS for this computer's name,
    which can take many seconds.
    """

    allow_reuse_address = os.name == "posix"  # as in server.py
    daemon_threads = True  # close() waits for them, but not for ever

    def __init__(
        self,
        address: tuple[str, int],
        chat: tuple[str, int],
        connection_class: type[Connection],
    ) -> None:
        """Listen at an address, for tabs that talk to the chat server at another."""
        self.chat, self.connection_class = chat, connection_class
        self.tabs: dict[str, Tab] = {}  # by their ids
        self.browsers: set[socket.socket] = set()
        super().__init__(address, Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Give a connection its thread: called when it was accepted."""
        self.browsers.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Close a connection: called when its thread is done."""
        self.browsers.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print a traceback, unless all that it says is that somebody has left."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)

    def close(self) -> None:
        """Disconnect the browsers, and wait until all threads are done."""
        self.server_close()
        for browser in list(self.browsers):
            with suppress(OSError):
                browser.shutdown(socket.SHUT_RDWR)
        for thread in threading.enumerate():
            if thread is not threading.main_thread():
                thread.join(timeout=1)  # or not, if it still waits to be connected


# The page. What comes from the chat is put into it by textContent, never as HTML.

PAGE = r"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1,
  interactive-widget=resizes-content">
<title>Chat</title>
<link rel="icon" href="data:,">
<style nonce="NONCE">
:root { color-scheme: light dark; --paper: #fff; --ground: #f3f3f0; --edge: #8a8a80;
  --ink: #24292f; --faint: #63635b; --red: #b3261e; --pale: #dbe7f7; --nick: 45% }
@media (prefers-color-scheme: dark) { :root { --paper: #16181b; --ground: #202327;
  --edge: #7b828a; --ink: #e6e8ea; --faint: #a3a9b0; --red: #ff9a8f; --pale: #24405f;
  --nick: 80% } }
* { box-sizing: border-box }
body { margin: 0; height: 100dvh; display: grid; font: 1rem/1.5 system-ui, sans-serif;
  grid: "nav header aside" "nav main aside" 1fr "nav footer aside" /
    clamp(10rem, 17vw, 13rem) minmax(0, 1fr) clamp(9rem, 15vw, 12rem);
  background: var(--ground); color: var(--ink) }
header { grid-area: header; justify-content: space-between; padding: .6rem 0 }
nav { grid-area: nav } aside { grid-area: aside } footer { grid-area: footer }
main { grid-area: main; display: flex; flex-direction: column; min-height: 0 }
header, footer, form { display: flex; align-items: center; gap: .5rem }
nav, aside { padding: 1rem; overflow: auto }
footer { min-height: 3.75rem; padding: .4rem 0 }
#typing, #creating { padding-top: .6rem } #line, #name { flex: 1 } #nick { width: 9rem }
h1 { margin: 0; font-size: 1.25rem; overflow-wrap: anywhere }
h2 { margin: 0 0 .5rem; font-size: 1rem; font-weight: normal; white-space: nowrap }
h2, footer, label { color: var(--faint) }
ul { margin: 0; padding: 0; list-style: none; overflow-wrap: anywhere }
input, button { min-width: 0; min-height: 2.75rem; padding: .3rem .7rem; font: inherit;
  color: inherit; background: var(--paper); border: 1px solid var(--edge);
  border-radius: .4rem }
button { flex: none; cursor: pointer }
li button { width: 100%; text-align: left; background: none; border-color: #0000 }
[aria-current] { background: var(--pale) }
:disabled { opacity: .6; cursor: default }
:focus-visible { outline: 2px solid #3b82d6; outline-offset: 1px }
::placeholder { color: var(--faint); opacity: 1 }
.unseen { position: absolute; width: 1px; overflow: hidden; clip-path: inset(50%) }
#log { flex: 1; overflow: auto; padding: .5rem .75rem; background: var(--paper) }
#log p { margin: 0 0 .25rem; padding-left: 3.2rem; overflow-wrap: anywhere }
#log p, #log time { color: var(--faint) } #log .day { text-align: center }
#log .said { color: var(--ink); white-space: pre-wrap }
#log time { float: left; margin-left: -3.2rem }
#log b { unicode-bidi: isolate; color: oklch(var(--nick) .12 var(--hue)) }
#log .refused, #state.refused { color: var(--red) }
@media (max-width: 40rem) {
  body { grid: "header" "nav" "aside" "main" 1fr "footer" / 100%; padding: 0 .6rem }
  nav, aside { display: flex; align-items: center; gap: .8rem; padding: 0 0 .5rem }
  ul { display: flex; flex: none; gap: .8rem } li { flex: none } h2 { margin: 0 }
  nav h2 { display: none } #creating { padding: 0; flex: none } #name { width: 9rem }
}
</style>
<header><h1 id="title">Chat</h1>
  <form id="naming"><label for="nick">Your nick</label>
    <input id="nick" autocomplete="off" autocapitalize="off" spellcheck="false"></form>
</header>
<nav aria-labelledby="where"><h2 id="where">Channels</h2><ul id="channels"></ul>
  <form id="creating"><label for="name" class="unseen">New channel</label>
    <input id="name" placeholder="New channel" autocomplete="off" spellcheck="false"
      ><button aria-label="Create channel">+</button></form></nav>
<main><div id="log" role="log" aria-label="Messages" tabindex="0"></div>
  <form id="typing"><label for="line" class="unseen">Message or command</label>
    <input id="line" placeholder="Message, or /help"
      autocomplete="off" enterkeyhint="send"><button>Send</button></form></main>
<aside aria-labelledby="who"><h2 id="who">People</h2><ul id="people"></ul></aside>
<footer><span id="state" role="status">This page needs JavaScript.</span>
  <button id="again" hidden>Connect again</button></footer>
<script nonce="NONCE">
"use strict";
const KEPT_LINES = 2000, SHOWN_CHARACTERS = 4000;
const HISTORY = 50;  // messages; of more nobody who joins is told (promise 2)
const POLL = 40, PATIENCE = 10_000;  // milliseconds
const KINDS = {  // PROTOCOL.md, "What the server sends"
  said: /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) #(\S+) <(\S+)> (.*)$/,
  you: /^\* you are (\S+) in #(\S+)/,
  joined: /^\* (\S+) joined #\S+$/,
  left: /^\* (\S+) left #\S+$/,
  renamed: /^\* (\S+) is now (\S+)$/,
  channels: /^\* channels:(.*)$/,
  people: /^\* people in #(\S+):(.*)$/,
  refused: /^! /,
};
const HARMFUL = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu;
const dayOf = new Intl.DateTimeFormat([], {dateStyle: "full"});
const timeOf = new Intl.DateTimeFormat("en-GB", {hour: "2-digit", minute: "2-digit"});
const the = (id) => document.getElementById(id);
const wordsOf = (text) => text.split(" ").filter(Boolean);
const log = the("log"), rows = [];  // rows wait to be shown in the log
let tab = "", nick = "", channel = "", greeted = false;
let shown = "", day = "", listed = "";  // in the log, and in the list of channels
let people = new Set(), asked = {};  // asked: by the page itself, not yet answered
let told = 0, unread = 0;  // messages: of the history, and not yet looked at
let quiet = false, following = true, size = "";  // in a history; at the log's end
let sending = Promise.resolve();

// What is in the page

function make(tag, text, kind = "") {
  const element = document.createElement(tag), more = text.length > SHOWN_CHARACTERS;
  element.textContent = more ? text.slice(0, SHOWN_CHARACTERS) + " …" : text;
  element.className = kind;
  return element;
}

function show(row) {
  rows.push(row);
  if (rows.length === 1) setTimeout(showRows, POLL);  // many at once, in a flood
}

function showRows() {
  log.ariaLive = quiet ? "off" : "polite";  // nobody wants a history read aloud
  quiet = false;
  log.append(...rows.splice(0).slice(-KEPT_LINES));
  while (log.childElementCount > KEPT_LINES) log.firstElementChild.remove();
  follow();
  showUnread();
}

function isAtEnd() {  // or does somebody read further up?
  return log.scrollHeight - log.scrollTop - log.clientHeight < 40;
}

function sizeOfLog() {
  return `${log.clientWidth}x${log.clientHeight}`;
}

function follow() {
  if (following) log.scrollTop = log.scrollHeight;
}

function showUnread() {  // as in gui.py: only our own channel has any
  if (following && document.hasFocus()) unread = 0;
  const count = unread ? ` (${unread})` : "";
  if (shown) document.title = `${count} #${shown}`.trim();
  for (const own of document.querySelectorAll("[aria-current]"))
    own.textContent = own.value + count;
}

function hueOf(name) {  // an angle, the same for the same name
  return 47 * [...name].reduce((sum, letter) => sum + letter.codePointAt(), 0);
}

function showChannel(name) {
  if (name === shown) return;
  shown = name;
  day = "";
  rows.length = told = unread = 0;
  log.replaceChildren();
  the("title").textContent = `#${name}`;
}

function makeChannel(name) {
  const item = make("li", ""), button = make("button", name);
  const own = name === `#${channel}`;
  button.value = name;
  if (own) button.setAttribute("aria-current", "true");
  button.onclick = () => { if (!own) send(`/join ${name}`); the("line").focus(); };
  item.append(button);
  return item;
}

function showChannels(names) {
  const focused = the("channels").querySelector(":focus")?.value;
  const items = names.map(makeChannel);
  the("channels").replaceChildren(...items);
  items.find(({firstChild}) => firstChild.value === focused)?.firstChild.focus();
  showUnread();
}

function showPeople() {
  const names = [...people].sort((a, b) => a.localeCompare(b));
  the("who").textContent = names.length ? `People (${names.length})` : "People";
  the("people").replaceChildren(...names.map((name) => make("li", name)));
}

function showState(text, connected, kind = "") {
  the("state").textContent = text;
  the("state").className = kind;
  for (const part of document.querySelectorAll("input, form button, nav button"))
    part.disabled = !connected;
}

// What the user does

function send(line) {  // after the one before: two POSTs at once could change places
  sending = sending.then(() => post(line)).catch((error) => {
    const why = error.name === "TimeoutError" ? NO_ANSWER : error.message;
    show(make("p", `“${line}” was not sent: ${why}`, "refused"));
  });
}

const NO_ANSWER = "nothing answers. Are six tabs open? A browser has six connections " +
  "to one server, and each tab keeps one: then none is left to send. Close one.";

async function post(line) {
  const signal = AbortSignal.timeout(PATIENCE);
  const answer = await fetch(`/lines/${tab}`, {method: "POST", body: line, signal});
  if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
}

function ask(kind, question) {
  asked[kind] = (asked[kind] || 0) + 1;
  send(question);
}

function onEnter(form, input, prefix) {
  the(form).onsubmit = (event) => {
    event.preventDefault();
    if (the(input).value) send(prefix + the(input).value);
    the(input).value = form === "naming" ? nick : "";  // until the chat has agreed
    the("line").focus();
  };
}

// What the chat sends

const on = {
  said(when, where, who, text) {
    showChannel(where);
    const isHistory = !greeted || where !== channel;
    quiet ||= isHistory;
    told += isHistory;
    unread += !isHistory && who !== nick;
    const date = new Date(when), valid = !isNaN(date);  // not so the 32nd of May
    if (valid && day !== dayOf.format(date))
      show(make("p", day = dayOf.format(date), "day"));
    const row = make("p", "", "said"), name = make("b", who);
    name.style.setProperty("--hue", hueOf(who));
    const time = make("time", valid ? timeOf.format(date) : when);
    row.append(time, name, "  ", make("span", text));
    show(row);
  },
  you(newNick, newChannel) {
    showChannel(newChannel);
    if (told >= HISTORY)
      show(make("p", `These are the last ${told} messages, not all.`, "notice"));
    quiet ||= told > 0;
    told = 0;
    if (!greeted && nick && nick !== newNick) send(`/nick ${nick}`);
    if (!greeted && channel && channel !== newChannel) send(`/join ${channel}`);
    greeted = true;  // connected again: we have asked for those that we had
    the("nick").value = nick = newNick;
    channel = newChannel;
    ask("channels", "/channels");
    ask("people", "/who");
  },
  joined(who) { people.add(who); showPeople(); },
  left(who) {
    people.delete(who);
    showPeople();
    if (!asked.channels) ask("channels", "/channels");  // there may be a new one
  },
  renamed(old, who) { people.delete(old); on.joined(who); },
  channels(names) {
    if (listed === `${names} ${channel}`) return;  // leave alone what may be clicked
    listed = `${names} ${channel}`;
    showChannels(wordsOf(names));
  },
  people(where, names) {
    if (where === channel) people = new Set(wordsOf(names));
    showPeople();
  },
};

function receive(data) {
  const line = data.replace(HARMFUL, (c) => "\\x" + c.codePointAt().toString(16));
  const kind = Object.keys(KINDS).find((kind) => KINDS[kind].test(line)) || "notice";
  if (on[kind]) on[kind](...KINDS[kind].exec(line).slice(1));
  if (asked[kind]) asked[kind] -= 1;
  else if (kind !== "said") show(make("p", line.replace(/^[*!] /, ""), kind));
}

function connect() {
  const source = new EventSource("/events");
  asked = {};
  greeted = false;
  the("again").hidden = true;
  showState("Connecting …", false);
  source.addEventListener("tab", (event) => {
    tab = event.lastEventId;
    shown = "";  // the chat sends again what the log has shown
    showState(`Connected to ${event.data}`, true);
    the("line").focus();
  });
  source.addEventListener("line", (event) => receive(event.data));
  source.addEventListener("gone", (event) => disconnect(source, event.data));
  source.onerror = () => disconnect(source, "web.py does not answer, see its terminal");
}

function disconnect(source, reason) {
  source.close();  // or it would connect again by itself, and be somebody else
  people.clear();
  showPeople();
  showState(`Not connected: ${reason}`, false, "refused");
  show(make("p", `Not connected: ${reason}`, "refused"));
  the("again").hidden = false;
  the("again").focus();
}

onEnter("typing", "line", "");
onEnter("naming", "nick", "/nick ");
onEnter("creating", "name", "/create ");
the("again").onclick = connect;
the("channels").onpointerenter = the("channels").onfocusin =
  () => asked.channels || ask("channels", "/channels");
log.onscroll = () => {
  if (size === sizeOfLog()) following = isAtEnd();  // or is its new size to blame?
  showUnread();
};
onfocus = showUnread;
new ResizeObserver(() => {  // a phone is turned, its keyboard comes up
  size = sizeOfLog();  // scroll events come first: HTML, "update the rendering"
  follow();
}).observe(log);
connect();
</script>
</html>
"""


# The program


def port_number(text: str) -> int:
    """Return the port that ``text`` names, or end with status 1."""
    if text.isdecimal() and int(text) <= 65535:
        return int(text)
    sys.exit(f"error: {text!r} is not a port number (0 to 65535)")


def parse_arguments() -> argparse.Namespace:
    """Read HOST and PORT of the chat, and the address that the page will have."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("host", nargs="?", default="127.0.0.1")
    parser.add_argument("port", nargs="?", default=8080, type=port_number)
    web = parser.add_argument_group("the page's own address")
    web.add_argument("--port", dest="web_port", default=8000, type=port_number)
    web.add_argument("--bind", default="127.0.0.1", help="for a network, not only here")
    what = "build the page on the solution's Connection, not on yours"
    parser.add_argument("--solution", action="store_true", help=what)
    return parser.parse_args()


def choose_connection(solution: bool) -> type[Connection]:
    """Return the class Connection: yours, or the solution's."""
    if not solution:
        return Connection
    try:
        client = importlib.import_module("solutions.exercise5_chat_channels.client")
    except ModuleNotFoundError:
        sys.exit("error: there are no solutions here, so leave out --solution")
    solved: type[Connection] = client.Connection
    return solved


def hear(connection: Connection, chat: socket.socket) -> str:
    """Say a line to lines(); return what is wrong with what it yields, or ""."""
    chat.sendall("hellö\n".encode())
    chat.shutdown(socket.SHUT_WR)
    heard = list(islice(connection.lines(), 2))
    return "" if heard == ["hellö"] else f"yields {heard}, not {['hellö']}"


def speak(connection: Connection, chat: socket.socket) -> str:
    """Listen to send_line(); return what is wrong with what it sends, or ""."""
    wanted = "hellö\n".encode()
    connection.send_line("hellö")
    connection.close()
    said = chat.recv(100)
    return "" if said == wanted else f"sends {said!r}, not {wanted!r}"


def leave(connection: Connection, chat: socket.socket) -> str:
    """Wait for the end that close() makes; return "" when it comes."""
    connection.close()
    with suppress(TimeoutError):
        chat.recv(1)
        return ""
    return "does not end the connection"


def try_out(
    connection_class: type[Connection],
    talk: Callable[[Connection, socket.socket], str],
    problem: list[str],
) -> None:
    """Be the chat that Connection talks to: the work of a thread, which may hang."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        try:
            connection = connection_class(*listening.getsockname())
            chat, _ = listening.accept()
            with chat:
                chat.settimeout(PROBE / 2)
                problem[0] = talk(connection, chat)
        except Exception as error:  # whatever unfinished code may raise
            problem[0] = f"raises {error!r}"


def unfinished(connection_class: type[Connection]) -> str:
    """Let Connection talk with ourselves, and return what it cannot do yet, or ""."""
    talks = (("lines", hear, "5.21"), ("send_line", speak, "5.22"))
    for method, talk, check in (*talks, ("close", leave, "5.23")):
        problem = ["does not come back"]
        work = [connection_class, talk, problem]
        thread = threading.Thread(target=try_out, args=work, daemon=True)
        thread.start()
        thread.join(PROBE)
        if problem[0]:
            what = f"Connection.{method}() {problem[0]}"
            return f"your client.py is not finished: {what}, see check {check}"
    return ""


def start_server(arguments: argparse.Namespace) -> WebServer:
    """Return a server that listens, or end with status 1."""
    chat, page = (arguments.host, arguments.port), (arguments.bind, arguments.web_port)
    connection_class = choose_connection(arguments.solution)
    if missing := unfinished(connection_class):
        sys.exit(f"error: {missing}")
    try:
        socket.getaddrinfo(*chat)  # there must be such a host; tabs connect to it later
    except (OSError, UnicodeError) as error:
        sys.exit(f"error: there is no host {arguments.host}: {error}")
    try:
        server = WebServer(page, chat, connection_class)
    except (OSError, UnicodeError) as error:
        sys.exit("error: cannot listen on {}:{}: {}".format(*page, error))
    print("Listening on http://{}:{}/".format(*server.server_address), flush=True)
    return server


def main() -> None:
    """Serve the page until Ctrl+C."""
    arguments = parse_arguments()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    server = start_server(arguments)

    def stop(*_: object) -> None:
        threading.Thread(target=server.shutdown).start()  # it waits for the loop

    # An exception instead could leave a connection half handed over to its thread.
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    server.serve_forever(poll_interval=0.1)
    server.close()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main()
