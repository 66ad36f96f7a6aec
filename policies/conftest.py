"""In a run of all policies, the one without the archiver appliance is not asked for the appliance's permissions.

Its own profile, ``--veeam-iam-profile=without-archiver-appliance``, has no such group: then nothing is left out here.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

POLICY = Path(__file__).parent / "vb365-s3" / "one-bucket" / "without-archiver-appliance.json"
GROUP = "archiver-appliance"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    left_out = [item for item in items if item.path == POLICY and item.name == GROUP]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
