"""What a search came across and does not check by itself, and why: a run says so, and so does what is left of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pytest_veeam_iam.iam.document import Policy

_MOST_NAMED = 3


@dataclass
class PassedOver:
    """Names of files that hold policies and are no subjects of their own.

    Attributes:
        of_resources: Those that say who may, and so belong to a bucket, a key, an endpoint or the trust of a role.
        read_by_others: Those that Terraform code reads, which is checked with what it makes of them.
    """

    of_resources: set[str] = field(default_factory=set)
    read_by_others: set[str] = field(default_factory=set)

    def to_plain(self) -> dict[str, list[str]]:
        """Return as plain values what a worker of xdist tells its controller."""
        return {"of_resources": sorted(self.of_resources), "read_by_others": sorted(self.read_by_others)}

    def add(self, plain: Mapping[str, Iterable[str]]) -> None:
        """Add what another one came across."""
        self.of_resources.update(plain.get("of_resources", ()))
        self.read_by_others.update(plain.get("read_by_others", ()))

    def notes(self) -> Iterator[str]:
        """Yield what the user should know, a line each."""
        if self.of_resources:
            yield f"Not checked, because every statement names a Principal: {listed(self.of_resources)}."
        if self.read_by_others:
            yield f"Checked as what Terraform makes of them: {listed(self.read_by_others)}."


def listed(names: Iterable[str]) -> str:
    """Return some names, and how many more there are."""
    found = sorted(names)
    more = f" and {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else ""
    return ", ".join(found[:_MOST_NAMED]) + more


def files_behind(policies: Iterable[Policy]) -> Iterator[str]:
    """Yield the files other than its own code that Terraform has read policies from."""
    for policy in policies:
        if policy.form == "terraform":
            places = (policy.location, *(statement.location for statement in policy.statements))
            yield from (place.path for place in places if not place.path.endswith((".tf", ".tf.json")))
