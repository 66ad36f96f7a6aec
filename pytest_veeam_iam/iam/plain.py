"""A statement as plain values again: what it says, not how its file writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_veeam_iam.iam.document import Condition, Entry, Statement


def statement_of(statement: Statement) -> dict[str, object]:
    """Return a statement as JSON has it; an unknown value of a template is the text ``${...}``.

    Args:
        statement: As it was read.

    Returns:
        Its elements in the usual order, each a string if it has one value and a list if it has several.
    """
    plain: dict[str, object] = {} if statement.sid is None else {"Sid": statement.sid}
    plain["Effect"] = statement.effect.value
    if statement.principals is not None:
        plain["NotPrincipal" if statement.not_principal else "Principal"] = _principals(statement)
    for name, is_negated, entries in (
        ("Action", statement.not_action, statement.actions),
        ("Resource", statement.not_resource, statement.resources),
    ):
        if entries:
            plain[f"Not{name}" if is_negated else name] = _texts(entries)
    if statement.conditions:
        plain["Condition"] = _conditions(statement.conditions)
    return plain


def _principals(statement: Statement) -> object:
    kinds: dict[str, list[str]] = {}
    for principal in statement.principals or ():
        kinds.setdefault(principal.kind, []).append(principal.text)
    return "*" if list(kinds) == ["*"] else {kind: _one_or_list(texts) for kind, texts in kinds.items()}


def _conditions(conditions: Sequence[Condition]) -> dict[str, dict[str, object]]:
    plain: dict[str, dict[str, object]] = {}
    for condition in conditions:
        plain.setdefault(condition.operator, {})[condition.key] = _texts(condition.values)
    return plain


def _texts(entries: Sequence[Entry]) -> object:
    return _one_or_list([entry.text for entry in entries])


def _one_or_list(texts: list[str]) -> object:
    return texts[0] if len(texts) == 1 else texts
