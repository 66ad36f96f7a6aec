"""Terraform source: the policy documents that stand in a file, read together with its directory.

https://developer.hashicorp.com/terraform/language
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_veeam_iam.sources.terraform.policies import MENTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_veeam_iam.iam.tree import Location, TextSource
    from pytest_veeam_iam.sources.found import Found, Reading

__all__ = ["MENTIONS", "SUFFIXES", "callers_of", "read", "read_module", "values_of"]

SUFFIXES = frozenset({".tf", ".tf.json", ".tofu", ".tofu.json"})


def read(text: TextSource, reading: Reading) -> list[Found]:
    """Return the policy documents of a file, in its order; those of local modules stand where they are called.

    Args:
        text: The file.
        reading: Where it stands, and what is bound.

    Raises:
        PolicyLoadError: The file is not HCL, or declares something twice.
    """
    from pytest_veeam_iam.sources.terraform.reading import documents_of

    return documents_of(text, reading)


def read_module(text: TextSource, reading: Reading) -> list[Found]:
    """Return the policy documents of all files of a directory.

    Args:
        text: One of the files; its text stands in the place of what the directory holds.
        reading: Where it stands, and what is bound.

    Raises:
        PolicyLoadError: A file is not HCL, or declares something twice.
    """
    from pytest_veeam_iam.sources.terraform.reading import documents_of_module

    return documents_of_module(text, reading)


def values_of(source: TextSource) -> Mapping[str, str]:
    """Return the values of a ``.tfvars`` or ``.tfvars.json`` file by name; lists and objects as they are written.

    Args:
        source: The file.

    Raises:
        PolicyLoadError: It cannot be read.
    """
    from pytest_veeam_iam.sources.terraform.reading import texts_of

    return texts_of(source)


def callers_of(directory: Path, root: Path) -> tuple[Location, ...]:
    """Return where the module in a directory is called; it reads every file, so that it is for messages alone.

    Args:
        directory: The module.
        root: Where callers are looked for.
    """
    from pytest_veeam_iam.sources.terraform import callers

    return callers.callers_of(directory, root)
