"""What pytest is told to visit: globs expanded, files added, and ways opened to what lies where it would not look."""

from __future__ import annotations

import glob
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from pytest_veeam_iam.errors import TargetError
from pytest_veeam_iam.sources.files import absolute, matching

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

NOT_POLICIES = frozenset({".py", ".pyi"})
"""What pytest collects as tests when it is named, and never as a policy."""


def are_typed(config: pytest.Config) -> bool:
    """Return whether paths stand on the command line, rather than come from ``testpaths`` or nowhere."""
    return config.args_source is pytest.Config.ArgsSource.ARGS


def paths(config: pytest.Config) -> list[Path]:
    """Return the paths of all arguments, in the form that pytest's nodes have: absolute, and links as they are."""
    return [absolute(config.invocation_params.dir, argument.partition("::")[0]) for argument in config.args]


def expand(config: pytest.Config) -> None:
    """Expand the globs among the arguments, which cmd and PowerShell hand on as they are.

    What is an argument already is not added: pytest 8 collects a file twice that is named twice.

    Raises:
        TargetError: For a glob that nothing matches.
    """
    base = config.invocation_params.dir
    known = {absolute(base, argument) for argument in config.args}
    expanded: list[str] = []
    for argument in config.args:
        path, _, rest = argument.partition("::")
        if rest or not glob.has_magic(path) or (base / path).exists():
            expanded.append(argument)
            continue
        found = matching(path, base)
        if not found:
            raise _nothing_matches(path, base)
        expanded += [str(each) for each in found if each not in known]
        known.update(found)
    config.args[:] = expanded


def unite(config: pytest.Config) -> None:
    """Leave out arguments that another one contains, as pytest 9 does; ``Detours`` finds what they named.

    pytest 8 collects of a directory nothing but the file if both are named.
    """
    if not config.getoption("keepduplicates"):
        named = paths(config)
        folders = [path for path in named if path.is_dir()]
        config.args[:] = [
            argument
            for path, argument in zip(named, config.args, strict=True)
            if not any(path != folder and path.is_relative_to(folder) for folder in folders)
        ]


def matching_files(pattern: str, base: Path) -> list[Path]:
    """Return the files that a path or glob stands for.

    Raises:
        TargetError: If there is none.
    """
    found = [path for path in matching(pattern, base) if path.is_file()]
    if not found:
        raise _nothing_matches(pattern, base)
    return found


def _nothing_matches(pattern: str, base: Path) -> TargetError:
    return TargetError(f"{pattern}: no file below {base.name or base} matches; write a path or glob that does")


def add(config: pytest.Config, wanted: Iterable[Path]) -> None:
    """Let pytest visit files that no argument contains; to those that one contains it finds the way (``Detours``)."""
    visited = paths(config)
    config.args += [str(path) for path in wanted if not any(path.is_relative_to(start) for start in visited)]


def add_items(config: pytest.Config, names: Iterable[str]) -> None:
    """Let pytest visit items, or files, that no argument contains."""
    visited = [path for path, argument in zip(paths(config), config.args, strict=True) if "::" not in argument]
    for name in names:
        path = absolute(config.invocation_params.dir, name.partition("::")[0])
        if name not in config.args and not any(path.is_relative_to(start) for start in visited):
            config.args.append(name)


@dataclass(frozen=True)
class Detours:
    """Ways to files and directories that were asked for, through directories that pytest would not enter.

    pytest 9 drops an argument that is inside another one, so that naming the file is not enough.

    Attributes:
        wanted: What was asked for.
        ways: The directories that lead to it.
        closed: Those of them that pytest would not enter; nothing else in them is collected.
    """

    wanted: frozenset[Path]
    ways: frozenset[Path]
    closed: frozenset[Path]

    @classmethod
    def to(cls, wanted: Iterable[Path], config: pytest.Config) -> Detours:
        """Return the ways to files and directories, as far as pytest would not find them by itself."""
        starts = [path for path in paths(config) if path.is_dir()]
        patterns = config.getini("norecursedirs")
        hidden: set[Path] = set()
        ways: set[Path] = set()
        closed: set[Path] = set()
        for path in wanted:
            for start in starts:
                steps = list(_steps(start, path))
                shut = [step for step in steps if any(step.match(pattern) for pattern in patterns)]
                if shut:
                    hidden.add(path)
                    closed.add(shut[0])
                    ways.update(steps[steps.index(shut[0]) :])
        return cls(frozenset(hidden), frozenset(ways), frozenset(closed))

    def ignore(self, path: Path) -> bool | None:
        """Answer ``pytest_ignore_collect``: True leaves the path out, False takes it in, None is for pytest to say."""
        if path in self.wanted or path in self.ways:
            return False
        if any(parent in self.wanted for parent in path.parents):
            return None
        return True if any(parent in self.closed for parent in path.parents) else None


def _steps(start: Path, path: Path) -> Iterator[Path]:
    """Yield the directories below ``start`` down to ``path``, which is one of them if it is a directory itself."""
    if path == start or not path.is_relative_to(start):
        return
    step = start
    for part in path.relative_to(start).parts:
        step /= part
        if step != path or path.is_dir():
            yield step
