"""Decides what a policy has to grant, and no more, for a rule pack and a target; each form of output has a module here.

A module of this package has ``render(documents, name)``, which returns the texts of one or several files.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_veeam_iam.errors import TargetError
from pytest_veeam_iam.iam import grants
from pytest_veeam_iam.iam.grants import Permission

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_veeam_iam.iam.grants import Grant
    from pytest_veeam_iam.rulepacks import Group, Requirement, RulePack
    from pytest_veeam_iam.target import Target

FORMS = ("json", "terraform", "cloudformation")

MOST_DOCUMENTS = 20
"""Managed policies that AWS attaches to one user or role at most; ten without asking for more.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

_REFUSED = re.compile("[^ -~\u00a0-\u00ff]")
"""Characters that AWS takes in no policy, or that some form of output has no way to write."""


def generate(pack: RulePack, groups: Sequence[Group], target: Target) -> tuple[tuple[Grant, ...], ...]:
    """Return the statements of the policy, or policies, that grant what some groups need on a target.

    Args:
        pack: The rule pack.
        groups: Those of its groups that are selected; what they recommend is granted as well.
        target: What is not named of it is any; a bucket has to be named, be it ``*``, if a group needs one.

    Returns:
        One document, or several where one would be larger than AWS lets a managed policy be.

    Raises:
        TargetError: For a target that no policy can be written for.
    """
    _refuse(pack, groups, target)
    needed = [requirement for group in groups for requirement in group.requirements]
    try:
        found = grants.documents(_permission(pack, requirement, target) for requirement in needed)
    except ValueError as error:
        raise TargetError(f"{error}; name a shorter folder") from error
    if len(found) > MOST_DOCUMENTS:
        what = f"{len(found)} policies, of which AWS attaches {MOST_DOCUMENTS} at most"
        raise TargetError(f"so many buckets need {what}; name fewer buckets, or a pattern that takes them in")
    return found


def render(documents: Sequence[Sequence[Grant]], form: str, name: str) -> tuple[str, ...]:
    """Return the text of each file that holds the documents in one of the forms.

    Args:
        documents: The statements of each.
        form: One of ``FORMS``.
        name: What to call the policy where it has a name: letters, digits and hyphens.
    """
    from importlib import import_module

    texts: tuple[str, ...] = import_module(f"{__name__}.{form}").render(documents, name)
    return texts


def _permission(pack: RulePack, requirement: Requirement, target: Target) -> Permission:
    templates = [pack.resource_types[kind] for kind in requirement.resource_types]
    resources = tuple(text for template in templates for text in target.expand(template))
    return Permission(requirement.action, resources, requirement.resource_types)


def _refuse(pack: RulePack, groups: Sequence[Group], target: Target) -> None:
    kinds = {kind for group in groups for requirement in group.requirements for kind in requirement.resource_types}
    if target.buckets is None and any("{bucket}" in pack.resource_types[kind] for kind in kinds):
        raise TargetError('bucket: name the bucket of the repository, or "*" for every bucket')
    for name in sorted(target.symbols):
        raise TargetError(f'bucket "{name}": a policy needs the name that the bucket has in S3; write it')
    found = _REFUSED.search(target.prefix)
    if found:
        raise TargetError(f"prefix: no policy can hold the character U+{ord(found[0]):04X}; use another folder")
    if "&{" in target.prefix:
        raise TargetError('prefix: Terraform takes "&{" for the beginning of a policy variable; use another folder')
    if "{{resolve:" in target.prefix:
        raise TargetError('prefix: CloudFormation puts a secret in the place of "{{resolve:"; use another folder')
