"""What the tests beside other plugins share: each skips if its plugin is not there, as in the usual environment.

`.ci/matrix` installs them: they would slow down every start.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import pytest

from tests.plugin.conftest import Repository, actions, example, repository, scoped

if TYPE_CHECKING:
    from tests.plugin.conftest import Document

__all__ = ["actions", "example", "repository", "scoped"]

SUMMARY = "s3:RestoreObject missing (1 of 10, acme-veeam)"
FAILS = "policies/both.json::1/object"
UNREAD = "policies/broken.json::load"


@pytest.fixture
def policies(repository: Repository, scoped: Document) -> Repository:
    """A repository with two policies in one file, of which the second falls short, and a file that cannot be read."""
    short = copy.deepcopy(scoped)
    short["Statement"][2]["Action"].remove("s3:RestoreObject")
    repository.write("policies/both.json", [scoped, short])
    repository.write("policies/broken.json", '{\n  "Version": nothing, "Statement": []\n}\n')
    return repository


@pytest.fixture
def line(policies: Repository) -> int:
    """Where the policy that falls short begins."""
    lines = (policies.path / "policies" / "both.json").read_text("utf-8").splitlines()
    return [number for number, text in enumerate(lines, 1) if text == "    {"][1]
