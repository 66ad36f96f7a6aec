"""Which policy files a run looks at: named on the command line, configured, or found by discovery."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_veeam_iam.config import DISCOVERY_MOST
from pytest_veeam_iam.errors import PolicyLoadError, TargetError, VeeamIamError
from pytest_veeam_iam.plugin import arguments
from pytest_veeam_iam.plugin.passed_over import PassedOver, listed
from pytest_veeam_iam.plugin.team import base_of, name_of, translate, wanted
from pytest_veeam_iam.sources import load_file, load_file_if_policy, suffixes
from pytest_veeam_iam.sources.bindings import bindings_of
from pytest_veeam_iam.sources.discovery import are_of_resources, discover, not_entered
from pytest_veeam_iam.sources.files import inside
from pytest_veeam_iam.sources.found import Reading

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pytest

    from pytest_veeam_iam.config import Settings
    from pytest_veeam_iam.iam.document import Policy
    from pytest_veeam_iam.sources.discovery import Discovery
    from pytest_veeam_iam.sources.found import Bindings
    from pytest_veeam_iam.teamfile import TeamFile


@dataclass(frozen=True)
class Selection:
    """The policy files of a run.

    Attributes:
        only: The files to take, or None if everything in the arguments is taken.
        named: The arguments. Without ``only`` a file is taken, and of a directory all files that hold a policy.
        not_entered: Directories that a search left out, as messages call them.
        reading: What is bound.
        is_discovered: Whether a search chose ``only``.
        passed_over: What a search comes across and does not check by itself; it grows while files are read.
    """

    only: frozenset[Path] | None
    named: frozenset[Path] = frozenset()
    not_entered: tuple[str, ...] = ()
    reading: Reading = field(default_factory=Reading)
    is_discovered: bool = False
    passed_over: PassedOver = field(default_factory=PassedOver)

    def to_plain(self) -> dict[str, Any]:
        """Return as plain values what a worker of xdist has to know."""
        return {
            "only": None if self.only is None else sorted(map(str, self.only)),
            "named": sorted(map(str, self.named)),
            "is_discovered": self.is_discovered,
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any], reading: Reading) -> Selection:
        """Return what ``to_plain`` was called on, with what is bound."""
        only = None if plain["only"] is None else frozenset(map(Path, plain["only"]))
        named = frozenset(map(Path, plain["named"]))
        return cls(only, named, reading=reading, is_discovered=plain["is_discovered"])

    @property
    def wanted(self) -> frozenset[Path]:
        """The files and directories that were asked for, wherever they are."""
        return self.named | (self.only or frozenset())

    def notes(self) -> list[str]:
        """Return what the user should know of the search, a line each."""
        searched = [f"Not searched: {', '.join(self.not_entered[:5])}."] if self.not_entered else []
        return [*searched, *self.passed_over.notes()]

    def is_named(self, path: Path) -> bool:
        """Return whether somebody named a file, so that it is checked by itself whatever else it belongs to."""
        return path in self.named or (self.only is not None and path in self.only and not self.is_discovered)

    def load(self, path: Path, name: str) -> tuple[Policy, ...] | None:
        """Return the policies of a file that pytest came across, or None if it is not one to look at.

        Args:
            path: The file.
            name: What messages call it.

        Raises:
            PolicyLoadError: If it is one to look at and cannot be read, or holds no policy although it was named.
        """
        try:
            return self._load(path, name)
        except VeeamIamError:
            raise
        except Exception as error:  # a file must not cost a run its other files, whatever was overlooked here
            why = f"reading it failed ({type(error).__name__}: {error})"
            raise PolicyLoadError(
                name, why, remedy="that is a mistake of pytest-veeam-iam: please report it"
            ) from error

    def _load(self, path: Path, name: str) -> tuple[Policy, ...] | None:
        if self.only is not None:
            return self.load_named(path, name) if path in self.only else None
        if path.suffix in arguments.NOT_POLICIES:
            return None
        if path in self.named:
            return self.load_named(path, name)
        if not path.name.lower().endswith(suffixes()) or not any(inside(folder, path) for folder in self.named):
            return None
        policies = load_file_if_policy(path, name, reading=self.reading)
        if are_of_resources(policies):
            self.passed_over.of_resources.add(name)
            return None
        return policies or None

    def load_named(self, path: Path, name: str) -> tuple[Policy, ...]:
        """Return the policies of a file that somebody named; raises PolicyLoadError if there is none."""
        return load_file(path, name, reading=self.reading)


def select(config: pytest.Config, settings: Settings, team: TeamFile | None = None) -> Selection:
    """Return which files to look at, and make pytest visit them.

    Where paths were typed they alone count: with ``--veeam-iam`` everything in them, else what is configured and in
    them. Otherwise the configured globs are looked at, else the targets, else the root is searched, whatever
    ``testpaths`` says.

    Raises:
        TargetError: For a glob without files, or a search that finds nothing or too much.
    """
    arguments.expand(config)
    if team:
        translate(config, team)
    named = frozenset(arguments.paths(config))
    targets = [*wanted(config, team)] if team else []
    reading = reading_of(config, settings, team)
    has_targets = bool(team and team.targets)
    if not arguments.are_typed(config):
        found = _find_beside(config, settings, has_targets=has_targets)
        arguments.add(config, found.files)
        arguments.add_items(config, targets)
        return found.selection(named, reading)
    arguments.unite(config)
    arguments.add_items(config, targets)
    if settings.is_typed:
        return Selection(None, named, _left_out(named, config), reading)
    return _find_beside(config, settings, has_targets=has_targets).selection(named, reading)


def _find_beside(config: pytest.Config, settings: Settings, *, has_targets: bool) -> Found:
    """Return what ``find`` does, but where a team has written down its targets only what is configured besides."""
    return Found([]) if has_targets and not settings.policies else find(config, settings)


def reading_of(config: pytest.Config, settings: Settings, team: TeamFile | None = None) -> Reading:
    """Return how files are read that belong to no target: with the values that are bound.

    Raises:
        VeeamIamError: For a file of values that cannot be read.
    """
    return Reading(bindings_for(config, settings, team.bind if team else {}))


def bindings_for(config: pytest.Config, settings: Settings, weaker: Mapping[str, str]) -> Bindings:
    """Return what is bound.

    Args:
        config: pytest's.
        settings: The options, which come first.
        weaker: What comes after them, and before files of values.

    Raises:
        VeeamIamError: For a file of values that cannot be read.
    """
    base = base_of(config, "veeam_iam_bind_file")
    paths = [base / name for name in settings.bind_files]
    return bindings_of({**weaker, **settings.bind}, paths, assume_defaults=settings.assume_defaults)


def _left_out(named: frozenset[Path], config: pytest.Config) -> tuple[str, ...]:
    skip = config.getini("norecursedirs")
    left_out = {path for folder in named if folder.is_dir() for path in not_entered(folder, skip=skip)} - named
    return tuple(name_of(path, config) for path in sorted(left_out))


class Found(NamedTuple):
    """The configured files, or else those that discovery found.

    Attributes:
        files: To check.
        not_entered: Directories that discovery left out, as messages call them.
        of_resources: Files about Veeam that say nothing of a user or role, likewise.
        is_discovered: Whether discovery chose them.
    """

    files: Sequence[Path]
    not_entered: tuple[str, ...] = ()
    of_resources: tuple[str, ...] = ()
    is_discovered: bool = False

    def selection(self, named: frozenset[Path], reading: Reading) -> Selection:
        """Return the selection of nothing but these files."""
        passed_over = PassedOver(of_resources=set(self.of_resources))
        return Selection(frozenset(self.files), named, self.not_entered, reading, self.is_discovered, passed_over)


def find(config: pytest.Config, settings: Settings) -> Found:
    """Return the configured files, or else those that discovery finds.

    Raises:
        TargetError: For a glob without files, or a search that finds nothing or too much.
    """
    if settings.policies:
        base = base_of(config, "veeam_iam_policies")
        return Found([path for pattern in settings.policies for path in arguments.matching_files(pattern, base)])
    root = config.rootpath
    found = discover(root, words=settings.match, skip=config.getini("norecursedirs"), most=DISCOVERY_MOST)
    if not found.files:
        raise TargetError(_nothing_found(root, found, settings))
    return Found(found.files, _below(root, found.not_entered), _below(root, found.of_resources), is_discovered=True)


def _below(root: Path, paths: Sequence[Path]) -> tuple[str, ...]:
    return tuple(path.relative_to(root).as_posix() for path in paths)


def parameters(config: pytest.Config, settings: Settings) -> tuple[list[str], list[Policy | VeeamIamError]]:
    """Return ids and values for a test that runs once for each policy; a file that cannot be read is its error.

    Raises:
        VeeamIamError: If there is no file.
    """
    ids: list[str] = []
    values: list[Policy | VeeamIamError] = []
    reading = reading_of(config, settings)
    for path in find(config, settings).files:
        name = name_of(path, config)
        try:
            policies = load_file(path, name, reading=reading)
        except VeeamIamError as error:
            ids, values = [*ids, name], [*values, error]
            continue
        ids += [name] if len(policies) == 1 else [f"{name}/{number}" for number in range(len(policies))]
        values += policies
    return ids, values


def _nothing_found(root: Path, found: Discovery, settings: Settings) -> str:
    if not found.others:
        not_entered = _below(root, found.not_entered)
        left_out = f" (not entered: {', '.join(not_entered[:5])})" if not_entered else ""
        of_resources = listed(_below(root, found.of_resources))
        others = f"; every statement of {of_resources} names a Principal" if of_resources else ""
        return f"there is no IAM policy below {root.name}{left_out}{others}; name one: pytest --veeam-iam PATH"
    words = ", ".join(settings.match)
    nearest = ", ".join(_below(root, _nearest(found.others)[:5]))
    what = f"{len(found.others)} files with policies were found and none says {words} in its path or a Sid"
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
