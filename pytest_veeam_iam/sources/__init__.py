"""Files, texts and mappings to policies: what an argument or a file holds, whatever form it is in."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from pytest_veeam_iam.errors import PolicyLoadError
from pytest_veeam_iam.iam.document import Policy
from pytest_veeam_iam.iam.grammar import read_policy
from pytest_veeam_iam.iam.tree import TextSource
from pytest_veeam_iam.sources import files
from pytest_veeam_iam.sources.found import Bindings, Reading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_veeam_iam.sources.found import Found

PolicyArgument: TypeAlias = "str | os.PathLike[str] | Mapping[str, object] | Policy | Iterable[PolicyArgument]"
"""What stands for policies in an argument: a path, JSON text, a mapping, a Policy, or several of these."""

_PLAIN = Reading()
_JSON_STARTS = ("{", "[", '"')


def suffixes() -> tuple[str, ...]:
    """Return how the names of files end that are looked into when a directory is searched."""
    from pytest_veeam_iam.sources import forms

    return forms.suffixes()


def load_policies(
    *paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    form: str | None = None,
    select: Sequence[str] = (),
    bind: Mapping[str, str] | None = None,
) -> tuple[Policy, ...]:
    """Return the policies of files, in the order given.

    Args:
        paths: Files, directories (every policy file below, by path), or iterables of these.
        form: What to take the files for, for example ``cloudformation``; found out by name and content if None.
        select: JSONPaths of the policies in the files, instead of a form.
        bind: Values of what the files leave open, by the expression as they write it: ``{"var.bucket": "acme-veeam"}``.

    Returns:
        At least one policy for each file.

    Raises:
        PolicyLoadError: For a file that cannot be read or holds no policy, or a directory without any.
        TargetError: For a form that does not exist.
    """
    reading = replace(_PLAIN, bindings=Bindings(bind or {}), form=form, select=tuple(select))
    found: list[Policy] = []
    for path in paths:
        if not isinstance(path, str | os.PathLike):
            found += load_policies(*path, form=form, select=select, bind=bind)
        elif Path(path).is_dir():
            found += _load_directory(Path(path), reading)
        else:
            found += load_file(Path(path), reading=reading)
    return without_repeats(found)


def without_repeats(policies: Iterable[Policy]) -> tuple[Policy, ...]:
    """Return policies without those that came up twice, as those of a Terraform module do with each of its files.

    One that others may have as well, in doubt, is another policy.
    """
    first: dict[object, Policy] = {}
    for policy in policies:
        place = policy.location
        first.setdefault((place, policy.entity, policy.attachment) if place.line is not None else policy, policy)
    return tuple(first.values())


def load_file(path: Path, name: str | None = None, *, reading: Reading = _PLAIN) -> tuple[Policy, ...]:
    """Return the policies of one file that somebody named.

    Args:
        path: The file.
        name: What to call it in messages, with ``/``; its path as written if None.
        reading: What to take it for, and what is bound.

    Raises:
        PolicyLoadError: If it cannot be read or holds no policy.
        TargetError: For a form that does not exist.
    """
    from pytest_veeam_iam.sources import forms

    source, reading = _opened(path, name, reading, limit=files.NAMED_LIMIT)
    return _policies(forms.read_text(source, reading, is_named=True))


def load_file_if_policy(
    path: Path, name: str | None = None, *, reading: Reading = _PLAIN, is_suspect: bool = False
) -> tuple[Policy, ...]:
    """Return the policies of a file that was come across: none if it is a document of another kind.

    Args:
        path: The file.
        name: What to call it in messages, with ``/``; its path as written if None.
        reading: What is bound.
        is_suspect: Whether something else says that it should hold a policy, so that it is read whatever it mentions.

    Raises:
        PolicyLoadError: If it cannot be read, so that nobody can say what it is.
    """
    from pytest_veeam_iam.sources import forms

    source, reading = _opened(path, name, reading, limit=files.DEFAULT_LIMIT)
    if not is_suspect and not forms.may_hold_policy(source.path, source.text):
        return ()
    return _policies(forms.read_text(source, reading))


def _opened(path: Path, name: str | None, reading: Reading, *, limit: int) -> tuple[TextSource, Reading]:
    source = files.read_text(path, name=name or path.as_posix(), limit=limit)
    return source, replace(reading, path=path, name=source.path, root=files.repository_of(path))


def policies_of(argument: PolicyArgument, *, bindings: Bindings | None = None) -> tuple[Policy, ...]:
    """Return the policies that an argument stands for.

    Args:
        argument: A path, JSON text (its first character that is not white space is ``{``, ``[`` or ``"``), a mapping (a
            policy document, or whatever else a file may hold), a Policy, or several of these.
        bindings: Values of what a template leaves open.

    Raises:
        PolicyLoadError: For what cannot be read as a policy.
        TypeError: For an argument of another type.
    """
    if isinstance(argument, Policy):
        return (argument,)
    if isinstance(argument, tuple) and all(isinstance(each, Policy) for each in argument):
        return argument
    reading = _PLAIN if bindings is None else replace(_PLAIN, bindings=bindings)
    match argument:
        case str() if argument.lstrip()[:1] in _JSON_STARTS:
            return _policies_of_text(argument, reading)
        case str() | os.PathLike():
            return load_file(Path(argument), reading=reading)
        case Mapping():
            return _policies_of_mapping(argument, reading)
        case Iterable():
            return without_repeats(policy for each in argument for policy in policies_of(each, bindings=bindings))
    raise TypeError(f"a policy is a path, JSON text, a mapping or a Policy, not {type(argument).__name__}")


def _policies_of_text(text: str, reading: Reading) -> tuple[Policy, ...]:
    from pytest_veeam_iam.sources import forms

    source = TextSource("<text>", text)
    return _policies(forms.read_text(source, replace(reading, name=source.path), is_named=True))


def _policies_of_mapping(argument: Mapping[str, object], reading: Reading) -> tuple[Policy, ...]:
    from pytest_veeam_iam.sources import forms
    from pytest_veeam_iam.sources.mapping import tree_of

    tree = tree_of(argument)
    return _policies(forms.read_tree(tree, reading, is_named=True))


def _load_directory(path: Path, reading: Reading) -> tuple[Policy, ...]:
    candidates = [file for file in files.walk(path).files if file.name.lower().endswith(suffixes())]
    found = tuple(policy for file in candidates for policy in load_file_if_policy(file, reading=reading))
    if not found:
        raise PolicyLoadError(
            path.as_posix(), "there is no policy in this directory", remedy="name a file that holds one"
        )
    return found


def _policies(documents: Iterable[Found]) -> tuple[Policy, ...]:
    return tuple(
        read_policy(
            found.node,
            found.entity,
            found.attachment,
            assumed=found.assumed,
            buckets=found.buckets,
            form=found.form,
        )
        for found in documents
    )
