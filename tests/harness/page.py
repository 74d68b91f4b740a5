"""What all pages of the lab share: skeleton, colours, and the list of checks.

A page is one file: it needs no network, and loads nothing. It holds what students have
written, so its Content-Security-Policy lets no script run but its own.
"""

import base64
import hashlib
from html import escape
from string import Template

from tests.harness.results import name_of
from tests.harness.text_report import SIGNS
from tests.harness.words import LANGUAGE, _

PAGE = Template("""<!DOCTYPE html>
<html lang="$language">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'$policy">
<title>$title</title>
<style>$style</style>
</head>
<body>
$body
$script</body>
</html>
""")

STYLE = """
:root { color-scheme: light dark; --page: #fff; --text: #1d2228; --quiet: #59636e;
  --line: #c4cad1; --box: #f4f6f8; --good: #17692f; --bad: #b3201c; --link: #1a55b8; }
@media (prefers-color-scheme: dark) { :root { --page: #14171b; --text: #e4e7ea;
  --quiet: #a2abb5; --line: #4a525b; --box: #1e2328; --good: #63c981; --bad: #ff8a80;
  --link: #8ab8ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; background: var(--page); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; } a { color: var(--link); }
summary { cursor: pointer; }
"""

# A list of checks with their points, and what failed in them.
REPORT = """
:root { --badbox: #fdecea; }
@media (prefers-color-scheme: dark) { :root { --badbox: #35191a; } }
body { max-width: 60rem; }
h1, h2 { line-height: 1.25; overflow-wrap: anywhere; }
code, pre, .data { font-family: ui-monospace, monospace; font-size: .9rem; }
.score { font-size: 1.2rem; margin: 0; } .score strong { font-size: 2rem; }
.score span { color: var(--quiet); font-size: 1rem; margin-left: .75rem; }
progress { width: 100%; height: .75rem; accent-color: var(--good); }
.checks, ol { list-style: none; margin: 0; padding: 0; }
.checks li { display: flex; gap: .6rem; padding: .3rem 0;
  border-bottom: 1px solid var(--line); }
.title { flex: 1; overflow-wrap: anywhere; }
.title small, .note { color: var(--quiet); font-size: .85rem; }
.points { font-variant-numeric: tabular-nums; white-space: nowrap; }
.checks .sign { width: 1rem; text-align: center; }
.blocked, .not.run { color: var(--quiet); }
.passed .sign { color: var(--good); }
.failed .sign, .error .sign, h2 .sign { color: var(--bad); font-weight: bold; }
.failure { margin-top: 2.5rem; border-top: 3px solid var(--bad); }
pre { margin: 0; overflow-x: auto; padding: .75rem; border-radius: .4rem;
  background: var(--box); }
.explanation pre { background: var(--badbox); border-left: 4px solid var(--bad); }
.spoken { position: absolute; width: 1px; height: 1px; overflow: hidden;
  clip-path: inset(50%); }
@media print { .failure { break-inside: avoid; } pre { white-space: pre-wrap; } }
"""

SCORE = Template("""<p class="score">$score <span>$counts</span></p>
<progress value="$points" max="$most" aria-label="$label"></progress>""")

# The outcome is a class, too; "not run" is two classes.
CHECK = Template("""<li class="$outcome">
<span class="sign" aria-hidden="true">$sign</span>
<span class="title">$title</span>
<span class="points">$points/$most<span class="spoken"> $spoken</span></span>
</li>""")


def page(title: str, body: str, style: str = "", script: str = "") -> str:
    """Return a page. The title is plain text; ``body`` is HTML, ``style`` is CSS."""
    return PAGE.substitute(
        language=LANGUAGE.replace("_", "-"),
        policy=f"; script-src {source_of(script)}" if script else "",
        title=escape(title),
        style=STYLE + style,
        body=body,
        script=f"<script>{script}</script>\n" if script else "",
    )


def source_of(script: str) -> str:
    """Return how a Content-Security-Policy names this script, and no other."""
    digest = hashlib.sha256(script.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def score_of(points: int, most: int, counts: str = "") -> str:
    """Return the points with a bar; ``counts`` says more of them, as plain text."""
    words = _("{points} of {most} points")
    return SCORE.substitute(
        score=words.format(points=f"<strong>{points}</strong>", most=most),
        counts=escape(counts),
        points=points,
        most=most,
        label=words.format(points=points, most=most),
    )


def check_item(outcome: str, title: str, points: int, most: int) -> str:
    """Return a check as an item of a list; ``title`` is HTML, perhaps a link."""
    return CHECK.substitute(
        outcome=escape(outcome),
        sign=sign_of(outcome),
        title=title,
        points=points,
        most=most,
        spoken=_("points, {outcome}").format(outcome=escape(name_of(outcome))),
    )


def sign_of(outcome: str) -> str:
    """Return the sign of an outcome; a question mark for one that is unknown."""
    return SIGNS.get(outcome, "?")
