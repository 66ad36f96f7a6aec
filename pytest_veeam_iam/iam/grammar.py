"""What AWS accepts as a policy document: a tree becomes a Policy, together with every reason why AWS would refuse it.

What cannot be a policy at all is a PolicyLoadError; what can be modelled but would be refused is a Problem in it. What
is unknown until a template is deployed stays unknown: it is never dropped, and never taken for "*" or "".

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

import re
from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Literal

from pytest_veeam_iam.errors import PolicyLoadError
from pytest_veeam_iam.iam import condition_words, globs
from pytest_veeam_iam.iam.document import (
    UNATTACHED,
    Attachment,
    Condition,
    Effect,
    Entry,
    Policy,
    Principal,
    Problem,
    Statement,
)
from pytest_veeam_iam.iam.tree import Number, Template, has_unknowns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pytest_veeam_iam.iam.tree import Node, Token

_POLICY_KEYS = ("Version", "Id", "Statement")
_STATEMENT_KEYS = (
    "Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition", "Principal", "NotPrincipal",
)  # fmt: skip
_VERSIONS = ("2012-10-17", "2008-10-17")
_PRINCIPAL_KINDS = ("AWS", "Service", "Federated", "CanonicalUser")


def is_policy(node: Node) -> bool:
    """Return whether the tree means to be a policy document: an object with a Statement."""
    return isinstance(node.value, dict) and "Statement" in node.value


def read_policy(
    node: Node,
    entity: str | None = None,
    attachment: Attachment = UNATTACHED,
    *,
    assumed: tuple[str, ...] = (),
    buckets: tuple[tuple[str, str | None], ...] = (),
    form: str = "",
) -> Policy:
    """Return the policy document that stands in ``node``.

    Args:
        node: The tree of the document.
        entity: What the document belongs to, if that is known.
        attachment: To whom it is attached, and as what.
        assumed: What was assumed to read it, in words.
        buckets: The buckets that its template makes.
        form: The form of the file it stands in.

    Raises:
        PolicyLoadError: For a tree that cannot be modelled without guessing.
    """
    return replace(
        _policy(node),
        entity=entity,
        attachment=attachment,
        assumed=assumed,
        buckets=buckets,
        tree=node if has_unknowns(node) else None,
        written=node if node.source.path.startswith("<") else None,
        form=form,
    )


def _policy(node: Node) -> Policy:
    if isinstance(node.value, Template):
        return Policy(tuple(_anything(node, node.value.tokens[0])), node.location, _VERSIONS[0])
    fields = _object(node, "a policy document")
    if "Statement" not in fields:
        raise _error(node, 'this object has no "Statement", so it is not a policy document', _hint(fields, "Statement"))
    problems = _unknown_keys(node, _POLICY_KEYS)
    doubt = node.doubt or fields["Statement"].doubt
    version = None
    if "Version" in fields:
        version, unknown_version = _version(fields["Version"])
        doubt = doubt or unknown_version
    if version is not None and version not in _VERSIONS:
        message = f'AWS knows no Version "{version}"; write "2012-10-17"'
        problems.append(Problem(message, fields["Version"].location, "Version"))
    statements = _list(fields["Statement"])
    if not statements:
        problems.append(
            Problem("Statement is empty; AWS wants at least one", node.key_location("Statement"), "Statement")
        )
    return Policy(
        statements=tuple(
            statement
            for item in statements
            for statement in _statements(item, doubt, has_variables=version == _VERSIONS[0])
        ),
        location=node.location,
        version=version,
        problems=tuple(problems),
        size=_size(node),
    )


def _version(node: Node) -> tuple[str, Token | None]:
    """Return the Version, and the value that it hangs on; the usual one stands for an unknown one."""
    if isinstance(node.value, Template):
        return _VERSIONS[0], node.value.tokens[0]
    return _text(node, "Version"), node.doubt


def _anything(node: Node, token: Token) -> Iterator[Statement]:
    """Yield what a part of a document that is unknown as a whole may say: it may allow anything, and deny anything."""
    everything = (Entry("*", node.location),)
    for effect in Effect:
        yield Statement(effect, everything, everything, node.location, doubt=token)


def _size(node: Node) -> int:
    """Return the number of characters that AWS counts: those of compact JSON, without white space.

    An unknown value counts as none, and so does what may not be there: AWS counts at least so many.
    """
    if node.doubt is not None:
        return 0
    match node.value:
        case str() as text:
            return _text_size(text)
        case Template() as template:
            return _text_size("".join(piece for piece in template.pieces if isinstance(piece, str)))
        case dict():
            members = sum(_text_size(key) + 1 + _size(item) for key, item in node.value.items())
            return members + max(len(node.value) + 1, 2)
        case list():
            return sum(map(_size, node.value)) + max(len(node.value) + 1, 2)
        case Number():
            return len(node.value.text)
    return len("false" if node.value is False else "true")


def _text_size(text: str) -> int:
    return len(text) + 2 - sum(map(text.count, " \t\r\n")) + text.count('"') + text.count("\\")


def _statements(node: Node, doubt: Token | None, *, has_variables: bool) -> Iterator[Statement]:
    """Yield the statement that stands in a node, or what it may be if it is unknown."""
    if isinstance(node.value, Template):
        yield from _anything(node, node.value.tokens[0])
        return
    fields = _object(node, "a statement")
    for key, member in fields.items():
        if member.doubt is not None and "${" in key:  # an unknown key may be any element, and replace any
            yield from _anything(node, member.doubt)
            return
    doubts = [doubt, node.doubt, *(member.doubt for member in fields.values())]
    doubt = next((token for token in doubts if token is not None), None)
    effect = fields.get("Effect")
    if effect is not None and isinstance(effect.value, Template):
        for each in Effect:
            yield _statement(node, each, effect.value.tokens[0], has_variables=has_variables)
    else:
        yield _statement(node, _effect(node), doubt, has_variables=has_variables)


def _statement(node: Node, effect: Effect, doubt: Token | None, *, has_variables: bool) -> Statement:
    fields = _object(node, "a statement")
    problems = _unknown_keys(node, _STATEMENT_KEYS)
    actions, not_action = _entries(node, "Action", globs.action_problem, problems)
    resources, not_resource = _entries(
        node, "Resource", lambda text: globs.resource_problem(text, has_variables=has_variables), problems
    )
    found, doubt_of_condition = _conditions(fields["Condition"]) if "Condition" in fields else ((), None)
    for condition in found:
        problems += [Problem(text, condition.location, "Condition") for text in condition_words.problems(condition)]
    not_principal = "NotPrincipal" in fields
    if not_principal and "Principal" in fields:
        problems.append(_both(node, "Principal"))
    named = fields.get("NotPrincipal" if not_principal else "Principal")
    principals, doubt_of_principal = (None, None) if named is None else _principals(named, problems)
    return Statement(
        effect=effect,
        actions=actions,
        resources=resources,
        location=node.location,
        not_action=not_action,
        not_resource=not_resource,
        conditions=found,
        principals=principals,
        not_principal=not_principal,
        sid=_sid(fields["Sid"]) if "Sid" in fields else None,
        problems=tuple(problems),
        doubt=doubt or doubt_of_condition or doubt_of_principal,
    )


def _sid(node: Node) -> str:
    return str(node.value) if isinstance(node.value, Template) else _text(node, "Sid")


def _effect(node: Node) -> Effect:
    fields = _object(node, "a statement")
    if "Effect" not in fields:
        raise _error(node, "this statement has no Effect", _hint(fields, "Effect") or 'add "Effect": "Allow" or "Deny"')
    text = _text(fields["Effect"], "Effect")
    if text not in tuple(Effect):
        raise _error(fields["Effect"], f'"{text}" is not an Effect', 'write "Allow" or "Deny", in this case')
    return Effect(text)


def _entries(
    node: Node, name: Literal["Action", "Resource"], problem_of: Callable[[str], str | None], problems: list[Problem]
) -> tuple[tuple[Entry, ...], bool]:
    """Return the entries of Action or Resource, and whether they stand under its Not... form."""
    fields = _object(node, "a statement")
    negated = f"Not{name}"
    present = [key for key in (name, negated) if key in fields]
    if not present:
        problems.append(Problem(f"this statement has neither {name} nor {negated}", node.location, name))
        return (), False
    if len(present) > 1:
        problems.append(_both(node, name))
    key = present[0]
    entries = tuple(_entry(item, key) for item in _list(fields[key]))
    if not entries:
        problems.append(Problem(f"{key} is empty; AWS wants at least one entry", node.key_location(key), key))
    for entry in entries:
        message = _problem(entry, problem_of)
        if message:
            problems.append(Problem(message, entry.location, key))
    return entries, key == negated


def _entry(node: Node, what: str) -> Entry:
    if isinstance(node.value, Template):
        return Entry(str(node.value), node.location, node.value.pieces, node.doubt)
    return Entry(_text(node, what), node.location, doubt=node.doubt)


def _problem(entry: Entry, problem_of: Callable[[str], str | None]) -> str | None:
    """Return why AWS refuses an entry whatever its unknown values are, or None."""
    if not entry.pieces:
        return problem_of(entry.text)
    first = entry.pieces[0]
    if isinstance(first, str):
        if not first.strip("*"):
            return None
        return problem_of("".join(piece if isinstance(piece, str) else "x" for piece in entry.pieces))
    if first.symbol and not first.is_arn and problem_of("x"):
        return f'"{first}" is the name of a bucket, not its ARN{_write_arn(first)}'
    return None


def _write_arn(name: Token) -> str:
    form, _, resource = name.symbol.partition(":")
    return f"; write {resource}.arn" if form == "tf" else f"; write !GetAtt {resource}.Arn"


def _both(node: Node, name: str) -> Problem:
    location = node.key_location(f"Not{name}")
    return Problem(f"this statement has both {name} and Not{name}; AWS wants one of them", location, name)


def _conditions(node: Node) -> tuple[tuple[Condition, ...], Token | None]:
    """Return the conditions, and the value that it hangs on whether they are all, or are there."""
    if isinstance(node.value, Template):
        return (), node.value.tokens[0]
    found = []
    doubts = [node.doubt]
    for operator, keys in _object(node, "a Condition").items():
        doubts.append(keys.doubt)
        if isinstance(keys.value, Template):
            doubts.append(keys.value.tokens[0])
            continue
        block = _object(keys, f"the condition operator {operator}")
        for key, values in block.items():
            doubts.append(values.doubt)
            entries = tuple(_value_entry(item, key) for item in _list(values))
            found.append(Condition(operator, key, entries, keys.key_location(key)))
    return tuple(found), next((token for token in doubts if token is not None), None)


def _value_entry(node: Node, key: str) -> Entry:
    if isinstance(node.value, Template):
        return _entry(node, key)
    return Entry(_scalar(node, key), node.location, doubt=node.doubt)


def _principals(node: Node, problems: list[Problem]) -> tuple[tuple[Principal, ...], Token | None]:
    """Return the principals, and the value that it hangs on who they are."""
    if isinstance(node.value, Template):
        return (Principal("AWS", str(node.value), node.location),), node.value.tokens[0]
    if isinstance(node.value, str):
        if node.value != "*":
            message = f'"{node.value}" is not a Principal; write "*" or {{"AWS": "{node.value}"}}'
            problems.append(Problem(message, node.location, "Principal"))
        return (Principal(node.value if node.value == "*" else "AWS", node.value, node.location),), None
    found = []
    doubt = None
    for kind, values in _object(node, "a Principal").items():
        if kind not in _PRINCIPAL_KINDS:
            raise _error(values, f'"{kind}" is not a kind of Principal', f"AWS knows {', '.join(_PRINCIPAL_KINDS)}")
        for item in _list(values):
            unknown = item.value.tokens[0] if isinstance(item.value, Template) else None
            doubt = doubt or values.doubt or item.doubt or unknown
            found.append(Principal(kind, str(item.value) if unknown else _text(item, kind), item.location))
    problems += [
        Problem(f'"{each.text}" has a wildcard; write "*", or each name in full', each.location, "Principal")
        for each in found
        if each.kind == "AWS" and each.text != "*" and re.search(r"[*?]", each.text)
    ]
    if not found:
        problems.append(Problem("this Principal names nobody; AWS wants at least one", node.location, "Principal"))
    return tuple(found), doubt


def _list(node: Node) -> list[Node]:
    return node.value if isinstance(node.value, list) else [node]


def _object(node: Node, what: str) -> dict[str, Node]:
    if not isinstance(node.value, dict):
        raise _error(node, f"{what} is an object, but here stands {node.kind}", "")
    for duplicate in node.duplicates:
        first = node.source.locate(duplicate.first)
        place = f"line {first.line}, column {first.column}" if first.line else "before"
        raise PolicyLoadError(
            node.source.path,
            f'"{duplicate.key}" stands twice in this object (first at {place}); AWS would refuse it or use one of them',
            line=(again := node.source.locate(duplicate.again)).line,
            column=again.column,
            remedy="keep the one that is meant",
        )
    return node.value


def _text(node: Node, what: str) -> str:
    if not isinstance(node.value, str):
        raise _error(node, f"{what} is a string, but here stands {node.kind}", "")
    return node.value


def _scalar(node: Node, what: str) -> str:
    match node.value:
        case str():
            return node.value
        case bool():
            return str(node.value).lower()
        case Number():
            return node.value.text
    raise _error(node, f"a value of {what} is a string, number or boolean, but here stands {node.kind}", "")


def _unknown_keys(node: Node, known: Sequence[str]) -> list[Problem]:
    keys = _object(node, "a policy document")
    return [
        Problem(f'"{key}" is not an element of an IAM policy{_near(key, known)}', node.key_location(key), key)
        for key in keys
        if key not in known
    ]


def _near(key: str, known: Sequence[str]) -> str:
    near = get_close_matches(key.title(), known, n=1, cutoff=0.7)
    return f'; did you mean "{near[0]}"?' if near else f"; it knows {', '.join(known)}"


def _hint(fields: dict[str, Node], wanted: str) -> str:
    near = get_close_matches(wanted.lower(), [key.lower() for key in fields], n=1, cutoff=0.8)
    return next((f'did you mean "{wanted}" by "{key}"?' for key in fields if [key.lower()] == near), "")


def _error(node: Node, why: str, remedy: str) -> PolicyLoadError:
    location = node.location
    return PolicyLoadError(location.path, why, line=location.line, column=location.column, remedy=remedy)
