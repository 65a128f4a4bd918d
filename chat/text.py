"""What may be said: the length of a text in characters and in bytes, and what is taken out of it. Pure.

A text is stored and shown as text; nothing is escaped here, because nothing may ever be read as markup.
"""

import unicodedata

from chat.room import No

MOST_CHARACTERS, MOST_BYTES = 4000, 16_000
KEPT_CONTROLS = frozenset("\n\t")
# They turn the reading direction of what follows, so that a text shows other words than it holds.
BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def clean(text: str) -> str:
    """The text without control and bidirectional control characters, line ends as \\n, outer white space off."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    kept = [
        letter for letter in text
        if letter in KEPT_CONTROLS or (letter not in BIDI_CONTROLS and unicodedata.category(letter) not in ("Cc", "Cs"))
    ]
    return "".join(kept).strip()


def check(text: str, *, may_be_empty: bool = False) -> str | No:
    """The cleaned text, or why it cannot be said."""
    cleaned = clean(text)
    if not cleaned and not may_be_empty:
        return No("bad_request", "There is nothing in the text.", "text")
    if len(cleaned) > MOST_CHARACTERS:
        return No("too_large", f"The text has {len(cleaned)} characters; {MOST_CHARACTERS} may be.", "text")
    size = len(cleaned.encode())
    if size > MOST_BYTES:
        return No("too_large", f"The text has {size} bytes; {MOST_BYTES} may be.", "text")
    return cleaned
