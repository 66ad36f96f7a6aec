"""Which targets of ``veeam-iam.toml`` a run is asked for: all of them, or those that the arguments speak of.

A run of other tests ends here, so that it loads no engine.
"""

from __future__ import annotations

import glob
import os
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_veeam_iam.config import find_team_file
from pytest_veeam_iam.errors import TargetError
from pytest_veeam_iam.plugin import arguments
from pytest_veeam_iam.sources.files import absolute, matching
from pytest_veeam_iam.teamfile.loading import load

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from pytest_veeam_iam.teamfile import TeamFile


def team_file(config: pytest.Config, named: str | None) -> TeamFile | None:
    """Return what the team has written down, or None.

    Args:
        config: pytest's.
        named: The file, if an option names it.

    Raises:
        VeeamIamError: If the file is wrong, or was named and is not there.
    """
    path = base_of(config, "veeam_iam_config") / named if named else None
    if path is None:
        found = find_team_file(str(config.rootpath))
        path = Path(found) if found else None
    elif not path.is_file():
        raise TargetError(f"--veeam-iam-config={named}: there is no such file; pytest --veeam-iam-init writes one")
    return load(absolute(path.parent, path.name), name_of(path, config)) if path else None


def base_of(config: pytest.Config, key: str) -> Path:
    """Return what the paths of an option are relative to: the ini file, if they stand there."""
    is_configured = config.inipath is not None and not config.getoption(key) and not os.environ.get(key.upper())
    return config.inipath.parent if config.inipath and is_configured else config.invocation_params.dir


def name_of(path: Path, config: pytest.Config) -> str:
    """Return what messages call a file: its path below the root, with ``/``."""
    try:
        return Path(os.path.relpath(path, config.rootpath)).as_posix()
    except ValueError:  # another drive of Windows
        return path.as_posix()


def is_asked_for(config: pytest.Config, team: TeamFile) -> bool:
    """Return whether a run checks any of the targets."""
    if not arguments.are_typed(config):
        return bool(team.targets)
    return any(True for _ in wanted(config, team))


def wanted(config: pytest.Config, team: TeamFile) -> Iterator[str]:
    """Yield the arguments that stand for the targets of a run: the file, or single targets of it.

    Without typed paths that is the file. With them a target runs only if they contain the file or one of its own.
    """
    if not arguments.are_typed(config):
        yield from (str(team.path),) if team.targets else ()
        return
    of_items = [each for each in config.args if "::" in each and _paths(config, each) == [team.path]]
    typed = [path for each in config.args if each not in of_items for path in _paths(config, each)]
    if any(team.path.is_relative_to(path) for path in typed):
        yield str(team.path)
        return
    yield from of_items
    for target in team.targets:
        own = target.files(team.path.parent)
        if any(_meet(path, file) for path in typed for file in own):
            yield f"{team.path}::{target.name}"


def translate(config: pytest.Config, team: TeamFile) -> None:
    """Let the ids that the items of a policy had before a target owned it stand for those of the target."""
    args: list[str] = []
    for argument in config.args:
        name, _, item = argument.partition("::")
        path = absolute(config.invocation_params.dir, name)
        owners = [each.name for each in team.targets if path in each.files(team.path.parent)] if item else []
        args += [f"{team.path}::{owner}::{item}" for owner in owners] or [argument]
    config.args[:] = args


def _paths(config: pytest.Config, argument: str) -> list[Path]:
    name, base = argument.partition("::")[0], config.invocation_params.dir
    if glob.has_magic(name) and not (base / name).exists():
        return matching(name, base)
    return [absolute(base, name)]


def _meet(typed: Path, own: Path) -> bool:
    """Return whether an argument contains a file of a target, or is in a directory of it."""
    return own.is_relative_to(typed) or (typed.is_relative_to(own) and typed.suffix not in arguments.NOT_POLICIES)
