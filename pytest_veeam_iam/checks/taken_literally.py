"""A text stands for something else where AWS takes it as it is written: a star, a variable, a placeholder, a space.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_veeam_iam.report import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_veeam_iam.checks import Subject
    from pytest_veeam_iam.iam.document import Condition, Entry, Policy, Statement

ITEM = "lint"
ESSENTIAL = False

_VARIABLE = re.compile(r"\$\{[^}]*\}")
_BUCKET = re.compile(r"arn:[^:]*:s3:[^:]*:[^:]*:([^/:]+)")
_NO_NAME = re.compile(r"[^A-Za-z0-9._*?-]")
"""What no bucket has in its name; old ones may have capitals and underscores."""


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a warning for every such text: AWS accepts it, and it matches nothing, or not what was meant."""
    for policy in dict.fromkeys(subject.documents):
        for statement in policy.statements:
            for what, help_, entry in _literal(statement, policy):
                yield Finding("taken_literally", Severity.WARNING, what, entry.location, help_)


def _literal(statement: Statement, policy: Policy) -> Iterator[tuple[str, str, Entry]]:
    for entry in statement.resources:
        yield from _in_resource(entry)
        yield from _variable(entry, policy)
    for condition in statement.conditions:
        for entry in condition.values:
            yield from _star(entry, condition)
            yield from _variable(entry, policy)


def _in_resource(entry: Entry) -> Iterator[tuple[str, str, Entry]]:
    bucket = _BUCKET.match(_VARIABLE.sub("", entry.text))
    if entry.text != entry.text.rstrip():
        yield f'"{entry.text}" ends with white space, which is a part of the name', "leave it out", entry
    elif bucket and _NO_NAME.search(bucket[1]):
        what = f'no bucket can have the name in "{entry.text}"; is it a placeholder?'
        yield what, "write the name of the bucket", entry


def _star(entry: Entry, condition: Condition) -> Iterator[tuple[str, str, Entry]]:
    operator = condition.operator.rpartition(":")[2].removesuffix("IfExists")
    if operator in ("StringEquals", "StringNotEquals") and "*" in _VARIABLE.sub("", entry.text):
        what = (
            f'{condition.operator} takes the star in "{entry.text}" literally, so that {condition.key} is never like it'
        )
        yield what, f"write {condition.operator.replace('Equals', 'Like')}", entry


def _variable(entry: Entry, policy: Policy) -> Iterator[tuple[str, str, Entry]]:
    if not policy.has_variables and any(":" in each and "::" not in each for each in _VARIABLE.findall(entry.text)):
        what = f'"{entry.text}" holds a policy variable, which is plain text before Version 2012-10-17'
        yield what, 'write "Version": "2012-10-17"', entry
    if "${" in _VARIABLE.sub("", entry.text):
        yield f'"{entry.text}" begins a policy variable and does not end it', "close it with }", entry
