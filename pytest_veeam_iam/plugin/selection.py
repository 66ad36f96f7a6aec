"""Which policy files a run looks at: named on the command line, configured, or found by discovery."""

from __future__ import annotations

import glob
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_veeam_iam.config import DISCOVERY_MOST
from pytest_veeam_iam.errors import TargetError, VeeamIamError
from pytest_veeam_iam.sources import SUFFIXES, load_file, load_file_if_policy
from pytest_veeam_iam.sources.discovery import discover
from pytest_veeam_iam.sources.files import inside

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_veeam_iam.config import Settings
    from pytest_veeam_iam.iam.document import Policy

NOT_POLICIES = frozenset({".py", ".pyi"})
"""What pytest collects as tests when it is named, and never as a policy."""


@dataclass(frozen=True)
class Selection:
    """The policy files of a run.

    Attributes:
        only: The files to take, or None if everything in the arguments is taken.
        folders: The directories named on the command line; files in them are taken if they hold a policy.
        not_entered: Directories that a search left out, as messages call them.
    """

    only: frozenset[Path] | None
    folders: tuple[Path, ...] = ()
    not_entered: tuple[str, ...] = ()

    def to_plain(self) -> dict[str, Any]:
        """Return it as the plain values that xdist can send."""
        only = None if self.only is None else sorted(map(str, self.only))
        return {
            "only": only,
            "folders": [str(folder) for folder in self.folders],
            "not_entered": list(self.not_entered),
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Selection:
        """Return what ``to_plain`` was called on."""
        only = None if plain["only"] is None else frozenset(map(Path, plain["only"]))
        return cls(only, tuple(map(Path, plain["folders"])), tuple(plain["not_entered"]))

    def notes(self) -> list[str]:
        """Return what the user should know of the search, a line each."""
        return [f"Not searched: {', '.join(self.not_entered[:5])}."] if self.not_entered else []

    def load(self, path: Path, name: str, *, is_named: bool) -> tuple[Policy, ...] | None:
        """Return the policies of a file that pytest came across, or None if it is not one to look at.

        Args:
            path: The file.
            name: What messages call it.
            is_named: Whether the file itself stands on the command line.

        Raises:
            PolicyLoadError: If it is one to look at and cannot be read, or holds no policy although it was named.
        """
        if self.only is not None:
            return load_file(path, name) if path in self.only else None
        if is_named:
            return load_file(path, name) if path.suffix not in NOT_POLICIES else None
        if path.suffix.lower() not in SUFFIXES or not any(inside(folder, path) for folder in self.folders):
            return None
        return load_file_if_policy(path, name) or None


def select(config: pytest.Config, settings: Settings) -> Selection:
    """Return which files to look at, and make pytest visit them.

    Where paths were typed they alone count: with ``--veeam-iam`` everything in them, else what is configured and in
    them. Otherwise the configured globs are looked at, else the root is searched, whatever ``testpaths`` says.

    Raises:
        TargetError: For a glob without files, or a search that finds nothing or too much.
    """
    is_explicit = config.args_source is pytest.Config.ArgsSource.ARGS
    if is_explicit:
        config.args[:] = _expand(config.args, config.invocation_params.dir)
    if is_explicit and settings.is_typed:
        folders = (_path(argument, config) for argument in config.args)
        return Selection(None, tuple(folder for folder in folders if folder.is_dir()))
    found, not_entered = find(config, settings)
    if not is_explicit:
        visited = [_path(argument, config) for argument in config.args]
        config.args += [str(path) for path in found if not _is_reached(path, visited, config)]
    return Selection(frozenset(found), (), not_entered)


def find(config: pytest.Config, settings: Settings) -> tuple[list[Path], tuple[str, ...]]:
    """Return the configured files, or else those that discovery finds, and the directories it did not enter.

    Raises:
        TargetError: For a glob without files, or a search that finds nothing or too much.
    """
    if settings.policies:
        base = config.inipath.parent if config.inipath and not config.getoption("veeam_iam_policies") else None
        base = base or config.invocation_params.dir
        return [path for pattern in settings.policies for path in _matching(pattern, base)], ()
    root = config.rootpath
    found = discover(root, words=settings.match, skip=config.getini("norecursedirs"), most=DISCOVERY_MOST)
    not_entered = tuple(path.relative_to(root).as_posix() for path in found.not_entered)
    if not found.files:
        raise TargetError(_nothing_found(root, found.others, settings, not_entered))
    return list(found.files), not_entered


def load_all(config: pytest.Config, settings: Settings) -> tuple[Policy, ...]:
    """Return the policies of all configured or discovered files; raises VeeamIamError for one that cannot be read."""
    found, _ = find(config, settings)
    return tuple(policy for path in found for policy in load_file(path, name_of(path, config)))


def parameters(config: pytest.Config, settings: Settings) -> tuple[list[str], list[Policy | VeeamIamError]]:
    """Return ids and values for a test that runs once for each policy; a file that cannot be read is its error."""
    ids: list[str] = []
    values: list[Policy | VeeamIamError] = []
    try:
        found, _ = find(config, settings)
    except VeeamIamError as error:
        return ["no-policy"], [error]
    for path in found:
        name = name_of(path, config)
        try:
            policies = load_file(path, name)
        except VeeamIamError as error:
            ids, values = [*ids, name], [*values, error]
            continue
        ids += [name] if len(policies) == 1 else [f"{name}/{number}" for number in range(len(policies))]
        values += policies
    return ids, values


def name_of(path: Path, config: pytest.Config) -> str:
    """Return what messages call a file: its path below the root, with ``/``."""
    try:
        return Path(os.path.relpath(path, config.rootpath)).as_posix()
    except ValueError:  # another drive of Windows
        return path.as_posix()


def _path(argument: str, config: pytest.Config) -> Path:
    return (config.invocation_params.dir / argument.partition("::")[0]).resolve()


def _expand(arguments: Iterable[str], base: Path) -> list[str]:
    """Expand globs, which cmd and PowerShell hand on as they are."""
    expanded: list[str] = []
    for argument in arguments:
        path, _, rest = argument.partition("::")
        if glob.has_magic(path) and not rest and not (base / path).exists():
            expanded += [str(found) for found in _matching(path, base)]
        else:
            expanded.append(argument)
    return expanded


def _matching(pattern: str, base: Path) -> list[Path]:
    names = glob.glob(pattern, root_dir=base, recursive=True)  # noqa: PTH207 - Path.glob refuses absolute patterns
    found = sorted(path for path in (base / name for name in names) if path.is_file())
    if not found:
        raise TargetError(f"{pattern}: no file below {base.name or base} matches; write a path or glob that does")
    return found


def _is_reached(path: Path, visited: Iterable[Path], config: pytest.Config) -> bool:
    """Return whether pytest comes across the file by itself, so that it need not be named."""
    for start in visited:
        if path == start:
            return True
        if start.is_dir() and path.is_relative_to(start):
            between = path.relative_to(start).parts[:-1]
            patterns = config.getini("norecursedirs")
            if not any(Path(part).match(pattern) for part in between for pattern in patterns):
                return True
    return False


def _nothing_found(root: Path, others: tuple[Path, ...], settings: Settings, not_entered: tuple[str, ...]) -> str:
    words = ", ".join(settings.match)
    if not others:
        left_out = f" (not entered: {', '.join(not_entered[:5])})" if not_entered else ""
        return f"there is no IAM policy below {root.name}{left_out}; name one: pytest --veeam-iam PATH"
    nearest = ", ".join(path.relative_to(root).as_posix() for path in _nearest(others)[:5])
    what = f"{len(others)} policies were found and none says {words} in its path or a Sid"
    return f"{what}; name those to check: pytest --veeam-iam PATH (nearest: {nearest})"


def _nearest(paths: Iterable[Path]) -> list[Path]:
    """Return the files in the order of how much of S3 they speak of."""

    def mentions(path: Path) -> int:
        try:
            policies = load_file(path)
        except VeeamIamError:
            return 0
        texts = (entry.text.lower() for policy in policies for s in policy.statements for entry in s.actions)
        return sum(text.startswith("s3:") for text in texts)

    return sorted(paths, key=mentions, reverse=True)
