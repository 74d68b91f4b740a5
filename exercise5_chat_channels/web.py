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
import signal
import socket
import sys
import threading
import time
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
# nothing else (CSP level 3). Nor can its script make HTML of a text (Trusted Types).
POLICY = (
    "default-src 'none'; script-src 'nonce-{0}'; style-src 'nonce-{0}'; img-src data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
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
        gone = False
        while not gone:
            try:
                gone = not self.connection.recv(65536)
            except TimeoutError:
                continue  # a browser that only listens says nothing
            except OSError:
                gone = True
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
    request_queue_size = 128  # the backlog: a class may open its tabs at once

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

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection. Without a descriptor for it (EMFILE), wait a moment.

        It stays in the backlog, so the loop would try again immediately, and again.
        """
        try:
            return super().get_request()
        except OSError:
            time.sleep(0.1)
            raise

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
  --ink: #24292f; --faint: #63635b; --red: #b3261e; --blue: #1a5fb4; --nick: 45%;
  --pale: #dbe7f7; --own: #eef3fa; --mention: #fff0c2 }
@media (prefers-color-scheme: dark) { :root { --paper: #16181b; --ground: #202327;
  --edge: #7b828a; --ink: #e6e8ea; --faint: #a3a9b0; --red: #ff9a8f; --blue: #8ab8f0;
  --nick: 80%; --pale: #24405f; --own: #1d2733; --mention: #45390f } }
* { box-sizing: border-box }
[hidden] { display: none !important }
body { margin: 0; height: 100dvh; display: grid; font: 1rem/1.5 system-ui, sans-serif;
  grid: "nav header aside" "nav main aside" 1fr "nav footer aside" /
    clamp(10rem, 17vw, 13rem) minmax(0, 1fr) clamp(9rem, 15vw, 12rem);
  background: var(--ground); color: var(--ink) }
header { grid-area: header; justify-content: space-between; padding: .6rem 0 }
nav { grid-area: nav } aside { grid-area: aside } footer { grid-area: footer }
main { grid-area: main; display: flex; flex-direction: column; min-height: 0 }
header, footer, form { display: flex; align-items: center; gap: .5rem }
nav, aside { padding: .9rem 1rem; overflow: auto }
footer { min-height: 2.75rem; padding: .3rem 0 }
#typing, #creating { padding-top: .6rem } #line, #name { flex: 1 } #nick { width: 9rem }
#typing { align-items: end }
h1 { margin: 0; font-size: 1.25rem; overflow-wrap: anywhere }
h2 { margin: 0 0 .5rem; font-size: 1rem; font-weight: normal; white-space: nowrap }
h2, footer, label { color: var(--faint) }
ul { margin: 0; padding: 0; list-style: none; overflow-wrap: anywhere }
input, textarea, button { min-width: 0; min-height: 2.25rem; padding: .3rem .7rem;
  font: inherit; color: inherit; background: var(--paper); border-radius: .4rem;
  border: 1px solid var(--edge) }
textarea { resize: none; field-sizing: content; max-height: 30dvh }
button { flex: none; cursor: pointer }
li button { width: 100%; text-align: left; background: none; border-color: #0000 }
[aria-current] { background: var(--pale) }
:disabled { opacity: .6; cursor: default }
:focus-visible { outline: 2px solid #3b82d6; outline-offset: 1px }
::placeholder { color: var(--faint); opacity: 1 }
.unseen { position: absolute; width: 1px; overflow: hidden; clip-path: inset(50%) }
/* From its end upwards: so it stays at its end, whatever happens to its size. */
#view { flex: 1; min-height: 0; overflow: auto; overflow-anchor: none; display: flex;
  flex-direction: column-reverse; background: var(--paper) }
#log { margin-bottom: auto; padding: .5rem 0 }
#log p { margin: 0; padding: .125rem .75rem .125rem 3.95rem; overflow-wrap: anywhere }
#log p, #log time { color: var(--faint) } #log .day { text-align: center }
#log .said { color: var(--ink); white-space: pre-wrap }
#log .own { background: var(--own) }
#log .mention { background: var(--mention); box-shadow: inset 3px 0 #d29922 }
#log time { float: left; margin-left: -3.2rem }
#log b { unicode-bidi: isolate; color: oklch(var(--nick) .12 var(--hue)) }
#log a { color: var(--blue) } #log button { min-height: 0; padding: 0 .5rem }
#log .refused, #state.refused { color: var(--red) }
#newer { align-self: center; margin: -2.75rem 0 .5rem; z-index: 1; border-radius: 2rem }
@media (max-width: 40rem) {  /* a phone: all room to the log */
  body { grid: "nav nav" "aside header" "main main" 1fr "footer footer" / 1fr auto;
    padding: 0 .5rem }
  input, textarea, button { min-height: 2.75rem }
  nav, aside { display: flex; align-items: center; gap: .6rem; padding: .3rem 0 }
  nav ul, aside { overflow: auto; scrollbar-width: none } nav ul { flex: 1 }
  ul { display: flex; gap: .6rem } li { flex: none } h2 { margin: 0 }
  nav { overflow: visible } h1, nav h2, #naming label { position: absolute;
    width: 1px; overflow: hidden; clip-path: inset(50%) }
  textarea { padding-block: .55rem } header { padding: 0 0 .3rem .5rem }
  #creating { padding: 0 } #name { width: 5.5rem } #nick { width: 7rem }
  #typing { padding: .4rem 0 } .connected footer { display: none }
}
</style>
<header><h1 id="title">Chat</h1>
  <form id="naming"><label for="nick">Your nick</label>
    <input id="nick" autocomplete="off" autocapitalize="off" spellcheck="false"></form>
</header>
<nav aria-labelledby="where"><h2 id="where">Channels</h2><ul id="channels"></ul>
  <form id="creating"><label for="name" class="unseen">New channel</label>
    <input id="name" placeholder="#new" autocomplete="off" spellcheck="false"
      ><button aria-label="Create channel">+</button></form></nav>
<main><div id="view" role="log" aria-label="Messages" tabindex="0"><div id="log"></div>
  </div><button id="newer" hidden></button>
  <form id="typing"><label for="line" class="unseen">Message or command</label>
    <textarea id="line" rows="1" placeholder="Message, or /help" autocomplete="off"
      enterkeyhint="send"></textarea><button id="send">Send</button></form></main>
<aside aria-labelledby="who"><h2 id="who">People</h2><ul id="people"></ul></aside>
<footer><span id="state" role="status">This page needs JavaScript.</span>
  <button id="again" hidden>Connect again</button></footer>
<script nonce="NONCE">
"use strict";
const KEPT_LINES = 2000, SHOWN_CHARACTERS = 4000, SHOWN_NEWS = 10;
const HISTORY = 50;  // messages; of more nobody who joins is told (promise 2)
const TABS = 5;  // a browser has six connections to one server: one is left to send
const NO_PLACE = `${TABS} tabs have the chat already, and a browser keeps no ` +
  "connection for one more: close one of them";
const NO_ANSWER = `nothing answers. Are more than ${TABS} tabs open?`;
const POLL = 40, PATIENCE = 10_000;  // milliseconds
const LONGEST_PAUSE = 30, CLAIMS = 3;  // seconds; how often we ask for our old nick
const KINDS = {  // PROTOCOL.md, "What the server sends"
  said: /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) #(\S+) <(\S+)> (.*)$/,
  you: /^\* (you are (\S+) in #(\S+).*)$/,
  joined: /^\* (\S+) joined #\S+$/,
  left: /^\* (\S+) left #\S+$/,
  renamed: /^\* (\S+) is now (\S+)$/,
  channels: /^\* channels:(.*)$/,
  people: /^\* people in #(\S+):(.*)$/,
  refused: /^! (.*)$/,
  notice: /^(?:\* )?(.*)$/,
};
const HARMFUL = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu;
const LINK = /(https?:\/\/[^\s<>"]*[^\s<>"\p{P}]\/?)/iu;  // not the full stop after it
const QUIT = /^\/quit(ter)?( |$)/m;
const dayOf = new Intl.DateTimeFormat([], {dateStyle: "full"});
const timeOf = new Intl.DateTimeFormat("en-GB", {hour: "2-digit", minute: "2-digit"});
const the = (id) => document.getElementById(id);
const wordsOf = (text) => text.split(" ").filter(Boolean);
const linesOf = (text) => text.split("\n").filter(Boolean);
const view = the("view"), log = the("log"), rows = [];  // rows wait to be shown in it
const isAtEnd = () => view.scrollTop > -40;  // 0 is the end, further up it is negative
const lastRow = () => rows.at(-1) || log.lastElementChild;
let tab = "", channel = "", greeted = false;  // tab: its ID while it is connected
let nick = sessionStorage.nick || "";  // kept there when the page is loaded again
let shown = "", day = "", listed = "";  // in the log, and in the list of channels
let people = new Set(), asked = {};  // asked: by the page itself, not yet answered
let told = 0, unread = 0;  // messages: of the history, and not yet looked at
let quiet = false, news = new Map(), newsRow = "", youRow = "";  // quiet: in a history
let typed = [], recalled = 0;  // what ↑ brings back, and where in it we are
let place = null, leaving = false, pause = 1, timer = 0;  // to connect again
let sending = Promise.resolve();

// What is in the page

function shorten(text) {
  const more = text.length > SHOWN_CHARACTERS;
  return more ? text.slice(0, SHOWN_CHARACTERS) + " …" : text;
}

function make(tag, text, kind = "") {
  const element = document.createElement(tag);
  element.textContent = shorten(text);
  element.className = kind;
  return element;
}

function makeLink(href) {  // the other page isn't told about this one
  return Object.assign(make("a", href), {href, target: "_blank", rel: "noreferrer"});
}

function makeText(text) {  // split() puts what is in the parentheses at odd places
  const parts = shorten(text).split(LINK), element = make("span", "");
  element.append(...parts.map((part, at) => at % 2 ? makeLink(part) : part));
  return element;
}

function show(row) {
  rows.push(row);
  if (rows.length === 1) setTimeout(showRows, POLL);  // many at once, in a flood
}

function showRows() {
  view.ariaLive = quiet ? "off" : "polite";  // nobody wants a history read aloud
  quiet = false;
  const atEnd = isAtEnd(), height = view.scrollHeight;
  log.append(...rows.splice(0).slice(-KEPT_LINES));
  view.scrollTop = atEnd ? 0 : view.scrollTop - (view.scrollHeight - height);
  while (log.childElementCount > KEPT_LINES) log.firstElementChild.remove();
  showUnread();
}

function goToEnd() {
  view.scrollTop = 0;
  showUnread();
}

function showNews(who, what) {  // of people: a run of them is one row
  showPeople();
  if (lastRow() !== newsRow) {
    news = new Map();
    show(newsRow = make("p", "", "notice"));
  }
  news.set(who, what);
  const all = [...news].map((words) => words.join(" ")), more = all.length - SHOWN_NEWS;
  const text = all.slice(-SHOWN_NEWS).join(", ");
  newsRow.textContent = shorten(more > 0 ? `${more} more, ${text}` : text);
}

function showRefusal(why) {
  const row = make("p", `${why} `, "refused"), back = make("button", "↑");
  back.ariaLabel = "Bring back what was typed";  // a phone has no such key
  back.onclick = () => { recall(-1); the("line").focus(); };
  row.append(back);
  show(row);
}

function showUnread() {  // as in gui.py: only our own channel has any
  if (isAtEnd() && document.hasFocus()) unread = 0;
  const count = unread ? ` (${unread})` : "";
  if (shown) document.title = `${count} #${shown}`.trim();
  the("newer").hidden = isAtEnd() || !unread;
  the("newer").textContent = `↓ ${unread} new`;
  for (const own of document.querySelectorAll("[aria-current]"))
    own.textContent = own.value + count;
}

function hueOf(name) {  // an angle, the same for the same name
  return 47 * [...name].reduce((sum, letter) => sum + letter.codePointAt(), 0);
}

function mentions(text, name) {  // as a word of its own
  const alike = (words) => words.normalize("NFKC").toLowerCase();
  return alike(text).split(/[^\p{L}\p{M}\p{N}_-]+/u).includes(alike(name));
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
  const own = the("channels").querySelector("[aria-current]");
  own?.scrollIntoView({block: "nearest", inline: "nearest"});
  showUnread();
}

function showPeople() {
  const names = [...people].sort((a, b) => a.localeCompare(b));
  the("who").textContent = names.length ? `People (${names.length})` : "People";
  the("people").replaceChildren(...names.map((name) => make("li", name)));
}

function showState(text, kind = "") {
  the("state").textContent = text;
  the("state").className = kind;
  document.body.className = tab ? "connected" : "";
  for (const part of document.querySelectorAll("input, form button, nav button"))
    part.disabled = !tab;  // but a draft can be written
}

// What the user does

function send(lines) {  // after those before: two POSTs at once could change places
  sending = sending.then(() => post(lines)).catch((error) => {
    const why = error.name === "TimeoutError" ? NO_ANSWER : error.message;
    showRefusal(`“${lines}” was not sent: ${why}`);
  });
}

async function post(lines) {
  const signal = AbortSignal.timeout(PATIENCE);
  const answer = await fetch(`/lines/${tab}`, {method: "POST", body: lines, signal});
  if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
}

function ask(kind, question) {
  asked[kind] = (asked[kind] || 0) + 1;
  send(question);
}

function onEnter(form, input, prefix) {
  the(form).onsubmit = (event) => {
    event.preventDefault();
    const lines = linesOf(the(input).value);
    if (!tab) return;  // the draft stays
    if (lines.length) say(prefix + lines.join("\n"));
    the(input).value = form === "naming" ? nick : "";  // until the chat has agreed
    the("line").focus();
    showCount();
  };
}

function say(lines) {
  leaving = QUIT.test(lines);
  typed = [...typed.slice(-99), lines];
  recalled = typed.length;
  send(lines);
  goToEnd();
}

function recall(step) {  // ↑ and ↓ go through what was typed. A draft stays
  const line = the("line"), isDraft = line.value !== (typed[recalled] || "");
  if (isDraft) return false;
  recalled = Math.min(Math.max(recalled + step, 0), typed.length);
  line.value = typed[recalled] || "";
  showCount();
  return true;
}

function showCount() {  // each line is a message
  const count = linesOf(the("line").value).length;
  the("send").textContent = count > 1 ? `Send ${count}` : "Send";
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
    const isOwn = who === nick || who === sessionStorage.nick;  // see claim()
    const kind = isOwn ? "own" : nick && mentions(text, nick) ? "mention" : "";
    const row = make("p", "", `said ${kind}`), name = make("b", who);
    name.style.setProperty("--hue", hueOf(who));
    const time = make("time", valid ? timeOf.format(date) : when);
    row.append(time, name, "  ", makeText(text));
    show(row);
  },
  you(line, newNick, newChannel) {
    showChannel(newChannel);
    if (told >= HISTORY)
      show(make("p", `These are the last ${told} messages, not all.`, "notice"));
    quiet ||= told > 0;
    told = 0;
    if (lastRow() === youRow) youRow.textContent = shorten(line);
    else show(youRow = make("p", line, "notice"));
    the("nick").value = nick = newNick;
    channel = newChannel;
    if (!greeted && sessionStorage.nick) comeBack(sessionStorage);
    else Object.assign(sessionStorage, {nick, channel});
    greeted = true;
    ask("channels", "/channels");
    ask("people", "/who");
  },
  joined(who) {
    people.add(who);
    showNews(who, "joined");
  },
  left(who) {
    people.delete(who);
    showNews(who, "left");
    if (!asked.channels) ask("channels", "/channels");  // there may be a new one
  },
  renamed(old, who) {
    people.delete(old);
    people.add(who);
    const isNew = lastRow() === newsRow && news.get(old) === "joined";
    if (isNew) news.delete(old);
    showNews(isNew ? who : old, isNew ? "joined" : `is now ${who}`);
  },
  channels(names) {
    if (listed === `${names} ${channel}`) return;  // leave alone what may be clicked
    listed = `${names} ${channel}`;
    showChannels(wordsOf(names));
  },
  people(where, names) {
    if (where === channel) people = new Set(wordsOf(names));
    showPeople();
  },
  refused: showRefusal,
  notice(text) { show(make("p", text, "notice")); },
};

function receive(data) {
  const line = data.replace(HARMFUL, (c) => "\\x" + c.codePointAt().toString(16));
  const kind = Object.keys(KINDS).find((kind) => KINDS[kind].test(line));
  on[kind](...KINDS[kind].exec(line).slice(1));
  if (kind !== "channels" && kind !== "people") return;
  if (asked[kind]) asked[kind] -= 1;
  else on.notice(line.slice(2));  // the user has asked
}

// How the page connects

async function takePlace() {  // one of five, until the tab is closed
  const request = (number) => new Promise((take) => {
    const keep = (lock) => { take(lock); return lock && new Promise(() => {}); };
    navigator.locks.request(`place ${number}`, {ifAvailable: true}, keep);
  });
  for (let number = 1; number <= TABS && !place; number += 1)
    place = await request(number);
}

async function connect() {
  clearTimeout(timer);
  the("again").hidden = true;
  showState("Connecting …");
  if (navigator.locks) await takePlace();  // not in a page from another computer
  if (navigator.locks && !place) return disconnect(NO_PLACE);
  const source = new EventSource("/events"), end = (why) => disconnect(why, source);
  source.addEventListener("tab", (event) => {
    tab = event.lastEventId;
    shown = "";  // the chat sends again what the log has shown
    asked = {};
    greeted = leaving = false;
    showState(`Connected to ${event.data}`);
    if (document.activeElement === document.body) the("line").focus();
  });
  source.addEventListener("line", (event) => receive(event.data));
  source.addEventListener("gone", (event) => end(event.data));
  source.onerror = () => end("web.py does not answer, see its terminal");
}

function disconnect(reason, source) {
  source?.close();  // or it would connect again by itself
  const text = `Not connected: ${reason}`;
  if (tab) show(make("p", text, "refused"));
  if (greeted) pause = 1;
  tab = "";
  greeted = false;
  people.clear();
  showPeople();
  the("again").hidden = false;
  showState(leaving ? text : `${text}. Next try in ${pause} s`, "refused");
  if (leaving) return the("again").focus();
  timer = setTimeout(connect, 1000 * pause);
  pause = Math.min(2 * pause, LONGEST_PAUSE);
}

function comeBack(old) {
  claim(old.nick, nick, CLAIMS);
  if (old.channel !== channel) send(`/join ${old.channel}`);
}

function claim(name, guest, times) {  // our old connection may have it a moment longer
  if (nick !== guest || nick === name || !times || !tab) return;
  send(`/nick ${name}`);
  setTimeout(claim, 1000, name, guest, times - 1);
}

onEnter("typing", "line", "");
onEnter("naming", "nick", "/nick ");
onEnter("creating", "name", "/create ");
the("line").oninput = showCount;
the("line").onkeydown = (event) => {
  const isEnter = event.key === "Enter" && !event.shiftKey && !event.isComposing;
  const step = {ArrowUp: -1, ArrowDown: 1}[event.key];
  if (isEnter) the("typing").requestSubmit();
  if (isEnter || step && recall(step)) event.preventDefault();
};
the("newer").onclick = () => { goToEnd(); the("line").focus(); };
the("again").onclick = connect;
the("channels").onpointerenter = the("channels").onfocusin =
  () => asked.channels || ask("channels", "/channels");
view.onscroll = onfocus = showUnread;
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
    talks = (("lines", hear, "5.10"), ("send_line", speak, "5.11"))
    for method, talk, check in (*talks, ("close", leave, "5.12")):
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
