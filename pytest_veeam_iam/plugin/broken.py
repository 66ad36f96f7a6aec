"""A run whose configuration is wrong although nobody typed ``--veeam-iam``: one item says so, all else goes on."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

import pytest

from pytest_veeam_iam.errors import VeeamIamError
from pytest_veeam_iam.plugin import arguments, workers
from pytest_veeam_iam.plugin.items import ConfigurationFile, PolicyFile
from pytest_veeam_iam.sources import suffixes


class BrokenRun:
    """Adds the item that fails; its ``pytest_`` methods are hooks.

    Whoever names test modules alone does not ask for policies, so that there the item would only be in the way.

    Args:
        config: pytest's.
        error: What is wrong.
    """

    NAME: ClassVar[str] = "veeam-iam-broken-run"

    def __init__(self, config: pytest.Config, error: VeeamIamError) -> None:
        own = getattr(error, "file", None)
        self._file, self._error = Path(own) if own else config.inipath, error
        with suppress(VeeamIamError):
            arguments.expand(config)
        named = arguments.paths(config)
        self._named = frozenset(path for path in named if path.suffix not in arguments.NOT_POLICIES)
        self._is_shown = not arguments.are_typed(config) or bool(self._named)
        item = self._file or config.rootpath / ConfigurationFile.ITEM  # as it is typed back
        config.args[:] = [
            str(path) if path.name.lower().endswith(suffixes()) else argument
            for path, argument in zip(named, config.args, strict=True)
            if path != item
        ]

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
        """Collect nothing of a file that was named, so that pytest does not stop because it found nothing there."""
        return PolicyFile.of(parent, file_path) if file_path in self._named else None

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, session: pytest.Session, items: list[pytest.Item]) -> None:
        """Add the item."""
        if self._is_shown:
            items += ConfigurationFile.of(session, self._file, self._error).collect()

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Let the workers of xdist add it as well."""
        workers.tell_error(node, self._error)
