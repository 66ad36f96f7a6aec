"""IAM's evaluation logic for one request, coded once: how the layers of policies and their Denies come to a verdict.

It knows no resources and no actions, only how surely the statements of each layer match.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import TYPE_CHECKING

from pytest_veeam_iam.iam.certainty import Certainty, all_of, any_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_veeam_iam.iam.rules import Rule


class Verdict(Enum):
    """The answer for one class of resources, the gravest first."""

    DENIED = 0
    MISSING = 1
    UNRESOLVED = 2
    DEPENDS = 3
    ALLOWED = 4


class Layer(StrEnum):
    """A kind of policy; each layer that is there must allow as well."""

    IDENTITY = "identity"
    SCP = "scp"
    BOUNDARY = "boundary"
    SESSION = "session"
    RESOURCE = "resource"
    """Statements of resource policies that name the role, or everybody."""
    RESOURCE_DIRECT = "resource-direct"
    """Those that name the user or the session itself."""


@dataclass(frozen=True, slots=True)
class RuleLayer:
    """The rules of one layer; every SCP level is a layer of its own.

    Attributes:
        kind: What the layer is.
        rules: Of all its policies, in their order.
    """

    kind: Layer
    rules: tuple[Rule, ...]


def verdict_of(granted: Certainty, denied: Certainty) -> Verdict:
    """Return the verdict for one class of resources.

    Args:
        granted: How surely all layers together allow it.
        denied: How surely some Deny matches; wherever it stands, it wins.
    """
    if denied is Certainty.ALWAYS:
        return Verdict.DENIED
    if granted is Certainty.NEVER:
        return Verdict.MISSING
    if Certainty.UNRESOLVED in (granted, denied):
        return Verdict.UNRESOLVED
    if Certainty.DEPENDS in (granted, denied):
        return Verdict.DEPENDS
    return Verdict.ALLOWED


def granted_by(layers: Sequence[RuleLayer], allowed: Sequence[Certainty]) -> Certainty:
    """Return how surely all layers together allow it.

    Within the account a resource policy that names the user or the session grants by itself; one that names the role or
    everybody is limited by the boundary and the session policies like the identity policies are. SCPs limit all.

    Args:
        layers: The layers that are there.
        allowed: How surely some Allow of each matches.
    """
    by_kind: dict[Layer, list[Certainty]] = defaultdict(list)
    for layer, value in zip(layers, allowed, strict=True):
        by_kind[layer.kind].append(value)
    granted = any_of(by_kind[Layer.IDENTITY] + by_kind[Layer.RESOURCE])
    limited = all_of([granted, *by_kind[Layer.BOUNDARY], *by_kind[Layer.SESSION]])
    return all_of([any_of([limited, *by_kind[Layer.RESOURCE_DIRECT]]), *by_kind[Layer.SCP]])
