"""How the ARN of a resource is written in a file: as an entry beside it says the same bucket, else as its own text.

A template names its own bucket by an expression; an ARN of the same bucket is written with the same expression.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from pytest_veeam_iam.iam.tree import Location, Template, Token
from pytest_veeam_iam.repair.writing import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Place: TypeAlias = Literal["json", "yaml", "hcl", "heredoc"]
"""Where it is to stand: in a heredoc an expression is written within a string."""

Pieces: TypeAlias = "tuple[str | Token, ...]"

_quoted = re.compile(r"([\"'])(?P<text>.*)\1", re.DOTALL).fullmatch
_sub_tag = re.compile(r"!Sub +(?P<quote>[\"']?)(?P<text>[^\"'\n]*)(?P=quote)").fullmatch
_sub_object = re.compile(r"\{\s*\"Fn::Sub\"\s*:\s*\"(?P<text>[^\"\\]*)\"\s*\}").fullmatch
_get_att_tag = re.compile(r"!GetAtt +[\"']?(?P<name>[\w.]+)[\"']?").fullmatch
_get_att_object = re.compile(
    r"\{\s*\"Fn::GetAtt\"\s*:\s*(?:\"(?P<dotted>[\w.]+)\"|\[\s*\"(?P<name>\w+)\"\s*,\s*\"(?P<attribute>[\w.]+)\"\s*\])\s*\}"
).fullmatch
_expression = re.compile(r"[A-Za-z_][\w.-]*(?:\[[^\]\n]*\][\w.-]*)*").fullmatch
_only_insertion = re.compile(r"\$\{\s*([^{}\"]+?)\s*\}").fullmatch
_symbolic = re.compile(r"arn:[a-z-]+:s3:::(?P<kind>tf|cfn):(?P<name>[^/\s]+)(?P<rest>/.*)?").fullmatch
_s3_arn = re.compile(r"arn:[a-z-]+:s3:::(?P<bucket>[^/\s]+)(?P<rest>/.*)?").fullmatch


@dataclass(frozen=True, slots=True)
class Written:
    """A resource as it is written.

    Attributes:
        source: In the file.
        pieces: What the file's reader makes of it; empty for the text itself.
    """

    source: str
    pieces: Pieces = ()


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An entry of the file.

    Attributes:
        arn: What it stands for, with the target's values.
        source: As it is written.
        value: As it is read.
    """

    arn: str
    source: str
    value: str | Template

    @property
    def pieces(self) -> Pieces:
        """What its reader makes of it."""
        return self.value.pieces if isinstance(self.value, Template) else (self.value,)


def written(
    arn: str, place: Place, neighbours: Sequence[Neighbour], buckets: Iterable[tuple[str, str | None]], quote: str
) -> Written:
    """Return how to write a resource.

    Args:
        arn: The resource; a bucket that the template makes is named as a target names it.
        place: Where it is to stand.
        neighbours: Entries of the file, the nearest first.
        buckets: Those that the template makes, with their names.
        quote: What strings beside it begin with.
    """
    for beside in neighbours:
        if beside.arn == arn:
            return Written(beside.source, beside.pieces)
    for beside in neighbours:
        found = _longer(arn, beside, place) or _shorter(arn, beside, place)
        if found is not None:
            return found
    return _own(arn, place, buckets) or Written(_string(arn, place, quote))


def _string(text: str, place: Place, quote: str) -> str:
    return quoted(text, quote if place == "yaml" else '"')


def _longer(arn: str, beside: Neighbour, place: Place) -> Written | None:
    """Return the ARN of objects as an entry writes their bucket, and what follows it."""
    rest = arn.removeprefix(beside.arn)
    if rest == arn or not rest.startswith("/") or "/" in beside.arn or re.search(r"[*?]", beside.arn):
        return None
    source = _with_rest(beside.source, rest, place)
    return None if source is None else Written(source, _joined((*beside.pieces, rest)))


def _with_rest(source: str, rest: str, place: Place) -> str | None:
    for form in (_sub_tag, _sub_object, _quoted):
        if found := form(source):
            end = found.end("text")
            return source[:end] + rest + source[end:]
    if place == "hcl" and _expression(source):
        return f'"${{{source}}}{rest}"'
    if found := _get_att_tag(source):
        return f'!Sub "${{{found["name"]}}}{rest}"'
    if found := _get_att_object(source):
        name = found["dotted"] or f"{found['name']}.{found['attribute']}"
        return json.dumps({"Fn::Sub": f"${{{name}}}{rest}"})
    return None


def _shorter(arn: str, beside: Neighbour, place: Place) -> Written | None:
    """Return the ARN of a bucket as an entry writes its objects, without what follows it."""
    rest = beside.arn.removeprefix(arn)
    if rest == beside.arn or not rest.startswith("/") or "/" in arn or re.search(r"[*?]", arn):
        return None
    last = beside.pieces[-1]
    if not isinstance(last, str) or not last.endswith(rest):
        return None
    source = _without_rest(beside.source, rest, place)
    kept = _joined((*beside.pieces[:-1], last.removesuffix(rest)))
    return None if source is None else Written(source, kept)


def _without_rest(source: str, rest: str, place: Place) -> str | None:
    for form in (_sub_tag, _sub_object, _quoted):
        found = form(source)
        if found and found["text"].endswith(rest):
            text = found["text"].removesuffix(rest)
            name = _only_insertion(text)
            if name and place == "hcl":
                return name[1]
            if name and form is _sub_tag and "." in name[1]:
                return f"!GetAtt {name[1]}"
            if name and form is _sub_object and "." in name[1]:
                return json.dumps({"Fn::GetAtt": name[1].split(".", 1)})
            return source[: found.start("text")] + text + source[found.end("text") :]
    return None


def _joined(pieces: Pieces) -> Pieces:
    """Return pieces in which texts that follow each other are one, and none is empty."""
    found: list[str | Token] = []
    for piece in pieces:
        if isinstance(piece, str) and found and isinstance(found[-1], str):
            found[-1] += piece
        elif piece != "":
            found.append(piece)
    return tuple(found)


def _own(arn: str, place: Place, buckets: Iterable[tuple[str, str | None]]) -> Written | None:
    """Return the ARN of a bucket that the template makes by the name that the template has for it."""
    found = _symbolic(arn)
    if found is None:
        plain = _s3_arn(arn)
        symbol = next((symbol for symbol, name in buckets if plain and name == plain["bucket"]), None)
        found = _symbolic(f"arn:aws:s3:::{symbol}{(plain and plain['rest']) or ''}") if symbol else None
    if found is None:
        return None
    kind, name, rest = found["kind"], found["name"], found["rest"] or ""
    expression = f"{name}.{'arn' if kind == 'tf' else 'Arn'}"
    pieces = _joined((Token(expression, Location("")), rest))
    return Written(_expressed(expression, rest, place), pieces)


def _expressed(expression: str, rest: str, place: Place) -> str:
    inserted = f'"${{{expression}}}{rest}"'
    if place in ("hcl", "heredoc"):
        return inserted if rest or place == "heredoc" else expression
    if place == "yaml":
        return f"!Sub {inserted}" if rest else f"!GetAtt {expression}"
    function = {"Fn::Sub": f"${{{expression}}}{rest}"} if rest else {"Fn::GetAtt": expression.split(".", 1)}
    return json.dumps(function)
