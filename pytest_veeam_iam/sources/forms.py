"""Which form a document is in, and what it holds: a form is a module of this package, found by its place in it.

A form has ``SUFFIXES``, ``MENTIONS`` (one of these texts stands in every file of it that holds a policy),
``recognizes`` and ``read``. Forms on a tree take what JSON, YAML or a mapping holds; one without ``recognizes`` reads
text.
"""

from __future__ import annotations

import pkgutil
from dataclasses import replace
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from pytest_veeam_iam import sources
from pytest_veeam_iam.errors import PolicyLoadError, TargetError
from pytest_veeam_iam.iam.grammar import read_policy
from pytest_veeam_iam.sources import large_json, selected, yaml_text
from pytest_veeam_iam.sources.found import Reading

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_veeam_iam.iam.tree import Node, TextSource
    from pytest_veeam_iam.sources.found import Found

_JSON_STARTS = ("{", "[", '"')
_JSON_ENDS = {"{": "}", "[": "]"}


@cache
def _forms() -> Mapping[str, Any]:
    """Return the forms by name."""
    modules = (import_module(f"{sources.__name__}.{info.name}") for info in pkgutil.iter_modules(sources.__path__))
    return {
        module.__name__.rpartition(".")[2]: module
        for module in modules
        if hasattr(module, "SUFFIXES") and hasattr(module, "read")
    }


def names() -> tuple[str, ...]:
    """Return the names that ``form`` can have."""
    return (*_forms(), *selected.presets())


@cache
def suffixes() -> tuple[str, ...]:
    """Return how the names of files end that are looked into when a directory is searched, the longest first."""
    found = {suffix for form in _forms().values() for suffix in form.SUFFIXES}
    return tuple(sorted(found, key=lambda suffix: (-len(suffix), suffix)))


def may_hold_policy(name: str, text: str) -> bool:
    """Return whether a text mentions what every policy in a file of this name does, which is cheap to see.

    JSON that is empty, or does not end as it begins, was cut off, so that nobody can say what it held. A text that does
    not begin like JSON is something else, whatever its name: a configuration with comments, a message in words.
    """
    lower, stripped = name.lower(), text.strip()
    if lower.endswith(".json") and (not stripped or stripped[-1] != _JSON_ENDS.get(stripped[0], stripped[-1])):
        return True
    return any(
        mention in text
        for form in _forms().values()
        if lower.endswith(tuple(form.SUFFIXES))
        for mention in form.MENTIONS
    )


def read_text(source: TextSource, reading: Reading, *, is_named: bool = False) -> list[Found]:
    """Return the policy documents of a text.

    Args:
        source: The text.
        reading: Where it comes from, what to take it for, and what is bound.
        is_named: Whether somebody said that it holds a policy, so that it is an error if it does not.

    Raises:
        PolicyLoadError: For a text that is not what it is taken for.
        TargetError: For a form that does not exist.
    """
    form = _by_text(reading)
    if form is not None:
        found = _read(form, source, reading)
        if is_named and not found:
            _refuse([], source.path)
        return found
    trees = _trees(source)
    documents = [found for tree in trees for found in read_tree(tree, reading)]
    if is_named and not documents:
        _refuse(trees, source.path)
    return documents


def _refuse(trees: list[Node], name: str) -> None:
    """Say what is missing where somebody said that there is a policy."""
    if tool := next(filter(None, map(_tool_of, trees)), ""):
        remedy = f'write form = "{tool}" into a target of veeam-iam.toml'
        raise PolicyLoadError(
            name, f"its policies stand where {tool} keeps them, which is not looked for", remedy=remedy
        )
    if len(trees) == 1 and form_of(trees[0]) is None:
        read_policy(trees[0])
    raise PolicyLoadError(
        name, "there is no IAM policy in it", remedy="name a file that holds one, or say with select where it stands"
    )


def _tool_of(tree: Node) -> str:
    """Return the tool whose file a tree is, or an empty string."""
    for name in selected.presets():
        try:
            selected.read_preset(tree, Reading(), name)
        except PolicyLoadError:
            continue
        return name
    return ""


def _by_text(reading: Reading) -> Any:
    """Return the form that reads this text itself, or None if it is read as a tree."""
    if reading.select or reading.form:
        form = _forms().get(reading.form or "")
        return form if form is not None and not hasattr(form, "recognizes") else None
    name = reading.name.lower()
    for form in _forms().values():
        if not hasattr(form, "recognizes") and name.endswith(tuple(form.SUFFIXES)):
            return form
    return None


def _trees(source: TextSource) -> list[Node]:
    """Return the documents of a text: one for JSON, any number for YAML."""
    is_yaml = source.path.lower().endswith((".yaml", ".yml"))
    if is_yaml or (source.text.strip() and not source.text.lstrip().startswith(_JSON_STARTS) and not _is_json(source)):
        return yaml_text.parse_all(source)
    return [large_json.parse(source)]


def _is_json(source: TextSource) -> bool:
    return source.path.lower().endswith(".json") or source.path.startswith("<")


def read_tree(tree: Node, reading: Reading, *, is_named: bool = False) -> list[Found]:
    """Return the policy documents of a tree.

    Args:
        tree: The tree.
        reading: What to take it for, and what is bound.
        is_named: Whether it is an error if it holds none.

    Raises:
        PolicyLoadError: For a tree that is not what ``form`` says.
        TargetError: For a form that does not exist.
    """
    if reading.select:
        return _of(selected, selected.select(tree, reading.select))
    if reading.form in selected.presets():
        return _of(selected, selected.read_preset(tree, reading, reading.form or ""))
    if reading.form:
        return _forced(tree, reading)
    form = form_of(tree)
    found = _read(form, tree, reading) if form is not None else []
    if is_named and not found:
        _refuse([tree], tree.source.path)
    return found


def _read(form: Any, document: TextSource | Node, reading: Reading) -> list[Found]:
    return _of(form, form.read(document, reading))


def _of(form: Any, found: list[Found]) -> list[Found]:
    name = form.__name__.rpartition(".")[2]
    return [replace(each, form=name) for each in found]


def form_of(tree: Node) -> Any:
    """Return the form that a tree is in, or None."""
    return next((f for f in _forms().values() if hasattr(f, "recognizes") and f.recognizes(tree)), None)


def _forced(tree: Node, reading: Reading) -> list[Found]:
    form = _forms().get(reading.form or "")
    if form is None:
        near = get_close_matches(reading.form or "", names(), n=1)
        hint = f"did you mean {near[0]}?" if near else f"write one of {', '.join(names())}"
        raise TargetError(f'form "{reading.form}": {hint}')
    found = _read(form, tree, reading)
    if not found:
        place = tree.location
        why = f"it holds no policy in the form {reading.form}"
        raise PolicyLoadError(place.path, why, line=place.line, column=place.column, remedy="leave form out")
    return found
