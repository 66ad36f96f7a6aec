"""Text of a repository as a reader can trust it: nothing invisible in it, and nothing that turns its direction."""

from __future__ import annotations

import re

_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\xa0\xad"  # controls, no-break space, soft hyphen
    "\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\u3164"  # blanks, joiners, marks and overrides of direction
    "\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""What shows nothing or changes how its neighbours are shown, but for tab and line feed. Lone surrogates cannot be
encoded at all. See https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing."""


def visible(value: object) -> object:
    """Return a text with its hidden characters as ``[U+202E]``; anything else, markup as well, comes back as it is."""
    if type(value) is not str or (value.isascii() and value.isprintable()):  # markup is a str as well
        return value
    return _shown(value.replace("\r\n", "\n"))


def is_visible(text: str) -> bool:
    """Return whether a text is shown as it is, so that what is copied from the page is the text."""
    return not _HIDDEN.search(text.replace("\r\n", "\n"))


def exactly(text: str) -> str:
    """Return visible text as markup that keeps the ends of lines; a browser takes a plain CRLF for LF."""
    from markupsafe import Markup, escape

    lines = (str(escape(_shown(line))) for line in text.split("\r\n"))
    return Markup("&#13;\n".join(lines))  # noqa: S704 - escaped one step before


def _shown(text: str) -> str:
    return _HIDDEN.sub(lambda match: f"[U+{ord(match[0]):04X}]", text)
