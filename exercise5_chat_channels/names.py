"""What can name a person or a channel, and which names are the same. A given file.

PROTOCOL.md has the rules under "Names".
"""

import re
import unicodedata

# Marks and letters that are drawn as nothing: Unicode's Default_Ignorable_Code_Point,
# as far as it has letters and marks. https://www.unicode.org/reports/tr44/
INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)


def is_name(text: str) -> bool:
    """Return whether a text can name a person or a channel."""
    name = unicodedata.normalize("NFKC", text)
    kinds = [unicodedata.category(sign)[0] for sign in name if sign not in "-_"]
    begins_with_a_mark = kinds[:1] == ["M"]  # it would be drawn on what is before it
    return (
        1 <= len(name) <= 20
        and set(kinds) <= {"L", "M", "N"}  # letters, marks on letters, numbers
        and not begins_with_a_mark
        and not INVISIBLE.search(name)
    )


def name_key(name: str) -> str:
    """Return what names are compared by: without case, with one form of each letter.

    "Ａlice" and "alice" have the same key. Unicode calls the form NFKC.
    """
    folded = unicodedata.normalize("NFKC", name).casefold()
    return unicodedata.normalize("NFKC", folded)
