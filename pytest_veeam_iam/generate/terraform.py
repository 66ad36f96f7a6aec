"""Policy documents as Terraform: a data source and a managed policy for each, as ``terraform fmt`` writes them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_veeam_iam.iam.grants import Grant


def render(documents: Sequence[Sequence[Grant]], name: str) -> tuple[str, ...]:
    """Return the text of one file that holds all documents."""
    count = len(documents)
    names = [name if count == 1 else f"{name}-{number}" for number in range(1, count + 1)]
    blocks = (_policy(document, own) for document, own in zip(documents, names, strict=True))
    return ("\n".join(blocks),)


def _policy(document: Sequence[Grant], name: str) -> str:
    address = name.replace("-", "_")
    statements = "\n".join(map(_statement, document))
    return f"""\
data "aws_iam_policy_document" "{address}" {{
{statements}}}

resource "aws_iam_policy" "{address}" {{
  name   = {_text(name)}
  policy = data.aws_iam_policy_document.{address}.json
}}
"""


def _statement(grant: Grant) -> str:
    attributes = [
        ("sid", [_text(grant.sid)]),
        ("effect", [_text("Allow")]),
        ("actions", _list(grant.actions)),
        ("resources", _list(grant.resources)),
    ]
    return "\n".join(["  statement {", *(f"    {line}" for line in _aligned(attributes)), "  }", ""])


def _aligned(attributes: Sequence[tuple[str, Sequence[str]]]) -> Iterator[str]:
    """Yield the lines of attributes; the equals signs of those that stand together in one line each are aligned."""
    together: list[tuple[str, str]] = []
    for name, lines in attributes:
        if len(lines) == 1:
            together.append((name, lines[0]))
        else:
            yield from _beneath(together)
            together = []
            yield f"{name} = {lines[0]}"
            yield from lines[1:]
    yield from _beneath(together)


def _beneath(attributes: Sequence[tuple[str, str]]) -> Iterator[str]:
    width = max((len(name) for name, _ in attributes), default=0)
    for name, value in attributes:
        yield f"{name:{width}} = {value}"


def _list(texts: Sequence[str]) -> list[str]:
    """Return the lines of a list."""
    if len(texts) == 1:
        return [f"[{_text(texts[0])}]"]
    return ["[", *(f"  {_text(text)}," for text in texts), "]"]


def _text(text: str) -> str:
    """Return a quoted text; ``${`` and ``%{`` would begin a template."""
    return json.dumps(text).replace("${", "$${").replace("%{", "%%{")
