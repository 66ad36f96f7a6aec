"""What a repository calls a file: its path below the CI's workspace, else the git root, else pytest's root."""

from __future__ import annotations

import os
import posixpath
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_veeam_iam.plugin.team import name_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pytest

_WORKSPACES = (
    "GITHUB_WORKSPACE",
    "CI_PROJECT_DIR",
    "BUILD_SOURCESDIRECTORY",
    "BITBUCKET_CLONE_DIR",
    "CODEBUILD_SRC_DIR",
    "WORKSPACE",
)
"""Where GitHub, GitLab, Azure Pipelines, Bitbucket, CodeBuild and Jenkins say what they have checked out."""


def root_of(config: pytest.Config, environment: Mapping[str, str]) -> Path:
    """Return what the paths of reports are relative to."""
    root = config.rootpath
    for name in _WORKSPACES:
        workspace = environment.get(name)
        if workspace and Path(workspace).is_absolute() and root.is_relative_to(workspace):
            return Path(workspace)
    return next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), root)


def shown_by(config: pytest.Config, environment: Mapping[str, str]) -> Callable[[str], str]:
    """Return a function from a path below pytest's root to what the repository calls it, with ``/``."""
    below = Path(os.path.relpath(config.rootpath, root_of(config, environment))).as_posix()

    def shown(name: str) -> str:
        is_file = not name.startswith("<") and not posixpath.isabs(name)
        return posixpath.normpath(posixpath.join(below, name)) if is_file else name

    return shown


def relative(path: Path, config: pytest.Config) -> str:
    """Return what a message calls a file that was written."""
    name = name_of(path, config)
    return path.as_posix() if name.startswith("../..") else name
