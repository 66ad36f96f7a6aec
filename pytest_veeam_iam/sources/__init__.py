"""Files, texts and mappings to policies: what an argument or a file holds, whatever form it is in."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeAlias

from pytest_veeam_iam.errors import PolicyLoadError
from pytest_veeam_iam.iam.document import Policy
from pytest_veeam_iam.iam.grammar import is_policy, read_policy
from pytest_veeam_iam.iam.tree import Node, TextSource
from pytest_veeam_iam.sources import files, json_text
from pytest_veeam_iam.sources.mapping import tree_of

PolicyArgument: TypeAlias = "str | os.PathLike[str] | Mapping[str, object] | Policy | Iterable[PolicyArgument]"
"""What stands for policies in an argument: a path, JSON text, a mapping, a Policy, or several of these."""

SUFFIXES = frozenset({".json"})
"""Of the files that are looked into when a directory is searched."""


def load_policies(*paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> tuple[Policy, ...]:
    """Return the policies of files, in the order given.

    Args:
        paths: Files, directories (every policy file below, by path), or iterables of these.

    Returns:
        At least one policy for each file.

    Raises:
        PolicyLoadError: For a file that cannot be read or holds no policy, or a directory without any.
    """
    found: list[Policy] = []
    for path in paths:
        if not isinstance(path, str | os.PathLike):
            found += load_policies(*path)
        elif Path(path).is_dir():
            found += _load_directory(Path(path))
        else:
            found += load_file(Path(path))
    return tuple(found)


def load_file(path: Path, name: str | None = None) -> tuple[Policy, ...]:
    """Return the policies of one file.

    Args:
        path: The file.
        name: What to call it in messages, with ``/``; its path as written if None.

    Raises:
        PolicyLoadError: If it cannot be read or holds no policy.
    """
    return _policies(_tree(path, name))


def load_file_if_policy(path: Path, name: str | None = None) -> tuple[Policy, ...]:
    """Return the policies of a file that was come across: none if it is a document of another kind.

    Args:
        path: The file.
        name: What to call it in messages, with ``/``; its path as written if None.

    Raises:
        PolicyLoadError: If it cannot be read, so that nobody can say what it is.
    """
    return tuple(read_policy(document) for document in _documents(_tree(path, name)))


def _tree(path: Path, name: str | None) -> Node:
    return json_text.parse(files.read_text(path, name=name or path.as_posix()))


def policies_of(argument: PolicyArgument) -> tuple[Policy, ...]:
    """Return the policies that an argument stands for.

    Args:
        argument: A path, JSON text (its first character that is not white space is ``{``, ``[`` or ``"``), a mapping, a
            Policy, or several of these.

    Raises:
        PolicyLoadError: For what cannot be read as a policy.
        TypeError: For an argument of another type.
    """
    if isinstance(argument, Policy):
        return (argument,)
    if isinstance(argument, tuple) and all(isinstance(each, Policy) for each in argument):
        return argument
    match argument:
        case str() if argument.lstrip()[:1] in ("{", "[", '"'):
            return _policies(json_text.parse(TextSource("<text>", argument)))
        case str() | os.PathLike():
            return load_file(Path(argument))
        case Mapping():
            return _policies(tree_of(argument))
        case Iterable():
            return tuple(policy for each in argument for policy in policies_of(each))
    raise TypeError(f"a policy is a path, JSON text, a mapping or a Policy, not {type(argument).__name__}")


def _load_directory(path: Path) -> tuple[Policy, ...]:
    candidates = [file for file in files.walk(path).files if file.suffix.lower() in SUFFIXES]
    found = tuple(policy for file in candidates for policy in load_file_if_policy(file))
    if not found:
        raise PolicyLoadError(
            path.as_posix(), "there is no policy in this directory", remedy="name a file that holds one"
        )
    return found


def _policies(tree: Node) -> tuple[Policy, ...]:
    documents = _documents(tree)
    if not documents:
        read_policy(tree)  # says what is missing
    return tuple(read_policy(document) for document in documents)


def _documents(tree: Node) -> list[Node]:
    """Return the policy documents of a tree: itself, those of a list, or that of a text within the text."""
    if is_policy(tree):
        return [tree]
    if isinstance(tree.value, str) and tree.value.lstrip()[:1] == "{":
        return _documents(json_text.parse(TextSource(tree.source.path, tree.value)))
    if isinstance(tree.value, list) and tree.value and all(is_policy(item) for item in tree.value):
        return tree.value
    return []
