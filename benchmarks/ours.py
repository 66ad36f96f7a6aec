"""The three ways in which the package answers the 45 required permissions of a loaded document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_veeam_iam import check_veeam_backup_ready, evaluate, load_rulepack
from pytest_veeam_iam.iam import evaluation
from pytest_veeam_iam.iam.context import Context
from pytest_veeam_iam.iam.globs import all_buckets, wanted
from pytest_veeam_iam.sources import policies_of
from pytest_veeam_iam.target import target_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.documents import Document
    from pytest_veeam_iam.iam.document import Policy
    from pytest_veeam_iam.iam.globs import Wanted


@dataclass(frozen=True)
class Permission:
    """One required permission: the action, and the resources it must be allowed on."""

    action: str
    resources: tuple[str, ...]
    wants: tuple[Wanted, ...]


def permissions(target: Mapping[str, str]) -> list[Permission]:
    """Return the 45 required permissions for a target; what it does not name is any."""
    pack, place = load_rulepack(), target_of(**target)
    found = []
    for group in pack.select():
        for requirement in group.required:
            types = [pack.resource_types[name] for name in requirement.resource_types]
            texts = tuple(text for template in types for text in place.expand(template))
            wants = tuple(wanted(text, one_bucket=True) for text in texts)
            if requirement.action == "s3:ListAllMyBuckets":
                wants = (all_buckets(place.partition, by_arn=True),)
            found.append(Permission(requirement.action, texts, wants))
    return found


class Ours:
    """A loaded document and its 45 permissions, ready to be asked again and again."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.policy: Policy
        (self.policy,) = policies_of(document.text)
        self.permissions = permissions(document.target)
        self._context = Context.of(region=document.target.get("region"), account=document.target.get("account"))

    def engine(self) -> None:
        """Ask the engine itself, what is wanted being prepared; the first time it compiles the policy as well.

        This is what the target means by "45 permissions, warm, document already loaded".
        """
        authorizer = evaluation.authorizer((self.policy,))
        for permission in self.permissions:
            evaluation.evaluate(authorizer, permission.action, permission.wants, self._context)

    def public(self) -> None:
        """Ask the public function, which takes actions and ARNs as text."""
        for permission in self.permissions:
            evaluate(self.policy, permission.action, permission.resources)

    def report(self) -> None:
        """Make the report of all of them, the target inferred where it is not named."""
        check_veeam_backup_ready(self.policy, lint=False, **self.document.target)  # type: ignore[arg-type]

    def from_text(self) -> None:
        """Read the text and make the report."""
        check_veeam_backup_ready(self.document.text, lint=False, **self.document.target)  # type: ignore[arg-type]
