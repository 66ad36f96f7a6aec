"""One action on one resource, laid before every rule: which of them match it, and what does each layer say alone?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_veeam_iam.iam.certainty import Certainty, any_of
from pytest_veeam_iam.iam.verdicts import Layer, Verdict, verdict_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_veeam_iam.iam.authorization import Authorizer
    from pytest_veeam_iam.iam.context import Context
    from pytest_veeam_iam.iam.rules import Rule

_BLOCKING = (Layer.SCP, Layer.BOUNDARY, Layer.SESSION, Layer.RESOURCE)


@dataclass(frozen=True, slots=True)
class Match:
    """A rule that concerns the action.

    Attributes:
        layer: Where it stands.
        rule: The rule.
        certainty: How surely it matches the resource.
    """

    layer: Layer
    rule: Rule
    certainty: Certainty


@dataclass(frozen=True, slots=True)
class _Matches:
    """The rules of one layer that concern the action."""

    layer: Layer
    allows: tuple[Match, ...]
    denies: tuple[Match, ...]


class Case:
    """One action on one resource.

    Args:
        authorizer: All policies in effect.
        action: Its name.
        names: Those of the resource; one but for the list of all buckets.
        context: What is known of the request.
    """

    def __init__(self, authorizer: Authorizer, action: str, names: tuple[str, ...], context: Context) -> None:
        self.authorizer, self.action, self.names, self.context = authorizer, action, names, context
        relevant = authorizer.relevant(action)
        concerned = {id(rule) for rule in relevant.denies}
        self._layers = [
            _Matches(
                layer.kind,
                self._matches(layer.kind, allows),
                self._matches(layer.kind, [rule for rule in layer.rules if id(rule) in concerned]),
            )
            for layer, allows in zip(authorizer.layers, relevant.allows, strict=True)
        ]

    def _matches(self, layer: Layer, rules: Iterable[Rule]) -> tuple[Match, ...]:
        return tuple(Match(layer, rule, rule.matches(self.names, self.context)) for rule in rules)

    def allows(self, *kinds: Layer) -> list[Match]:
        """Return the Allows in layers of these kinds, matching or not."""
        return [match for layer in self._layers if layer.layer in kinds for match in layer.allows]

    def denies(self, certainty: Certainty) -> list[Match]:
        """Return the Denies of all layers that match as surely as this."""
        return [match for layer in self._layers for match in layer.denies if match.certainty is certainty]

    def verdict_of(self, kind: Layer) -> Verdict:
        """Return what this kind of policy says by itself; several SCP levels must all allow.

        A resource policy need not allow what the identity policies do.
        """
        verdicts = [
            verdict_of(Certainty.ALWAYS if kind is Layer.RESOURCE else _surest(layer.allows), _surest(layer.denies))
            for layer in self._layers
            if layer.layer is kind
        ]
        return min(verdicts, key=lambda verdict: verdict.value, default=Verdict.ALLOWED)

    def blocked_by(self, verdict: Verdict) -> Layer | None:
        """Return the first layer that stops it although the identity policies do not."""
        own = self.verdict_of(Layer.IDENTITY)
        if own in (Verdict.DENIED, Verdict.MISSING, verdict):
            return None
        return next((kind for kind in _BLOCKING if self.verdict_of(kind) is verdict), None)

    def open_grants(self) -> list[list[Match]]:
        """Return the Allows in doubt in groups: one of each group must match; nothing is open where one surely does.

        The groups are the layers as ``verdicts.granted_by`` combines them. What a resource policy grants by itself is
        an alternative in all groups but those of the SCPs.
        """
        groups = [self.allows(Layer.IDENTITY, Layer.RESOURCE)]
        groups += [list(layer.allows) for layer in self._layers if layer.layer in (Layer.BOUNDARY, Layer.SESSION)]
        direct = self.allows(Layer.RESOURCE_DIRECT)
        is_limited_to_nothing = any(_surest(group) is Certainty.NEVER for group in groups)
        groups = [direct] if is_limited_to_nothing else [group + direct for group in groups]
        groups += [list(layer.allows) for layer in self._layers if layer.layer is Layer.SCP]
        return [
            [match for match in group if match.certainty is not Certainty.NEVER]
            for group in groups
            if _surest(group) is not Certainty.ALWAYS
        ]

    def doubtful(self, certainty: Certainty) -> list[Match]:
        """Return the rules that leave the answer in this kind of doubt, each statement once."""
        allows = [match for group in self.open_grants() for match in group if match.certainty is certainty]
        matches = {match.rule.statement: match for match in [*allows, *self.denies(certainty)]}
        return list(matches.values())


def _surest(matches: Sequence[Match]) -> Certainty:
    return any_of(match.certainty for match in matches)
