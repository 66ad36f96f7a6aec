"""Which files of a repository hold the policies to check, where nobody named them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from pytest_veeam_iam.errors import PolicyLoadError
from pytest_veeam_iam.sources import files, forms, load_file_if_policy

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from pytest_veeam_iam.iam.document import Policy

_CACHE_TAG = "CACHEDIR.TAG"
"""Marks a directory that a tool can make again: https://bford.info/cachedir/"""


@dataclass(frozen=True, slots=True)
class Discovery:
    """What a search of a repository found.

    Attributes:
        files: Those to check.
        others: Those that hold policies too, where nothing says that they are about Veeam.
        of_resources: Those that are about Veeam and say nothing of what a user or role may do.
        not_entered: Directories that were left out, as ``not_entered`` has them.
    """

    files: tuple[Path, ...]
    others: tuple[Path, ...]
    of_resources: tuple[Path, ...]
    not_entered: tuple[Path, ...]


def discover(root: Path, *, words: Sequence[str], skip: Collection[str], most: int) -> Discovery:
    """Search a repository for the policies that are about Veeam.

    Args:
        root: Where to search; links are not followed.
        words: A policy whose path below the root, entity or a Sid holds one of them (in any case) is about Veeam.
        skip: Patterns of directory names not to enter.
        most: If no policy is about Veeam, all of them are taken, unless there are more than this.

    Returns:
        What was found; ``files`` is empty if there are too many candidates.
    """
    walk = files.walk(root, skip=skip)
    found: dict[_Kind, list[Path]] = {kind: [] for kind in _Kind}
    for path in walk.files:
        if path.name.lower().endswith(forms.suffixes()):
            found[_kind_of(path, root, words)].append(path)
    named, others = found[_Kind.ABOUT_VEEAM], found[_Kind.OTHER]
    if not named and len(others) <= most:
        named, others = others, []
    return Discovery(tuple(named), tuple(others), tuple(found[_Kind.OF_RESOURCE]), _left_out(walk))


def are_of_resources(policies: Sequence[Policy]) -> bool:
    """Return whether a file holds nothing but documents whose every statement says who."""
    return bool(policies) and all(each.form == "document" and each.names_principals for each in policies)


def not_entered(root: Path, *, skip: Collection[str]) -> tuple[Path, ...]:
    """Return the directories below a root that a search leaves out, but for those where nobody keeps policies.

    Args:
        root: Where to search.
        skip: Patterns of directory names not to enter.
    """
    return _left_out(files.walk(root, skip=skip))


def _left_out(walk: files.Walk) -> tuple[Path, ...]:
    return tuple(
        each.path
        for each in walk.skipped
        if each.path.is_dir() and each.path.name not in files.NEVER_ENTERED and not (each.path / _CACHE_TAG).is_file()
    )


class _Kind(Enum):
    NO_POLICY, ABOUT_VEEAM, OTHER, OF_RESOURCE = range(4)


def _kind_of(path: Path, root: Path, words: Sequence[str]) -> _Kind:
    """Return whether a file holds policies, and says that they are about Veeam.

    A broken file counts as a policy where its path speaks for it, so that it is not passed over in silence.
    """
    name = path.relative_to(root).as_posix()
    is_named = _mentions(name, words)
    try:
        if not is_named and not forms.may_hold_policy(name, files.read_text(path, name=name).text):
            return _Kind.NO_POLICY
        policies = load_file_if_policy(path, name, is_suspect=is_named)
    except PolicyLoadError:
        return _Kind.ABOUT_VEEAM if is_named else _Kind.OTHER
    if not policies:
        return _Kind.NO_POLICY
    is_about = is_named or any(_mentions(sid, words) for sid in _sids(policies))
    if are_of_resources(policies):
        return _Kind.OF_RESOURCE if is_about else _Kind.NO_POLICY
    return _Kind.ABOUT_VEEAM if is_about else _Kind.OTHER


def _mentions(text: str, words: Sequence[str]) -> bool:
    return any(word.lower() in text.lower() for word in words)


def _sids(policies: Sequence[Policy]) -> list[str]:
    return [text for policy in policies for text in (policy.entity, *(s.sid for s in policy.statements)) if text]
