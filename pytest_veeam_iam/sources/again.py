"""A file is read a second time, or as it would be after a change; it decides no form anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_veeam_iam.sources import files, forms, terraform
from pytest_veeam_iam.sources.found import Reading

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_veeam_iam.iam.tree import TextSource
    from pytest_veeam_iam.sources.found import Found


def documents_of(source: TextSource, path: Path, form: str) -> list[Found]:
    """Return the policy documents that a file holds, nothing being bound.

    Args:
        source: Its text, as it stands there or as it would after a change.
        path: The file.
        form: The form that it was found to have. Those of Terraform are the documents of the whole directory, because a
            document may stand in another file than what refers to it.

    Raises:
        PolicyLoadError: It cannot be read.
    """
    reading = Reading(path=path, name=source.path, root=files.repository_of(path))
    if form == "terraform":
        return terraform.read_module(source, reading)
    return forms.read_text(source, reading)
