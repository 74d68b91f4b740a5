"""A pseudo-language: every word of the harness and the suites in brackets.

What a run in this language prints without brackets was written past the translation. It
is made as a translation is: words are extracted with Babel, and compiled.
"""

import re
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo

from tests.harness.words import DOMAIN

LANGUAGE = "en_XA"  # "English, pseudo-accents": by custom the name of such a language
SOURCES = [("tests/harness/**.py", "python"), ("exercise*/test_*.py", "python")]
KEYWORDS: dict[str, tuple[int, ...] | None] = {"_": None, "ngettext": (1, 2)}
GAP_OR_WORD = re.compile(r"\{\w*\}|[^\W\d_]+")
BRACKETED = re.compile("⟦[^⟧]*⟧")


def mark(text: str) -> str:
    """Return a text with each of its words in brackets, and its gaps as they are."""
    return GAP_OR_WORD.sub(
        lambda found: found[0] if found[0][0] == "{" else f"⟦{found[0]}⟧", text
    )


def unmarked(text: str) -> str:
    """Return what is left of a text without the words in brackets."""
    return BRACKETED.sub("", text)


def translate(lab: Path) -> int:
    """Add the pseudo-language to a copy of the lab; return how many texts it has."""
    catalog = Catalog(locale=None, domain=DOMAIN, fuzzy=False)
    found = extract_from_dir(lab, method_map=SOURCES, keywords=KEYWORDS)
    for _, _, message, _, _ in found:
        forms = message if isinstance(message, tuple) else (message,)
        translated = tuple(map(mark, forms))
        catalog.add(message, translated if len(forms) > 1 else translated[0])
    folder = lab / "tests/harness/locale" / LANGUAGE / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with (folder / f"{DOMAIN}.mo").open("wb") as file:
        write_mo(file, catalog)
    return len(catalog)
