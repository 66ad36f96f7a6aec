"""Policy variables: it decides what ``${...}`` in a policy stands for in a request, and knows no element they stand in.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_veeam_iam.iam.certainty import Certainty
from pytest_veeam_iam.iam.context import Presence
from pytest_veeam_iam.iam.globs import Doubt, Literal, Unknown
from pytest_veeam_iam.iam.tree import Token

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_veeam_iam.iam.context import Context
    from pytest_veeam_iam.iam.document import Entry
    from pytest_veeam_iam.iam.globs import Pieces

_VARIABLE = re.compile(r"\$\{(?:([*?$])|([^\s{}$,'*?]+)(?:, *'([^']*)' *)?)\}")
"""``${*}``, ``${key}`` or ``${key, 'default'}``; AWS: no space in the name, the default in single quotes."""


def pattern_of(entry: Entry, context: Context, *, enabled: bool) -> Pieces | None:
    """Return the pattern that an entry is in a request; what a template leaves open is Unknown or a Doubt in it.

    The arguments and the result are those of ``resolve``.
    """
    if entry.is_known:
        return resolve(entry.text, context, enabled=enabled)
    pattern: list[str | Literal | Unknown | Doubt] = [Doubt(str(entry.doubt))] if entry.doubt else []
    for piece in entry.pieces or (entry.text,):
        if isinstance(piece, Token):
            pattern.append(Unknown(str(piece), Certainty.UNRESOLVED))
            continue
        resolved = resolve(piece, context, enabled=enabled)
        if resolved is None:
            return None
        pattern += resolved
    return tuple(pattern)


def without_values(entry: Entry) -> Pieces:
    """Return the pattern of an entry in which the variables of a request are ordinary text."""
    return tuple(Unknown(str(p), Certainty.UNRESOLVED) if isinstance(p, Token) else p for p in entry.pieces) or (
        entry.text,
    )


def resolve(text: str, context: Context, *, enabled: bool) -> Pieces | None:
    """Return the pattern that ``text`` is in a request.

    Args:
        text: A resource or condition value as written.
        context: What is known of the request.
        enabled: Whether the document's Version has variables; before 2012-10-17 ``${...}`` is literal text.

    Returns:
        The pieces, in which wildcards count outside of substituted text; a variable that is not known, or that has
        several values, is Unknown. None if a variable has no value and no default: AWS: "the value is effectively
        null. There is no equal or like value", so the text matches nothing. A malformed variable is literal text.
    """
    if not enabled or "${" not in text:
        return (text,)
    pieces: list[str | Literal | Unknown] = []
    end = 0
    for match in _VARIABLE.finditer(text):
        if match.start() > end:
            pieces.append(text[end : match.start()])
        piece = _value(match, context)
        if piece is None:
            return None
        pieces.append(piece)
        end = match.end()
    if end < len(text):
        pieces.append(text[end:])
    return tuple(pieces)


def keys_in(text: str) -> Iterator[str]:
    """Yield the keys whose values stand in a text, if it has variables."""
    return (match[2] for match in _VARIABLE.finditer(text) if match[2]) if "${" in text else iter(())


def _value(match: re.Match[str], context: Context) -> Literal | Unknown | None:
    escaped, key, default = match.groups()
    if escaped:
        return Literal(escaped)
    known = context.lookup_one(key)
    if known is Presence.ABSENT or known in ((), ("",)):  # AWS: a key that "has no value or is not present"
        return None if default is None else Literal(default)
    if isinstance(known, Presence) or len(known) > 1:
        return Unknown(f"${{{key}}}")
    return Literal(known[0])
