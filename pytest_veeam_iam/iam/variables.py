"""Policy variables: it decides what ``${...}`` in a policy stands for in a request, and knows no element they stand in.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_veeam_iam.iam.context import Presence
from pytest_veeam_iam.iam.globs import Literal, Unknown

if TYPE_CHECKING:
    from pytest_veeam_iam.iam.context import Context
    from pytest_veeam_iam.iam.globs import Pieces

_VARIABLE = re.compile(r"\$\{(?:([*?$])|([^\s{}$,'*?]+)(?:, *'([^']*)' *)?)\}")
"""``${*}``, ``${key}`` or ``${key, 'default'}``; AWS: no space in the name, the default in single quotes."""


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


def _value(match: re.Match[str], context: Context) -> Literal | Unknown | None:
    escaped, key, default = match.groups()
    if escaped:
        return Literal(escaped)
    known = context.lookup(key)
    if known is Presence.ABSENT or known in ((), ("",)):  # AWS: a key that "has no value or is not present"
        return None if default is None else Literal(default)
    if isinstance(known, Presence) or len(known) > 1:
        return Unknown(f"${{{key}}}")
    return Literal(known[0])
