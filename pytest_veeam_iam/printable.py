"""Text of strangers on a line of a terminal or of a CI's log: what it could do there is shown instead of done.

A line end would begin a line of its own, an escape would move the cursor, and runners take commands from what is
printed: ``::error ...`` at the start of a line (GitHub Actions), ``##vso[...]`` and ``##[...]`` (Azure Pipelines).
https://docs.github.com/actions/reference/workflow-commands-for-github-actions
https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands
"""

from __future__ import annotations

import re

_COMMAND = re.compile(r"^(\s*:)(?=:)|#(?=#(?:vso)?\[)", re.IGNORECASE)


def seen(text: str, *, keep: str = "") -> str:
    """Return a text in which every character can be seen; those in ``keep`` stay as they are."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() or each in keep else ascii(each)[1:-1] for each in text)


def line(text: str, *, keep: str = "") -> str:
    """Return a text as one line that nothing takes for more than text.

    Args:
        text: Any.
        keep: Characters that stay as they are although they cannot be seen.

    Returns:
        The text itself if it is harmless; done twice, it changes nothing more.
    """
    text = seen(text, keep=keep)
    return _COMMAND.sub(lambda found: f"{found[0]}\\", text) if "::" in text or "##" in text else text


def lines(text: str) -> str:
    """Return a text whose line feeds are meant, each of its lines made harmless."""
    return "\n".join(map(line, text.split("\n")))
