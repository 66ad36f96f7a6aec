"""A project of somebody else: mypy reads which types it was promised, and its tests run with what is there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.plugin.conftest import Document, Repository

CONSUMER = Path(__file__).with_name("consumer.py")


def test_its_tests_pass(repository: Repository, scoped: Document) -> None:
    repository.write("test_consumer.py", CONSUMER.read_text("utf-8"))
    repository.write("policies/backup-role.json", scoped)
    repository.write("veeam-iam.toml", '[[target]]\nname = "vb365-prod"\nfiles = "policies/*.json"\n')
    outcome = repository.run_apart("test_consumer.py", "-W", "error")
    assert outcome.code == 0, outcome.text
