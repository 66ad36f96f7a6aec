"""Files of values: what a tfvars or a CloudFormation parameter file binds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_veeam_iam.errors import PolicyLoadError
from pytest_veeam_iam.sources import cloudformation, files, json_text, terraform, yaml_text
from pytest_veeam_iam.sources.found import Bindings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from pytest_veeam_iam.iam.tree import TextSource


def bindings_of(values: Mapping[str, str], paths: Iterable[Path], *, assume_defaults: bool = True) -> Bindings:
    """Return everything that is bound.

    Args:
        values: Expression -> value; they win over the files.
        paths: Files of values, the strongest last, as Terraform has it.
        assume_defaults: Whether a variable or parameter that nobody gave has its declared default.

    Raises:
        PolicyLoadError: For a file that is none of values.
    """
    bound: dict[str, str] = {}
    for path in paths:
        bound |= _values_of(files.read_text(path, name=path.as_posix()))
    return Bindings({**bound, **values}, assume_defaults=assume_defaults)


def _values_of(source: TextSource) -> Mapping[str, str]:
    name = source.path.lower()
    if name.endswith((".tfvars", ".tfvars.json")):
        return {f"var.{key}": value for key, value in terraform.values_of(source).items()}
    trees = yaml_text.parse_all(source) if name.endswith((".yaml", ".yml")) else [json_text.parse(source)]
    found = {key: value for tree in trees for key, value in cloudformation.parameters_of(tree).items()}
    if not found:
        raise PolicyLoadError(
            source.path, "it holds no parameters", remedy="name a .tfvars or a CloudFormation parameter file"
        )
    return found
